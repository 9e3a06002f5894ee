// SPDX-License-Identifier: Apache-2.0
import Admission
import HTTPTransport
import ImageVerification
import Kubernetes
import Logging
import OCI
import Policy
import Registry
import ServiceLifecycle
import Sigstore
import UnixSignals
import WebhookServer

/// The webhook with everything behind it.
struct WebhookComposition {
    private let settings: ServeSettings

    init(_ settings: ServeSettings) { self.settings = settings }

    /// Serves until a signal, or the end of the stream `running`, asks it to leave. `onListening` is told the ports, and the
    /// authority to trust where the certificate is self-signed.
    func run(
        while running: AsyncStream<Never>? = nil,
        onListening: @escaping @Sendable (WebhookService.Ports, String?) async -> Void
    ) async throws {
        Allocation.economise()
        let logger = logger()
        let metrics = ServerMetrics(version: Version.current)
        guard let cluster = settings.cluster else {
            let watch = try await policies(logger, metrics).fetchingRemotes()
            let certificate = try certificate(metrics, logger)
            let beside = Beside(inForce: watch.inForce, services: [watch], certificate: certificate)
            return try await serve(beside, logger, metrics, while: running, onListening: onListening)
        }
        try await ClusterComposition.running(settings, cluster, logger, metrics) { cluster in
            let beside = Beside(
                inForce: cluster.policies.inForce, services: cluster.services, writers: cluster.writers,
                certificate: cluster.certificate,
                pullSecrets: cluster.pullSecrets, readiness: { cluster.policies.readiness() },
                warmUp: { cluster.warmUp($0, settings, logger) })
            try await serve(beside, logger, metrics, while: running) { ports, authority in
                cluster.isListening()
                await onListening(ports, authority)
            }
        }
    }

    /// What differs with where policies come from.
    private struct Beside: Sendable {
        let inForce: PoliciesInForce
        let services: [any Service]
        /// Ended before the server.
        var writers: [any Service] = []
        let certificate: ServingCertificate
        var pullSecrets: PullSecrets?
        var readiness: @Sendable () -> [String] = { [] }
        /// What makes use of the verifier beside the webhook.
        var warmUp: @Sendable (ImageVerifier) -> [any Service] = { _ in [] }
    }

    private func serve(
        _ beside: Beside, _ logger: Logger, _ metrics: ServerMetrics, while running: AsyncStream<Never>?,
        onListening: @escaping @Sendable (WebhookService.Ports, String?) async -> Void
    ) async throws {
        let trust = try trust(logger, metrics)
        let blobs = ByteBoundedCache<Digest, [UInt8]>(name: "blobs", limit: settings.caches.blobBytes)
        let disk = try blobsOnDisk(before: blobs)
        let counters = RegistryCounters()
        let settings = settings
        let certificate = beside.certificate
        var configuration = settings.server
        if let clients = settings.clients {
            do throws(ClientVerification.Failure) {
                configuration.clients = try ClientVerification(
                    authorities: clients.authorities, names: Set(clients.names))
            } catch {
                throw UsageError("--client-ca: \(error)")
            }
        }
        let server = configuration
        try await Composition.withRegistry(
            settings.registry, blobs: disk ?? blobs, counters: counters, pullSecrets: beside.pullSecrets
        ) { client, logs in
            try await Composition.withVerification(
                source: client, trust: trust.inForce, logs: logs, limits: settings.caches
            ) { store in
                let verdicts = VerdictCache(bytes: settings.caches.verdictBytes, staleLife: settings.caches.staleLife)
                if let disk { metrics.registry.addCollector { CacheSamples.samples(of: disk) } }
                metrics.registry.addCollector { CacheSamples.samples(of: store.flights) }
                metrics.registry.addCollector { RegistrySamples.samples(of: counters) }
                let verifier = ImageVerifier(
                    policies: beside.inForce, store: store, requiresSignature: settings.requiresSignature,
                    verdicts: verdicts)
                let reviewer = AdmissionReviewer(verifier: verifier, policies: beside.inForce)
                metrics.registry.addCollector {
                    CacheSamples.samples(
                        of: store.counters + [(blobs.name, blobs.counters), verdicts.counters, reviewer.counters],
                        staleVerdicts: verdicts.staleCount)
                }
                let webhook = try WebhookService(
                    server, certificate: certificate,
                    reviewing: reviewer, metrics: metrics, logger: logger, readiness: beside.readiness,
                    onListening: { await onListening($0, certificate.authorityPEM) })
                var group = ServiceGroupConfiguration(
                    services: beside.services + [trust, webhook] + beside.warmUp(verifier) + beside.writers,
                    gracefulShutdownSignals: [.sigterm, .sigint],
                    logger: logger)
                if settings.registry.authorityDirectory != nil {
                    group.services.append(.init(service: authorities(client.http, logger, metrics)))
                }
                if let running {
                    group.services.append(
                        .init(
                            service: EndOfStream(stream: running),
                            successTerminationBehavior: .gracefullyShutdownGroup))
                }
                try await ServiceGroup(configuration: group).run()
            }
        }
    }

