// SPDX-License-Identifier: Apache-2.0
import Admission
import ArgumentParser
import ImageVerification
import Logging
import OCI
import Policy
import Registry
import ServiceLifecycle
import WebhookServer

/// `countersign serve`: the webhook.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Answer AdmissionReviews over TLS",
        usage: """
            countersign serve --policies <dir|file> [<options>]
            countersign serve --cluster [<options>]
            """,
        discussion: """
            /validate judges and /mutate pins tags to digests; /livez, /readyz and /metrics answer on the health address

            Every flag can also be given as a variable, COUNTERSIGN_TLS_KEY for --tls-key with lists separated by commas, \
            or in the file of --config, tls-key with lists as YAML has them; a flag goes before a variable, a variable \
            before the file

            Exit status: 0 stopped by SIGTERM or SIGINT after a drain, 2 ended by a failure, 64 wrong usage or unreadable \
            input at start: a bad policy, a bad certificate, an address in use

            Example: countersign serve --policies policies/ --tls-certificate tls.crt --tls-key tls.key
            """)

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Judge by the ClusterImagePolicy documents in this file or directory [repeatable]", valueName: "dir|file"))
    var policies: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp("Answer reviews on this address [default: 0.0.0.0:8443]", valueName: "host:port"))
    var listen: String?

    @Option(
        name: .customLong("health-listen"),
        help: ArgumentHelp(
            "Answer probes and scrapes on this address, plain HTTP [default: 0.0.0.0:8080]", valueName: "host:port"))
    var healthListen: String?

    @Option(
        name: .customLong("tls-certificate"),
        help: ArgumentHelp(
            """
            Show this certificate chain in PEM, read again when it changes [default: self-signed, and its authority is \
            printed]
            """,
            valueName: "file"))
    var certificate: String?

    @Option(
        name: .customLong("tls-key"),
        help: ArgumentHelp("Use this private key in PEM, read again when it changes", valueName: "file"))
    var key: String?

    @Option(
        name: .customLong("tls-name"),
        help: ArgumentHelp(
            """
            Put this DNS name or address into the self-signed certificate, beside localhost and the name of this host \
            [repeatable]
            """,
            valueName: "name"))
    var names: [String] = []

    @OptionGroup var unnamed: NoMatchOption

    @OptionGroup var signature: SignatureOption

    @OptionGroup var documents: DocumentOptions

    @OptionGroup var trust: TrustOptions

    @OptionGroup var registry: RegistryOptions

    @OptionGroup var reach: WorkloadCredentialOptions

    @OptionGroup var cluster: ClusterServeOptions

    @Option(
        name: .customLong("max-in-flight"),
        help: ArgumentHelp(
            "Judge so many reviews at once, and refuse more with 429 [1 to 100000; default: 512]", valueName: "count"))
    var maximumInFlight: String?

    @OptionGroup var caches: CacheOptions

    @Option(
        name: .customLong("blob-cache"),
        help: ArgumentHelp(
            """
            Keep blobs and manifests in this directory of our own too, for the next start; they are hashed again when \
            they are read [default: in memory alone]
            """,
            valueName: "dir"))
    var blobCache: String?

    @Option(
        name: .customLong("blob-cache-bytes"),
        help: ArgumentHelp(
            "Keep no more than this in --blob-cache [bytes, 1048576 to 1099511627776; default: 1073741824]",
            valueName: "size"))
    var blobCacheBytes: String?

    @Option(
        name: .customLong("drain-seconds"),
        help: ArgumentHelp("Go on listening so long after SIGTERM [s, 0 to 60; default: 3]", valueName: "seconds"))
    var drainSeconds: String?

    @Option(
        name: .customLong("log-level"),
        help: ArgumentHelp(
            "Log this level and those above [trace, debug, info, notice, warning, error, critical; default: info]",
            valueName: "level"))
    var logLevel: String?

    @Option(
        name: .customLong("log-format"),
        help: ArgumentHelp("Write log lines as text or json [default: text]", valueName: "text|json"))
    var logFormat: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Read settings from this YAML file, named as the flags without dashes in front", valueName: "file"))
    var config: String?

    func run() async throws {
        try await concluding {
            let settings = try ServeSettings(self)
            try settings.server.listen.checkIsFree("listen")
            try settings.server.healthListen.checkIsFree("health-listen")
            try await WebhookComposition(settings).run { ports, authority in
                Words.say("countersign: webhook on port \(ports.webhook), health on port \(ports.health)")
                if let authority {
                    Words.say("countersign: self-signed; give the API server this authority as caBundle:")
                    Words.say(lines: authority.split(separator: "\n"))
                }
            }
            return .admitted
        }
    }
}
