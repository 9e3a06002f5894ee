// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import JSON
import Kubernetes
import OCI
import Policy

/// What a cluster judges by, read once.
struct PoliciesOfCluster: Sendable {
    let set: PolicySet
    let rules: DocumentRules
    let noMatch: NoMatchAction

    /// What was said on the command line goes before what the cluster says.
    struct Flags: Sendable {
        var noMatch: NoMatchAction?
        var admitsNoAuthorities: Bool?
        /// Of the Secrets and ConfigMaps that policies name, and of the settings.
        var namespace: String
        var settingsConfigMap: String
    }

    /// Throws `ClusterUnread` where anything that a verdict depends on cannot be read.
    static func read(
        from server: APIServer, _ flags: Flags, network: RegistryAccess
    ) async throws -> PoliciesOfCluster {
        var rules = DocumentRules()
        rules.namespace = flags.namespace
        var noMatch = NoMatchAction.deny
        if let settings = try await get(.configMaps, flags.settingsConfigMap, flags.namespace, server) {
            (noMatch, rules.admitsNoAuthorities) = try Self.settings(settings)
        }
        if let flag = flags.noMatch { noMatch = flag }
        if let flag = flags.admitsNoAuthorities { rules.admitsNoAuthorities = flag }

        var objects: [(ResourceType, KubernetesObject)] = []
        for type in [ResourceType.clusterImagePolicies, .trustRoots] {
            do throws(APIFault) {
                objects += try await server.list(type).objects.map { (type, $0) }
            } catch {
                // An older installation has no trust roots; a policy that names one then finds none.
                guard error.isNotFound, type == .trustRoots else {
                    throw ClusterUnread(what: type.plural, fault: error)
                }
            }
        }
        // What they refer to is known once they are read.
        let (secrets, configMaps) = referred(by: objects, rules)
        for (type, names) in [(ResourceType.secrets, secrets), (.configMaps, configMaps)] {
            for name in names.sorted() {
                if let object = try await get(type, name, flags.namespace, server) { objects.append((type, object)) }
            }
        }
        var state = PolicyFilesState(rules: rules)
        state.update(snapshot(objects), now: .now)
        state.update(remotes: await RemotePolicies(access: network).fetch(state.missingRemotes))
        for breakage in state.health.documents { Words.say("countersign: \(breakage.reason); what it names is denied") }
        return PoliciesOfCluster(set: state.set, rules: rules, noMatch: noMatch)
    }

    private static func get(
        _ type: ResourceType, _ name: String, _ namespace: String, _ server: APIServer
    ) async throws(ClusterUnread) -> KubernetesObject? {
        do throws(APIFault) { return try await server.get(type, name, in: namespace) } catch {
            throw ClusterUnread(what: "\(type.plural)/\(name) in namespace \(namespace)", fault: error)
        }
    }

    /// One object is one file, so that each is broken for itself.
    private static func snapshot(_ objects: [(ResourceType, KubernetesObject)]) -> PolicySnapshot {
        let files = objects.map { PolicySnapshot.File(path: path($0.0, $0.1), content: .text(text($0.1))) }
        // A source without files is one that is lost; a cluster without policies has none.
        return PolicySnapshot(sources: files.isEmpty ? [] : [.init(path: "cluster", content: .files(files))])
    }

    private static func path(_ type: ResourceType, _ object: KubernetesObject) -> String {
        "\(type.plural)/\(object.name).json"
    }

    private static func text(_ object: KubernetesObject) -> [UInt8] { Array(object.root.rawText) }

    private static func referred(
        by objects: [(ResourceType, KubernetesObject)], _ rules: DocumentRules
    ) -> (secrets: Set<String>, configMaps: Set<String>) {
        var secrets: Set<String> = []
        var configMaps: Set<String> = []
        // In a set of policies what is referred to has been put in its place, or given up.
        let documents = objects.flatMap { type, object in
            PolicyFile(path: path(type, object), text: text(object), rules: rules).documents
        }
        for policy in documents.compactMap(\.policy) {
            let requirements = policy.authorities.flatMap(\.attestations)
            for program in [policy.program] + requirements.map(\.program) {
                if case .elsewhere(.configMap(let name, _))? = program?.body { configMaps.insert(name) }
            }
            for authority in policy.authorities {
                if case .keyInSecret(let key) = authority.check { secrets.insert(key.secret) }
            }
        }
        return (secrets, configMaps)
    }

    /// The values that upstream's controller knows; what is unknown denies.
    private static func settings(_ object: KubernetesObject) throws -> (NoMatchAction, admitsNoAuthorities: Bool) {
        let data = object.root["data"]
        let action = data?["no-match-policy"]?.string.flatMap { NoMatchAction(rawValue: $0) } ?? .deny
        guard let text = data?["fail-on-empty-authorities"]?.string else { return (action, false) }
        guard let fails = BooleanFlags.value(text) else {
            Words.say(
                "countersign: configmaps/\(object.name): fail-on-empty-authorities is '\(text)', not true or false: it "
                    + "counts as true")
            return (action, false)
        }
        return (action, !fails)
    }
}

extension PoliciesOfCluster.Flags {
    init(
        _ unnamed: NoMatchOption, _ documents: DocumentOptions, _ settings: SettingsConfigMapOption
    ) throws(UsageError) {
        let rules = try documents.rules()
        self.init(
            noMatch: unnamed.noMatch == nil ? nil : try unnamed.action(),
            admitsNoAuthorities: documents.failsOnEmptyAuthorities == nil ? nil : rules.admitsNoAuthorities,
            namespace: rules.namespace, settingsConfigMap: settings.name)
    }
}
