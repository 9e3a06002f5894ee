// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// What all requests together hold at this moment.
final class Occupancy: Sendable {
    private struct State {
        var reviews = 0
        var bytes = 0
    }

    private let state = Mutex(State())
    private let maximumReviews: Int
    private let maximumBytes: Int

    init(_ limits: ServerLimits) {
        maximumReviews = limits.reviewsInFlight
        maximumBytes = limits.bodyBytesInFlight
    }

    /// False where the limit is reached; otherwise `leave` follows.
    func enter() -> Bool {
        state.withLock { state in
            guard state.reviews < maximumReviews else { return false }
            state.reviews += 1
            return true
        }
    }

    func leave() { state.withLock { $0.reviews -= 1 } }

    /// False where so many bytes are too many; otherwise `release` of as many follows.
    func hold(_ bytes: Int) -> Bool {
        state.withLock { state in
            guard bytes <= maximumBytes - state.bytes else { return false }
            state.bytes += bytes
            return true
        }
    }

    func release(_ bytes: Int) { state.withLock { $0.bytes -= bytes } }

    func samples() -> [MetricSample] {
        let now = state.withLock { $0 }
        return [
            MetricSample(
                "countersign_reviews_in_flight", help: "Reviews being judged.", kind: .gauge, value: Double(now.reviews)
            ),
            MetricSample(
                "countersign_body_bytes_in_flight", help: "Bytes of request bodies held.", kind: .gauge,
                value: Double(now.bytes)),
        ]
    }
}
