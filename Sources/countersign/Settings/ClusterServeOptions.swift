// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// How `serve` works with a cluster's API server: where it is, and what it keeps there.
struct ClusterServeOptions: ParsableArguments {
    @Flag(
        name: .long,
        help: """
            Take policies, settings, pull secrets and the certificate from the Kubernetes API server, and arm its webhooks: \
            with the Pod's service account, or with --kubeconfig; instead of --policies
            """)
    var cluster = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Reach the API server as this file says, from outside of the cluster; goes with --cluster",
            valueName: "file"))
    var kubeconfig: String?

    @Option(
        name: .long,
        help: ArgumentHelp("Use this context of the kubeconfig [default: its current one]", valueName: "name"))
    var context: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            Keep the certificate, and find what policies refer to, in this namespace [default: the service account's or \
            the context's, else cosign-system]
            """,
            valueName: "name"))
    var namespace: String?

    @Option(
        name: .long,
        help: ArgumentHelp("Have the API server call this Service [default: webhook]", valueName: "name"))
    var service: String?

    @Option(
        name: .customLong("webhook-url"),
        help: ArgumentHelp("Have the API server call this base URL instead of the Service", valueName: "url"))
    var webhookURL: String?

    @Option(
        name: .customLong("webhook-name"),
        help: ArgumentHelp(
            "Name the webhook configurations for workloads so [default: policy.sigstore.dev]", valueName: "name"))
    var webhookName: String?

    @Option(
        name: .customLong("mutating-webhook-name"),
        help: ArgumentHelp(
            """
            Name the webhook configuration that completes policies so [default: defaulting.clusterimagepolicy.sigstore.dev]
            """,
            valueName: "name"))
    var mutatingWebhookName: String?

    @Option(
        name: .customLong("validating-webhook-name"),
        help: ArgumentHelp(
            """
            Name the webhook configuration that judges policies so [default: validating.clusterimagepolicy.sigstore.dev]
            """,
            valueName: "name"))
    var validatingWebhookName: String?

    @Option(
        name: .customLong("certificate-secret"),
        help: ArgumentHelp("Keep the certificate in this Secret [default: webhook-certs]", valueName: "name"))
    var certificateSecret: String?

    @Option(
        name: .customLong("settings-configmap"),
        help: ArgumentHelp(
            "Follow no-match-policy and fail-on-empty-authorities in this ConfigMap [default: config-policy-controller]",
            valueName: "name"))
    var settingsConfigMap: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            With shadow turn every denial into a warning and a metric, under webhook names of its own [default: enforce]
            """,
            valueName: "enforce|shadow"))
    var enforcement: String?

    @Option(
        name: .customLong("namespace-selection"),
        help: ArgumentHelp(
            """
            Judge namespaces with the label policy.sigstore.dev/include: "true", or all without "false" [default: opt-in]
            """,
            valueName: "opt-in|opt-out"))
    var namespaceSelection: String?

    @Option(
        name: .customLong("exclude-namespace"),
        help: ArgumentHelp(
            "Never judge this namespace; our own never is [repeatable; default: kube-system]", valueName: "name"))
    var excludedNamespaces: [String] = []

    @Option(
        name: .customLong("webhook-timeout"),
        help: ArgumentHelp("Have the API server wait so long [s, 1 to 30; default: 10]", valueName: "seconds"))
    var webhookTimeout: String?

    @Option(
        name: .customLong("failure-policy"),
        help: ArgumentHelp(
            "What the API server does when it cannot reach us [default: Fail]", valueName: "Fail|Ignore"))
    var failurePolicy: String?

    @Option(
        name: .customLong("manage-webhooks"),
        help: ArgumentHelp(
            "Arm the webhook configurations, and mend them [default: true]", valueName: "true|false"))
    var managesWebhooks: String?

    @Option(
        name: .customLong("webhook-ca"),
        help: ArgumentHelp(
            """
            Write these authorities as caBundle, beside --tls-certificate [default: left to whoever injects them]
            """,
            valueName: "file"))
    var webhookCA: String?

    @Option(
        name: .customLong("take-over"),
        help: ArgumentHelp(
            """
            Take out of policies and their definitions what another controller left: finalizers, and a conversion webhook \
            [default: true, and false in the shadow]
            """,
            valueName: "true|false"))
    var takesOver: String?

    @Option(
        name: .customLong("warm-up"),
        help: ArgumentHelp(
            """
            Judge the Pods that run, at start and before what was found about them reaches its maximum age; takes the \
            permission to list Pods [default: false]
            """,
            valueName: "true|false"))
    var warmsUp: String?

    @Option(
        name: .customLong("client-ca"),
        help: ArgumentHelp(
            "Answer reviews only to clients with a certificate of these authorities", valueName: "file"))
    var clientCA: String?

    @Option(
        name: .customLong("client-name"),
        help: ArgumentHelp(
            "Of those answer only this one, by its common name or a name of its certificate [repeatable]",
            valueName: "name"))
    var clientNames: [String] = []
}
