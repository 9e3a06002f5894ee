// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
public import Logging
public import ServiceLifecycle
import Synchronization

/// Registers the webhooks and keeps them registered: creates what is missing, takes over what another controller of the
/// same names left, and puts right what anybody changed. Every replica watches; only the leader writes.
///
/// Webhooks for workloads are written once this process has been ready, so that nothing is armed that cannot answer.
/// Nothing here disarms them again but `remove`: not the end of a replica, nor that of the last one.
public final class WebhookKeeper: Service {
    /// Under which conditions is written.
    public struct Conditions: Sendable {
        /// Whether this replica writes.
        public var isLeader: @Sendable () -> Bool
        /// Whether reviews of policies can be answered.
        public var isServing: @Sendable () -> Bool
        /// Whether reviews of workloads can be judged. What was ready once stays so here.
        public var isReady: @Sendable () -> Bool

        public init(
            isLeader: @escaping @Sendable () -> Bool, isServing: @escaping @Sendable () -> Bool,
            isReady: @escaping @Sendable () -> Bool
        ) {
            self.isLeader = isLeader
            self.isServing = isServing
            self.isReady = isReady
        }
    }

    /// What the configurations are to trust: as last known, which costs nothing, and read now, before anything is
    /// written. PEM; `nil` while nothing is known.
    public struct Bundle: Sendable {
        public var known: @Sendable () -> [UInt8]?
        public var current: @Sendable () async throws(APIFault) -> [UInt8]?

        public init(
            known: @escaping @Sendable () -> [UInt8]?,
            current: @escaping @Sendable () async throws(APIFault) -> [UInt8]?
        ) {
            self.known = known
            self.current = current
        }

        public static func kept(by keeper: CertificateKeeper) -> Bundle {
            Bundle {
                keeper.bundle
            } current: { () async throws(APIFault) in
                try await keeper.currentBundle()
            }
        }
    }

    private struct Place: Sendable {
        var isKnown = false
        var object: KubernetesObject?
        /// How often the watch has told of it.
        var sightings = 0
        /// Writes in a row, each soon after the one before: somebody keeps changing it.
        var repairs = 0
        var lastWrite: ContinuousClock.Instant?
        var notBefore: ContinuousClock.Instant?
        var lastFault = ""
    }

    private struct State: Sendable {
        var places: [WebhookConfiguration: Place] = [:]
        var hasBeenReady = false
    }

    private let server: APIServer
    private let registration: WebhookRegistration
    private let configurations: [WebhookConfiguration]
    private let bundle: Bundle?
    private let conditions: Conditions
    private let tick: Duration
    private let backoff: Backoff
    private let logger: Logger
    private let state: Mutex<State>

    /// - Parameters:
    ///   - bundle: needed where the registration's authority is `kept`.
    ///   - tick: how often leadership, readiness and the bundle are looked at.
    public init(
        _ server: APIServer, _ registration: WebhookRegistration, bundle: Bundle?, conditions: Conditions,
        tick: Duration = .seconds(1), backoff: Backoff = Backoff(first: .seconds(1), longest: .seconds(30)),
        logger: Logger
    ) {
        self.server = server
        self.registration = registration
        configurations = registration.configurations
        self.bundle = bundle
        self.conditions = conditions
        self.tick = tick
        self.backoff = backoff
        self.logger = logger
        state = Mutex(State())
    }

    /// Whether every configuration was last seen as it should be.
    public var isRegistered: Bool {
        configurations.allSatisfy { configuration in
            guard let object = state.withLock({ $0.places[configuration]?.object }),
                let bundle = wanted(configuration, object, pem: bundle?.known())
            else { return false }
            return configuration.drift(of: object, bundle: bundle).isEmpty
        }
    }

