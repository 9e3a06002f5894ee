// SPDX-License-Identifier: Apache-2.0
import OCI
import Policy
import Sigstore

/// Proofs that are too large to be held.
extension AuthorityExamination {
    /// Large proofs that are read for one question: an image has one bill of materials, or one for each platform, and whoever
    /// may push must not have us read a thousand others.
    private static let maximumLargeProofs = 8

    /// The proofs that have sufficed before.
    func sufficient(_ places: [ReadablePlace], _ kind: ProofKind, _ image: ResolvedImage) -> Search {
        var search = Search()
        search.places = places
        for place in places { search.held[place] = store.sufficientProofs(of: image, kind: kind, at: place) }
        search.gather()
        return search
    }

    /// The search with what is left of its large proofs after they were read. One that cannot be had is an outage beside what
    /// others hold.
    func reading(_ search: Search, _ reading: ProofExtent) async -> Search {
        var read = search
        read.candidates = []
        var count = 0
        var kept = 0
        for place in search.places {
            for bundle in search.held[place, default: []] {
                guard case .large(let unread) = bundle.content else {
                    read.candidates.append(bundle)
                    continue
                }
                count += 1
                guard count <= Self.maximumLargeProofs else {
                    let why = "this image has more than the \(Self.maximumLargeProofs) large proofs that are read"
                    read.candidates.append(UnverifiedBundle(.unreadable(why), origin: bundle.origin))
                    continue
                }
                do throws(Outage) {
                    let answer = try await store.read(unread.blob, parts: reading.parts, at: place, for: asker)
                    read.isCached = read.isCached && answer.isCached
                    switch answer.value {
                    case .read(let proof):
                        kept += proof.byteCount
                        guard kept <= KeptParts.limitOfOne else {
                            let why =
                                "what the policy reads of this image's large proofs is more than the "
                                + "\(KeptParts.limitOfOne) bytes that are kept"
                            read.candidates.append(UnverifiedBundle(.unreadable(why), origin: bundle.origin))
                            continue
                        }
                        guard let share = store.keptParts.share(proof.byteCount) else {
                            throw .keepsTooMuch(at: place.place)
                        }
                        read.shares.append(share)
                        read.candidates.append(bundle.reading(proof))
                    case .unreadable(let why):
                        read.candidates.append(UnverifiedBundle(.unreadable(why), origin: bundle.origin))
                    }
                } catch {
                    read.isCached = false
                    read.outages.append(error)
                }
            }
        }
        return read
    }
}

extension AuthorityExamination.Search {
    var hasLarge: Bool { candidates.contains(where: \.isLarge) }

    /// The same for signatures, of which none is large: what is too large to be held is an attestation or junk.
    var signaturesAlone: Self {
        var search = self
        search.candidates = candidates.map { bundle in
            guard case .large(let unread) = bundle.content else { return bundle }
            return UnverifiedBundle(
                .unreadable("the proof has \(unread.blob.size) bytes, and is no signature"), origin: bundle.origin)
        }
        return search
    }

    var withoutLarge: Self {
        var search = self
        search.candidates.removeAll(where: \.isLarge)
        search.leavesOutLarge = true
        return search
    }

    /// The same, where what is larger than a policy lets be read is unreadable.
    func limited(to maximumBytes: Int) -> Self {
        var search = self
        search.candidates = candidates.map { $0.limited(to: maximumBytes) }
        search.held = held.mapValues { $0.map { $0.limited(to: maximumBytes) } }
        return search
    }
}

extension Outage {
    fileprivate static func keepsTooMuch(at place: ProofPlace) -> Outage {
        Outage(
            .malfunction, service: place.repository.host,
            detail: "what policies read of all large proofs now is more than the \(KeptParts.limit) bytes that are kept"
        )
    }
}

extension UnverifiedBundle {
    fileprivate var isLarge: Bool { if case .large = content { true } else { false } }

    fileprivate func limited(to maximumBytes: Int) -> UnverifiedBundle {
        let size: Int =
            switch content {
            case .simpleSigning(let bytes, _), .envelope(let bytes, _), .bundle(let bytes): bytes.count
            case .large(let unread): unread.blob.size
            case .read(let proof, _): proof.blob.size
            case .unreadable: 0
            }
        guard size > maximumBytes else { return self }
        return UnverifiedBundle(
            .unreadable(
                "the proof has \(size) bytes, more than the \(maximumBytes) that the policy lets be read; attest to less, or "
                    + "raise spec.maximumAttestationSize"), origin: origin)
    }
}
