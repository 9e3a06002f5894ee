// SPDX-License-Identifier: Apache-2.0

/// Something that had to be asked did not answer, so that nobody knows. Never a denial and never an absence.
public struct Outage: Error, Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// No connection, TLS failure, or the host's name does not resolve.
        case unreachable
        /// 401 or 403.
        case unauthorized
        /// 429.
        case rateLimited = "rate-limited"
        /// 5xx, and every answer that the protocol does not foresee.
        case malfunction
        /// The bytes are not what their digest promises, or are beyond a limit.
        case corrupt
        /// Time ran out, or the caller went away.
        case deadline
        /// Our own rules forbid the connection: plain HTTP, a forbidden address.
        case forbidden
    }

    public let kind: Kind
    /// Whom we asked: a registry host.
    public let service: String
    /// What happened, in one sentence of our own; never a body from outside.
    public let detail: String

    public init(_ kind: Kind, service: String, detail: String) {
        self.kind = kind
        self.service = service
        self.detail = detail
    }
}

extension Outage: CustomStringConvertible {
    public var description: String { "\(service): \(detail)" }
}
