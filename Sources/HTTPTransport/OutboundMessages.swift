// SPDX-License-Identifier: Apache-2.0
import NIOHTTP1

/// One request, to be answered whole before its deadline.
public struct OutboundRequest: Sendable {
    public enum Method: String, Hashable, Sendable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
    }

    public var method: Method
    public var url: RequestURL
    /// Header fields other than `Authorization`; sent to every host that a redirect leads to.
    public var headers: [(name: String, value: String)] = []
    /// Sent to the URL's own origin only; a redirect elsewhere loses it for good.
    public var authorization: Authorization?
    /// Of a POST; sent to no other host.
    public var body: [UInt8] = []
    /// Bytes of a successful answer that are accepted.
    public var maximumBodyBytes: Int
    /// What a successful answer must hash to.
    public var expectedDigest: ExpectedDigest?
    /// Asked for each piece of a successful answer as it arrives, with its length in bytes: `false` ends the request as
    /// too large. For limits that several requests share.
    public var admits: (@Sendable (Int) -> Bool)?
    /// Takes a successful answer's body piece by piece, of which nothing is kept then; `nil` keeps it.
    public var sink: (any BodySink)?
    public var deadline: ContinuousClock.Instant
    /// Whether hosts spelled as loopback may be reached: only where the operator or a reference named one as a registry.
    /// A URL out of an answer never earns it.
    public var mayReachLoopback: Bool
    /// Whether this request may go to 169.254.169.254, in plain HTTP and past every proxy: only where an operator turned a
    /// cloud's credentials on. A redirect loses it.
    public var mayReachMetadataServer = false

    public init(
        _ method: Method, _ url: RequestURL, maximumBodyBytes: Int, deadline: ContinuousClock.Instant,
        mayReachLoopback: Bool = false
    ) {
        self.method = method
        self.url = url
        self.maximumBodyBytes = maximumBodyBytes
        self.deadline = deadline
        self.mayReachLoopback = mayReachLoopback
    }
}

/// Where the body of an answer goes that is not held.
public protocol BodySink: Sendable {
    /// A successful answer begins; what came of an earlier one is void.
    func begin()
    /// The next bytes of it. The following ones are read when this has returned.
    func take(_ bytes: UnsafeRawBufferPointer)
}

/// The value of an `Authorization` header; it never shows itself.
public struct Authorization: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    let value: String

    public init(_ value: String) { self.value = value }

    public var description: String { "(authorization)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// A SHA-2 hash that a body must have.
public struct ExpectedDigest: Hashable, Sendable {
    public enum Algorithm: Hashable, Sendable {
        case sha256, sha512
    }

    public let algorithm: Algorithm
    /// Lower case.
    public let hex: String

    public init(_ algorithm: Algorithm, hex: String) {
        self.algorithm = algorithm
        self.hex = hex
    }
}

/// An answer, whole. The body of an answer that is no success is discarded unread: nobody may quote it; that of one that
/// went into a sink is empty.
public struct OutboundResponse: Sendable {
    public let status: Int
    public let headers: ResponseHeaders
    public let body: [UInt8]
    /// Where the answer came from, after redirects.
    public let url: RequestURL
}

/// The header fields of an answer.
public struct ResponseHeaders: Sendable {
    private let fields: HTTPHeaders

    init(_ fields: HTTPHeaders) { self.fields = fields }

    /// The first field of that name, in any case.
    public subscript(name: String) -> String? { fields.first(name: name) }

    /// Every field of that name, in order, not split at commas.
    public func all(_ name: String) -> [String] { fields[name] }

    /// The media type of the body, in lower case and without parameters.
    public var mediaType: String? {
        self["content-type"].map { value in
            let essence = value.prefix { $0 != ";" }
            return String(essence.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }).lowercased()
        }
    }
}