    private func blobsOnDisk(before memory: any BlobStore) throws(UsageError) -> DiskBlobStore? {
        guard let (directory, bytes) = settings.blobCache else { return nil }
        do throws(DiskBlobStore.Unusable) {
            return try DiskBlobStore(directory: directory, limit: bytes, memory: memory)
        } catch {
            throw UsageError("--blob-cache: \(error)")
        }
    }

    private func logger() -> Logger {
        let level = settings.logLevel
        let format = settings.logFormat
        return Logger(label: "countersign") { format.handler(label: $0, level: level) }
    }

    private func policies(_ logger: Logger, _ metrics: ServerMetrics) throws(UsageError) -> PolicyFilesWatch {
        let reloads = PolicySamples.changes(metrics)
        do throws(PolicyLoadError) {
            let watch = try PolicyFilesWatch(
                PolicyFiles(settings.policies), rules: settings.rules, network: settings.registry
            ) { events in
                for event in events {
                    reloads.increment(event.word)
                    logger.log(level: event.level, "policies", metadata: event.metadata)
                }
            }
            watch.inForce.replace(
                with: watch.inForce.current, health: watch.inForce.health,
                settings: PolicySettings(noMatch: settings.noMatch, rules: settings.rules))
            metrics.registry.addCollector { [inForce = watch.inForce] in PolicySamples.samples(of: inForce) }
            return watch
        } catch {
            throw UsageError(lines: error.reasons.all)
        }
    }

    private func trust(_ logger: Logger, _ metrics: ServerMetrics) throws(UsageError) -> TrustFilesWatch {
        let changes = metrics.registry.counter(
            "countersign_trust_changes_total", help: "Changes of the trust material that were noticed.",
            labels: ["event"])
        let broken = metrics.registry.gauge(
            "countersign_trust_broken",
            help: "1 while the trust material's files cannot be used and the last good stays.")
        let watch = try TrustFilesWatch(settings.trust) { event in
            changes.increment(event.word)
            if event != .old { broken.set(event.isBroken ? 1 : 0) }
            logger.log(level: event.level, "trust material", metadata: event.metadata)
        }
        for member in watch.inForce.current.leftOut {
            logger.warning("trust material left out", metadata: ["member": "\(member)"])
        }
        let usesEmbedded = settings.trust.usesEmbeddedRoot
        metrics.registry.addCollector { [inForce = watch.inForce] in
            TrustSamples.samples(of: inForce, embedded: usesEmbedded, now: .now)
        }
        return watch
    }

    private func authorities(
        _ http: OutboundHTTP, _ logger: Logger, _ metrics: ServerMetrics
    ) -> RegistryAuthoritiesWatch {
        let changes = metrics.registry.counter(
            "countersign_registry_authority_changes_total",
            help: "Changes of the directory of registries' certificate authorities that were noticed.",
            labels: ["event"])
        let broken = metrics.registry.gauge(
            "countersign_registry_authorities_broken",
            help: "1 while that directory cannot be used and the last good authorities stay.")
        return RegistryAuthoritiesWatch(access: settings.registry, http: http) { event in
            changes.increment(event.word)
            if case .broken = event { broken.set(1) } else { broken.set(0) }
            logger.log(level: event.level, "registry authorities", metadata: event.metadata)
        }
    }

    private func certificate(_ metrics: ServerMetrics, _ logger: Logger) throws(UsageError) -> ServingCertificate {
        do {
            guard let files = settings.certificate else {
                return try ServingCertificate.selfSigned(names: settings.names, metrics: metrics, logger: logger)
            }
            return try ServingCertificate.files(
                certificate: files.certificate, key: files.key, metrics: metrics, logger: logger)
        } catch {
            throw UsageError("\(error)")
        }
    }
}

/// Returns when its stream ends; what that means to its group is the group's to say.
private struct EndOfStream: Service {
    let stream: AsyncStream<Never>

    func run() async {
        await cancelWhenGracefulShutdown {
            for await _ in stream {}
        }
    }
}
