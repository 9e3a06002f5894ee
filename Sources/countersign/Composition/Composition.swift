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
    ///
    /// - Parameter pullSecrets: the Secrets of the cluster, where there is one.
    static func withRegistry<Answer>(
        _ access: RegistryAccess, blobs: any BlobStore = NoBlobStore(), counters: RegistryCounters = RegistryCounters(),
        pullSecrets: PullSecrets? = nil, limits: RegistryLimits = RegistryLimits(),
        _ body: (RegistryClient, RekorSearch) async throws -> Answer
    ) async throws -> Answer {
        let docker = try dockerCredentials(access)
        var ownHosts: [RepositoryPattern] = []
        for text in access.ownCredentialHosts {
            guard let pattern = RepositoryPattern(text) else {
                throw UsageError("--own-credentials-for takes a registry's host, not '\(text)'")
            }
            ownHosts.append(pattern)
        }
        return try await withNetwork(access) { http in
            var own: [any CredentialSource] = [docker]
            for cloud in access.clouds {
                do throws(CloudFault) {
                    own.append(try cloud.credentials(http: http) { access.environment[$0] })
                } catch {
                    throw UsageError("--cloud-credentials: \(error)")
                }
            }
            let rules = CredentialRules(
                own: CredentialSources(own), separatesWorkloads: access.separatesWorkloads, ownHosts: ownHosts,
                pullSecrets: pullSecrets)
            return try await body(
                RegistryClient(http: http, rules: rules, blobs: blobs, limits: limits, counters: counters),
                RekorSearch(http: http))
        }
    }

    /// The door to the network; its connections are closed when `body` has ended.
    static func withNetwork<Answer>(
        _ access: RegistryAccess, _ body: (OutboundHTTP) async throws -> Answer
    ) async throws -> Answer {
        var transport = TransportConfiguration()
        transport.insecureHosts = Set(access.insecureHosts.map { $0.lowercased() })
        let authorities = try RegistryAuthorities(reading: access)
        transport.additionalRoots = authorities.shared
        transport.rootsByHost = authorities.byHost
        do throws(ProxyFault) {
            transport.proxies = try ProxyRules { access.environment[$0] }
        } catch {
            throw UsageError("\(error)")
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

    private static func dockerCredentials(_ access: RegistryAccess) throws(UsageError) -> DockerCredentials {
        var helpers: HelperDirectory?
        if let directory = access.credentialHelpers {
            guard Glibc.access(directory, R_OK | X_OK) == 0 else {
                throw UsageError("--credential-helpers: \(directory) is no directory that can be read")
            }
            helpers = HelperDirectory(directory, environment: access.environment)
        }
        let path: String
        switch access.credentials {
        case .none: return DockerCredentials(.empty)
        case .file(let named): path = named
        case .dockers:
            guard let dockers = dockersOwnConfig else { return DockerCredentials(.empty) }
            path = dockers
        }
        let text = try readFile(path, limit: DockerConfig.maximumBytes)
        do throws(DockerConfigError) {
            let config = try DockerConfig(parsing: text)
            for member in config.unsupported {
                Words.say("countersign: \(path): '\(member)' is not used")
            }
            if !config.helpers.isEmpty, helpers == nil {
                Words.say(
                    "countersign: \(path): its credential helpers are not run; --credential-helpers names their directory"
                )
            }
            return DockerCredentials(config, helpers: helpers)
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
