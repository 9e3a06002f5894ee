// SPDX-License-Identifier: Apache-2.0
import Admission
import FoundationEssentials
import HTTPTransport
import Kubernetes

/// How `serve` works with a cluster's API server, read and checked before anything starts.
struct ClusterSettings: Sendable {
    var access: ClusterAccess
    var namespace: String
    var service = "webhook"
    /// Registered instead of the Service.
    var webhookURL: RequestURL?
    var webhookName = Self.standardWebhookName
    var mutatingWebhookName = "defaulting.clusterimagepolicy.sigstore.dev"
    var validatingWebhookName = "validating.clusterimagepolicy.sigstore.dev"
    var certificateSecret = "webhook-certs"
    var settingsConfigMap = "config-policy-controller"
    var selection = NamespaceSelection.optIn
    /// Beside our own.
    var excludedNamespaces = ["kube-system"]
    /// 1 to 30 s, as the API server takes.
    var webhookTimeout = 10
    var failurePolicy = FailurePolicy.fail
    var managesWebhooks = true
    /// Set by variable or file alone: shorter ones are for trying a change of authority out.
    var certificateTimes = CertificateTimes()
    /// A file of PEM that is written as caBundle where the certificate is read from files; `nil` leaves it to others.
    var webhookCA: String?
    /// Whether what another controller left in policies and their definitions is taken out.
    var takesOver = true
    /// Whether the Pods that run are judged before anybody asks.
    var warmsUp = false

    /// Upstream's, so that installing takes over.
    static let standardWebhookName = "policy.sigstore.dev"

    enum NamespaceSelection: String, CaseIterable, Sendable {
        case optIn = "opt-in"
        case optOut = "opt-out"
    }

    enum FailurePolicy: String, CaseIterable, Sendable {
        case fail = "Fail"
        case ignore = "Ignore"
    }

    /// As keys of `--config` and, after `COUNTERSIGN_`, as variables.
    static let settingNames: Set<String> = [
        "cluster", "kubeconfig", "context", "namespace", "service", "webhook-url", "webhook-name",
        "mutating-webhook-name", "validating-webhook-name", "certificate-secret", "settings-configmap", "enforcement",
        "namespace-selection", "exclude-namespace", "webhook-timeout", "failure-policy", "manage-webhooks",
        "webhook-ca", "take-over", "warm-up", "client-ca", "client-name", "ca-settle-seconds", "ca-overlap-seconds",
    ]

    /// `nil` where no cluster is asked for.
    init?(_ flags: ClusterServeOptions, _ sources: SettingSources) throws(UsageError) {
        let kubeconfig = try sources.value("kubeconfig", flag: flags.kubeconfig)?.text
        let context = try sources.value("context", flag: flags.context)?.text
        let isAsked = try sources.boolean("cluster", flag: flags.cluster ? "true" : nil) ?? false
        guard isAsked || kubeconfig != nil || context != nil else { return nil }
        access = try Self.access(kubeconfig: kubeconfig, context: context)
        func name(_ setting: String, _ flag: String?, or standard: String) throws(UsageError) -> String {
            guard let value = try sources.value(setting, flag: flag) else { return standard }
            guard Self.isName(value.text) else {
                throw UsageError("\(value.origin) takes a name as Kubernetes has them, not '\(value.text)'")
            }
            return value.text
        }
        namespace = try name("namespace", flags.namespace, or: access.namespace ?? "cosign-system")
        service = try name("service", flags.service, or: service)
        webhookName = try name("webhook-name", flags.webhookName, or: webhookName)
        mutatingWebhookName = try name("mutating-webhook-name", flags.mutatingWebhookName, or: mutatingWebhookName)
        validatingWebhookName = try name(
            "validating-webhook-name", flags.validatingWebhookName, or: validatingWebhookName)
        certificateSecret = try name("certificate-secret", flags.certificateSecret, or: certificateSecret)
        settingsConfigMap = try name("settings-configmap", flags.settingsConfigMap, or: settingsConfigMap)
        if let url = try sources.value("webhook-url", flag: flags.webhookURL) {
            guard let read = try? RequestURL(parsing: url.text), read.scheme == .https else {
                throw UsageError("\(url.origin) takes an https URL, not '\(url.text)'")
            }
            webhookURL = read
        }
        selection =
            try ServeSettings.choice("namespace-selection", flags.namespaceSelection, sources) ?? selection
        let excluded = sources.list("exclude-namespace", flags: flags.excludedNamespaces)
        if !excluded.isEmpty { excludedNamespaces = excluded }
        webhookTimeout =
            try sources.integer("webhook-timeout", flag: flags.webhookTimeout, in: 1...30) ?? webhookTimeout
        failurePolicy = try ServeSettings.choice("failure-policy", flags.failurePolicy, sources) ?? failurePolicy
        managesWebhooks = try sources.boolean("manage-webhooks", flag: flags.managesWebhooks) ?? managesWebhooks
        if let seconds = try sources.integer("ca-settle-seconds", flag: nil, in: 1...86_400) {
            certificateTimes.settle = .seconds(seconds)
            certificateTimes.look = min(certificateTimes.look, .seconds(seconds))
        }
        // Until the authority's own end at most; a week is more than any replica goes on by itself.
        if let seconds = try sources.integer("ca-overlap-seconds", flag: nil, in: 1...604_800) {
            certificateTimes.overlap = .seconds(seconds)
        }
        if let file = try sources.value("webhook-ca", flag: flags.webhookCA)?.text {
            _ = try readFile(file)
            webhookCA = file
        }
        let enforcement: Enforcement? = try ServeSettings.choice("enforcement", flags.enforcement, sources)
        warmsUp = try sources.boolean("warm-up", flag: flags.warmsUp) ?? false
        takesOver = try sources.boolean("take-over", flag: flags.takesOver) ?? (enforcement != .shadow)
    }

    /// With a kubeconfig or a context named, as they say; else as the Pod's service account; else as kubectl would.
    private static func access(kubeconfig: String?, context: String?) throws(UsageError) -> ClusterAccess {
        let environment = ProcessInfo.processInfo.environment
        do throws(ClusterAccessError) {
            if kubeconfig == nil, context == nil,
                let inside = try ClusterAccess.inCluster(variable: { environment[$0] })
            {
                return inside
            }
            let paths = ClusterOptions.paths(kubeconfig, environment)
            guard !paths.isEmpty else {
                throw ClusterAccessError("this is no Pod, and no kubeconfig is named; give --kubeconfig FILE")
            }
            return try Kubeconfig(paths: paths).access(context: context)
        } catch {
            throw UsageError("\(error)")
        }
    }

    /// RFC 1123 subdomain.
    private static func isName(_ text: String) -> Bool {
        func isWord(_ byte: UInt8) -> Bool {
            UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
        }
        guard let first = text.utf8.first, let last = text.utf8.last else { return false }
        return text.utf8.count <= 253 && isWord(first) && isWord(last)
            && text.utf8.allSatisfy { isWord($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
    }
}
