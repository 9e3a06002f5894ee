// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import HTTPTransport
import JSON
import YAML

/// A kubeconfig file, or several that are read as one: of two entries of one name the first counts, as in kubectl.
public struct Kubeconfig: Sendable {
    private struct Entry {
        let value: JSONValue
        /// Relative paths in it are relative to this.
        let directory: String
        let file: String
    }

    private var clusters: [String: Entry] = [:]
    private var users: [String: Entry] = [:]
    private var contexts: [String: Entry] = [:]
    public private(set) var currentContext: String?

    /// - Parameter paths: in order; of several those that are not there are passed over, of one it must be.
    public init(paths: [String]) throws(ClusterAccessError) {
        var found = false
        for path in paths {
            let text: [UInt8]
            do throws(ClusterAccessError) { text = try AccessFile.bytes(at: path) } catch {
                if paths.count == 1 { throw error }
                continue
            }
            found = true
            let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
            try add(text, file: path, directory: directory.isEmpty ? "/" : directory)
        }
        guard found else { throw ClusterAccessError("none of \(paths.joined(separator: ", ")) can be read") }
    }

    /// For texts that stand in no file.
    public init(text: [UInt8], file: String = "kubeconfig", directory: String = ".") throws(ClusterAccessError) {
        try add(text, file: file, directory: directory)
    }

    private mutating func add(_ text: [UInt8], file: String, directory: String) throws(ClusterAccessError) {
        let documents: [JSONDocument]
        do throws(YAMLError) { documents = try YAMLDocument.parse(text) } catch {
            throw ClusterAccessError("\(file): \(error)")
        }
        guard let root = documents.first?.root else { return }
        guard documents.count == 1, root.kind == .object else {
            throw ClusterAccessError("\(file) is no kubeconfig")
        }
        if currentContext == nil, let name = root["current-context"]?.string, !name.isEmpty { currentContext = name }
        func entries(_ list: String, _ member: String) -> [(String, Entry)] {
            (root[list]?.elements.map { $0 } ?? []).compactMap { item in
                guard let name = item["name"]?.string, let value = item[member], value.kind == .object else {
                    return nil
                }
                return (name, Entry(value: value, directory: directory, file: file))
            }
        }
        for (name, entry) in entries("clusters", "cluster") where clusters[name] == nil { clusters[name] = entry }
        for (name, entry) in entries("users", "user") where users[name] == nil { users[name] = entry }
        for (name, entry) in entries("contexts", "context") where contexts[name] == nil { contexts[name] = entry }
    }

    /// How the named context, or else the current one, reaches its API server.
    public func access(context name: String? = nil) throws(ClusterAccessError) -> ClusterAccess {
        guard let name = name ?? currentContext else {
            throw ClusterAccessError("the kubeconfig has no current context; name one with --context")
        }
        guard let context = contexts[name] else { throw ClusterAccessError("the kubeconfig has no context '\(name)'") }
        guard let clusterName = context.value["cluster"]?.string, let cluster = clusters[clusterName] else {
            throw ClusterAccessError("\(context.file): context '\(name)' names no cluster that is there")
        }
        guard let server = cluster.value["server"]?.string, let url = try? RequestURL(parsing: server),
            url.scheme == .https
        else { throw ClusterAccessError("\(cluster.file): cluster '\(clusterName)' has no https server") }
        guard cluster.value["insecure-skip-tls-verify"]?.bool != true else {
            throw ClusterAccessError(
                "\(cluster.file): cluster '\(clusterName)' says insecure-skip-tls-verify, which is not done here; put its "
                    + "authority into certificate-authority-data")
        }
        guard cluster.value["proxy-url"]?.string ?? "" == "" else {
            throw ClusterAccessError(
                "\(cluster.file): cluster '\(clusterName)' has a proxy-url, which is not supported")
        }
        var access = ClusterAccess(
            server: url, serverName: cluster.value["tls-server-name"]?.string.flatMap { $0.isEmpty ? nil : $0 },
            authorities: try material(cluster, "certificate-authority"),
            namespace: context.value["namespace"]?.string.flatMap { $0.isEmpty ? nil : $0 })
        if let userName = context.value["user"]?.string, !userName.isEmpty {
            guard let user = users[userName] else {
                throw ClusterAccessError(
                    "\(context.file): context '\(name)' names user '\(userName)', who is not there")
            }
            access.credential = try credential(user, userName)
        }
        return access
    }

    private func credential(_ user: Entry, _ name: String) throws(ClusterAccessError) -> ClusterAccess.Credential {
        // Beside a token, too: who asks to be somebody less must not be let in as himself.
        let impersonation = ["as", "as-uid", "as-groups", "as-user-extra"]
        for unsupported in ["auth-provider", "username"] + impersonation where user.value[unsupported] != nil {
            throw ClusterAccessError("\(user.file): user '\(name)' uses '\(unsupported)', which is not supported")
        }
        let chain = try material(user, "client-certificate")
        let key = try material(user, "client-key")
        if chain != .none {
            guard key != .none else { throw ClusterAccessError("\(user.file): user '\(name)' has no client-key") }
            return .certificate(chain: chain, key: key)
        }
        // A file goes before a token that is written out, as in client-go.
        if let file = user.value["tokenFile"]?.string, !file.isEmpty {
            return .tokenFile(absolute(file, user.directory))
        }
        if let token = user.value["token"]?.string, !token.isEmpty { return .token(token) }
        if let exec = user.value["exec"], exec.kind == .object {
            guard let command = exec["command"]?.string, !command.isEmpty else {
                throw ClusterAccessError("\(user.file): user '\(name)' has an exec plugin without command")
            }
            let version = exec["apiVersion"]?.string ?? ""
            guard ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"].contains(version) else {
                throw ClusterAccessError("\(user.file): user '\(name)' has an exec plugin of version '\(version)'")
            }
            let environment = (exec["env"]?.elements.map { $0 } ?? []).compactMap { item in
                item["name"]?.string.map { ($0, item["value"]?.string ?? "") }
            }
            return .plugin(
                ExecPlugin(
                    apiVersion: version,
                    command: command.utf8.contains(UInt8(ascii: "/")) ? absolute(command, user.directory) : command,
                    arguments: exec["args"]?.elements.compactMap(\.string) ?? [],
                    environment: Dictionary(environment, uniquingKeysWith: { _, last in last }),
                    installHint: exec["installHint"]?.string ?? ""))
        }
        return .none
    }

    /// `NAME-data` in base64, or else the file `NAME`.
    private func material(_ entry: Entry, _ name: String) throws(ClusterAccessError) -> ClusterAccess.Material {
        if let text = entry.value["\(name)-data"]?.string, !text.isEmpty {
            // Lines may be broken; anything else that is no base64 could leave nothing, which would mean no authority.
            let joined = String(text.unicodeScalars.filter { !$0.properties.isWhitespace }.map(Character.init))
            guard let data = Data(base64Encoded: joined), !data.isEmpty else {
                throw ClusterAccessError("\(entry.file): \(name)-data is no base64")
            }
            return .bytes(Array(data))
        }
        if let file = entry.value[name]?.string, !file.isEmpty { return .file(absolute(file, entry.directory)) }
        return .none
    }

    private func absolute(_ path: String, _ directory: String) -> String {
        path.hasPrefix("/") ? path : "\(directory)/\(path)"
    }
}
