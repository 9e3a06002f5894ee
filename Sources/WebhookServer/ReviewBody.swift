// SPDX-License-Identifier: Apache-2.0
import HummingbirdCore
import NIOCore

/// As much of a request's body as the server took, and why it stopped.
struct ReviewBody: Sendable {
    enum End: Hashable, Sendable {
        /// All of it.
        case complete
        /// Beyond the limit, by its declared length or by what came.
        case tooLarge
        /// All requests together hold too much.
        case overloaded
        /// The connection ended, or the declared length was not reached.
        case truncated
    }

    private(set) var bytes: [UInt8] = []
    /// What is held of the budget of all requests; given back by whoever reads the body.
    private(set) var held = 0
    private(set) var end = End.complete
    /// Nothing more of it will come.
    private(set) var isFinished = false

    /// Reads up to `limit` bytes; a body that declares more is read only as far as its uid may stand.
    @concurrent static func read(
        _ iterator: inout RequestBody.AsyncIterator, declaredLength: Int?, limit: Int, occupancy: Occupancy
    ) async -> ReviewBody {
        var body = ReviewBody()
        let isDeclaredTooLarge = (declaredLength ?? 0) > limit
        let wanted = isDeclaredTooLarge ? min(limit, ServerLimits.refusalPrefix) : limit
        do {
            while let chunk = try await iterator.next() {
                let room = wanted - body.bytes.count
                let isKept = body.keep(chunk.readableBytesView.prefix(max(0, room)), occupancy)
                guard chunk.readableBytes <= room else {
                    body.end = .tooLarge
                    return body
                }
                guard isKept else {
                    body.end = .overloaded
                    return body
                }
            }
        } catch {
            body.end = .truncated
            return body
        }
        if let declaredLength, body.bytes.count < declaredLength { body.end = .truncated }
        body.isFinished = body.end == .complete
        return body
    }

    /// Appends bytes, where there is room for them among all requests. What the uid stands in is kept in any case, and
    /// counts nothing: a refusal without a uid is an HTTP error, and such a one can admit.
    private mutating func keep(_ chunk: ByteBufferView, _ occupancy: Occupancy) -> Bool {
        let free = max(0, ServerLimits.uncountedPrefix - bytes.count)
        let counted = max(0, chunk.count - free)
        guard occupancy.hold(counted) else {
            bytes += chunk.prefix(free)
            return false
        }
        held += counted
        bytes += chunk
        return true
    }

    /// Keeps only what a refusal needs.
    mutating func shorten(_ occupancy: Occupancy) {
        guard bytes.count > ServerLimits.refusalPrefix else { return }
        bytes = Array(bytes.prefix(ServerLimits.refusalPrefix))
        let excess = max(0, held - bytes.count)
        occupancy.release(excess)
        held -= excess
    }

    /// Notes that the rest was read and dropped, up to its end.
    mutating func finish() { isFinished = true }

    /// Reads and drops what is left, within a bound; true where the end came.
    @concurrent static func discardRest(_ iterator: inout RequestBody.AsyncIterator) async -> Bool {
        var dropped = 0
        do {
            while dropped < ServerLimits.discardedBytes {
                guard let chunk = try await iterator.next() else { return true }
                dropped += chunk.readableBytes
            }
        } catch {}
        return false
    }
}
