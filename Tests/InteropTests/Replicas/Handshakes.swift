// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Synchronization
import TestSupport

/// New connections to each replica in turn, all the time, that trust what was registered a moment ago: an API server
/// that hears late of a change.
final class Handshakes: Sendable {
    /// How late. A real API server follows its watch within about a second.
    static let lag = Duration.milliseconds(800)

    struct Report: Sendable {
        var count = 0
        var failures: [String] = []
        /// The bundles that were trusted, in their order, as base64.
        var bundles: [String] = []
    }

    private struct State: Sendable {
        var report = Report()
        var registered: [(since: ContinuousClock.Instant, bundle: String)] = []
        var replicas: Set<String> = []
        var isOver = false
    }

    private let bench: ReplicaBench
    private let image: String
    private let state = Mutex(State())

    /// - Parameter image: a signed one.
    init(_ bench: ReplicaBench, image: String) {
        self.bench = bench
        self.image = image
    }

    /// Runs until `finish`.
    func run() async {
        var turn = 0
        while !state.withLock({ $0.isOver }) {
            note()
            turn += 1
            await ask(turn)
            try? await Task.sleep(for: .milliseconds(40))
        }
    }

    /// Names of all that judged a review so far.
    var replicas: Set<String> { state.withLock { $0.replicas } }

    func finish() { state.withLock { $0.isOver = true } }

    /// What happened since the last time.
    func take() -> Report {
        state.withLock { state in
            defer { state.report = Report() }
            return state.report
        }
    }

    private func note() {
        guard let bundle = bench.registeredBundle else { return }
        state.withLock { state in
            if state.registered.last?.bundle != bundle { state.registered.append((.now, bundle)) }
        }
    }

    private func ask(_ turn: Int) async {
        let serving = bench.endpoints.serving
        let before = ContinuousClock.now - Self.lag
        let bundle = state.withLock { state in
            (state.registered.last { $0.since <= before } ?? state.registered.first)?.bundle
        }
        guard !serving.isEmpty, let bundle, let pem = Data(base64Encoded: bundle) else { return }
        let replica = serving[turn % serving.count]
        var failure: String?
        do {
            if try await !replica.allows(image, trusting: String(decoding: pem, as: UTF8.self)) { failure = "denied" }
        } catch {
            failure = "\(error)"
        }
        // One that began to leave meanwhile owes new connections nothing.
        if failure != nil, !bench.endpoints.serving.contains(where: { $0 === replica }) { return }
        state.withLock { state in
            state.report.count += 1
            if failure == nil { state.replicas.insert(replica.name) }
            if state.report.bundles.last != bundle { state.report.bundles.append(bundle) }
            if let failure { state.report.failures.append("\(replica.name): \(failure)") }
        }
    }
}
