// SPDX-License-Identifier: Apache-2.0
public import HTTPTransport
import JSON

/// Why the API server did not do what it was asked for.
public enum APIFault: Error, Hashable, Sendable {
    /// No answer.
    case transport(TransportError)
    /// An answer that is no success: the HTTP status, and what the `Status` object in it says (reason and message may be
    /// empty), bounded.
    case status(code: Int, reason: String, message: String, retryAfterSeconds: Int?)
    /// An answer that cannot be used; why.
    case malformed(String)
    /// There is no credential to ask with; why.
    case credential(String)

    /// Of a message; the API server's own are shorter.
    private static let maximumMessage = 1024

    /// What an answer that is no success says.
    init(_ response: OutboundResponse) {
        let status = try? JSONDocument(parsing: response.body)
        let root = status?.root
        let retry =
            response.headers["retry-after"].flatMap { Int($0) }
            ?? root?["details"]?["retryAfterSeconds"]?.integer.flatMap { Int(exactly: $0) }
        self = .status(
            code: response.status, reason: String((root?["reason"]?.string ?? "").prefix(64)),
            message: String((root?["message"]?.string ?? "").prefix(Self.maximumMessage)),
            retryAfterSeconds: retry.flatMap { (0...3600).contains($0) ? $0 : nil })
    }

    private var code: Int? { if case .status(let code, _, _, _) = self { code } else { nil } }
    private var reason: String? { if case .status(_, let reason, _, _) = self { reason } else { nil } }

    public var isNotFound: Bool { code == 404 }
    /// Another writer was first.
    public var isConflict: Bool { code == 409 && reason != "AlreadyExists" }
    public var isAlreadyExists: Bool { code == 409 && reason == "AlreadyExists" }
    /// The version asked from is too old: a list has to be made anew.
    public var isExpired: Bool { code == 410 }
    /// More than is read of one answer.
    var isTooLarge: Bool { if case .transport(.tooLarge) = self { true } else { false } }
    var isMalformed: Bool { if case .malformed = self { true } else { false } }
    public var isUnauthorized: Bool { code == 401 }
    public var isForbidden: Bool { code == 403 }
    /// What the API server says it can never take as it is.
    public var isInvalid: Bool { code == 422 || code == 400 }

    var retryAfter: Duration? {
        if case .status(_, _, _, let seconds?) = self { .seconds(seconds) } else { nil }
    }
}

extension APIFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .transport(let error): "the API server was not reached: \(error)"
        case .status(let code, let reason, let message, _):
            "the API server answered \(code)\(reason.isEmpty ? "" : " \(reason)")\(message.isEmpty ? "" : ": \(printable(message, limit: 300))")"
        case .malformed(let reason): "the API server's answer cannot be used: \(reason)"
        case .credential(let reason): "there is no credential for the API server: \(reason)"
        }
    }
}
