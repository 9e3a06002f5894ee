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

    let inForce: PoliciesInForce
    private let files: PolicyFiles
    private let first: PolicySnapshot
    private let state: PolicyFilesState
    private let onChange: @Sendable ([PolicyEvent]) -> Void

    /// Reads everything once. Throws, with file, line and path, where anything is not whole: at start there is no last
    /// good version that could stand in.
    init(
        _ files: PolicyFiles, rules: DocumentRules = DocumentRules(),
        onChange: @escaping @Sendable ([PolicyEvent]) -> Void = { _ in }
    ) throws(PolicyLoadError) {
        self.files = files
        self.onChange = onChange
        first = files.snapshot()
        state = try PolicyFilesState(starting: first, rules: rules)
        inForce = PoliciesInForce(state.set)
    }

    /// Runs until it is cancelled or the server shuts down.
    func run() async {
        let look = self
        await cancelWhenGracefulShutdown {
            var state = look.state
            var settled = SettledSnapshots(applied: look.first)
            while !Task.isCancelled {
                // Cancellation ends the sleep, and the loop.
                try? await Task.sleep(for: Self.interval)
                if Task.isCancelled { break }
                guard let snapshot = settled.look(look.files.snapshot()) else { continue }
                let events = state.update(snapshot)
                look.inForce.replace(with: state.set, health: state.health)
                if !events.isEmpty { look.onChange(events) }
            }
        }
    }
}
