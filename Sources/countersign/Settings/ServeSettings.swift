// SPDX-License-Identifier: Apache-2.0
import Admission
import FoundationEssentials
import ImageVerification
import Logging
import Policy
import Registry
import WebhookServer

/// All settings of `serve`, read and checked before anything starts.
struct ServeSettings {
    /// Files; empty where a cluster is the source.
    var policies: [String]
    var cluster: ClusterSettings?
    var enforcement = Enforcement.enforce
    /// Authorities of clients that alone are answered, with the names of those among them; `nil` asks for no certificate.
    var clients: (authorities: [UInt8], names: [String])?
    var server = WebhookService.Configuration()
    var certificate: (certificate: String, key: String)?
    /// Names that a self-signed certificate bears besides.
    var names: [String] = []
    var noMatch = NoMatchAction.deny
    /// Whether every authority with attestations asks for a signature too.
    var requiresSignature = false
    var rules = DocumentRules()
    var registry: RegistryAccess
    var trust = TrustSources()
    var caches = CacheLimits.default
    /// Where blobs outlive the process; `nil` keeps them in memory alone.
    var blobCache: (directory: String, bytes: Int)?
    var logLevel = Logger.Level.info
    var logFormat = LogFormat.text

    /// The names that `--config` may hold: every flag but itself.
    static let names: Set<String> = ClusterSettings.settingNames.union([
        "policies", "listen", "health-listen", "tls-certificate", "tls-key", "tls-name", "no-match",
        "require-signature", "fail-on-empty-authorities", "policy-namespace",
        "trusted-root", "rekor-public-key", "ctlog-public-key", "ca-roots", "ca-intermediates",
        "timestamp-certificate-chain", "insecure-registry", "registry-ca", "registry-ca-directory", "docker-config",
        "credential-helpers", "cloud-credentials", "own-credentials-for", "workload-credentials", "max-in-flight",
        "cache-megabytes", "maximum-age", "stale-if-outage", "blob-cache", "blob-cache-bytes", "drain-seconds",
        "log-level", "log-format",
    ])

