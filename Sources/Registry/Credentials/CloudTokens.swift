// SPDX-License-Identifier: Apache-2.0
import OCI
import Policy
import Synchronization

/// Credentials that a cloud hands out for a time, by what they are for.
///
/// A new one is asked for five minutes before the old one ends, once by however many need it. Where the cloud does not
/// answer then, the old one is used as long as it lasts.
struct CloudTokens: Sendable {
    struct Token: Sendable {
        let credential: RegistryCredential
        let lifetime: Duration
        /// Who it stands for, where that is known for sure; see `CredentialSource.identity(of:)`.
        var identity: [String]?
    }

    private struct Kept: Sendable {
        let credential: RegistryCredential
        let identity: [String]?
        let renewal: ContinuousClock.Instant
        let end: ContinuousClock.Instant
    }

    private final class Shelf: Sendable {
        let kept = Mutex<[String: Kept]>([:])
    }

    private static let reserve: Duration = .seconds(300)
    /// Regions, or registries, of one cloud; beyond it the soonest to end go.
    private static let maximumCount = 256
    /// The longest that a cloud promises; longer ones are asked for again anyway.
    static let maximumLifetime: Duration = .seconds(12 * 3600)

    private let shelf = Shelf()
    private let relay = Relay<String, RegistryCredential>()

    func credential(
        _ key: String, service: String, fetch: () async throws(Outage) -> Token
    ) async throws(Outage) -> RegistryCredential {
        let known = shelf.kept.withLock { $0[key] }
        if let known, known.renewal > .now { return known.credential }
        do throws(Outage) {
            return try await relay.value(for: key, service: service) { () async throws(Outage) -> RegistryCredential in
                if let other = shelf.kept.withLock({ $0[key] }), other.renewal > .now { return other.credential }
                let token = try await fetch()
                keep(token, for: key)
                return token.credential
            }
        } catch {
            if let known, known.end > .now { return known.credential }
            throw error
        }
    }

    /// The one in hand, where it need not be renewed yet.
    func known(_ key: String) -> KnownCredential {
        guard let known = shelf.kept.withLock({ $0[key] }), known.renewal > .now else { return .unknown }
        return .known(known.credential)
    }

    /// Who a credential stands for that was handed out here and lasts.
    func identity(of credential: RegistryCredential) -> [String]? {
        let now = ContinuousClock.now
        return shelf.kept.withLock { kept in
            kept.values.first { $0.credential == credential && $0.end > now }?.identity
        }
    }

    private func keep(_ token: Token, for key: String) {
        let now = ContinuousClock.now
        let lifetime = min(max(token.lifetime, .zero), Self.maximumLifetime)
        let kept = Kept(
            credential: token.credential, identity: token.identity, renewal: now.advanced(by: lifetime - Self.reserve),
            end: now.advanced(by: lifetime))
        shelf.kept.withLock { shelf in
            if shelf.count >= Self.maximumCount, shelf[key] == nil {
                for old in shelf.sorted(by: { $0.value.end < $1.value.end }).prefix(Self.maximumCount / 4) {
                    shelf[old.key] = nil
                }
            }
            shelf[key] = kept
        }
    }
}
