// SPDX-License-Identifier: Apache-2.0
import Logging
import ServiceLifecycle
import Sigstore
import Synchronization
import TestSupport

@testable import Kubernetes
@testable import countersign

/// One replica's two keepers, and what its server shows.
final class ReplicaKeepers: Sendable {
    let api: APIServer
    let certificates: CertificateKeeper
    let webhooks: WebhookKeeper
    private let shown: ShownPairs
    private let switches: Switches

    final class ShownPairs: Sendable {
        private let pairs = Mutex<[KeptPair]>([])
        var all: [KeptPair] { pairs.withLock { $0 } }
        func show(_ pair: KeptPair) { pairs.withLock { $0.append(pair) } }
    }

    final class Switches: Sendable {
        private let state: Mutex<(isLeader: Bool, isReady: Bool)>
        init(isLeader: Bool, isReady: Bool) { state = Mutex((isLeader, isReady)) }
        var isLeader: Bool { state.withLock { $0.isLeader } }
        var isReady: Bool { state.withLock { $0.isReady } }
        func lead(_ value: Bool) { state.withLock { $0.isLeader = value } }
        func ready(_ value: Bool) { state.withLock { $0.isReady = value } }
    }

    var pairs: [KeptPair] { shown.all }
    func lead(_ value: Bool) { switches.lead(value) }
    func ready(_ value: Bool) { switches.ready(value) }

    convenience init(
        _ server: APIServerDouble, isLeader: Bool = true, isReady: Bool = true,
        registration: WebhookRegistration = WebhookConfigurationTests.registration(), overlap: Duration = .seconds(3600)
    ) throws {
        let access = try Kubeconfig(text: Array(server.kubeconfig(.token("test-token")).utf8)).access()
        try self.init(access, isLeader: isLeader, isReady: isReady, registration: registration, overlap: overlap)
    }

    init(
        _ access: ClusterAccess, isLeader: Bool, isReady: Bool, registration: WebhookRegistration, overlap: Duration
    ) throws {
        let api = try APIServer(access, now: { CertificatePlanTests.start })
        let shown = ShownPairs()
        let switches = Switches(isLeader: isLeader, isReady: isReady)
        var configuration = CertificateKeeper.Configuration(
            namespace: registration.ownNamespace, names: registration.servedNames)
        configuration.times.settle = .zero
        configuration.times.overlap = overlap
        configuration.times.tick = .milliseconds(20)
        configuration.times.look = .milliseconds(20)
        let silent = Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() }
        let certificates = CertificateKeeper(
            api, configuration, making: CertificateMaker(),
            registered: { () async throws(APIFault) in
                try await WebhookKeeper.registeredBundles(registration, on: api)
            },
            install: { shown.show($0) }, now: { CertificatePlanTests.start }, logger: silent)
        self.api = api
        self.certificates = certificates
        self.shown = shown
        self.switches = switches
        webhooks = WebhookKeeper(
            api, registration, bundle: .kept(by: certificates),
            conditions: WebhookKeeper.Conditions(
                isLeader: { switches.isLeader }, isServing: { true }, isReady: { switches.isReady }),
            tick: .milliseconds(20), backoff: Backoff(first: .milliseconds(20), longest: .milliseconds(100)),
            logger: silent)
    }

    /// Runs replicas for as long as `body` does.
    static func run(_ replicas: [ReplicaKeepers], _ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for replica in replicas {
                group.addTask { try await replica.certificates.run() }
                group.addTask { try await replica.webhooks.run() }
            }
            let result: Result<Void, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            group.cancelAll()
            while (try? await group.next()) != nil {}
            for replica in replicas { await replica.api.shutDown() }
            try result.get()
        }
    }
}
