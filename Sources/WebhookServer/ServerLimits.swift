// SPDX-License-Identifier: Apache-2.0

/// What one server gives at most, to one caller and to all together.
public struct ServerLimits: Hashable, Sendable {
    /// Bytes of one review. An API server takes objects up to 3 MiB, and an UPDATE carries two of them with what wraps
    /// them: 8 MiB leaves room.
    public var bodyBytes = 8 << 20

    /// Reviews judged at once. An API server admits 200 mutating and 400 other requests at once by default
    /// (`--max-mutating-requests-inflight`); 512 serves two of them at their worst.
    public var reviewsInFlight = 512

    /// Bytes of bodies held at once, whatever their number: 8 of the largest, or 512 of 128 KiB. What is read from a
    /// body takes up to 16/3 of it again (a value for three bytes, 16 bytes each), 342 MiB for all of them.
    public var bodyBytesInFlight = 64 << 20

    /// Open connections; callers beyond wait to be accepted. HTTP/1.1 needs one per review in flight, idle ones come
    /// on top, and each costs a descriptor.
    public var connections = 4096

    /// Seconds after which a caller that met a full server may come again.
    public var retryAfterSeconds = 1

    /// The handshake of a new connection.
    public var handshake = Duration.seconds(10)

    /// From the first byte of a request to the end of its head.
    public var head = Duration.seconds(10)

    /// From the head to the end of the body. At the longest timeout of 30 s half of it is left for the verdict.
    public var body = Duration.seconds(15)

    /// From the end of the body until the answer has been taken: the longest timeout and half as much again.
    public var answer = Duration.seconds(45)

    /// An idle connection. API servers close theirs after 90 s; being the slower one avoids that a request crosses our
    /// close on the way.
    public var idle = Duration.seconds(120)

    public init() {}

    /// Bytes of a body kept where the review is not judged: the uid is the first field of a request as Kubernetes
    /// writes it.
    static let refusalPrefix = 64 << 10

    /// Bytes of each body that are kept whatever all others hold: the uid stands within the first few hundred bytes of a
    /// review as Kubernetes writes it. Times the connections they are 4 MiB, and 400 MiB if each were full of HTTP/2 streams.
    static let uncountedPrefix = 1 << 10

    /// Bytes read and dropped after an early answer, so that a caller still sending reads it instead of a reset.
    static let discardedBytes = 64 << 20

    /// Bytes of a review that is read on the event loop: two or three hundred of them take a microsecond, and whoever else
    /// is served there waits. Pods have ten thousand or two.
    static let bytesReadAtOnce = 256 << 10

    /// Bytes and fields of a request's head. Kubernetes sends under 1 KiB; proxies add a few headers.
    static let headBytes = 32 << 10
    static let headFields = 100
}

/// How the server leaves.
public struct DrainTimes: Hashable, Sendable {
    /// From the signal until new connections are refused; reviews are still taken, since endpoints are removed from a
    /// Service within a second or two.
    public var quiet: Duration

    /// From the signal until what is left is cut off: the quiet time, the longest timeout of a review, and a little.
    public var total: Duration

    public init(quiet: Duration = .seconds(3), total: Duration = .seconds(40)) {
        self.quiet = quiet
        self.total = total
    }
}
