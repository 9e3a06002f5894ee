// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import JSON
import Policy
import Registry
import Sigstore

/// The credential in use, read anew as it ages and where the server does not take it.
actor ClusterCredentials {
    struct Current: Sendable {
        let authorization: Authorization?
        let identity: NamedServer.Identity
    }

    /// A kubelet replaces a token when four fifths of its hour have gone; client-go reads files once a minute.
    private static let life: Duration = .seconds(60)
    /// How long before a plugin's credential ends it is asked for another.
    private static let margin: Int64 = 30

    private let access: ClusterAccess
    private let runner: (any ExecPluginRunner)?
    private var known: (Current, until: ContinuousClock.Instant)?
    private let now: @Sendable () -> Instant
    /// Those who ask at one time have it read once.
    private nonisolated let relay = Relay<Question, Current>()

    private enum Question: Hashable, Sendable { case credential }

    init(_ access: ClusterAccess, runner: (any ExecPluginRunner)?, now: @escaping @Sendable () -> Instant) {
        self.now = now
        self.access = access
        self.runner = runner
    }

    /// The server did not take what it was shown by this request. What was read since stays.
    func forget(_ request: NamedServer.Request) {
        guard let current = known?.0, current.authorization == request.authorization,
            current.identity == request.identity
        else { return }
        known = nil
    }

    private var fresh: Current? { known.flatMap { $0.until > .now ? $0.0 : nil } }

    /// What is to be shown now. A reading that one caller has no more time for goes to the next who waits.
    func current(deadline: ContinuousClock.Instant) async throws(APIFault) -> Current {
        if let fresh { return fresh }
        let answer = await withTaskGroup(of: Result<Current, Outage>?.self) { group in
            group.addTask { [self] in
                do throws(Outage) {
                    return .success(
                        try await relay.value(for: .credential, service: "the API server") {
                            () async throws(Outage) -> Current in try await renewed(deadline)
                        })
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                try? await Task.sleep(until: deadline, clock: .continuous)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        switch answer {
        case .success(let current)?: return current
        case .failure(let outage)?: throw .credential(outage.detail)
        case nil: throw .credential("it was not there in time")
        }
    }

    private func renewed(_ deadline: ContinuousClock.Instant) async throws(Outage) -> Current {
        if let fresh { return fresh }
        do throws(ClusterAccessError) {
            let (current, life) = try await read(deadline)
            known = (current, .now.advanced(by: life))
            return current
        } catch {
            // Whoever waits may have more time.
            let isOver = Task.isCancelled || deadline <= .now
            throw Outage(isOver ? .deadline : .malfunction, service: "the API server", detail: error.description)
        }
    }

    private func read(
        _ deadline: ContinuousClock.Instant
    ) async throws(ClusterAccessError) -> (Current, life: Duration) {
        var identity = NamedServer.Identity(authorities: try bytes(access.authorities))
        switch access.credential {
        case .none: return (Current(authorization: nil, identity: identity), Self.life)
        case .token(let token): return (Current(authorization: try bearer(token), identity: identity), Self.life)
        case .tokenFile(let path):
            let token = AccessFile.trimmed(String(decoding: try AccessFile.bytes(at: path), as: UTF8.self))
            return (Current(authorization: try bearer(token), identity: identity), Self.life)
        case .certificate(let chain, let key):
            identity.certificate = try bytes(chain)
            identity.key = try bytes(key)
            return (Current(authorization: nil, identity: identity), Self.life)
        case .plugin(let plugin):
            guard let runner else { throw ClusterAccessError("credential plugins are not run here") }
            let output: [UInt8]
            do throws(ExecPluginFault) { output = try await runner.output(of: plugin, deadline: deadline) } catch {
                let hint = plugin.installHint.isEmpty ? "" : "; \(printable(plugin.installHint, limit: 300))"
                throw ClusterAccessError("the plugin \(plugin.command) gave none: \(error.reason)\(hint)")
            }
            return try credential(output, plugin, identity)
        }
    }

    /// An `ExecCredential`; its token or certificate, and until when they are good.
    private func credential(
        _ output: [UInt8], _ plugin: ExecPlugin, _ identity: NamedServer.Identity
    ) throws(ClusterAccessError) -> (Current, life: Duration) {
        guard let root = (try? JSONDocument(parsing: output))?.root, root["kind"]?.string == "ExecCredential",
            root["apiVersion"]?.string == plugin.apiVersion, let status = root["status"]
        else {
            throw ClusterAccessError("the plugin \(plugin.command) wrote no ExecCredential of \(plugin.apiVersion)")
        }
        var identity = identity
        identity.certificate = Array((status["clientCertificateData"]?.string ?? "").utf8)
        identity.key = Array((status["clientKeyData"]?.string ?? "").utf8)
        let token = status["token"]?.string ?? ""
        guard !token.isEmpty || !identity.certificate.isEmpty else {
            throw ClusterAccessError("the plugin \(plugin.command) gave neither token nor certificate")
        }
        // Without an end it is good until the server does not take it.
        var life: Duration = .seconds(24 * 3600)
        if let text = status["expirationTimestamp"]?.string {
            guard let end = Instant(rfc3339: text) else {
                throw ClusterAccessError("the plugin \(plugin.command) gave an end that is no time: \(printable(text))")
            }
            life = .seconds(max(0, end.seconds - now().seconds - Self.margin))
        }
        return (
            Current(authorization: token.isEmpty ? nil : try bearer(token), identity: identity), life
        )
    }

    private func bearer(_ token: String) throws(ClusterAccessError) -> Authorization {
        guard !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw ClusterAccessError("the token is empty, or holds what no header can")
        }
        return Authorization("Bearer \(token)")
    }

    private func bytes(_ material: ClusterAccess.Material) throws(ClusterAccessError) -> [UInt8] {
        switch material {
        case .none: return []
        case .bytes(let bytes): return bytes
        case .file(let path):
            // Nothing where there should be authorities must not stand for those of the system.
            let read = try AccessFile.bytes(at: path)
            guard !read.isEmpty else { throw ClusterAccessError("\(path) is empty") }
            return read
        }
    }
}