    public func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            let (wishes, wish) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
            await withDiscardingTaskGroup { group in
                for configuration in configurations {
                    group.addTask { [self] in
                        await Reflector(server, configuration.type, .named(configuration.name)).run { news in
                            if case .lost(let fault) = news {
                                logger.warning(
                                    "a webhook configuration cannot be read",
                                    metadata: [
                                        "kind": .string(configuration.type.kind), "name": .string(configuration.name),
                                        "reason": .string("\(fault)"),
                                    ])
                            }
                            guard case .objects(let objects) = news else { return }
                            see(objects.values.first { $0.name == configuration.name }, configuration)
                            wish.yield()
                        }
                    }
                }
                group.addTask { [self] in
                    while !Task.isCancelled {
                        try? await Task.sleep(for: tick)
                        wish.yield()
                    }
                    wish.finish()
                }
                for await _ in wishes {
                    for configuration in configurations { await keep(configuration) }
                }
                group.cancelAll()
            }
        }
    }

    // MARK: One configuration

    private func see(_ object: KubernetesObject?, _ configuration: WebhookConfiguration) {
        state.withLock { state in
            state.places[configuration, default: Place()].isKnown = true
            state.places[configuration]?.object = object
            state.places[configuration]?.sightings += 1
        }
    }

    /// What an answer said. What the watch has told meanwhile may be newer, such as a deletion right after our write, of
    /// which nothing more will be told; where it is older, the next look finds out.
    private func see(
        _ object: KubernetesObject?, _ configuration: WebhookConfiguration, unlessToldSince sightings: Int
    ) {
        state.withLock { state in
            guard state.places[configuration]?.sightings == sightings else { return }
            state.places[configuration]?.object = object
        }
    }

    private func mayWrite(_ subject: WebhookConfiguration.Subject) -> Bool {
        // Asked whoever leads, so that a replica which begins to lead knows.
        let isReady = conditions.isReady()
        let hasBeenReady = state.withLock { state in
            if isReady { state.hasBeenReady = true }
            return state.hasBeenReady
        }
        guard conditions.isLeader() else { return false }
        return subject == .workloads ? hasBeenReady : conditions.isServing()
    }

    /// The bundle in base64 that a configuration should hold; `nil` where that is not known yet.
    private func wanted(
        _ configuration: WebhookConfiguration, _ object: KubernetesObject?, pem: [UInt8]?
    ) -> String? {
        switch registration.authority {
        case .kept: pem.flatMap { $0.isEmpty ? nil : Data($0).base64EncodedString() }
        case .fixed(let pem): Data(pem).base64EncodedString()
        case .others: object.map { configuration.bundle(in: $0) } ?? ""
        }
    }

    /// How long a configuration has to stay as it should be until a change of it is the first in its row again.
    private static let calm = Duration.seconds(60)

    private func keep(_ configuration: WebhookConfiguration) async {
        let mayWrite = mayWrite(configuration.subject)
        let place = state.withLock { $0.places[configuration] ?? Place() }
        guard mayWrite, place.isKnown, place.notBefore.map({ $0 <= .now }) ?? true,
            let known = wanted(configuration, place.object, pem: bundle?.known()),
            place.object.map({ !configuration.drift(of: $0, bundle: known).isEmpty }) ?? true
        else { return }
        do throws(APIFault) {
            try await write(configuration)
            state.withLock { $0.places[configuration]?.lastFault = "" }
        } catch {
            pause(configuration, after: error)
        }
    }

    private func pause(_ configuration: WebhookConfiguration, after fault: APIFault) {
        if Task.isCancelled { return }
        let reason = "\(fault)"
        let isNew = state.withLock { state in
            guard var place = state.places[configuration] else { return false }
            place.repairs += 1
            // Whoever was first is seen by the watch.
            if !fault.isConflict {
                place.notBefore = .now + backoff.pause(after: place.repairs, asked: fault.retryAfter)
            }
            let isNew = place.lastFault != reason
            place.lastFault = reason
            state.places[configuration] = place
            return isNew
        }
        if isNew {
            logger.error(
                "a webhook configuration was not written",
                metadata: [
                    "kind": .string(configuration.type.kind), "name": .string(configuration.name),
                    "reason": .string(reason),
                ])
        }
    }

    /// Reads both what is and what should be anew: what was seen may be older than what another leader wrote.
    private func write(_ configuration: WebhookConfiguration) async throws(APIFault) {
        let pem = registration.authority == .kept ? try await bundle?.current() : nil
        let sightings = state.withLock { $0.places[configuration]?.sightings ?? 0 }
        let current = try await server.get(configuration.type, configuration.name)
        see(current, configuration, unlessToldSince: sightings)
        guard conditions.isLeader(), let bundle = wanted(configuration, current, pem: pem) else { return }
        let drift = current.map { configuration.drift(of: $0, bundle: bundle) }
        guard drift?.isEmpty != true else { return }
        let text = configuration.text(bundle: bundle, replacing: current)
        let written: KubernetesObject
        if current == nil {
            written = try await server.create(configuration.type, text)
        } else {
            written = try await server.replace(configuration.type, configuration.name, text)
        }
        see(written, configuration, unlessToldSince: sightings)
        wrote(configuration)
        logger.notice(
            "a webhook configuration was written",
            metadata: [
                "kind": .string(configuration.type.kind), "name": .string(configuration.name),
                "drift": .string(drift?.joined(separator: ", ") ?? "there was none"),
            ])
    }

    private func wrote(_ configuration: WebhookConfiguration) {
        state.withLock { state in
            guard var place = state.places[configuration] else { return }
            let isCalm = place.lastWrite.map { ContinuousClock.now - $0 > Self.calm } ?? true
            place.repairs = isCalm ? 0 : place.repairs + 1
            place.lastWrite = .now
            // The first few at once; then slower and slower, so that two controllers do not write all day.
            place.notBefore = place.repairs < 3 ? nil : .now + backoff.pause(after: place.repairs - 2)
            state.places[configuration] = place
        }
    }
}
