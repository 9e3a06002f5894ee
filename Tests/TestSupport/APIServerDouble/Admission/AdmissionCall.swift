// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// One question to a webhook, answered or not.
public struct AdmissionCall: Sendable {
    /// How it ended.
    public enum Outcome: Hashable, Sendable {
        case allowed
        /// Allowed, and the object changed.
        case patched
        /// The webhook's sentence.
        case denied(String)
        /// No valid answer, and the request failed for it.
        case failed(String)
        /// No valid answer, and the request went on: `failurePolicy: Ignore`.
        case ignored(String)
    }

    /// The webhook's name.
    public let webhook: String
    /// The name of the object that registers it.
    public let configuration: String
    /// Whether it may change the object.
    public let isMutating: Bool
    /// `CREATE`, `UPDATE`, `DELETE`.
    public let operation: String
    /// `pods`, or `pods/ephemeralcontainers`.
    public let resource: String
    /// Empty for objects of the whole cluster.
    public let namespace: String
    /// The object's name.
    public let name: String
    /// Where the request went last; `nil` where no connection came about.
    public internal(set) var address: ServiceAddress?
    /// Whether the last connection had been used before.
    public internal(set) var reusedConnection = false
    /// How often the request was sent again.
    public internal(set) var retries = 0
    /// When it began.
    public let started: ContinuousClock.Instant
    /// How long it took.
    public internal(set) var duration: Duration = .zero
    /// How it ended.
    public internal(set) var outcome: Outcome = .allowed
}

/// An endpoint of a Service.
public struct ServiceAddress: Hashable, Sendable {
    /// An address.
    public var host: String
    /// The port behind the Service's.
    public var port: Int

    /// An endpoint, on loopback unless said otherwise.
    public init(host: String = "127.0.0.1", port: Int) {
        self.host = host
        self.port = port
    }
}

extension APIServerDouble {
    /// The endpoints behind a Service, `namespace/name`; new connections go to them in turn, and those that are open
    /// stay, as they do behind kube-proxy.
    public func setEndpoints(_ service: String, _ addresses: [ServiceAddress]) {
        state.withLock { $0.services[service] = addresses }
    }

    /// All questions to webhooks so far, in the order of their ends.
    public var admissionCalls: [AdmissionCall] { state.withLock { $0.calls } }

    /// Forgets the questions so far.
    public func forgetAdmissionCalls() { state.withLock { $0.calls = [] } }

    /// Shows webhooks a client certificate of the server's own CA with that name from now on.
    public func presentToWebhooks(user: String) throws {
        let pair = try clientCertificate(user: user)
        state.withLock { $0.webhookIdentity = WebhookIdentity(certificate: pair.certificate, key: pair.key) }
    }

    /// How many connections to webhooks lie idle and are still open.
    public var idleWebhookConnections: Int { webhooks.idleCount }

    func note(_ call: AdmissionCall) { state.withLock { $0.calls.append(call) } }
}
