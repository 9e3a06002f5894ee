// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
internal import JSON

/// The credentials in a docker `config.json` (or a `kubernetes.io/dockerconfigjson` secret).
///
///     {"auths": {"ghcr.io": {"auth": "<base64 of user:password>"}, "https://index.docker.io/v1/": {…}},
///      "credHelpers": {"gcr.io": "gcr"}, "credsStore": "pass"}
///
/// A key names a host, in which `*` and `?` stand for characters of one label (`*.example.com` is not
/// `a.b.example.com`), and components of a path below it.
public struct DockerConfig: Hashable, Sendable {
    /// Bytes of one file: the size limit of a Kubernetes secret.
    public static let maximumBytes = 1 << 20

    /// What the file holds that we do not act on, such as `credentials`; to be told to whoever wrote it.
    public let unsupported: [String]
    /// `credHelpers` by host, and `credsStore`.
    public let helpers: CredentialHelperNames
    /// Longest path first and exact hosts before patterns, so that the first that fits is the most specific one.
    private let entries: [Entry]

    private struct Entry: Hashable, Sendable {
        let place: RepositoryPattern
        let credential: RegistryCredential
    }

    /// No credentials at all.
    public static let empty = DockerConfig(unsupported: [], helpers: CredentialHelperNames(), entries: [])

    private init(unsupported: [String], helpers: CredentialHelperNames, entries: [Entry]) {
        self.unsupported = unsupported
        self.helpers = helpers
        // Stable: of equal keys in different spellings the first in the file counts.
        let order = entries.indices.sorted { (entries[$0].place.rank, $0) < (entries[$1].place.rank, $1) }
        self.entries = order.map { entries[$0] }
    }

    public init(parsing bytes: [UInt8]) throws(DockerConfigError) {
        var unsupported: [String] = []
        var helpers = CredentialHelperNames()
        var entries: [Entry] = []
        for (name, value, _) in try Self.root(bytes).members {
            switch name {
            case "auths":
                guard value.kind == .object || value.isNull else { throw .notAnObject("'auths'") }
                entries += try Self.entries(value, &unsupported)
            case "credsStore":
                guard value.kind == .string || value.isNull else { throw .notAString(key: name, member: name) }
                guard let text = value.string, !text.isEmpty else { continue }
                helpers.store = CredentialHelperName(text)
                if helpers.store == nil { unsupported.append(name) }
            case "credHelpers":
                guard value.kind == .object || value.isNull else { throw .notAnObject("'credHelpers'") }
                for (host, value, _) in value.members {
                    guard let text = value.string else { throw .notAString(key: host, member: name) }
                    if let place = RepositoryPattern(host), place.isExactHost, let helper = CredentialHelperName(text) {
                        helpers.byHost[place.host] = helper
                    } else {
                        unsupported.append("credHelpers[\(printable(host))]")
                    }
                }
            default:
                unsupported.append(name)
            }
        }
        self.init(unsupported: unsupported, helpers: helpers, entries: entries)
    }

    /// Reads the older form, of a `kubernetes.io/dockercfg` secret: the members of `auths` alone.
    public init(parsingLegacy bytes: [UInt8]) throws(DockerConfigError) {
        var unsupported: [String] = []
        let entries = try Self.entries(Self.root(bytes), &unsupported)
        self.init(unsupported: unsupported, helpers: CredentialHelperNames(), entries: entries)
    }

    private static func root(_ bytes: [UInt8]) throws(DockerConfigError) -> JSONValue {
        let root: JSONValue
        do {
            root = try JSONDocument(
                parsing: bytes,
                limits: JSONLimits(maximumBytes: maximumBytes, maximumDepth: 16, maximumValues: 1 << 16)
            ).root
        } catch {
            throw .json("\(error)")
        }
        guard root.kind == .object else { throw .notAnObject("the file") }
        return root
    }

    private static func entries(
        _ value: JSONValue, _ unsupported: inout [String]
    ) throws(DockerConfigError) -> [Entry] {
        var entries: [Entry] = []
        for (key, entry, _) in value.members {
            guard let place = RepositoryPattern(key) else {
                unsupported.append("auths[\(printable(key))]")
                continue
            }
            if let credential = try RegistryCredential(entry, key: key, unsupported: &unsupported) {
                entries.append(Entry(place: place, credential: credential))
            }
        }
        return entries
    }

    /// The credential of the most specific entry for a repository; `nil` where there is none.
    public func credential(for repository: Repository) -> RegistryCredential? {
        entries.first { $0.place.contains(repository) }?.credential
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
