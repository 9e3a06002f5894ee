// SPDX-License-Identifier: Apache-2.0
import Policy
import ServiceLifecycle

/// Keeps the policies in force equal to their files: compares contents four times a second, and swaps the whole set when
/// two looks in a row agree that something has changed.
///
/// Contents are compared, not times or inodes: a ConfigMap's swap of symbolic links, an editor's rename and a write in
/// place are all the same to it, and no platform's notifications are needed.
struct PolicyFilesWatch: Service {
    static let interval = Duration.milliseconds(250)
    /// How often trust roots are held against the clock; metadata lives for days at least.
    static let expiryInterval = Duration.seconds(60)

    let inForce: PoliciesInForce
    private let files: PolicyFiles
    private let first: PolicySnapshot
    private var state: PolicyFilesState
    private let remotes: RemotePolicies
    private let onChange: @Sendable ([PolicyEvent]) -> Void

    /// Reads everything once. Throws, with file, line and path, where anything is not whole: at start there is no last
    /// good version that could stand in.
    init(
        _ files: PolicyFiles, rules: DocumentRules = DocumentRules(), network: RegistryAccess,
        onChange: @escaping @Sendable ([PolicyEvent]) -> Void = { _ in }
    ) throws(PolicyLoadError) {
        self.files = files
        remotes = RemotePolicies(access: network)
        self.onChange = onChange
        first = files.snapshot()
        state = try PolicyFilesState(starting: first, rules: rules, now: .now)
        inForce = PoliciesInForce(state.set)
    }

    /// With what policies refer to on the web fetched once, before anybody asks; what cannot be fetched is asked for again
    /// while this runs.
    func fetchingRemotes() async -> PolicyFilesWatch {
        var watch = self
        watch.state.update(remotes: await remotes.fetch(state.missingRemotes))
        inForce.replace(with: watch.state.set, health: watch.state.health)
        return watch
    }

    /// Runs until it is cancelled or the server shuts down.
    func run() async {
        let look = self
        await cancelWhenGracefulShutdown {
            var state = look.state
            var settled = SettledSnapshots(applied: look.first)
            var nextExpiry = ContinuousClock.now.advanced(by: Self.expiryInterval)
            var nextFetch = ContinuousClock.now.advanced(by: RemotePolicies.pause)
            while !Task.isCancelled {
                // Cancellation ends the sleep, and the loop.
                try? await Task.sleep(for: Self.interval)
                if Task.isCancelled { break }
                if ContinuousClock.now >= nextFetch, !state.missingRemotes.isEmpty {
                    state.update(remotes: await look.remotes.fetch(state.missingRemotes))
                    look.inForce.replace(with: state.set, health: state.health)
                    nextFetch = ContinuousClock.now.advanced(by: RemotePolicies.pause)
                }
                if ContinuousClock.now >= nextExpiry {
                    state.update(now: .now)
                    look.inForce.replace(with: state.set, health: state.health)
                    nextExpiry = ContinuousClock.now.advanced(by: Self.expiryInterval)
                }
                guard let snapshot = settled.look(look.files.snapshot()) else { continue }
                let events = state.update(snapshot, now: .now)
                // What is new to be fetched is fetched at the next look.
                if !events.isEmpty { nextFetch = .now }
                look.inForce.replace(with: state.set, health: state.health)
                if !events.isEmpty { look.onChange(events) }
            }
        }
    }
}
