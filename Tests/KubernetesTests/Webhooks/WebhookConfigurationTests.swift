// SPDX-License-Identifier: Apache-2.0
import Admission
import TestSupport
import Testing

@testable import Kubernetes

@Suite("Webhook configurations")
struct WebhookConfigurationTests {
    static func registration(
        _ change: (inout WebhookRegistration) -> Void = { _ in }
    ) -> WebhookRegistration {
        var registration = WebhookRegistration(
            ownNamespace: "cosign-system", client: .service(namespace: "cosign-system", name: "webhook"))
        change(&registration)
        return registration
    }

    private func webhooks(_ registration: WebhookRegistration) throws -> [String: JSONTree] {
        try Dictionary(
            uniqueKeysWithValues: registration.configurations.map {
                ("\($0.type.kind) \($0.name)", try JSONTree(json: $0.webhook(bundle: "QUJD")))
            })
    }

    @Test("There are four of them, under the names that installations know")
    func names() throws {
        let webhooks = try webhooks(Self.registration())
        #expect(
            Set(webhooks.keys) == [
                "ValidatingWebhookConfiguration policy.sigstore.dev",
                "MutatingWebhookConfiguration policy.sigstore.dev",
                "MutatingWebhookConfiguration defaulting.clusterimagepolicy.sigstore.dev",
                "ValidatingWebhookConfiguration validating.clusterimagepolicy.sigstore.dev",
            ])
        #expect(
            Set(webhooks.values.map { $0["clientConfig"]["service"]["path"].text })
                == ["/validations", "/mutations", "/defaulting", "/validating"])
        for webhook in webhooks.values {
            #expect(webhook["failurePolicy"] == "Fail" && webhook["timeoutSeconds"] == 10)
            #expect(webhook["sideEffects"] == "None" && webhook["matchPolicy"] == "Equivalent")
            #expect(webhook["admissionReviewVersions"] == ["v1"])
            #expect(webhook["clientConfig"]["caBundle"] == "QUJD")
        }
    }

    @Test("Rules name every kind that is judged, creations and updates of it, and nothing else")
    func rules() throws {
        let webhooks = try webhooks(Self.registration())
        for (name, webhook) in webhooks {
            var resources: Set<String> = []
            for rule in webhook["rules"].elements {
                #expect(rule["operations"] == ["CREATE", "UPDATE"])
                for value in ["apiGroups", "apiVersions", "resources"].flatMap({ rule[$0].elements }) {
                    #expect(!value.text.contains("*"))
                }
                let place = "\(rule["apiGroups"][0].text)/\(rule["apiVersions"][0].text)"
                for resource in rule["resources"].elements { resources.insert("\(place)/\(resource.text)") }
            }
            if name.contains("clusterimagepolicy") {
                #expect(
                    resources == [
                        "policy.sigstore.dev/v1alpha1/clusterimagepolicies", "policy.sigstore.dev/v1alpha1/trustroots",
                        "policy.sigstore.dev/v1beta1/clusterimagepolicies",
                    ])
            } else {
                let judged = WorkloadKind.all.map { "\($0.group)/\($0.version)/\($0.resource)" }
                #expect(resources == Set(judged + ["/v1/pods/ephemeralcontainers"]))
            }
        }
    }

    @Test("Namespaces are opted in, or out, and ours and kube-system are left out either way")
    func namespaces() throws {
        func selector(_ change: (inout WebhookRegistration) -> Void) throws -> JSONTree {
            try #require(
                webhooks(Self.registration(change))["ValidatingWebhookConfiguration policy.sigstore.dev"])[
                    "namespaceSelector"]
        }
        let excluded: JSONTree = [
            "key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["cosign-system", "kube-system"],
        ]
        #expect(
            try selector { _ in } == [
                "matchExpressions": [
                    ["key": "policy.sigstore.dev/include", "operator": "In", "values": ["true"]], excluded,
                ]
            ])
        #expect(
            try selector { $0.namespaceSelection = .optOut } == [
                "matchExpressions": [
                    ["key": "policy.sigstore.dev/include", "operator": "NotIn", "values": ["false"]], excluded,
                ]
            ])
        let own = try selector { $0.excludedNamespaces = [] }
        #expect(own["matchExpressions"][1]["values"] == ["cosign-system"])
    }

    @Test("In the shadow there is one webhook, validating, of a name of its own, whose failures are ignored")
    func shadow() throws {
        let webhooks = try webhooks(Self.registration { $0.enforcement = .shadow })
        #expect(Array(webhooks.keys) == ["ValidatingWebhookConfiguration shadow.policy.sigstore.dev"])
        #expect(webhooks.values.first?["failurePolicy"] == "Ignore")
    }

    @Test("A URL takes the place of the Service, and gives the certificate its name")
    func url() throws {
        for (base, names) in [
            ("https://127.0.0.1:9443", ["127.0.0.1"]), ("https://hooks.example.com/a/", ["hooks.example.com"]),
            ("https://[::1]:9443", ["::1"]),
        ] {
            let registration = Self.registration { $0.client = .url(base) }
            #expect(registration.servedNames == names && registration.problems.isEmpty)
            let client = try #require(
                webhooks(registration)["MutatingWebhookConfiguration policy.sigstore.dev"])["clientConfig"]
            #expect(client["url"].text == (base.hasSuffix("/") ? base + "mutations" : base + "/mutations"))
            #expect(client.member("service") == nil)
        }
        #expect(Self.registration().servedNames.first == "webhook.cosign-system.svc")
    }

    @Test("What an API server would refuse is a problem before it is asked")
    func problems() {
        #expect(Self.registration().problems.isEmpty)
        for change: @Sendable (inout WebhookRegistration) -> Void in [
            { $0.workloadName = "policy.dev" }, { $0.validatingName = "a..b.c" }, { $0.defaultingName = "A.b.c" },
            { $0.timeoutSeconds = 0 }, { $0.timeoutSeconds = 31 }, { $0.client = .url("http://a.example.com") },
            { $0.client = .url("https://") }, { $0.client = .url("https://a.example.com?x") },
        ] {
            #expect(Self.registration(change).problems.count == 1)
        }
    }

    @Test("What an API server fills in, and a field of a later version, is no drift; each field of ours is")
    func drift() throws {
        let configuration = try #require(Self.registration().configurations.last)
        func object(_ change: (inout JSONTree) -> Void = { _ in }) throws -> KubernetesObject {
            var tree = try JSONTree(json: configuration.text(bundle: "QUJD", replacing: nil))
            var webhook = tree["webhooks"][0]
            change(&webhook)
            tree["webhooks"][0] = webhook
            return try KubernetesObject(parsing: tree.bytes)
        }
        #expect(configuration.drift(of: try object(), bundle: "QUJD").isEmpty)
        #expect(try configuration.drift(of: object { $0["laterField"] = "x" }, bundle: "QUJD").isEmpty)
        #expect(try configuration.drift(of: object { $0.remove("objectSelector") }, bundle: "QUJD").isEmpty)
        let changes: [(String, (inout JSONTree) -> Void)] = [
            ("failurePolicy", { $0["failurePolicy"] = "Ignore" }), ("timeoutSeconds", { $0["timeoutSeconds"] = 1 }),
            ("rules", { $0["rules"][0]["operations"] = ["CREATE"] }),
            ("rules", { $0["rules"] = [] }),
            (
                "namespaceSelector",
                {
                    $0["namespaceSelector"]["matchExpressions"][2] = [
                        "key": "webhooks.knative.dev/exclude", "operator": "DoesNotExist",
                    ]
                }
            ),
            ("namespaceSelector", { $0["namespaceSelector"]["matchLabels"] = ["a": "b"] }),
            ("objectSelector", { $0["objectSelector"]["matchLabels"] = ["a": "b"] }),
            ("matchConditions", { $0["matchConditions"][2] = ["name": "never", "expression": "false"] }),
            ("matchPolicy", { $0["matchPolicy"] = "Exact" }),
            ("clientConfig", { $0["clientConfig"]["service"]["port"] = 444 }),
            ("clientConfig", { $0["clientConfig"]["caBundle"] = "QUJE" }),
            ("sideEffects", { $0["sideEffects"] = "NoneOnDryRun" }), ("name", { $0["name"] = "other.sigstore.dev" }),
        ]
        for (field, change) in changes {
            #expect(try configuration.drift(of: object(change), bundle: "QUJD") == [field], "\(field)")
        }
    }
}
