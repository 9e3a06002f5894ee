// SPDX-License-Identifier: Apache-2.0
import ImageVerification
public import OCI
public import Policy

/// Our own docker config, with the credential helpers that it names.
///
/// A helper that is named for a host goes before what the file holds for it, and `credsStore` after. Helpers are run only
/// here, out of the one directory that an operator gave: a config out of a Secret never runs any.
public struct DockerCredentials: CredentialSource {
    private struct Key: Hashable, Sendable {
        let helper: CredentialHelperName
        let server: String
    }

    private enum Answer: Sendable {
        case found(RegistryCredential)
        case none

        var credential: RegistryCredential? {
            if case .found(let credential) = self { credential } else { nil }
        }
    }

    /// Helpers hand out what lives for hours.
    private static let life: Duration = .seconds(600)
    /// Somebody may be logging in.
    private static let absenceLife: Duration = .seconds(60)
    /// Some thousand hosts.
    private static let cacheBytes = 4 << 20

    private let config: DockerConfig
    private let helpers: HelperDirectory?
    private let known = ByteBoundedCache<Key, Answer>(name: "credential-helpers", limit: cacheBytes)
    private let relay = Relay<Key, Answer>()

    /// - Parameter helpers: `nil` runs none.
    public init(_ config: DockerConfig, helpers: HelperDirectory? = nil) {
        self.config = config
        self.helpers = helpers
    }

    public func credential(
        for repository: Repository, deadline: ContinuousClock.Instant
    ) async throws(Outage) -> RegistryCredential? {
        if let helper = config.helpers[repository.host], helpers != nil {
            return try await answer(of: helper, for: repository, deadline)
        }
        if let credential = config.credential(for: repository) { return credential }
        guard let store = config.helpers.store else { return nil }
        return try await answer(of: store, for: repository, deadline)
    }

    public func known(for repository: Repository) -> KnownCredential {
        if let helper = config.helpers[repository.host], helpers != nil { return known(of: helper, for: repository) }
        if let credential = config.credential(for: repository) { return .known(credential) }
        return config.helpers.store.map { known(of: $0, for: repository) } ?? .known(nil)
    }

    private func known(of helper: CredentialHelperName, for repository: Repository) -> KnownCredential {
        guard helpers != nil else { return .known(nil) }
        let key = Key(helper: helper, server: Self.server(of: repository))
        guard case let answer? = known.value(for: key, countsMiss: false) else { return .unknown }
        return .known(answer.credential)
    }

    /// As `docker login` stores it.
    private static func server(of repository: Repository) -> String {
        repository.host == "docker.io" ? "https://index.docker.io/v1/" : repository.host
    }

    private func answer(
        of helper: CredentialHelperName, for repository: Repository, _ deadline: ContinuousClock.Instant
    ) async throws(Outage) -> RegistryCredential? {
        guard let helpers else { return nil }
        let server = Self.server(of: repository)
        let key = Key(helper: helper, server: server)
        if case let answer? = known.value(for: key) { return answer.credential }
        return try await relay.value(for: key, service: repository.host) { () async throws(Outage) -> Answer in
            if let answer = known.value(for: key) { return answer }
            let answer: Answer
            do throws(HelperFault) {
                let found = try await helpers.credential(of: helper, for: server, deadline: deadline)
                answer = found.map { .found($0) } ?? .none
            } catch {
                throw Outage(
                    error == .givenUp ? .deadline : .malfunction, service: repository.host,
                    detail: "the credential helper \(helper.fileName) \(error)")
            }
            let life = if case .none = answer { Self.absenceLife } else { Self.life }
            known.insert(
                answer, for: key, bytes: HelperDirectory.maximumOutputBytes / 16, expires: .now.advanced(by: life))
            return answer
        }.credential
    }
}
