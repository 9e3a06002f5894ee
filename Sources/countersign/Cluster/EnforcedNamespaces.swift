// SPDX-License-Identifier: Apache-2.0
import JSON
import Kubernetes
import Policy

/// Whether the cluster's webhooks are asked about a workload.
enum WebhookReach: Hashable, Sendable {
    case enforced
    case notEnforced(String)
    /// The namespaces could not be read.
    case unknown

    /// In a table.
    var word: String {
        switch self {
        case .enforced: "yes"
        case .notEnforced(let why): "no (\(why))"
        case .unknown: "unknown"
        }
    }

    /// Beside a verdict; `nil` where there is nothing to say.
    var note: String? {
        switch self {
        case .enforced: nil
        case .notEnforced(let why): "not enforced: \(why)"
        case .unknown: "not known whether it is enforced"
        }
    }
}

/// Which namespaces the registered webhooks are asked about.
struct EnforcedNamespaces: Sendable {
    static let label = "policy.sigstore.dev/include"
    /// What the API server gives every namespace.
    private static let nameLabel = "kubernetes.io/metadata.name"
    /// Left out by default even where it is labelled.
    private static let excluded: Set<String> = ["kube-system"]

    /// Namespaces that are read one by one; of more the list is quicker.
    private static let maximumNamed = 16

    /// One for each webhook of the configuration; any of them enforces.
    private let selectors: [LabelSelector]
    /// `nil` where they could not be read.
    private let labels: [String: [String: String]]?

    /// - Parameter selectors: `nil` where no webhook is registered: then those that would be by default.
    init(selectors: [LabelSelector]?, labels: [String: [String: String]]?) {
        self.selectors =
            selectors ?? [
                LabelSelector([
                    .isIn(key: Self.label, values: ["true"]), .isNotIn(key: Self.nameLabel, values: Self.excluded),
                ])
            ]
        self.labels = labels
    }

    /// Never throws: what is marked by it is no verdict. What could not be read is said.
    ///
    /// - Parameter names: the only namespaces that are asked about; `nil` for all. Who may not list them all may often
    ///   read their own.
    static func read(
        from server: APIServer, webhook name: String, of names: Set<String>? = nil
    ) async -> EnforcedNamespaces {
        var selectors: [LabelSelector]?
        do throws(APIFault) {
            let configuration = try await server.get(.validatingWebhookConfigurations, name)
            selectors = configuration?.root["webhooks"]?.elements.map { Self.selector($0["namespaceSelector"]) }
            if configuration == nil {
                Words.say(
                    "countersign: there is no ValidatingWebhookConfiguration \(name): nothing is enforced yet, and "
                        + "namespaces are marked as its defaults would have them")
            }
        } catch {
            Words.say("countersign: validatingwebhookconfigurations/\(name) cannot be read: \(error)")
        }
        var labels: [String: [String: String]]?
        do throws(APIFault) {
            var namespaces: [KubernetesObject] = []
            if let names, names.count <= maximumNamed {
                for name in names.sorted() where !name.isEmpty {
                    if let namespace = try await server.get(.namespaces, name) { namespaces.append(namespace) }
                }
            } else {
                namespaces = try await server.list(.namespaces).objects
            }
            labels = Dictionary(namespaces.map { ($0.name, $0.labels) }, uniquingKeysWith: { first, _ in first })
        } catch {
            Words.say("countersign: namespaces cannot be read, so that it is not known which are enforced: \(error)")
        }
        return EnforcedNamespaces(selectors: selectors, labels: labels)
    }

    func enforcement(in namespace: String) -> WebhookReach {
        guard let all = labels else { return .unknown }
        guard let found = all[namespace] else {
            return .notEnforced("namespace \(namespace) is not there")
        }
        let labels = found.merging([Self.nameLabel: namespace]) { stored, _ in stored }
        if selectors.contains(where: { $0.matches(labels) }) { return .enforced }
        // Labelled, and left out nonetheless.
        if found[Self.label] == "true" { return .notEnforced("namespace is excluded") }
        return .notEnforced(found[Self.label] == nil ? "namespace is not labelled" : "namespace is labelled out")
    }

    /// A requirement that cannot be read selects nothing: a namespace is rather marked as not enforced than the other way.
    private static func selector(_ value: JSONValue?) -> LabelSelector {
        let never = LabelSelector.Requirement.isIn(key: label, values: [])
        guard let value, !value.isNull else { return LabelSelector([]) }
        var requirements: [LabelSelector.Requirement] = (value["matchLabels"]?.members.map { $0 } ?? []).map { member in
            member.value.string.map { .isIn(key: member.name, values: [$0]) } ?? never
        }
        for expression in value["matchExpressions"]?.elements.map({ $0 }) ?? [] {
            guard let key = expression["key"]?.string else {
                requirements.append(never)
                continue
            }
            let values = Set(expression["values"]?.elements.compactMap(\.string) ?? [])
            switch expression["operator"]?.string {
            case "In": requirements.append(.isIn(key: key, values: values))
            case "NotIn": requirements.append(.isNotIn(key: key, values: values))
            case "Exists": requirements.append(.exists(key: key))
            case "DoesNotExist": requirements.append(.doesNotExist(key: key))
            default: requirements.append(never)
            }
        }
        return LabelSelector(requirements)
    }
}
