// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import Policy

/// Why a registry gave no usable answer, before it is known what that means for the question asked.
enum RegistryFailure: Error, Hashable, Sendable {
    case transport(TransportError)
    case outage(Outage)

    func outage(service: String) -> Outage {
        switch self {
        case .outage(let outage): outage
        case .transport(let error): Outage(error.outageKind, service: service, detail: "\(error)")
        }
    }
}

extension TransportError {
    var outageKind: Outage.Kind {
        switch self {
        case .unresolvable, .unreachable, .tls, .proxy: .unreachable
        case .plainHTTP, .forbiddenAddress: .forbidden
        case .redirect(_, .toPlainHTTP): .forbidden
        case .redirect, .malformed, .unusableIdentity: .malfunction
        case .tooLarge, .wrongDigest: .corrupt
        case .deadline, .cancelled, .shutDown: .deadline
        }
    }

    /// Whether asking again may help.
    var isTransient: Bool {
        switch self {
        case .unresolvable, .unreachable, .proxy(_, .unreachable): true
        default: false
        }
    }
}

extension Outage {
    /// What a status that is no answer means. The body is never quoted.
    static func status(_ status: Int, service: String, asking: String) -> Outage {
        let kind: Outage.Kind =
            switch status {
            case 401, 403: .unauthorized
            case 429: .rateLimited
            default: .malfunction
            }
        let meaning =
            switch status {
            case 401, 403: "the credentials do not give access"
            case 429: "too many requests"
            default: "HTTP status \(status)"
            }
        return Outage(kind, service: service, detail: "asked for \(asking): \(meaning)")
    }
}
