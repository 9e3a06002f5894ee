// SPDX-License-Identifier: Apache-2.0
import Glibc
import HTTPTransport
import ImageVerification
import OCI
import Registry
import Rekor
import Sigstore

/// Where the parts are put together; the only place that knows them all.
enum Composition {
    /// A client for registries and one for transparency logs; their connections are closed when `body` has ended.
    static func withRegistry<Answer>(
        _ access: RegistryAccess, blobs: any BlobStore = NoBlobStore(), counters: RegistryCounters = RegistryCounters(),
        _ body: (RegistryClient, RekorSearch) async throws -> Answer
    ) async throws -> Answer {
        let credentials = try credentials(access.credentials)
        return try await withNetwork(access) { http in
            try await body(
                RegistryClient(http: http, credentials: credentials, blobs: blobs, counters: counters),
                RekorSearch(http: http))
        }
    }

    /// The door to the network; its connections are closed when `body` has ended.
    static func withNetwork<Answer>(
        _ access: RegistryAccess, _ body: (OutboundHTTP) async throws -> Answer
    ) async throws -> Answer {
        var transport = TransportConfiguration()
        transport.insecureHosts = Set(access.insecureHosts.map { $0.lowercased() })
        for authority in access.authorities {
            // HOST=FILE, unless the sign stands within a path.
            let parts = authority.split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2, !parts[0].contains("/") {
                transport.rootsByHost[parts[0].lowercased(), default: []] +=
                    try readFile(parts[1], limit: 4 << 20) + [0x0A]
            } else {
                transport.additionalRoots += try readFile(authority, limit: 4 << 20) + [0x0A]
            }
        }
        let http: OutboundHTTP
        do { http = try OutboundHTTP(transport) } catch { throw UsageError("--registry-ca: \(error)") }
        let answer: Result<Answer, any Error>
        do {
            answer = .success(try await body(http))
        } catch {
            answer = .failure(error)
        }
        await http.shutDown()
        return try answer.get()
    }

    private static func credentials(
        _ source: RegistryAccess.Credentials
    ) throws(UsageError) -> any CredentialSource {
        let path: String
        switch source {
        case .none: return DockerConfig.empty
        case .file(let named): path = named
        case .dockers:
            guard let dockers = dockersOwnConfig else { return DockerConfig.empty }
            path = dockers
        }
        let text = try readFile(path, limit: DockerConfig.maximumBytes)
        do throws(DockerConfigError) {
            let config = try DockerConfig(parsing: text)
            for member in config.unsupported {
                Words.say("countersign: \(path): '\(member)' is not used; only 'auths' is")
            }
            return config
        } catch {
            throw UsageError("\(path): \(error)")
        }
    }

    private static var dockersOwnConfig: String? {
        func variable(_ name: String) -> String? {
            getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
        }
        guard let directory = variable("DOCKER_CONFIG") ?? variable("HOME").map({ $0 + "/.docker" }) else { return nil }
        let path = directory + "/config.json"
        return Glibc.access(path, F_OK) == 0 ? path : nil
    }

    /// The verification of images against a source, while `body` runs.
    static func withVerification<Answer: Sendable>(
        source: any EvidenceSource, trust: TrustInForce, logs: (any LogSearch)?, limits: CacheLimits = .default,
        patience: Duration = EvidenceStore.defaultPatience, _ body: @Sendable (EvidenceStore) async throws -> Answer
    ) async throws -> Answer {
        let work = SharedWork()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await work.run() }
            let store = EvidenceStore(
                source: source, trust: trust, limits: limits, patience: patience, logs: logs, work: work)
            defer {
                work.finish()
                group.cancelAll()
            }
            return try await body(store)
        }
    }
}
