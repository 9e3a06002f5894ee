// SPDX-License-Identifier: Apache-2.0
import Admission
import FoundationEssentials
import ImageVerification
import Kubernetes
import Logging
import Policy
import Registry
import ServiceLifecycle
import Sigstore
import Synchronization
import WebhookServer

/// What `serve --cluster` has beside the server: policies out of the API server, the certificate that is kept there, the
/// webhook configurations, and what only the leader writes.
struct ClusterComposition: Sendable {
    let server: APIServer
    let policies: ClusterPolicies
    let namespaces: UnenforcedNamespaces
    let certificate: ServingCertificate
    /// Begun before the server, and ended after it.
    let services: [any Service]
    /// Begun after the server, and ended before it: who leaves writes nothing any more.
    let writers: [any Service]
    let pullSecrets: PullSecrets
    private let state: Serving

    /// Whether the webhook's port is open.
    private final class Serving: Sendable {
        let isListening = Atomic(false)
    }

    /// The Lease by which replicas agree on a leader; one in the shadow of another has its own.
    private static func lease(_ enforcement: Enforcement) -> String {
        switch enforcement {
        case .enforce: "countersign-leader"
        case .shadow: "countersign-leader-shadow"
        }
    }

    /// Connects to the cluster; its connections are closed when `body` has ended.
    static func running<Answer>(
        _ settings: ServeSettings, _ cluster: ClusterSettings, _ logger: Logger, _ metrics: ServerMetrics,
        _ body: (ClusterComposition) async throws -> Answer
    ) async throws -> Answer {
        let server: APIServer
        do {
            server = try APIServer(
                cluster.access, runner: ExecPluginProcess(environment: ProcessInfo.processInfo.environment),
                now: { .now })
        } catch {
            throw UsageError("\(error)")
        }
        let answer: Result<Answer, any Error>
        do {
            answer = .success(try await body(ClusterComposition(server, settings, cluster, logger, metrics)))
        } catch {
            answer = .failure(error)
        }
        await server.shutDown()
        return try answer.get()
    }

    private init(
        _ server: APIServer, _ settings: ServeSettings, _ cluster: ClusterSettings, _ logger: Logger,
        _ metrics: ServerMetrics
    ) throws {
        self.server = server
        let policies = Self.policies(server, settings, cluster, logger, metrics)
        self.policies = policies
        let state = Serving()
        self.state = state

        let identity = Self.identity()
        let election = LeaderElection(
            server, lease: Self.lease(settings.enforcement), in: cluster.namespace, identity: identity)
        var writing = PolicyStatuses.Configuration(identity: identity)
        writing.takesOver = cluster.takesOver
        let statuses = PolicyStatuses(
            server, of: policies, writing, now: { .now },
            onFault: { logger.warning("a status was not written", metadata: ["reason": "\($0)"]) })

        let registration = try cluster.registration(settings)
        let certificate: ServingCertificate
        var services: [any Service] = [policies]
        var bundle: WebhookKeeper.Bundle?
        if let files = settings.certificate {
            certificate = try ServingCertificate.files(
                certificate: files.certificate, key: files.key, metrics: metrics, logger: logger)
            if let path = cluster.webhookCA {
                let authorities = try AuthorityFile(path)
                bundle = WebhookKeeper.Bundle {
                    authorities.bundle()
                } current: { () async throws(APIFault) in
                    authorities.bundle()
                }
            }
        } else {
            let shown = try ServingCertificate.managed(metrics: metrics, logger: logger)
            certificate = shown
            var configuration = CertificateKeeper.Configuration(
                namespace: cluster.namespace, names: registration.servedNames)
            configuration.secret = cluster.certificateSecret
            configuration.times = cluster.certificateTimes
            let keeper = CertificateKeeper(
                server, configuration, making: CertificateMaker(),
                registered: { () async throws(APIFault) in
                    try await WebhookKeeper.registeredBundles(registration, on: server)
                },
                install: { try shown.install(certificatePEM: $0.certificate, keyPEM: $0.key) }, now: { .now },
                logger: logger)
            services.append(keeper)
            bundle = .kept(by: keeper)
        }
        self.certificate = certificate
        var writers: [any Service] = []
        if cluster.managesWebhooks {
            let keeper = WebhookKeeper(
                server, registration, bundle: bundle,
                conditions: .init(
                    isLeader: { election.isLeader },
                    isServing: { state.isListening.load(ordering: .relaxed) },
                    isReady: {
                        state.isListening.load(ordering: .relaxed) && policies.readiness().isEmpty
                    }),
                logger: logger)
            writers.append(keeper)
            metrics.registry.addCollector {
                [
                    MetricSample(
                        "countersign_webhooks_registered",
                        help: "1 while every webhook configuration was last seen as it should be.", kind: .gauge,
                        value: keeper.isRegistered ? 1 : 0)
                ]
            }
        }
        // Beside another controller its statuses stay its own.
        let isEnforcing = settings.enforcement == .enforce
        writers.append(
            Leadership(election: election) { if isEnforcing { await statuses.run() } else { await never() } })
        metrics.registry.addCollector {
            [
                MetricSample(
                    "countersign_leader", help: "1 on the replica that writes statuses and webhook configurations.",
                    kind: .gauge, value: election.isLeader ? 1 : 0)
            ]
        }
        let namespaces = UnenforcedNamespaces(
            server,
            reach: NamespaceReach(
                selection: cluster.selection == .optIn ? .optIn : .optOut,
                excluded: Set(cluster.excludedNamespaces + [cluster.namespace])))
        self.namespaces = namespaces
        metrics.registry.addCollector { NamespaceSamples.samples(of: namespaces) }
        services.append(namespaces)
        self.services = services
        self.writers = writers
        let pullSecrets = PullSecrets(ClusterSecrets(server), policyNamespace: cluster.namespace)
        self.pullSecrets = pullSecrets
        metrics.registry.addCollector { CacheSamples.samples(of: [pullSecrets.counters]) }
    }

