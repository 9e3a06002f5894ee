// SPDX-License-Identifier: Apache-2.0
import OCI
import Synchronization
import TestSupport

/// Pods that are created all the time, several at once, half of them with a signed image and half without, each by the
/// digest; and what became of each.
final class ReviewStream: Sendable {
    struct Image: Sendable {
        let reference: String
        let isSigned: Bool
    }

    /// A creation that was refused although nobody said no.
    struct Failure: Sendable, CustomStringConvertible {
        let pod: String
        let image: Image
        let message: String

        var description: String { "\(pod): \(message)" }
    }

    struct Report: Sendable {
        var admitted = 0
        var denied = 0
        var wronglyAdmitted: [String] = []
        var wronglyDenied: [String] = []
        var failures: [Failure] = []

        var count: Int { admitted + denied }
    }

    private struct State: Sendable {
        var report = Report()
        var number = 0
        var inFlight = 0
        var isPaused = false
        var isOver = false
    }

    private static let workers = 6

    private let server: APIServerDouble
    private let images: [Image]
    private let policy: String
    private let state = Mutex(State())

    /// - Parameter policy: the name that a denial has to give.
    init(_ server: APIServerDouble, images: [Image], policy: String) {
        self.server = server
        self.images = images
        self.policy = policy
    }

    /// Runs until `finish`.
    func run() async {
        await withDiscardingTaskGroup { group in
            for _ in 0..<Self.workers {
                group.addTask {
                    while let number = await self.begin() {
                        await self.create(number)
                        try? await Task.sleep(for: .milliseconds(10))
                    }
                }
            }
        }
    }

    func finish() { state.withLock { $0.isOver = true } }

    /// What happened since the last time.
    func take() -> Report {
        state.withLock { state in
            defer { state.report = Report() }
            return state.report
        }
    }

    var count: Int { state.withLock { $0.report.count } }

    /// Does something while no review is on its way.
    func between<R: Sendable>(_ body: () async throws -> R) async throws -> R {
        state.withLock { $0.isPaused = true }
        defer { state.withLock { $0.isPaused = false } }
        while state.withLock({ $0.inFlight > 0 }) { try await Task.sleep(for: .milliseconds(2)) }
        return try await body()
    }

    private func begin() async -> Int? {
        while true {
            let (number, isOver) = state.withLock { state -> (Int?, Bool) in
                guard !state.isOver, !state.isPaused else { return (nil, state.isOver) }
                state.number += 1
                state.inFlight += 1
                return (state.number, false)
            }
            if let number { return number }
            if isOver { return nil }
            try? await Task.sleep(for: .milliseconds(2))
        }
    }

    private func create(_ number: Int) async {
        let image = images[number % images.count]
        let name = "pod-\(number)"
        let failure = await submit(image, name: name)
        state.withLock { state in
            state.inFlight -= 1
            if let failure { state.report.failures.append(failure) }
        }
    }

    /// Creates one pod; `nil` where somebody decided about it.
    func submit(_ image: Image, name: String) async -> Failure? {
        let answer = await server.submit(
            "POST", "/api/v1/namespaces/\(ReplicaBench.namespace)/pods",
            [
                "apiVersion": "v1", "kind": "Pod",
                "metadata": ["name": .string(name), "namespace": .string(ReplicaBench.namespace)],
                "spec": ["containers": [["name": "c", "image": .string(image.reference)]]],
            ])
        let isStored = server.remove("pods", name, in: ReplicaBench.namespace)
        let message = answer.object["message"].text
        // Denied for what the policy asks, by a webhook that answered.
        let isDenied =
            answer.status == 403 && message.contains("denied the request")
            && message.contains("failed policy: \(policy)")
        return state.withLock { state in
            switch (answer.status, image.isSigned) {
            case (201, true) where isStored: state.report.admitted += 1
            case (201, _): state.report.wronglyAdmitted.append("\(name) \(image.reference)")
            case (_, false) where isDenied && !isStored: state.report.denied += 1
            case (403, _) where message.contains("denied the request"):
                state.report.wronglyDenied.append("\(name) \(image.reference): \(message)")
            default: return Failure(pod: name, image: image, message: "\(answer.status) \(message)")
            }
            return nil
        }
    }
}
