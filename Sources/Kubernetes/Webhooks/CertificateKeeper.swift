// SPDX-License-Identifier: Apache-2.0
import JSON
public import Logging
public import ServiceLifecycle
public import Sigstore
import Synchronization

/// Keeps the serving certificate and its authority in a Secret, on every replica: makes what is missing, repairs what is
/// broken, changes what ages, and hands what is there to the server. Replicas agree by the version of the Secret: a
/// writer that was not the first reads again.
public final class CertificateKeeper: Service {
    public struct Configuration: Sendable {
        public var secret = "webhook-certs"
        public var namespace: String
        /// What the certificate bears, DNS names or IP addresses; the first is what API servers ask for.
        public var names: [String]
        public var times = CertificateTimes()

        public init(namespace: String, names: [String]) {
            self.namespace = namespace
            self.names = names
        }
    }

    private struct State: Sendable {
        /// Whether the Secret, or that there is none, was read once.
        var isKnown = false
        var record: CertificateRecord?
        var version = ""
        var remembered: CertificateRecord?
        var installed: KeptPair?
        var lastLook: ContinuousClock.Instant?
        var lastFault = ""
    }

    private let server: APIServer
    private let configuration: Configuration
    private let plan: CertificatePlan
    private let registered: @Sendable () async throws(APIFault) -> [[UInt8]]
    private let install: @Sendable (KeptPair) throws -> Void
    private let now: @Sendable () -> Instant
    private let logger: Logger
    private let state = Mutex(State())

    /// - Parameters:
    ///   - registered: the CA bundles of our webhook configurations as they are; `WebhookKeeper.registeredBundles`.
    ///   - install: makes the server show a pair from now on. Called again only for another pair.
    public init(
        _ server: APIServer, _ configuration: Configuration, making: any CertificateMaking,
        registered: @escaping @Sendable () async throws(APIFault) -> [[UInt8]],
        install: @escaping @Sendable (KeptPair) throws -> Void, now: @escaping @Sendable () -> Instant,
        logger: Logger
    ) {
        self.server = server
        self.configuration = configuration
        self.registered = registered
        self.install = install
        self.now = now
        self.logger = logger
        plan = CertificatePlan(making: making, names: configuration.names, times: configuration.times)
    }

    /// What API servers are to trust, as last seen; `nil` while no pair is served.
    public var bundle: [UInt8]? {
        state.withLock { $0.installed == nil ? nil : $0.remembered?.bundle }
    }

    /// The same, read now: before it is written anywhere, since an older one could lack an authority that is in use.
    public func currentBundle() async throws(APIFault) -> [UInt8]? {
        try await read()
        // A Secret that was broken a moment ago says nothing of what is served.
        if let record = state.withLock({ $0.record }), plan.serving(record, now: now()) != nil { return record.bundle }
        return bundle
    }

    /// Asks for another authority, of whichever replica comes first.
    public func rotate(_ reason: String) async throws(APIFault) {
        var writer = JSONWriter()
        writer.object { writer in
            writer.object("metadata") { writer in
                writer.object("annotations") { $0.member(CertificateRecord.wantedAnnotation, reason) }
            }
        }
        take(
            try await server.patch(
                .secrets, configuration.secret, in: configuration.namespace, .merge, writer.bytes))
    }

    public func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            let (wishes, wish) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
            await withDiscardingTaskGroup { group in
                group.addTask { [self] in
                    await Reflector(server, .secrets, .named(configuration.secret, in: configuration.namespace))
                        .run { news in
                            if case .lost(let fault) = news {
                                logger.warning(
                                    "the Secret of the serving certificate cannot be read",
                                    metadata: [
                                        "name": .string(configuration.secret), "reason": .string("\(fault)"),
                                    ])
                            }
                            guard case .objects(let objects) = news else { return }
                            take(objects.values.first { $0.name == configuration.secret })
                            wish.yield()
                        }
                }
                group.addTask { [self] in
                    while !Task.isCancelled {
                        try? await Task.sleep(for: configuration.times.tick)
                        wish.yield()
                    }
                    wish.finish()
                }
                for await _ in wishes { await step() }
                group.cancelAll()
            }
        }
    }

    // MARK: One step

    /// How often a replica tries at once to be the first before it waits for the next look at the clock.
    private static let attempts = 8

    private func step() async {
        do {
            for _ in 0..<Self.attempts {
                guard state.withLock({ $0.isKnown }), !Task.isCancelled else { return }
                guard try await advance() else { break }
            }
            state.withLock { $0.lastFault = "" }
        } catch {
            if Task.isCancelled { return }
            let reason = "\(error)"
            let isNew = state.withLock { state in
                defer { state.lastFault = reason }
                return state.lastFault != reason
            }
            if isNew { logger.error("the serving certificate is not kept", metadata: ["reason": .string(reason)]) }
        }
    }

    /// Serves what is there, then does what is due; returns whether there may be more to do.
    private func advance() async throws -> Bool {
        let now = now()
        let (record, version, remembered) = state.withLock { ($0.record, $0.version, $0.remembered) }
        if let record, plan.serving(record, now: now) != nil { try serve(record) }
        var step = try plan.next(record, remembered: remembered, isRegistered: nil, now: now)
        if case .look = step, let record {
            guard isTimeToLook() else { return false }
            step = try plan.next(
                record, remembered: remembered, isRegistered: try await isRegistered(record.bundle), now: now)
        }
        guard case .write(let next, let why) = step else { return false }
        do throws(APIFault) {
            if record == nil {
                take(
                    try await server.create(
                        .secrets, in: configuration.namespace,
                        next.creation(name: configuration.secret, namespace: configuration.namespace)))
            } else {
                take(
                    try await server.patch(
                        .secrets, configuration.secret, in: configuration.namespace, .merge,
                        next.patch(of: version)))
            }
        } catch {
            // Somebody else was first, or took it away: what there is now decides.
            guard error.isConflict || error.isAlreadyExists || error.isNotFound else { throw error }
            try await read()
            return true
        }
        logger.notice("the Secret of the serving certificate was written", metadata: ["reason": .string(why)])
        return true
    }

    private func serve(_ record: CertificateRecord) throws {
        let isNew = state.withLock { state in
            state.remembered = record
            return state.installed != record.serving
        }
        guard isNew else { return }
        try install(record.serving)
        state.withLock { $0.installed = record.serving }
    }

    private func isTimeToLook() -> Bool {
        state.withLock { state in
            let now = ContinuousClock.now
            if let last = state.lastLook, now < last.advanced(by: configuration.times.look) { return false }
            state.lastLook = now
            return true
        }
    }

    /// Whether each bundle that is registered holds all of these authorities.
    private func isRegistered(_ bundle: [UInt8]) async throws(APIFault) -> Bool {
        let wanted = Set(plan.making.authorities(in: bundle).map(\.certificate))
        return try await registered().allSatisfy { found in
            wanted.isSubset(of: plan.making.authorities(in: found).map(\.certificate))
        }
    }

    private func read() async throws(APIFault) {
        take(try await server.get(.secrets, configuration.secret, in: configuration.namespace))
    }

    private func take(_ secret: KubernetesObject?) {
        state.withLock { state in
            state.isKnown = true
            state.version = secret?.resourceVersion ?? ""
            state.record = secret.map { CertificateRecord($0) }
        }
    }
}
