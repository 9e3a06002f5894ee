// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import HTTPTransport
import JSON
public import Policy
public import Registry

/// Secrets and ServiceAccounts as the API server has them, for registry credentials.
public struct ClusterSecrets: PullSecretReading {
    private let server: APIServer
    private let onForbidden: @Sendable (_ namespace: String) -> Void

    /// - Parameter onForbidden: told each time that something of a namespace may not be read.
    public init(_ server: APIServer, onForbidden: @escaping @Sendable (_ namespace: String) -> Void = { _ in }) {
        self.server = server
        self.onForbidden = onForbidden
    }

    public func secret(
        _ name: String, in namespace: String, deadline: ContinuousClock.Instant
    ) async throws(Outage) -> [String: [UInt8]]? {
        guard let object = try await object(.secrets, name, namespace, deadline) else { return nil }
        return try Self.entries(of: object)
    }

    /// The entries of a Secret, decoded.
    static func entries(of secret: KubernetesObject) throws(Outage) -> [String: [UInt8]] {
        var entries: [String: [UInt8]] = [:]
        guard let data = secret.root["data"] else { return entries }
        for member in data.members {
            guard let text = member.value.string, let bytes = Data(base64Encoded: text) else {
                throw Outage(
                    .malfunction, service: "the API server", detail: "an entry of a Secret is not base64")
            }
            entries[member.name] = Array(bytes)
        }
        return entries
    }

    public func pullSecretNames(
        ofServiceAccount name: String, in namespace: String, deadline: ContinuousClock.Instant
    ) async throws(Outage) -> [String]? {
        guard let object = try await object(.serviceAccounts, name, namespace, deadline) else { return nil }
        return object.root["imagePullSecrets"]?.elements.compactMap { $0["name"]?.string } ?? []
    }

    /// `nil` where there is none, or where we are not permitted to look: an installation need not let its webhook read
    /// the Secrets of every namespace.
    private func object(
        _ type: ResourceType, _ name: String, _ namespace: String, _ deadline: ContinuousClock.Instant
    ) async throws(Outage) -> KubernetesObject? {
        var server = server
        server.patience = min(server.patience, ContinuousClock.now.duration(to: deadline))
        do throws(APIFault) {
            return try await server.get(type, name, in: namespace)
        } catch {
            if error.isForbidden {
                onForbidden(namespace)
                return nil
            }
            let kind: Outage.Kind
            switch error {
            case .transport(.deadline), .transport(.cancelled): kind = .deadline
            case .transport: kind = .unreachable
            case .status(let code, _, _, _) where code == 429: kind = .rateLimited
            case .status, .malformed, .credential: kind = .malfunction
            }
            throw Outage(kind, service: "the API server", detail: "\(error)")
        }
    }
}
