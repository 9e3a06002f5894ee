// SPDX-License-Identifier: Apache-2.0
import Admission
import ImageVerification
import Synchronization

/// Stands for Admission: allows whatever it is shown, and remembers how it was asked.
final class FakeReviewer: Reviewing {
    struct Seen: Sendable {
        var bodies: [Int] = []
        var endpoints: [ReviewEndpoint] = []
        var budgets: [Duration] = []
        var refusals: [Refusal] = []
        var refusedBytes: [Int] = []
    }

    private let seenSoFar = Mutex(Seen())
    private let conduct: @Sendable () async -> Void

    /// `conduct` runs in the middle of every review.
    init(_ conduct: @escaping @Sendable () async -> Void = {}) { self.conduct = conduct }

    var seen: Seen { seenSoFar.withLock { $0 } }

    func review(_ body: [UInt8], at endpoint: ReviewEndpoint, deadline: Deadline) async -> ReviewAnswer {
        seenSoFar.withLock { seen in
            // A soak would make these lists the very growth that it looks for.
            guard seen.bodies.count < 100 else { return }
            seen.bodies.append(body.count)
            seen.endpoints.append(endpoint)
            seen.budgets.append(deadline.remaining)
        }
        await conduct()
        return Self.answer(to: body, at: endpoint, isAllowed: true, code: nil)
    }

    func refuse(_ prefix: [UInt8], at endpoint: ReviewEndpoint, because refusal: Refusal) -> ReviewAnswer {
        seenSoFar.withLock { seen in
            guard seen.refusals.count < 100 else { return }
            seen.refusals.append(refusal)
            seen.refusedBytes.append(prefix.count)
        }
        let code =
            switch refusal {
            case .tooLarge: 413
            case .overloaded: 429
            case .truncated: 400
            case .unsupportedContentType: 415
            case .deadline: 504
            }
        return Self.answer(to: prefix, at: endpoint, isAllowed: false, code: code)
    }

    /// The uid echoed as Admission does it, and a status other than 200 only where there is none.
    private static func answer(
        to body: [UInt8], at endpoint: ReviewEndpoint, isAllowed: Bool, code: Int?
    ) -> ReviewAnswer {
        let head = String(decoding: body.prefix(512), as: UTF8.self)
        let uid = head.split(separator: "\"uid\":\"").dropFirst().first?.prefix { $0 != "\"" }
        let record = ReviewRecord(
            uid: uid.map(String.init), endpoint: endpoint, operation: "CREATE", resource: "pods", namespace: "shop",
            name: "web", isAllowed: isAllowed, code: code,
            decisions: ReviewRecord.Decisions([
                .init(
                    image: "registry.example/web@sha256:00", policy: "signed", mode: "enforce",
                    result: isAllowed ? "admitted" : "denied", reason: "", isCached: false)
            ]))
        guard let uid else {
            return ReviewAnswer(httpStatus: code ?? 400, body: Array("no uid\n".utf8), isJSON: false, record: record)
        }
        let text = #"{"response":{"uid":"\#(uid)","allowed":\#(isAllowed),"code":\#(code ?? 200)}}"#
        return ReviewAnswer(httpStatus: 200, body: Array(text.utf8), isJSON: true, record: record)
    }
}

/// A review's beginning as Kubernetes writes it, and then filler up to `size` bytes.
func reviewBody(uid: String = "705ab4f5", size: Int = 0) -> [UInt8] {
    let head = #"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"\#(uid)","filler":""#
    let tail = "\"}}"
    let filler = max(0, size - head.utf8.count - tail.utf8.count)
    return Array(head.utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: filler) + Array(tail.utf8)
}

/// Opens once; whoever waits before that waits for it, and nobody can be cancelled out of it.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var arrivals = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// How many have come so far.
    var arrivals: Int { state.withLock { $0.arrivals } }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                state.arrivals += 1
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

/// Raised once, seen by all.
final class Flag: Sendable {
    private let raised = Atomic(false)

    var isRaised: Bool { raised.load(ordering: .acquiring) }

    func raise() { raised.store(true, ordering: .releasing) }
}

/// Looks again every few milliseconds until `condition` holds; false where it does not within `limit`.
func eventually(within limit: Duration = .seconds(10), _ condition: @Sendable () async throws -> Bool) async -> Bool {
    let end = ContinuousClock.now + limit
    while ContinuousClock.now < end {
        if (try? await condition()) == true { return true }
        try? await Task.sleep(for: .milliseconds(10))
    }
    return false
}
