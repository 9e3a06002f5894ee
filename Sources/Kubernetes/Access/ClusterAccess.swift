// SPDX-License-Identifier: Apache-2.0
public import HTTPTransport

/// Where an API server is, and by what each side knows the other.
public struct ClusterAccess: Sendable {
    /// With the path in front of `/api`, where there is one.
    public var server: RequestURL
    /// What the server's certificate names instead of the host of `server`.
    public var serverName: String?
    public var authorities: Material
    public var credential: Credential
    /// The namespace that its source names: the Pod's own, or the context's.
    public var namespace: String?

    /// Bytes, or a file that may change while the program runs.
    public enum Material: Hashable, Sendable {
        /// The system's authorities.
        case none
        case bytes([UInt8])
        case file(String)
    }

    /// How we say who we are.
    public enum Credential: Hashable, Sendable {
        case none
        case token(String)
        /// Read anew as it ages: a Pod's token is replaced by its kubelet.
        case tokenFile(String)
        case certificate(chain: Material, key: Material)
        /// A program that says it: client-go's credential plugins.
        case plugin(ExecPlugin)
    }

    public init(
        server: RequestURL, serverName: String? = nil, authorities: Material = .none, credential: Credential = .none,
        namespace: String? = nil
    ) {
        self.server = server
        self.serverName = serverName
        self.authorities = authorities
        self.credential = credential
        self.namespace = namespace
    }
}

/// A credential plugin, `client.authentication.k8s.io/v1` and `v1beta1`.
public struct ExecPlugin: Hashable, Sendable {
    public var apiVersion: String
    /// A path, or a name that is looked up on PATH, as kubectl does.
    public var command: String
    public var arguments: [String]
    public var environment: [String: String]
    /// What kubeconfig's author wants said where the program is not there.
    public var installHint: String

    public init(
        apiVersion: String, command: String, arguments: [String] = [], environment: [String: String] = [:],
        installHint: String = ""
    ) {
        self.apiVersion = apiVersion
        self.command = command
        self.arguments = arguments
        self.environment = environment
        self.installHint = installHint
    }
}

/// The port through which credential plugins are run; processes are the composition root's.
public protocol ExecPluginRunner: Sendable {
    /// What the program wrote to its output; throws a sentence where it could not be run, failed or took too long.
    ///
    /// - Parameter deadline: by when it has ended, or is ended.
    func output(
        of plugin: ExecPlugin, deadline: ContinuousClock.Instant
    ) async throws(ExecPluginFault) -> [UInt8]
}

/// Why a credential plugin gave no credential, in a sentence.
public struct ExecPluginFault: Error, Hashable, Sendable {
    public let reason: String

    public init(_ reason: String) { self.reason = reason }
}

/// Why it is not known how to reach an API server: a sentence that names the file.
public struct ClusterAccessError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
