// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// A verb on a resource that a user may not, or may, use; `nil` stands for any.
public struct APIPermission: Sendable {
    /// The user.
    public var user: String?
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`.
    public var verb: String?
    /// `secrets`, or `clusterimagepolicies/status`.
    public var resource: String?
    /// The API group; empty for the core one.
    public var group: String?
    /// The namespace; `nil` also covers the whole cluster.
    public var namespace: String?
    /// The object's name; a list, a watch or a creation has none.
    public var name: String?

    /// What all of these name together.
    public init(
        user: String? = nil, verb: String? = nil, resource: String? = nil, group: String? = nil,
        namespace: String? = nil, name: String? = nil
    ) {
        self.user = user
        self.verb = verb
        self.resource = resource
        self.group = group
        self.namespace = namespace
        self.name = name
    }

    func covers(_ call: APICall) -> Bool {
        func fits(_ wanted: String?, _ value: String) -> Bool { wanted == nil || wanted == value }
        let plural = call.resource?.plural ?? ""
        return fits(user, call.user) && fits(verb, call.verb) && fits(group, call.resource?.group ?? "")
            && fits(resource, call.subresource.isEmpty ? plural : "\(plural)/\(call.subresource)")
            && fits(namespace, call.namespace) && fits(name, call.authorizedName)
    }

    /// The rules of a Role or ClusterRole for that user; of a Role, or a RoleBinding to a ClusterRole, with the
    /// namespace.
    static func permissions(of role: JSONTree, user: String, namespace: String?) -> [APIPermission] {
        role["rules"].elements.flatMap { rule in
            let names = rule["resourceNames"].elements.map { Optional($0.text) }
            return any(rule["verbs"]).flatMap { verb in
                any(rule["apiGroups"]).flatMap { group in
                    any(rule["resources"]).flatMap { resource in
                        (names.isEmpty ? [nil] : names).map { name in
                            APIPermission(
                                user: user, verb: verb, resource: resource, group: group, namespace: namespace,
                                name: name)
                        }
                    }
                }
            }
        }
    }

    /// `patch clusterimagepolicies/status.policy.sigstore.dev name`.
    var words: String {
        let what = [resource ?? "*", group ?? "*"].filter { !$0.isEmpty }.joined(separator: ".")
        return [verb ?? "*", what, name].compactMap(\.self).joined(separator: " ")
    }

    /// `*` is any.
    private static func any(_ list: JSONTree) -> [String?] { list.elements.map { $0.text == "*" ? nil : $0.text } }
}

/// Who may do what.
struct APIAccess: Sendable {
    /// Bearer tokens, each with the user it stands for.
    var tokens: [String: String] = [:]
    /// What is refused although everything else is allowed.
    var denials: [APIPermission] = []
    /// Users who may do only what is listed here.
    var roles: [String: [APIPermission]] = [:]

    static let anonymous = "system:anonymous"

    /// The user of a request; `nil` where the credential is none of ours.
    func user(token: String?, certificate: String?) -> String? {
        if let token { return tokens[token] }
        return certificate ?? Self.anonymous
    }

    func allows(_ call: APICall) -> Bool {
        guard call.resource != nil else { return true }
        guard call.user != Self.anonymous else { return false }
        if denials.contains(where: { $0.covers(call) }) { return false }
        return roles[call.user].map { $0.contains { $0.covers(call) } } ?? true
    }
}

extension APIServerDouble {
    /// Accepts a bearer token from now on.
    public func accept(token: String, user: String) { state.withLock { $0.access.tokens[token] = user } }

    /// Refuses a bearer token from now on, with a 401.
    public func revoke(token: String) { state.withLock { $0.access.tokens[token] = nil } }

    /// Refuses with a 403 what this covers.
    public func deny(_ permission: APIPermission) { state.withLock { $0.access.denials.append(permission) } }

    /// Takes all denials back.
    public func denyNothing() { state.withLock { $0.access.denials = [] } }

    /// Lets that user do what the Role or ClusterRole says, and what others that were granted say, and nothing else.
    /// With a namespace, it holds in that namespace alone.
    public func grant(_ role: JSONTree, to user: String, in namespace: String? = nil) {
        let permissions = APIPermission.permissions(of: role, user: user, namespace: namespace)
        state.withLock { $0.access.roles[user, default: []] += permissions }
    }

    /// What a Role or ClusterRole grants and none of these users has asked for yet, as `verb resource.group name`.
    public func unused(of role: JSONTree, by users: Set<String>, in namespace: String? = nil) -> [String] {
        let calls = requests.filter { users.contains($0.user) }.map { APICall($0) }
        var used: Set<String> = []
        var granted: [String] = []
        for user in users.sorted() {
            let own = calls.filter { $0.user == user }
            for permission in APIPermission.permissions(of: role, user: user, namespace: namespace) {
                if !granted.contains(permission.words) { granted.append(permission.words) }
                if own.contains(where: { permission.covers($0) }) { used.insert(permission.words) }
            }
        }
        return granted.filter { !used.contains($0) }
    }
}
