// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import ImageVerification
import OCI
import Policy
import Synchronization

/// What has been granted, by registry, repository and credential.
final class TokenStore: Sendable {
    typealias Key = RepositoryAsShown

    struct Grant: Hashable, Sendable {
        let authorization: Authorization
        let expiry: ContinuousClock.Instant
        /// Where it came from, to ask for the next one before the registry has to say so.
        let challenge: Challenge
    }

    /// Images under admission at one time come from far fewer repositories; beyond it the soonest to expire go.
    private static let maximumGrants = 1024

    private let grants = Mutex<[Key: Grant]>([:])
    private let relay = Relay<Key, Grant>()

    /// The last grant, expired or not.
    func last(_ key: Key) -> Grant? { grants.withLock { $0[key] } }

    /// A grant that is valid and is not `rejected`: the one in hand, or a new one, asked for once by however many need it.
    func grant(
        _ key: Key, rejected: Authorization?, service: String, fetch: () async throws(Outage) -> Grant
    ) async throws(Outage) -> Grant {
        if let grant = valid(key, rejected: rejected) { return grant }
        return try await relay.value(for: key, service: service) { () async throws(Outage) -> Grant in
            if let grant = valid(key, rejected: rejected) { return grant }
            let grant = try await fetch()
            keep(grant, for: key)
            return grant
        }
    }

    private func valid(_ key: Key, rejected: Authorization?) -> Grant? {
        guard let grant = last(key), grant.expiry > .now, grant.authorization != rejected else { return nil }
        return grant
    }

    private func keep(_ grant: Grant, for key: Key) {
        grants.withLock { grants in
            if grants.count >= Self.maximumGrants, grants[key] == nil {
                for old in grants.sorted(by: { $0.value.expiry < $1.value.expiry }).prefix(Self.maximumGrants / 4) {
                    grants[old.key] = nil
                }
            }
            grants[key] = grant
        }
    }
}
