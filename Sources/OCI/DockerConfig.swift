// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
internal import JSON

/// The credentials in a docker `config.json` (or a `kubernetes.io/dockerconfigjson` secret).
///
///     {"auths": {"ghcr.io": {"auth": "<base64 of user:password>"}, "https://index.docker.io/v1/": {…}}}
public struct DockerConfig: Sendable {
    /// Bytes of one file: the size limit of a Kubernetes secret.
    public static let maximumBytes = 1 << 20

    /// What the file holds that we do not act on, such as `credsStore`; to be told to whoever wrote it.
    public let unsupported: [String]
    /// Longest path first, so that the first that fits is the most specific one.
    private let entries: [Entry]

    private struct Entry: Sendable {
        let host: String
        /// Components of the path below the host for which alone the credential is; often none.
        let path: [Substring]
        let credential: RegistryCredential
    }

    /// No credentials at all.
    public static let empty = DockerConfig(unsupported: [], entries: [])

    private init(unsupported: [String], entries: [Entry]) {
        self.unsupported = unsupported
        self.entries = entries
    }

    public init(parsing bytes: [UInt8]) throws(DockerConfigError) {
        let document: JSONDocument
        do {
            document = try JSONDocument(
                parsing: bytes,
                limits: JSONLimits(maximumBytes: Self.maximumBytes, maximumDepth: 16, maximumValues: 1 << 16))
        } catch {
            throw .json("\(error)")
        }
        guard document.root.kind == .object else { throw .notAnObject("the file") }
        var unsupported: [String] = []
        var entries: [Entry] = []
        for (name, value, _) in document.root.members {
            guard name == "auths" else {
                unsupported.append(name)
                continue
            }
            guard value.kind == .object || value.isNull else { throw .notAnObject("'auths'") }
            for (key, entry, _) in value.members {
                guard let (host, path) = Self.place(key) else {
                    unsupported.append("auths[\(printable(key))]")
                    continue
                }
                if let credential = try RegistryCredential(entry, key: key, unsupported: &unsupported) {
                    entries.append(Entry(host: host, path: path, credential: credential))
                }
            }
        }
        // Stable: of equal keys in different spellings the first in the file counts.
        let order = entries.indices.sorted { (-entries[$0].path.count, $0) < (-entries[$1].path.count, $1) }
        self.init(unsupported: unsupported, entries: order.map { entries[$0] })
    }

    /// The credential of the most specific entry for a repository; `nil` where there is none.
    public func credential(for repository: Repository) -> RegistryCredential? {
        let path = repository.path.split(separator: "/", omittingEmptySubsequences: false)
        return entries.first { $0.host == repository.host && path.starts(with: $0.path) }?.credential
    }

    /// Host and path that a key stands for; `nil` for a key with wildcards or without host.
    ///
    /// `docker login` writes bare hosts, but for Docker Hub the address of its first API, `https://index.docker.io/v1/`.
    private static func place(_ key: String) -> (host: String, path: [Substring])? {
        var rest = key[...]
        for scheme in ["https://", "http://"] where rest.lowercased().hasPrefix(scheme) {
            rest = rest.dropFirst(scheme.count)
            break
        }
        guard !rest.utf8.contains(where: { [UInt8(ascii: "*"), UInt8(ascii: "?")].contains($0) }) else { return nil }
        var components = rest.split(separator: "/", omittingEmptySubsequences: false)
        let host = Repository.foldedHost(String(components.removeFirst()))
        guard !host.isEmpty else { return nil }
        if components.last == "" { components.removeLast() }
        if components == ["v1"] || components == ["v2"] { components = [] }
        guard !components.contains("") else { return nil }
        return (host, components)
    }
}

/// What a registry is shown to prove who asks. Printing one shows its kind only.
public enum RegistryCredential: Hashable, Sendable {
    case basic(username: String, password: String)
    /// A refresh token, to be given to the registry's token service.
    case identityToken(String)
    /// A bearer token, to be shown to the registry as it is.
    case registryToken(String)

    /// The credential of one entry; `nil` where it has none, as beside a credential store.
    fileprivate init?(
        _ entry: JSONValue, key: String, unsupported: inout [String]
    ) throws(DockerConfigError) {
        guard entry.kind == .object else { throw .notAnObject("the entry for \(printable(key))") }
        var found: [String: String] = [:]
        for (name, value, _) in entry.members {
            switch name {
            case "auth", "username", "password", "identitytoken", "registrytoken":
                guard let text = value.string else { throw .notAString(key: key, member: name) }
                if !text.isEmpty { found[name] = text }
            case "email", "serveraddress":
                break
            default:
                unsupported.append("auths[\(printable(key))].\(name)")
            }
        }
        if let token = found["registrytoken"] {
            self = .registryToken(token)
        } else if let token = found["identitytoken"] {
            self = .identityToken(token)
        } else if let auth = found["auth"] {
            // As docker reads it, `auth` goes before `username` and `password`.
            guard let (username, password) = Self.userAndPassword(auth) else { throw .invalidAuth(key: key) }
            self = .basic(username: username, password: password)
        } else if let username = found["username"] {
            self = .basic(username: username, password: found["password"] ?? "")
        } else if found["password"] != nil {
            throw .invalidAuth(key: key)
        } else {
            return nil
        }
    }

    private static func userAndPassword(_ auth: String) -> (String, String)? {
        guard let data = Data(base64Encoded: auth), let text = String(validating: data, as: UTF8.self),
            let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")), colon > text.startIndex
        else { return nil }
        // Old clients padded passwords with NUL.
        var password = text[text.utf8.index(after: colon)...].unicodeScalars
        while password.last == "\0" { password.removeLast() }
        return (String(text[..<colon]), String(password))
    }
}

extension RegistryCredential: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String {
        switch self {
        case .basic: "user and password (not shown)"
        case .identityToken: "identity token (not shown)"
        case .registryToken: "registry token (not shown)"
        }
    }

    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why a file is no docker config; never quotes a secret.
public enum DockerConfigError: Error, Hashable, Sendable {
    case json(String)
    case notAnObject(String)
    case notAString(key: String, member: String)
    /// `auth` is not the base64 of `user:password`, or there is a password without user.
    case invalidAuth(key: String)
}

extension DockerConfigError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .json(let error): "the docker config is no valid JSON: \(error)"
        case .notAnObject(let what): "the docker config is not understood: \(what) is no JSON object"
        case .notAString(let key, let member):
            "the docker config is not understood: '\(member)' for \(printable(key)) is no string"
        case .invalidAuth(let key):
            "the docker config's entry for \(printable(key)) has no 'user:password'; run 'docker login' again"
        }
    }
}
