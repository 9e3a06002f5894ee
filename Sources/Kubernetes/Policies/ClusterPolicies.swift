// SPDX-License-Identifier: Apache-2.0
public import Policy
public import ServiceLifecycle
public import Sigstore
import Synchronization

/// Keeps the policies in force equal to the objects of a cluster: ClusterImagePolicies, TrustRoots, what they refer to in
/// our own namespace, and the ConfigMap of settings. Everything is compiled here, off the way of any review.
///
/// A server that is lost, and an object that cannot be read, weaken nothing: `PolicyFilesState` says how.
public struct ClusterPolicies: Service {
    public struct Configuration: Sendable {
        /// Our own namespace, where Secrets and ConfigMaps are that policies refer to.
        public var namespace: String
        public var settingsConfigMap = "config-policy-controller"
        /// Never read as a Secret that policies refer to.
        public var certificateSecret = "webhook-certs"
        /// What holds where the ConfigMap of settings says nothing; the namespace in its rules is this one's.
        public var defaults: PolicySettings
        /// How long news wait for more of them: `kubectl apply` of a folder is one change.
        public var settling: Duration = .milliseconds(50)
        /// How often trust roots are held against the clock; metadata lives for days at least.
        public var expiryInterval: Duration = .seconds(60)
        /// How long to wait before a text that could not be fetched is asked for again.
        public var fetchPause: Duration = .seconds(30)
        public var backoff = Backoff()

        public init(namespace: String, defaults: PolicySettings = PolicySettings()) {
            self.namespace = namespace
            self.defaults = defaults
        }
    }

    /// What happened, for the log and for metrics.
    public enum Event: Hashable, Sendable {
        case policy(PolicyEvent)
        case settings(PolicySettings)
        /// What is wrong with the ConfigMap of settings, a sentence.
        case settingsProblem(String)
    }

    /// Fetches texts of policies that lie on the web; what came of each.
    public typealias Fetch =
        @Sendable ([PolicyTextSource]) async -> [PolicyTextSource: Result<[UInt8], UnusableResource>]

    public let inForce: PoliciesInForce
    let observations = PolicyObservations()
    private let server: APIServer
    private let configuration: Configuration
    private let now: @Sendable () -> Instant
    private let fetch: Fetch
    private let onEvents: @Sendable ([Event]) -> Void
    private let view = ClusterView()
    private let pending: Pending
    private let first: PolicyCompilation

    /// Why we are not ready; once empty it stays so.
    private final class Pending: Sendable {
        let sentences: Mutex<[String]>
        init(_ sentences: [String]) { self.sentences = Mutex(sentences) }
    }

    /// Until `run()` has read everything once, every image is denied.
    public init(
        _ server: APIServer, _ configuration: Configuration, now: @escaping @Sendable () -> Instant,
        fetch: @escaping Fetch, onEvents: @escaping @Sendable ([Event]) -> Void = { _ in }
    ) {
        var configuration = configuration
        configuration.defaults.rules.namespace = configuration.namespace
        self.server = server
        self.configuration = configuration
        self.now = now
        self.fetch = fetch
        self.onEvents = onEvents
        first = PolicyCompilation(configuration.defaults, settingsConfigMap: configuration.settingsConfigMap)
        inForce = PoliciesInForce(first.set, health: first.health, settings: first.settings)
        pending = Pending(PolicyResource.allCases.map { "\($0.words) have not been listed yet" })
    }

    /// Why reviews cannot be answered yet, a sentence each: empty once everything was listed and compiled, and from then
    /// on, since what was read last stays in force.
    public func readiness() -> [String] { pending.sentences.withLock { $0 } }

    /// Runs until it is cancelled or the server shuts down.
    public func run() async {
        await cancelWhenGracefulShutdown { [self] in
            await withDiscardingTaskGroup { group in
                for resource in PolicyResource.allCases {
                    group.addTask { [self] in await reflector(resource).run { view.take($0, of: resource) } }
                }
                let (wanted, wants) = AsyncStream.makeStream(
                    of: [PolicyTextSource].self, bufferingPolicy: .bufferingNewest(1))
                group.addTask { [self] in
                    for await sources in wanted { view.take(await fetch(sources)) }
                }
                group.addTask { [self] in
                    while !Task.isCancelled {
                        try? await Task.sleep(for: min(configuration.expiryInterval, configuration.fetchPause))
                        view.wake()
                    }
                }
                await keepInForce(wants)
                wants.finish()
                group.cancelAll()
            }
        }
    }

    private func reflector(_ resource: PolicyResource) -> Reflector {
        var selection = ObjectSelection()
        if resource.type.isNamespaced { selection.namespace = configuration.namespace }
        if resource == .secrets, !configuration.certificateSecret.isEmpty {
            selection.fields = "metadata.name!=\(configuration.certificateSecret)"
        }
        return Reflector(server, resource.type, selection, backoff: configuration.backoff)
    }

    /// Looks again and again until it is cancelled.
    private func keepInForce(_ wants: AsyncStream<[PolicyTextSource]>.Continuation) async {
        var compilation = first
        var nextExpiry = ContinuousClock.now.advanced(by: configuration.expiryInterval)
        var nextFetch = ContinuousClock.now
        var wanted: [PolicyTextSource] = []
        for await _ in view.changes {
            try? await Task.sleep(for: configuration.settling)
            if Task.isCancelled { return }
            let contents = view.look()
            let expires = ContinuousClock.now >= nextExpiry
            if expires { nextExpiry = .now.advanced(by: configuration.expiryInterval) }
            let changes = compilation.take(contents, now: now(), expires: expires)
            if changes.isAnything {
                inForce.replace(
                    with: compilation.set, health: compilation.health, settings: compilation.settings)
            }
            // Objects may have changed, though not their meaning.
            observations.publish(compilation.observation)
            tell(changes)
            settleReadiness(contents)
            let missing = compilation.missingRemotes
            if !missing.isEmpty, missing != wanted || ContinuousClock.now >= nextFetch {
                wants.yield(missing)
                nextFetch = .now.advanced(by: configuration.fetchPause)
            }
            wanted = missing
        }
    }

    private func tell(_ changes: PolicyCompilation.Changes) {
        var events = changes.events.map { Event.policy($0) }
        if let settings = changes.settings { events.append(.settings(settings)) }
        events += changes.problems.map { .settingsProblem($0) }
        if !events.isEmpty { onEvents(events) }
    }

    /// After what was listed has been put in force.
    private func settleReadiness(_ contents: ClusterView.Contents) {
        let sentences = PolicyResource.allCases.compactMap { resource -> String? in
            let copy = contents[resource]
            guard copy.objects == nil || copy.loss != nil else { return nil }
            return "\(resource.words) have not been listed yet" + (copy.loss.map { ": \($0)" } ?? "")
        }
        pending.sentences.withLock { if !$0.isEmpty { $0 = sentences } }
    }
}