    init(_ flags: Serve) throws(UsageError) {
        let sources = try SettingSources(config: flags.config, names: Self.names)
        policies = sources.list("policies", flags: flags.policies)
        let cluster = try ClusterSettings(flags.cluster, sources)
        self.cluster = cluster
        switch (policies.isEmpty, cluster) {
        case (true, nil):
            throw UsageError(
                "give --policies DIR|FILE, or --cluster; without policies every image would be denied for no reason")
        case (false, _?): throw UsageError("--policies and --cluster are two sources of policies; give one of them")
        case (true, _?), (false, nil): break
        }
        enforcement = try Self.choice("enforcement", flags.cluster.enforcement, sources) ?? enforcement
        let clientNames = sources.list("client-name", flags: flags.cluster.clientNames)
        if let authorities = try sources.value("client-ca", flag: flags.cluster.clientCA)?.text {
            // A list that was given and names nobody must not stand for everybody.
            if clientNames.isEmpty, try sources.value("client-name", flag: nil) != nil {
                throw UsageError("--client-name names nobody")
            }
            clients = (try readFile(authorities), clientNames)
        } else if !clientNames.isEmpty {
            throw UsageError("--client-name goes with --client-ca")
        }
        server.listen = try Self.address("listen", flags.listen, sources) ?? server.listen
        server.healthListen = try Self.address("health-listen", flags.healthListen, sources) ?? server.healthListen
        if cluster?.webhookCA != nil, try sources.value("tls-certificate", flag: flags.certificate) == nil {
            throw UsageError("--webhook-ca goes with --tls-certificate; without it the authority is our own")
        }
        switch (
            try sources.value("tls-certificate", flag: flags.certificate)?.text,
            try sources.value("tls-key", flag: flags.key)?.text
        ) {
        case (nil, nil): break
        case (let certificate?, let key?): self.certificate = (certificate, key)
        case (_?, nil): throw UsageError("--tls-certificate goes with --tls-key")
        case (nil, _?): throw UsageError("--tls-key goes with --tls-certificate")
        }
        names = sources.list("tls-name", flags: flags.names)
        guard names.isEmpty || cluster == nil else {
            throw UsageError("--tls-name is not for --cluster, where the certificate bears the names of the Service")
        }
        guard names.isEmpty || certificate == nil else {
            throw UsageError("--tls-name is for the self-signed certificate; --tls-certificate brings its own names")
        }
        noMatch = try Self.choice("no-match", flags.unnamed.noMatch, sources) ?? noMatch
        requiresSignature =
            try sources.boolean("require-signature", flag: flags.signature.choice.map { $0 ? "true" : "false" })
            ?? false
        let documentNamespace = try sources.value("policy-namespace", flag: flags.documents.namespace)
        // Nothing of another namespace is watched, or permitted to be read.
        if let cluster, let documentNamespace, documentNamespace.text != cluster.namespace {
            throw UsageError(
                "\(documentNamespace.origin) is for --policies; with --cluster what policies name lies in --namespace, "
                    + "here \(cluster.namespace)")
        }
        rules = try DocumentOptions.rules(
            failsOnEmptyAuthorities: sources.value(
                "fail-on-empty-authorities", flag: flags.documents.failsOnEmptyAuthorities),
            namespace: documentNamespace)
        registry = RegistryAccess(
            insecureHosts: sources.list("insecure-registry", flags: flags.registry.insecureRegistries),
            authorities: sources.list("registry-ca", flags: flags.registry.registryCAs),
            authorityDirectory: try sources.value(
                "registry-ca-directory", flag: flags.registry.authorityDirectory)?.text,
            credentials: try sources.value("docker-config", flag: flags.registry.dockerConfig)
                .map { .file($0.text) } ?? .dockers,
            credentialHelpers: try sources.value("credential-helpers", flag: flags.registry.credentialHelpers)?.text,
            clouds: try RegistryOptions.providers(sources.list("cloud-credentials", flags: flags.registry.clouds)),
            separatesWorkloads: try sources.boolean("workload-credentials", flag: flags.reach.workloadCredentials)
                ?? (cluster != nil),
            ownCredentialHosts: sources.list("own-credentials-for", flags: flags.reach.ownCredentialHosts),
            environment: ProcessInfo.processInfo.environment)
        trust = TrustSources(
            trustedRoot: try sources.value("trusted-root", flag: flags.trust.trustedRoot)?.text,
            rekorPublicKeys: sources.list("rekor-public-key", flags: flags.trust.rekorPublicKeys),
            certificateLogKeys: sources.list("ctlog-public-key", flags: flags.trust.certificateLogKeys),
            roots: try sources.value("ca-roots", flag: flags.trust.roots)?.text,
            intermediates: try sources.value("ca-intermediates", flag: flags.trust.intermediates)?.text,
            timestampChain: try sources.value(
                "timestamp-certificate-chain", flag: flags.trust.timestampChain)?.text)
        if let count = try sources.integer("max-in-flight", flag: flags.maximumInFlight, in: 1...100_000) {
            server.limits.reviewsInFlight = count
        }
        caches = try CacheLimits(flags.caches, sources)
        let blobBytes = try sources.integer(
            "blob-cache-bytes", flag: flags.blobCacheBytes, in: 1 << 20...1 << 40)
        if let directory = try sources.value("blob-cache", flag: flags.blobCache)?.text {
            blobCache = (directory, blobBytes ?? DiskBlobStore.defaultLimit)
        } else if blobBytes != nil {
            throw UsageError("--blob-cache-bytes goes with --blob-cache")
        }
        if let seconds = try sources.integer("drain-seconds", flag: flags.drainSeconds, in: 0...60) {
            // Whatever the quiet time, reviews in flight keep the same time to end in.
            let rest = server.drain.total - server.drain.quiet
            server.drain = DrainTimes(quiet: .seconds(seconds), total: .seconds(seconds) + rest)
        }
        logLevel = try Self.choice("log-level", flags.logLevel, sources) ?? logLevel
        logFormat = try Self.choice("log-format", flags.logFormat, sources) ?? logFormat
    }

    /// Two free ports of loopback, and an end without waiting; nothing of the environment is read.
    init(demonstrating policies: String) {
        self.policies = [policies]
        let loopback = ListenAddress(host: "127.0.0.1", port: 0)
        server.listen = loopback
        server.healthListen = loopback
        server.drain = DrainTimes(quiet: .zero, total: .seconds(5))
        registry = RegistryAccess()
        logLevel = .error
    }

    private static func address(
        _ name: String, _ flag: String?, _ sources: SettingSources
    ) throws(UsageError) -> ListenAddress? {
        guard let setting = try sources.value(name, flag: flag) else { return nil }
        guard let address = ListenAddress(setting.text) else {
            throw UsageError("\(setting.origin) takes HOST:PORT, [IPV6]:PORT or :PORT, not '\(setting.text)'")
        }
        return address
    }

    static func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, _ flag: String?, _ sources: SettingSources
    ) throws(UsageError) -> Choice? where Choice.RawValue == String {
        guard let setting = try sources.value(name, flag: flag) else { return nil }
        guard let choice = Choice(rawValue: setting.text) else {
            let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw UsageError("\(setting.origin) takes one of \(choices), not '\(setting.text)'")
        }
        return choice
    }
}
