// SPDX-License-Identifier: Apache-2.0
public import HTTPTransport
public import Sigstore

/// A client of one API server. Copies share connections and credentials.
///
/// Every call has a time of its own, and is tried a second time, with the credential read anew, where the server does not
/// know who asks; anything else is for the caller to try again.
public struct APIServer: Sendable {
    let http: NamedServer
    let credentials: ClusterCredentials
    /// How long one call may take, a watch excepted.
    public var patience: Duration = .seconds(15)
    /// How long the credential of a call may take beside, where it is longer: a plugin may ask a person in a browser.
    public var loginPatience: Duration = .zero

    /// Bytes of one page of a list that are read.
    var maximumPageBytes = APIServer.maximumPageBytes

    /// What the clock says, for what is written down in the API and for the ends of credentials.
    let now: @Sendable () -> Instant

    public init(
        _ access: ClusterAccess, runner: (any ExecPluginRunner)? = nil, now: @escaping @Sendable () -> Instant
    ) throws(TransportError) {
        self.now = now
        http = try NamedServer(
            access.server, serverName: access.serverName, idleTimeout: Watching.silence,
            userAgent: "countersign")
        credentials = ClusterCredentials(access, runner: runner, now: now)
    }

    /// Closes every connection.
    public func shutDown() async { await http.shutDown() }

    /// How a patch's body is to be read.
    public enum PatchKind: String, Sendable {
        /// RFC 7396.
        case merge = "application/merge-patch+json"
        /// RFC 6902.
        case json = "application/json-patch+json"
        /// What we want to be there, as far as it is ours; other managers' fields of the same name are taken over.
        case apply = "application/apply-patch+yaml"
    }

    /// By which changes of ours are told from others'.
    public static let fieldManager = "countersign"

    /// `nil` where there is none.
    public func get(
        _ type: ResourceType, _ name: String, in namespace: String? = nil
    ) async throws(APIFault) -> KubernetesObject? {
        do throws(APIFault) {
            let response = try await call("GET", type.path(namespace: namespace, name: name))
            return try KubernetesObject(parsing: response.body)
        } catch {
            if error.isNotFound { return nil }
            throw error
        }
    }

    public func create(
        _ type: ResourceType, in namespace: String? = nil, _ body: [UInt8]
    ) async throws(APIFault) -> KubernetesObject {
        let target = type.path(namespace: namespace) + "?fieldManager=\(Self.fieldManager)"
        return try KubernetesObject(
            parsing: try await call("POST", target, body: body, contentType: "application/json").body)
    }

    /// Puts an object in the place of the version that its `resourceVersion` names; a conflict where that is no more.
    public func replace(
        _ type: ResourceType, _ name: String, in namespace: String? = nil, _ body: [UInt8]
    ) async throws(APIFault) -> KubernetesObject {
        let target = type.path(namespace: namespace, name: name) + "?fieldManager=\(Self.fieldManager)"
        return try KubernetesObject(
            parsing: try await call("PUT", target, body: body, contentType: "application/json").body)
    }

    public func patch(
        _ type: ResourceType, _ name: String, in namespace: String? = nil, subresource: String? = nil,
        _ kind: PatchKind, _ body: [UInt8]
    ) async throws(APIFault) -> KubernetesObject {
        var target = type.path(namespace: namespace, name: name, subresource: subresource)
        target += "?fieldManager=\(Self.fieldManager)"
        if kind == .apply { target += "&force=true" }
        return try KubernetesObject(
            parsing: try await call("PATCH", target, body: body, contentType: kind.rawValue).body)
    }

    /// Nothing happens where there is none.
    public func delete(_ type: ResourceType, _ name: String, in namespace: String? = nil) async throws(APIFault) {
        do throws(APIFault) {
            _ = try await call("DELETE", type.path(namespace: namespace, name: name))
        } catch {
            if !error.isNotFound { throw error }
        }
    }

    // MARK: One call

    /// Any path, whole, with one second try where the credential was not taken.
    func call(
        _ method: String, _ target: String, body: [UInt8] = [], contentType: String? = nil,
        maximumBodyBytes: Int = KubernetesObject.maximumBytes
    ) async throws(APIFault) -> OutboundResponse {
        var isSecondTry = false
        while true {
            let request = try await request(
                method, target, body: body, contentType: contentType, maximumBodyBytes: maximumBodyBytes,
                patience: patience)
            let response: OutboundResponse
            do throws(TransportError) {
                response = try await http.send(request)
            } catch {
                if case .tls = error { await credentials.forget(request) }
                throw .transport(error)
            }
            if (200...299).contains(response.status) { return response }
            let fault = APIFault(response)
            // What was refused is not shown again, by the next call either.
            if fault.isUnauthorized { await credentials.forget(request) }
            guard fault.isUnauthorized, !isSecondTry else { throw fault }
            isSecondTry = true
        }
    }

    func request(
        _ method: String, _ target: String, body: [UInt8] = [], contentType: String? = nil, maximumBodyBytes: Int,
        patience: Duration
    ) async throws(APIFault) -> NamedServer.Request {
        let begin = ContinuousClock.now
        let credential = try await credentials.current(
            deadline: begin.advanced(by: max(self.patience, loginPatience)))
        let deadline = (loginPatience > self.patience ? .now : begin).advanced(by: patience)
        var request = NamedServer.Request(
            method, target, identity: credential.identity, maximumBodyBytes: maximumBodyBytes, deadline: deadline)
        request.headers = [("Accept", "application/json")]
        if let contentType { request.headers.append(("Content-Type", contentType)) }
        request.authorization = credential.authorization
        request.body = body
        return request
    }
}
