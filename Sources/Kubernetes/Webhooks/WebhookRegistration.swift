// SPDX-License-Identifier: Apache-2.0

/// What this installation registers with API servers.
public struct WebhookRegistration: Sendable {
    public enum Enforcement: String, Sendable {
        case enforce
        /// One validating webhook for workloads, named `shadow.NAME`, whose failures are ignored: nothing is changed and
        /// nothing is pinned, so that the reviewer has to judge tags as what they name now. Policies are left to whoever
        /// enforces.
        case shadow
    }

    public enum NamespaceSelection: String, Sendable {
        /// Namespaces that bear the label `policy.sigstore.dev/include: "true"`.
        case optIn = "opt-in"
        /// All but those that bear `policy.sigstore.dev/include: "false"`.
        case optOut = "opt-out"
    }

    public enum FailurePolicy: String, Sendable { case fail = "Fail", ignore = "Ignore" }

    /// How API servers reach us.
    public enum Client: Hashable, Sendable {
        case service(namespace: String, name: String, port: Int = 443)
        /// `https://HOST[:PORT][/PATH]`, in front of each webhook's own path.
        case url(String)
    }

    /// Whose CA bundle the configurations hold.
    public enum Authority: Hashable, Sendable {
        /// The certificate keeper's.
        case kept
        /// PEM, as given.
        case fixed([UInt8])
        /// Somebody else's, cert-manager's injector for one: what is there stays.
        case others
    }

    /// The label of a namespace that says whether its workloads are judged.
    public static let includeLabel = "policy.sigstore.dev/include"

    public var ownNamespace: String
    public var client: Client
    public var authority = Authority.kept
    public var enforcement = Enforcement.enforce
    public var workloadName = "policy.sigstore.dev"
    public var defaultingName = "defaulting.clusterimagepolicy.sigstore.dev"
    public var validatingName = "validating.clusterimagepolicy.sigstore.dev"
    public var namespaceSelection = NamespaceSelection.optIn
    /// Beside our own, which is always excluded.
    public var excludedNamespaces = ["kube-system"]
    public var failurePolicy = FailurePolicy.fail
    /// 1 to 30.
    public var timeoutSeconds = 10
    /// That each configuration bears, as cert-manager's injector asks for.
    public var annotations: [String: String] = [:]

    public init(ownNamespace: String, client: Client) {
        self.ownNamespace = ownNamespace
        self.client = client
    }

    /// What API servers ask the serving certificate for, and by what other names the webhook may be called.
    public var servedNames: [String] {
        switch client {
        case .service(let namespace, let name, _):
            ["\(name).\(namespace).svc", "\(name).\(namespace)", name, "\(name).\(namespace).svc.cluster.local"]
        case .url(let text): Self.host(of: text).map { [$0] } ?? []
        }
    }

    /// Why API servers would not take it; one sentence each.
    public var problems: [String] {
        var problems: [String] = []
        for name in [workloadName, defaultingName, validatingName] where !Self.isWebhookName(name) {
            problems.append("webhook name '\(name)': write three labels or more, as in policy.example.com")
        }
        if case .url(let text) = client, !text.hasPrefix("https://") || Self.host(of: text) == nil {
            problems.append("webhook URL '\(text)': write https://HOST[:PORT], without user, query or fragment")
        }
        if !(1...30).contains(timeoutSeconds) {
            problems.append("webhook timeout of \(timeoutSeconds) s: write 1 to 30")
        }
        return problems
    }

    private static func host(of url: String) -> String? {
        guard url.hasPrefix("https://"), !url.contains(where: { "?#@".contains($0) }) else { return nil }
        let authority = url.dropFirst("https://".count).prefix { $0 != "/" }
        let host =
            authority.hasPrefix("[") ? authority.dropFirst().prefix { $0 != "]" } : authority.prefix { $0 != ":" }
        return host.isEmpty ? nil : String(host)
    }

    /// A DNS subdomain of three labels or more. RFC 1123; `k8s.io/apiserver` wants the dots.
    private static func isWebhookName(_ name: String) -> Bool {
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        return labels.count >= 3 && name.utf8.count <= 253
            && labels.allSatisfy { label in
                !label.isEmpty && label.first != "-" && label.last != "-"
                    && label.utf8.allSatisfy {
                        (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) || $0 == UInt8(ascii: "-")
                    }
            }
    }

    /// A name that says so already stays.
    private var shadowName: String { workloadName.hasPrefix("shadow.") ? workloadName : "shadow.\(workloadName)" }

    /// The configurations, those of policies first.
    public var configurations: [WebhookConfiguration] {
        switch enforcement {
        case .shadow: [workload(.validating, name: shadowName, path: "/shadow/validations")]
        case .enforce:
            [
                policies(.mutating, name: defaultingName, path: "/defaulting"),
                policies(.validating, name: validatingName, path: "/validating"),
                workload(.mutating, name: workloadName, path: "/mutations"),
                workload(.validating, name: workloadName, path: "/validations"),
            ]
        }
    }

    private func workload(_ kind: WebhookConfiguration.Kind, name: String, path: String) -> WebhookConfiguration {
        WebhookConfiguration(
            kind: kind, name: name, path: path, subject: .workloads, client: client,
            rules: WebhookRule.workloads, conditions: MatchCondition.workloads, namespaceRequirements: namespaces,
            failurePolicy: enforcement == .shadow ? .ignore : failurePolicy, timeoutSeconds: timeoutSeconds,
            annotations: annotations)
    }

    private func policies(_ kind: WebhookConfiguration.Kind, name: String, path: String) -> WebhookConfiguration {
        WebhookConfiguration(
            kind: kind, name: name, path: path, subject: .policies, client: client, rules: WebhookRule.policies,
            conditions: MatchCondition.policies, namespaceRequirements: [], failurePolicy: failurePolicy,
            timeoutSeconds: timeoutSeconds, annotations: annotations)
    }

    private var namespaces: [NamespaceRequirement] {
        var excluded: [String] = []
        for name in [ownNamespace] + excludedNamespaces where !excluded.contains(name) { excluded.append(name) }
        return [
            namespaceSelection == .optIn
                ? NamespaceRequirement(key: Self.includeLabel, operation: "In", values: ["true"])
                : NamespaceRequirement(key: Self.includeLabel, operation: "NotIn", values: ["false"]),
            // Which the API server gives each namespace itself.
            NamespaceRequirement(key: "kubernetes.io/metadata.name", operation: "NotIn", values: excluded),
        ]
    }
}
