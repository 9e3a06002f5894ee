// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import JSON

/// One configuration of one webhook, as it should be. Every field that an API server would fill in is written, so that
/// what it fills in is never taken for somebody's change.
public struct WebhookConfiguration: Hashable, Sendable {
    public enum Kind: Hashable, Sendable { case mutating, validating }

    /// What is reviewed.
    public enum Subject: Hashable, Sendable { case workloads, policies }

    public let kind: Kind
    /// Of the configuration and of its webhook.
    public let name: String
    public let path: String
    public let subject: Subject
    public let client: WebhookRegistration.Client
    public let rules: [WebhookRule]
    public let conditions: [MatchCondition]
    public let namespaceRequirements: [NamespaceRequirement]
    public let failurePolicy: WebhookRegistration.FailurePolicy
    public let timeoutSeconds: Int
    public let annotations: [String: String]

    public var type: ResourceType {
        kind == .mutating ? .mutatingWebhookConfigurations : .validatingWebhookConfigurations
    }

    /// The one webhook as JSON; without a CA bundle where that is empty, for whoever fills it in.
    func webhook(bundle: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("name", name)
            writer.member("admissionReviewVersions", ["v1"])
            writer.object("clientConfig") { writer in
                writeClient(to: &writer)
                if !bundle.isEmpty { writer.member("caBundle", bundle) }
            }
            writer.array("rules") { writer in for rule in rules { rule.write(to: &writer) } }
            writer.member("failurePolicy", failurePolicy.rawValue)
            writer.member("matchPolicy", "Equivalent")
            writer.object("namespaceSelector") { writer in
                guard !namespaceRequirements.isEmpty else { return }
                writer.array("matchExpressions") { writer in
                    for requirement in namespaceRequirements {
                        writer.object { writer in
                            writer.member("key", requirement.key)
                            writer.member("operator", requirement.operation)
                            writer.member("values", requirement.values)
                        }
                    }
                }
            }
            writer.object("objectSelector") { _ in }
            writer.array("matchConditions") { writer in
                for condition in conditions {
                    writer.object { writer in
                        writer.member("name", condition.name)
                        writer.member("expression", condition.expression)
                    }
                }
            }
            // What another mutating webhook brings in later is pinned as well.
            if kind == .mutating { writer.member("reinvocationPolicy", "IfNeeded") }
            writer.member("sideEffects", "None")
            writer.member("timeoutSeconds", timeoutSeconds)
        }
        return writer.bytes
    }

    private func writeClient(to writer: inout JSONWriter) {
        switch client {
        case .service(let namespace, let name, let port):
            writer.object("service") { writer in
                writer.member("namespace", namespace)
                writer.member("name", name)
                writer.member("port", port)
                writer.member("path", path)
            }
        case .url(let base):
            writer.member("url", (base.hasSuffix("/") ? String(base.dropLast()) : base) + path)
        }
    }

    /// The whole configuration, in the place of another where there is one: whose labels and annotations stay, and whose
    /// owners do not, since a configuration that goes with its owner disarms by the way.
    func text(bundle: String, replacing current: KubernetesObject?) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("apiVersion", type.apiVersion)
            writer.member("kind", type.kind)
            writer.object("metadata") { writer in
                writer.member("name", name)
                if let current { writer.member("resourceVersion", current.resourceVersion) }
                var labels = current?.labels ?? ["app.kubernetes.io/managed-by": "countersign"]
                if labels["app.kubernetes.io/managed-by"] == nil {
                    labels["app.kubernetes.io/managed-by"] = "countersign"
                }
                let annotations = (current?.annotations ?? [:]).merging(annotations) { _, ours in ours }
                for (member, map) in [("labels", labels), ("annotations", annotations)] where !map.isEmpty {
                    writer.object(member) { writer in
                        for (name, value) in map.sorted(by: { $0.key < $1.key }) { writer.member(name, value) }
                    }
                }
                if let finalizers = current?.finalizers, !finalizers.isEmpty {
                    writer.member("finalizers", finalizers)
                }
            }
            writer.array("webhooks") { $0.raw(webhook(bundle: bundle)) }
        }
        return writer.bytes
    }

    // MARK: What there is

    /// The CA bundle of the webhook of our name, in base64; empty where there is none.
    func bundle(in object: KubernetesObject) -> String {
        object.root["webhooks"]?.elements.first { $0["name"]?.string == name }?["clientConfig"]?["caBundle"]?.string
            ?? ""
    }

    /// Whether it leads to us.
    func isOurs(_ object: KubernetesObject) -> Bool {
        guard let ours = try? JSONDocument(parsing: webhook(bundle: "")).root["clientConfig"] else { return false }
        return object.root["webhooks"]?.elements.contains { webhook in
            let client = webhook["clientConfig"]
            if let service = ours["service"] {
                return ["namespace", "name"].allSatisfy { client?["service"]?[$0]?.string == service[$0]?.string }
            }
            return ours["url"]?.string != nil && client?["url"]?.string == ours["url"]?.string
        } ?? false
    }

    /// Where the webhooks of a configuration lead, each once, in their order: a URL, or `the Service "NAMESPACE/NAME"`.
    /// What somebody else wrote is in quotes, bounded.
    static func destinations(of object: KubernetesObject) -> [String] {
        var destinations: [String] = []
        for webhook in object.root["webhooks"].map({ Array($0.elements) }) ?? [] {
            let client = webhook["clientConfig"]
            let destination: String
            if let service = client?["service"] {
                let name = "\(service["namespace"]?.string ?? "")/\(service["name"]?.string ?? "")"
                destination = "the Service \(printable(name, limit: maximumDestination))"
            } else if let url = client?["url"]?.string {
                destination = printable(url, limit: maximumDestination)
            } else {
                continue
            }
            if !destinations.contains(destination) { destinations.append(destination) }
            if destinations.count == maximumDestinations { break }
        }
        return destinations
    }

    /// A configuration that leads to more places is recognised by its first.
    private static let maximumDestinations = 4
    /// Characters of one: two names of 63 in Services, hosts of 253 in URLs.
    private static let maximumDestination = 300

    /// What differs from how it should be, by the names of fields; empty where nothing of ours does.
    func drift(of object: KubernetesObject, bundle: String) -> [String] {
        var drift: [String] = []
        if let owners = object.metadata?["ownerReferences"], owners.count > 0 { drift.append("ownerReferences") }
        for (name, value) in annotations.sorted(by: { $0.key < $1.key }) where object.annotations[name] != value {
            drift.append("annotation \(name)")
        }
        guard let wanted = try? JSONDocument(parsing: webhook(bundle: bundle)).root else { return drift }
        let found = object.root["webhooks"].map { Array($0.elements) } ?? []
        guard found.count == 1, let webhook = found.first else { return drift + ["webhooks"] }
        return drift + WebhookDrift.fields(wanted, webhook)
    }
}
