// SPDX-License-Identifier: Apache-2.0
import JSON
import TestSupport
import Testing

/// `deploy/countersign.yaml`, which `scripts/render --check` compares with the chart.
@Suite("The manifest")
struct ManifestTests {
    @Test("It holds these objects and no others")
    func objects() throws {
        let objects = try Packaged.documents(Packaged.manifest).map {
            "\($0["kind"]?.string ?? "") \(Packaged.value($0, "metadata.name")?.string ?? "")"
        }
        #expect(
            Set(objects) == [
                "Namespace cosign-system", "PodDisruptionBudget countersign", "ServiceAccount countersign",
                "ConfigMap config-policy-controller", "ClusterRole countersign", "ClusterRoleBinding countersign",
                "Role countersign", "RoleBinding countersign", "Service webhook", "Service countersign-metrics",
                "Deployment countersign", "ValidatingAdmissionPolicy countersign-namespaces",
                "ValidatingAdmissionPolicyBinding countersign-namespaces", "ResourceQuota countersign-priority",
                "CustomResourceDefinition clusterimagepolicies.policy.sigstore.dev",
                "CustomResourceDefinition trustroots.policy.sigstore.dev",
            ])
        #expect(Set(objects).count == objects.count)
    }

    @Test("Neither the certificate's Secret nor webhook configurations are in it: the process writes them")
    func kept() throws {
        let renderings = try Packaged.names(in: Packaged.golden).filter { !$0.hasSuffix(".values.yaml") }
        for path in [Packaged.manifest] + renderings.map({ "\(Packaged.golden)/\($0)" }) {
            for object in try Packaged.documents(path) {
                let kind = object["kind"]?.string ?? ""
                #expect(!kind.hasSuffix("WebhookConfiguration"), "\(path)")
                #expect(
                    kind != "Secret" || Packaged.value(object, "metadata.name")?.string == "countersign-cosign-key",
                    "\(path)")
            }
        }
    }

    /// Group, resources, the names they are limited to, and verbs.
    struct Rule: Hashable {
        let group: String
        let resources: [String]
        let names: [String]
        let verbs: [String]

        init(_ group: String, _ resources: [String], named names: [String] = [], _ verbs: [String]) {
            self.group = group
            self.resources = resources
            self.names = names
            self.verbs = verbs
        }

        init(_ rule: JSONValue) {
            self.init(
                rule["apiGroups"]?.strings.joined(separator: ",") ?? "?", rule["resources"]?.strings ?? [],
                named: rule["resourceNames"]?.strings ?? [], rule["verbs"]?.strings ?? [])
        }
    }

    /// Of the process; the Job that uninstalls has an account of its own.
    private static func rules(_ kind: String, in path: String = Packaged.manifest) throws -> Set<Rule> {
        let roles = try Packaged.objects(kind, in: path).filter {
            Packaged.value($0, "metadata.annotations")?["helm.sh/hook"] == nil
        }
        let first = try #require(roles.first)
        #expect(kind != "ClusterRole" || roles.count == 1)
        return Set(try #require(first["rules"]).elements.map(Rule.init))
    }

    @Test("The account of the Job that uninstalls may take our configurations away and do nothing else")
    func uninstallRules() throws {
        for name in ["default", "beside"] {
            let hooks = try Packaged.documents("\(Packaged.golden)/\(name).yaml").filter {
                Packaged.value($0, "metadata.annotations")?["helm.sh/hook"] != nil
            }
            #expect(
                hooks.map { $0["kind"]?.string } == ["ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Job"])
            // Replicas would put back what is taken away while they are there.
            let times = hooks.map { Packaged.value($0, "metadata.annotations")?["helm.sh/hook"]?.string }
            #expect(times.allSatisfy { $0 == "post-delete" })
            let rules = try #require(hooks.first { $0["kind"]?.string == "ClusterRole" }?["rules"]).elements
            #expect(rules.map(Rule.init).map(\.verbs) == [["get", "delete"]])
            // By name: what this release registers, and what earlier values of it may have.
            let names = rules.map(Rule.init).flatMap(\.names)
            #expect(names.contains("policy.sigstore.dev") && names.contains("shadow.countersign.dev"))
            #expect(names.count == Set(names).count && (8...10).contains(names.count))
            #expect(names.allSatisfy { $0.hasSuffix(".sigstore.dev") || $0.hasSuffix(".countersign.dev") })
            let account = hooks.first.flatMap { Packaged.value($0, "metadata.name")?.string }
            #expect(Packaged.value(hooks[3], "spec.template.spec.serviceAccountName")?.string == account)
        }
    }

    private static let configurations = ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"]
    private static let cluster: Set<Rule> = [
        Rule(
            "policy.sigstore.dev", ["clusterimagepolicies", "trustroots"],
            ["list", "watch", "patch"]),
        Rule("policy.sigstore.dev", ["clusterimagepolicies/status", "trustroots/status"], ["patch"]),
        Rule(
            "apiextensions.k8s.io", ["customresourcedefinitions"],
            named: ["clusterimagepolicies.policy.sigstore.dev", "trustroots.policy.sigstore.dev"], ["get", "patch"]),
        Rule("admissionregistration.k8s.io", configurations, ["create", "list", "watch"]),
        Rule(
            "admissionregistration.k8s.io", configurations,
            named: [
                "policy.sigstore.dev", "defaulting.clusterimagepolicy.sigstore.dev",
                "validating.clusterimagepolicy.sigstore.dev",
            ], ["get", "update"]),
        Rule("", ["namespaces"], ["list", "watch"]),
        Rule("", ["events"], ["create", "patch"]),
    ]

    @Test("It may do this much in the cluster and no more, and reads no Secret outside of its namespace")
    func clusterRules() throws {
        #expect(try Self.rules("ClusterRole") == Self.cluster)
    }

    @Test("It may do this much in its own namespace and no more")
    func ownRules() throws {
        #expect(
            try Self.rules("Role") == [
                Rule("", ["secrets"], ["get", "list", "watch", "create"]),
                Rule("", ["secrets"], named: ["webhook-certs"], ["patch"]),
                Rule("", ["configmaps"], ["list", "watch"]),
                Rule("coordination.k8s.io", ["leases"], ["create"]),
                Rule("coordination.k8s.io", ["leases"], named: ["countersign-leader"], ["get", "update"]),
            ])
    }

    /// The rendering with everything warms up, too, for which Pods are listed.
    @Test("Secrets of workloads are read where a value says so: everywhere, or in the namespaces that it names")
    func pullSecrets() throws {
        let reading = Rule("", ["secrets", "serviceaccounts"], ["get"])
        let wide = try Self.rules("ClusterRole", in: "\(Packaged.golden)/everything.yaml")
        #expect(wide == Self.cluster.union([reading, Rule("", ["pods"], ["list"])]))
        let narrow = "\(Packaged.golden)/least.yaml"
        #expect(try Self.rules("ClusterRole", in: narrow) == Self.cluster)
        let roles = try Packaged.objects("Role", in: narrow).filter {
            Packaged.value($0, "metadata.name")?.string == "countersign-pull-secrets"
        }
        #expect(roles.map { Packaged.value($0, "metadata.namespace")?.string } == ["shop", "billing"])
        #expect(roles.allSatisfy { $0["rules"].map { $0.elements.map(Rule.init) } == [reading] })
    }

    @Test("Beside another controller it leaves the definitions and that controller's names alone")
    func beside() throws {
        for name in ["own", "beside"] {
            let rules = try Self.rules("ClusterRole", in: "\(Packaged.golden)/\(name).yaml")
            #expect(!rules.contains { $0.group == "apiextensions.k8s.io" })
            let text = try Packaged.text("\(Packaged.golden)/\(name).yaml")
            let names = [
                "webhook-certs", "config-policy-controller", "=policy.sigstore.dev", "name: webhook\n  namespace",
            ]
            #expect(names.allSatisfy { !text.contains($0) })
        }
    }

    @Test("In shadow the webhook's name says so, whatever was written, and the account may write under it alone")
    func shadow() throws {
        for (rendering, name) in [
            ("shadow", "shadow.images.example.com"), ("beside", "shadow.countersign.dev"),
        ] {
            let path = "\(Packaged.golden)/\(rendering).yaml"
            #expect(try Self.arguments("Deployment", in: path).contains("--webhook-name=\(name)"))
            let names = try Self.rules("ClusterRole", in: path).filter { $0.verbs == ["get", "update"] }.flatMap(
                \.names)
            #expect(names.first == name)
            #expect(names.allSatisfy { $0.contains("shadow.") && $0 != "images.example.com" }, "\(names)")
            #expect(try Self.arguments("Job", in: path).contains("--webhook-name=\(name)"))
        }
    }

    @Test("The guard of the label looks at every way to write a namespace's labels, and in opt-out at new ones too")
    func guardOfTheLabel() throws {
        for (path, operations) in [
            (Packaged.manifest, ["UPDATE"]), ("\(Packaged.golden)/everything.yaml", ["CREATE", "UPDATE"]),
        ] {
            let policy = try Packaged.object("ValidatingAdmissionPolicy", in: path)
            #expect(Packaged.value(policy, "spec.failurePolicy")?.string == "Fail")
            let rule = try #require(Packaged.value(policy, "spec.matchConstraints.resourceRules.0"))
            #expect(rule["resources"]?.strings == ["namespaces", "namespaces/status", "namespaces/finalize"])
            #expect(rule["operations"]?.strings == operations)
            #expect(rule["apiGroups"]?.strings == [""] && rule["apiVersions"]?.strings == ["v1"])
            let conditions = Packaged.value(policy, "spec.matchConditions")
            #expect(conditions == nil, "none is left out")
            let validation = Packaged.value(policy, "spec.validations.0.expression")?.string
            #expect(validation == "!variables.wasEnforced || variables.isEnforced || variables.mayTakeOut")
        }
    }

    @Test("The pods' priority class has its quota, or neither is there")
    func priorityClass() throws {
        for name in try Packaged.names(in: Packaged.golden) where !name.hasSuffix(".values.yaml") {
            let path = "\(Packaged.golden)/\(name)"
            let pod = Packaged.value(try Packaged.object("Deployment", in: path), "spec.template.spec")
            let quotas = try Packaged.objects("ResourceQuota", in: path)
            if name == "shadow.yaml" || pod?["priorityClassName"] == nil {
                #expect(quotas.isEmpty, "\(name)")
                continue
            }
            let classes = quotas.first.flatMap { Packaged.value($0, "spec.scopeSelector.matchExpressions.0.values") }
            let own = pod?["priorityClassName"]?.string
            #expect(quotas.count == 1 && classes?.strings.count == 1 && classes?.strings.first == own, "\(name)")
        }
    }

    @Test("Where the webhook may go is told by the values that send it there")
    func egress() throws {
        let policy = try Packaged.object("NetworkPolicy", in: "\(Packaged.golden)/everything.yaml")
        let rules = try #require(Packaged.value(policy, "spec.egress")).elements.map { $0 }
        func ports(_ rule: Int) -> [Int64] { rules[rule]["ports"]?.elements.compactMap { $0["port"]?.integer } ?? [] }
        #expect(rules.count == 4 && rules[1]["to"] == nil)
        // As written, then the proxy's, then those of registries in plain HTTP.
        #expect(ports(1) == [443, 6443, 3128, 5000, 80, 8081])
        #expect(Packaged.value(rules[2], "to.0.ipBlock.cidr")?.string == "169.254.169.254/32")
        #expect(ports(2) == [80, 988] && ports(3) == [80])
    }

    @Test("Its pods satisfy the restricted Pod Security Standard, with a number for a user and a read-only root")
    func podSecurity() throws {
        let namespace = try Packaged.object("Namespace")
        let level = namespace["metadata"]?["labels"]?["pod-security.kubernetes.io/enforce"]?.string
        #expect(level == "restricted")
        let deployment = try Packaged.object("Deployment")
        let job = try Packaged.object("Job", in: "\(Packaged.golden)/default.yaml")
        for object in [deployment, job] {
            let pod = try #require(Packaged.value(object, "spec.template.spec"))
            let context = try #require(pod["securityContext"])
            #expect(context["runAsNonRoot"]?.bool == true)
            #expect((context["runAsUser"]?.integer ?? 0) > 0)
            #expect(Packaged.value(context, "seccompProfile.type")?.string == "RuntimeDefault")
            #expect(["hostNetwork", "hostPID", "hostIPC", "volumes"].allSatisfy { pod[$0] == nil })
            let containers = try #require(pod["containers"])
            #expect(containers.count == 1)
            for container in containers.elements {
                let own = try #require(container["securityContext"])
                #expect(own["allowPrivilegeEscalation"]?.bool == false)
                #expect(own["readOnlyRootFilesystem"]?.bool == true)
                #expect(own["runAsNonRoot"]?.bool == true)
                #expect(Packaged.value(own, "capabilities.drop")?.strings == ["ALL"])
                #expect(Packaged.value(own, "capabilities.add") == nil)
                #expect(Packaged.value(own, "seccompProfile.type")?.string == "RuntimeDefault")
            }
        }
    }

    @Test("The Service finds replicas, and not the pod that uninstalls")
    func selectors() throws {
        let rendered = "\(Packaged.golden)/default.yaml"
        let job = try Packaged.object("Job", in: rendered)
        for service in try Packaged.objects("Service", in: rendered) {
            let selector = try #require(Packaged.value(service, "spec.selector"))
            func selects(_ object: JSONValue) -> Bool {
                let labels = Packaged.value(object, "spec.template.metadata.labels")
                return selector.members.allSatisfy { labels?[$0.name]?.string == $0.value.string }
            }
            #expect(selects(try Packaged.object("Deployment", in: rendered)))
            #expect(!selects(job))
        }
    }

    private static func arguments(_ kind: String, in path: String) throws -> [String] {
        let container = Packaged.value(try Packaged.object(kind, in: path), "spec.template.spec.containers.0")
        return try #require(container?["args"]).strings
    }

    /// The flags that some rendering gives to the command, and the command's help.
    private static func flags(_ kind: String, command: [String]) async throws -> (flags: Set<String>, help: String) {
        var flags: Set<String> = []
        for name in try Packaged.names(in: Packaged.golden) where !name.hasSuffix(".values.yaml") {
            let path = "\(Packaged.golden)/\(name)"
            guard !(try Packaged.objects(kind, in: path)).isEmpty else { continue }
            let arguments = try arguments(kind, in: path)
            #expect(Array(arguments.prefix(command.count)) == command)
            for argument in arguments.dropFirst(command.count) {
                flags.insert(String(argument.prefix { $0 != "=" }))
            }
        }
        return (flags, try await CountersignTool().run(command + ["--help"]).output)
    }

    @Test("The program knows every flag that a rendering gives it")
    func flags() async throws {
        let (flags, help) = try await Self.flags("Deployment", command: ["serve"])
        #expect(flags.count > 25)
        guard help.contains("--cluster ") else { return skip("serve has no flag --cluster") }
        let unknown = flags.filter { !help.contains("\($0) ") && !help.contains("\($0)/") && !help.contains("\($0),") }
        #expect(unknown.isEmpty)
    }

    @Test("The program knows every flag of the Job that uninstalls")
    func uninstallFlags() async throws {
        let (flags, help) = try await Self.flags("Job", command: ["webhooks", "remove"])
        guard help.contains("webhooks remove") else { return skip("there is no command `webhooks remove`") }
        let unknown = flags.filter { !help.contains("\($0) ") }
        #expect(unknown.isEmpty)
    }
}
