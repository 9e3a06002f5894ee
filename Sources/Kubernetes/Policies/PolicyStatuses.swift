// SPDX-License-Identifier: Apache-2.0
import ServiceLifecycle
public import Sigstore

/// Writes into the objects what came of them: conditions, Events on changes of readiness; and takes out what another
/// controller left behind. For the leader alone: `LeaderElection.run` begins and ends it.
public struct PolicyStatuses: Sendable {
    public struct Configuration: Sendable {
        /// The replica's name, in Events.
        public var identity: String
        /// Whether upstream's finalizers and conversion webhook are taken out; not beside a controller that still runs.
        public var takesOver = true
        /// The pause after each write: 20 a second are a fifth of what the API server gives one client by default.
        public var pause: Duration = .milliseconds(50)
        /// How long before what others changed in our statuses is written again, and before definitions are looked at
        /// again.
        public var repairInterval: Duration = .seconds(60)
        public var backoff = Backoff()

        public init(identity: String) { self.identity = identity }
    }

    private let server: APIServer
    private let observations: PolicyObservations
    private let configuration: Configuration
    private let now: @Sendable () -> Instant
    private let onFault: @Sendable (String) -> Void

    /// - Parameter onFault: told what could not be written, a sentence; once for each new one.
    public init(
        _ server: APIServer, of policies: ClusterPolicies, _ configuration: Configuration,
        now: @escaping @Sendable () -> Instant, onFault: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.server = server
        observations = policies.observations
        self.configuration = configuration
        self.now = now
        self.onFault = onFault
    }

    /// What was written, so that nothing is written twice whoever changes it in between.
    private struct Memory {
        struct Written {
            let status: DocumentStatus
            let at: ContinuousClock.Instant
        }

        /// By UID.
        var statuses: [String: Written] = [:]
        var finalizers: [String: ContinuousClock.Instant] = [:]
        /// How often each Event was told, by name.
        var events: [String: Int] = [:]
        var lastFault = ""
        var failures = 0

        /// Events that are remembered; one that is forgotten counts from two.
        static let maximumEvents = 10_000

        mutating func keep(_ uids: Set<String>) {
            statuses = statuses.filter { uids.contains($0.key) }
            finalizers = finalizers.filter { uids.contains($0.key) }
            if events.count > Self.maximumEvents { events = [:] }
        }
    }

    /// Runs until it is cancelled.
    public func run() async {
        let (woken, waker) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        observations.wake(waker)
        await withDiscardingTaskGroup { group in
            group.addTask {
                while !Task.isCancelled {
                    try? await Task.sleep(for: configuration.repairInterval)
                    waker.yield()
                }
            }
            var memory = Memory()
            var nextDefinitions = ContinuousClock.now
            for await _ in woken {
                var isWhole = true
                if configuration.takesOver, ContinuousClock.now >= nextDefinitions {
                    isWhole = await mendDefinitions(&memory)
                    if isWhole { nextDefinitions = .now.advanced(by: configuration.repairInterval) }
                }
                if !(await writeAll(&memory)) { isWhole = false }
                if isWhole {
                    memory.failures = 0
                    memory.lastFault = ""
                } else {
                    memory.failures += 1
                    try? await Task.sleep(for: configuration.backoff.pause(after: memory.failures))
                    waker.yield()
                }
            }
            waker.finish()
            group.cancelAll()
        }
    }

    /// Whether everything could be written.
    private func writeAll(_ memory: inout Memory) async -> Bool {
        let (observation, version) = observations.newest
        guard let observation else { return true }
        memory.keep(Set(observation.documents.map(\.object.uid)))
        var isWhole = true
        for document in observation.documents {
            // What follows is about objects that are no longer the newest: the next look sees those.
            if Task.isCancelled || observations.newest.version != version { return isWhole }
            do throws(APIFault) {
                if try await write(document, &memory) { try? await Task.sleep(for: configuration.pause) }
            } catch {
                // Somebody else was first, or it is gone: the next look sees what there is.
                if error.isConflict || error.isNotFound { continue }
                isWhole = false
                tell(error, "\(document.resource.rawValue)/\(document.object.name)", &memory)
                // A server that is not there is not asked again for each object.
                if case .transport = error { return false }
            }
        }
        return isWhole
    }

    /// Whether anything was written.
    private func write(_ document: ObservedDocument, _ memory: inout Memory) async throws(APIFault) -> Bool {
        let object = document.object
        let type = document.resource.type
        if configuration.takesOver, let patch = UpstreamRemains.patch(finalizersOf: object),
            object.isBeingDeleted || isDue(memory.finalizers[object.uid])
        {
            _ = try await server.patch(type, object.name, .merge, patch)
            memory.finalizers[object.uid] = .now
            return true
        }
        guard !object.isBeingDeleted else { return false }
        let status = DocumentStatus(document)
        if status.isStored(in: object) { return false }
        if let written = memory.statuses[object.uid], written.status == status, !isDue(written.at) { return false }
        _ = try await server.patch(
            type, object.name, subresource: "status", .merge, status.patch(of: object, now: now()))
        let isRepair = memory.statuses[object.uid]?.status == status
        memory.statuses[object.uid] = Memory.Written(status: status, at: .now)
        if !isRepair, let event = ReadinessEvent(document, status) { try await send(event, &memory) }
        return true
    }

    private func isDue(_ last: ContinuousClock.Instant?) -> Bool {
        guard let last else { return true }
        return ContinuousClock.now >= last.advanced(by: configuration.repairInterval)
    }

    private func send(_ event: ReadinessEvent, _ memory: inout Memory) async throws(APIFault) {
        let name = event.name
        do throws(APIFault) {
            _ = try await server.create(
                .events, in: ReadinessEvent.namespace, event.body(now: now(), reporter: configuration.identity))
            memory.events[name] = 1
        } catch {
            guard error.isAlreadyExists else { throw error }
            let count = min(memory.events[name] ?? 1, 1 << 30) + 1
            memory.events[name] = count
            _ = try await server.patch(
                .events, name, in: ReadinessEvent.namespace, .merge, ReadinessEvent.repetition(count, now: now()))
        }
    }

    private func mendDefinitions(_ memory: inout Memory) async -> Bool {
        var isWhole = true
        for name in UpstreamRemains.definitions {
            do throws(APIFault) {
                guard let definition = try await server.get(.customResourceDefinitions, name),
                    let patch = UpstreamRemains.patch(conversionOf: definition)
                else { continue }
                _ = try await server.patch(.customResourceDefinitions, name, .merge, patch)
            } catch {
                if error.isConflict { continue }
                isWhole = false
                tell(error, "customresourcedefinitions/\(name)", &memory)
            }
        }
        return isWhole
    }

    private func tell(_ fault: APIFault, _ what: String, _ memory: inout Memory) {
        let sentence = "\(what) cannot be written: \(fault)"
        guard sentence != memory.lastFault else { return }
        memory.lastFault = sentence
        onFault(sentence)
    }
}
