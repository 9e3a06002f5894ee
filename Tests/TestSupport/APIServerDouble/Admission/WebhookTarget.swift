// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// Why there is no valid answer of a webhook, in Go's words where clients know them.
struct WebhookFailure: Error, Hashable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// What the API server shows webhooks, PEM.
struct WebhookIdentity: Hashable, Sendable {
    let certificate: String
    let key: String
}

/// Where a webhook is: the URL that is asked for, and the addresses behind it.
struct WebhookTarget: Sendable {
    /// What connections are kept by: one that trusts another CA is another.
    struct Pool: Hashable, Sendable {
        let host: String
        let port: Int
        let authorities: String
        let identity: WebhookIdentity?
    }

    let pool: Pool
    /// The path and query.
    let path: String
    let addresses: [ServiceAddress]

    /// The URL as it stands in messages.
    var url: String { "https://\(pool.host):\(pool.port)\(path)" }

    init(
        _ hook: AdmissionHook, services: [String: [ServiceAddress]], identity: WebhookIdentity?
    ) throws(WebhookFailure) {
        let client = hook.definition["clientConfig"]
        let authorities = Data(base64Encoded: client["caBundle"].text).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let query = "?timeout=\(hook.timeoutSeconds)s"
        if let service = client.member("service") {
            let (namespace, name) = (service["namespace"].text, service["name"].text)
            pool = Pool(
                host: "\(name).\(namespace).svc", port: Int(service["port"].integer ?? 443), authorities: authorities,
                identity: identity)
            path = (service["path"].string ?? "/") + query
            guard let found = services["\(namespace)/\(name)"] else {
                throw WebhookFailure("service \"\(name)\" not found")
            }
            guard !found.isEmpty else {
                throw WebhookFailure("no endpoints available for service \"\(name)\"")
            }
            addresses = found
        } else {
            let text = client["url"].text
            guard text.hasPrefix("https://") else { throw WebhookFailure("unsupported protocol scheme in \(text)") }
            let rest = text.dropFirst("https://".count)
            let authority = rest.prefix { $0 != "/" && $0 != "?" }
            let host = authority.prefix { $0 != ":" }
            let port = Int(authority.dropFirst(host.count + 1)) ?? 443
            pool = Pool(host: String(host), port: port, authorities: authorities, identity: identity)
            let tail = String(rest.dropFirst(authority.count))
            path = (tail.isEmpty ? "/" : tail) + query
            addresses = [ServiceAddress(host: String(host), port: port)]
        }
    }
}
