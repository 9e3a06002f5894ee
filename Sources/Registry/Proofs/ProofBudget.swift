// SPDX-License-Identifier: Apache-2.0
import Policy
import Synchronization

/// What one part of a lookup (cosign's tag, or the referrers) may still read. Counted by what arrives and not by what is
/// claimed: a claim costs nothing, and a few large ones would leave no room for the good proof.
///
/// Each part has its own, so that one filled with junk takes nothing from the other.
final class ProofBudget: Sendable {
    private struct Spent {
        var bytes = 0
        var proofs = 0
        var isExhausted = false
    }

    private let limits: RegistryLimits
    private let lookup: LookupBytes
    private let spent = Mutex(Spent())

    init(_ limits: RegistryLimits, _ lookup: LookupBytes) {
        self.limits = limits
        self.lookup = lookup
    }

    /// `false` where these bytes, which have arrived, are not to be kept.
    func take(bytes: Int) -> Bool {
        let isWithin = spent.withLock { spent in
            guard !spent.isExhausted, bytes <= limits.lookupBytes - spent.bytes else {
                spent.isExhausted = true
                return false
            }
            spent.bytes += bytes
            return true
        }
        return isWithin && lookup.take(bytes)
    }

    /// `false` where so many more candidates are too many.
    func take(proofs: Int) -> Bool {
        spent.withLock { spent in
            guard proofs <= limits.proofs - spent.proofs else { return false }
            spent.proofs += proofs
            return true
        }
    }

    /// Whether nothing more is to be asked for.
    var isExhausted: Bool { spent.withLock { $0.isExhausted } }

    /// What a candidate says that was not read for want of room.
    var exhaustion: String {
        "the image's proofs are more than the \(limits.lookupBytes) bytes that are read"
    }

    /// Throws where all lookups together hold too much, which says nothing about this image.
    func checkProcess(service: String) throws(Outage) { try lookup.check(service: service) }
}

/// The bytes of proofs that all lookups under way hold together.
final class HeldBytes: Sendable {
    let limit: Int
    private let held = Mutex(0)

    init(limit: Int) { self.limit = limit }

    /// What is held now.
    var count: Int { held.withLock { $0 } }

    fileprivate func take(_ bytes: Int) -> Bool {
        held.withLock { held in
            guard bytes <= limit - held else { return false }
            held += bytes
            return true
        }
    }

    fileprivate func release(_ bytes: Int) { held.withLock { $0 -= bytes } }
}

/// One lookup's share of what is held; given back by `release()` when the lookup has ended.
final class LookupBytes: Sendable {
    private let held: HeldBytes
    private let taken = Mutex((bytes: 0, wasRefused: false))

    init(_ held: HeldBytes) { self.held = held }

    fileprivate func take(_ bytes: Int) -> Bool {
        taken.withLock { taken in
            guard held.take(bytes) else {
                taken.wasRefused = true
                return false
            }
            taken.bytes += bytes
            return true
        }
    }

    fileprivate func check(service: String) throws(Outage) {
        guard taken.withLock({ $0.wasRefused }) else { return }
        throw Outage(
            .malfunction, service: service,
            detail:
                "the proofs of all images that are being looked up are more than the \(held.limit) bytes that are held")
    }

    func release() {
        taken.withLock { taken in
            held.release(taken.bytes)
            taken.bytes = 0
        }
    }
}
