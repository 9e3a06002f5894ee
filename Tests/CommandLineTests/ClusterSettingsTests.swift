// SPDX-License-Identifier: Apache-2.0
import Admission
import ArgumentParser
import Kubernetes
import Policy
import TestSupport
import Testing

@testable import countersign

@Suite("Settings of serve in a cluster")
struct ClusterSettingsTests {
    private static let kubeconfig = """
        apiVersion: v1
        kind: Config
        current-context: one
        clusters: [{name: c, cluster: {server: "https://127.0.0.1:6443"}}]
        users: [{name: u, user: {token: secret}}]
        contexts:
        - {name: one, context: {cluster: c, user: u, namespace: chosen}}
        - {name: other, context: {cluster: c, user: u}}
        """

    private static func settings(_ more: String...) throws -> ServeSettings {
        let folder = try TemporaryDirectory()
        try folder.write(kubeconfig, to: "config")
        return try ServeSettings(try Serve.parse(["--kubeconfig", folder.path("config")] + more))
    }

    @Test("What is not said is as upstream has it")
    func defaults() throws {
        let settings = try Self.settings()
        let cluster = try #require(settings.cluster)
        #expect(settings.policies.isEmpty)
        #expect(settings.enforcement == .enforce)
        #expect(cluster.namespace == "chosen")
        #expect(cluster.service == "webhook")
        #expect(cluster.webhookName == "policy.sigstore.dev")
        #expect(cluster.mutatingWebhookName == "defaulting.clusterimagepolicy.sigstore.dev")
        #expect(cluster.validatingWebhookName == "validating.clusterimagepolicy.sigstore.dev")
        #expect(cluster.certificateSecret == "webhook-certs")
        #expect(cluster.settingsConfigMap == "config-policy-controller")
        #expect(cluster.selection == .optIn)
        #expect(cluster.excludedNamespaces == ["kube-system"])
        #expect(cluster.webhookTimeout == 10)
        #expect(cluster.failurePolicy == .fail)
        #expect(cluster.managesWebhooks)
        // A tenant's image is not asked for with our credentials.
        #expect(settings.registry.separatesWorkloads)
        #expect(try Self.settings("--context", "other").cluster?.namespace == "cosign-system")
    }

    @Test("The registration holds what was said")
    func registration() throws {
        let settings = try Self.settings(
            "--webhook-url", "https://127.0.0.1:8443", "--enforcement", "shadow", "--namespace-selection", "opt-out",
            "--exclude-namespace", "a", "--exclude-namespace", "b", "--webhook-timeout", "7", "--failure-policy",
            "Ignore", "--webhook-name", "policy.countersign.dev")
        let registration = try #require(settings.cluster).registration(settings)
        #expect(registration.client == .url("https://127.0.0.1:8443/"))
        #expect(registration.enforcement == .shadow)
        #expect(registration.namespaceSelection == .optOut)
        #expect(registration.excludedNamespaces == ["a", "b"])
        #expect(registration.timeoutSeconds == 7)
        #expect(registration.failurePolicy == .ignore)
        #expect(registration.workloadName == "policy.countersign.dev")
        #expect(registration.authority == .kept)
        #expect(registration.servedNames == ["127.0.0.1"])
    }

    @Test(
        "What cannot be meant is wrong usage",
        arguments: [
            ["--policies", "p"], ["--webhook-url", "http://127.0.0.1"], ["--namespace", "Upper"],
            ["--enforcement", "off"], ["--failure-policy", "fail"], ["--webhook-timeout", "31"],
            ["--namespace-selection", "all"], ["--context", "missing"], ["--client-name", "kube-apiserver"],
            ["--manage-webhooks", "perhaps"], ["--policy-namespace", "elsewhere"],
        ])
    func misuse(more: [String]) throws {
        let folder = try TemporaryDirectory()
        try folder.write(Self.kubeconfig, to: "config")
        let flags = try Serve.parse(["--kubeconfig", folder.path("config")] + more)
        #expect(throws: UsageError.self) { _ = try ServeSettings(flags) }
    }

    @Test("What another controller left is taken out, but not in its shadow, unless a flag says so")
    func takeOver() throws {
        for (flags, takesOver) in [
            ([], true), (["--take-over", "false"], false), (["--enforcement", "shadow"], false),
            (["--enforcement", "enforce"], true), (["--enforcement", "shadow", "--take-over", "true"], true),
        ] as [([String], Bool)] {
            let folder = try TemporaryDirectory()
            try folder.write(Self.kubeconfig, to: "config")
            let settings = try ServeSettings(try Serve.parse(["--kubeconfig", folder.path("config")] + flags))
            #expect(settings.cluster?.takesOver == takesOver, "\(flags)")
        }
    }

    @Test("What policies name lies in our own namespace, and a flag may say so but not otherwise")
    func policyNamespace() throws {
        #expect(try Self.settings("--policy-namespace", "chosen").rules.namespace == "chosen")
        do {
            _ = try Self.settings("--policy-namespace", "elsewhere")
            Issue.record("it was taken")
        } catch let error as UsageError {
            #expect("\(error)".contains("--policy-namespace is for --policies; with --cluster"), "\(error)")
        }
    }

    @Test("Without policies and without a cluster nothing is served")
    func nothing() {
        #expect(throws: UsageError.self) { _ = try ServeSettings(try Serve.parse([])) }
    }
}