    /// Judges what runs, where that is asked for.
    func warmUp(
        _ verifier: ImageVerifier, _ settings: ServeSettings, _ logger: Logger
    ) -> [any Service] {
        guard settings.cluster?.warmsUp == true else { return [] }
        // Four rounds fall into what is left of a verdict when it begins to be renewed.
        let life = settings.caches.sufficientLife
        return [
            RunningPods(
                server: server, isReady: { [policies] in policies.readiness().isEmpty },
                enforces: { [namespaces] in namespaces.enforces($0) },
                reviewer: AdmissionReviewer(verifier: verifier.renewing(before: life / 4), policies: policies.inForce),
                interval: life / 16, logger: logger)
        ]
    }

    /// Told once the webhook's port is open: nothing is armed before.
    func isListening() { state.isListening.store(true, ordering: .relaxed) }

    private static func policies(
        _ server: APIServer, _ settings: ServeSettings, _ cluster: ClusterSettings, _ logger: Logger,
        _ metrics: ServerMetrics
    ) -> ClusterPolicies {
        let changes = PolicySamples.changes(metrics)
        var configuration = ClusterPolicies.Configuration(
            namespace: cluster.namespace,
            defaults: PolicySettings(noMatch: settings.noMatch, rules: settings.rules))
        configuration.settingsConfigMap = cluster.settingsConfigMap
        configuration.certificateSecret = cluster.certificateSecret
        let remotes = RemotePolicies(access: settings.registry)
        let policies = ClusterPolicies(
            server, configuration, now: { .now }, fetch: { await remotes.fetch($0) },
            onEvents: { events in
                for event in events {
                    switch event {
                    case .policy(let event):
                        changes.increment(event.word)
                        logger.log(level: event.level, "policies", metadata: event.metadata)
                    case .settings(let settings):
                        changes.increment("settings")
                        logger.notice(
                            "settings",
                            metadata: [
                                "no-match-policy": "\(settings.noMatch.rawValue)",
                                "fail-on-empty-authorities": "\(!settings.rules.admitsNoAuthorities)",
                            ])
                    case .settingsProblem(let sentence):
                        changes.increment("settings-problem")
                        logger.warning("settings", metadata: ["reason": "\(sentence)"])
                    }
                }
            })
        metrics.registry.addCollector { [inForce = policies.inForce] in PolicySamples.samples(of: inForce) }
        return policies
    }

    /// Differs from replica to replica, and from one life of a Pod to the next.
    private static func identity() -> String {
        let environment = ProcessInfo.processInfo.environment
        let name = environment["POD_NAME"].flatMap { $0.isEmpty ? nil : $0 } ?? ProcessInfo.processInfo.hostName
        return "\(name)_\(String(UInt64.random(in: .min ... .max), radix: 16))"
    }
}

/// Work that lasts until it is cancelled.
private func never() async {
    while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
}

/// What the leader alone does.
private struct Leadership: Service {
    let election: LeaderElection
    let work: @Sendable () async -> Void

    init(election: LeaderElection, work: @escaping @Sendable () async -> Void) {
        self.election = election
        self.work = work
    }

    func run() async { await election.run(whileLeading: work) }
}

extension ClusterSettings {
    /// What is registered with the API server.
    func registration(_ settings: ServeSettings) throws(UsageError) -> WebhookRegistration {
        var registration = WebhookRegistration(
            ownNamespace: namespace,
            client: webhookURL.map { .url("\($0)") } ?? .service(namespace: namespace, name: service))
        if settings.certificate != nil, webhookCA == nil { registration.authority = .others }
        registration.enforcement = settings.enforcement == .shadow ? .shadow : .enforce
        registration.workloadName = webhookName
        registration.defaultingName = mutatingWebhookName
        registration.validatingName = validatingWebhookName
        registration.namespaceSelection = selection == .optIn ? .optIn : .optOut
        registration.excludedNamespaces = excludedNamespaces
        registration.failurePolicy = failurePolicy == .fail ? .fail : .ignore
        registration.timeoutSeconds = webhookTimeout
        let problems = registration.problems
        guard problems.isEmpty else { throw UsageError(lines: problems) }
        return registration
    }
}

enum NamespaceSamples {
    static func samples(of namespaces: UnenforcedNamespaces) -> [MetricSample] {
        guard let reading = namespaces.reading else { return [] }
        return [
            MetricSample(
                "countersign_namespaces_not_enforced", help: "Namespaces whose workloads nobody judges.", kind: .gauge,
                value: Double(reading.count))
        ]
            + reading.names.map { name in
                MetricSample(
                    "countersign_namespace_not_enforced", help: "Always 1: a namespace whose workloads nobody judges.",
                    kind: .gauge, labels: [.init("namespace", name)], value: 1)
            }
    }
}
