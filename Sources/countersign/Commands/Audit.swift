// SPDX-License-Identifier: Apache-2.0
import Admission
import ArgumentParser
import ImageVerification
import JSON
import Kubernetes
import Policy
import Registry
import Synchronization

/// `countersign audit`: what the webhook would say to everything that runs in a cluster.
struct Audit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Judge every running workload of a cluster",
        discussion: """
            Judges by the policies in force in the cluster, or by those of files that are not applied yet; nothing is \
            written. Images are judged as the objects name them; of a container that runs a tag, the digest that it runs

            Pods and what else a judged workload controls are told with it. What the webhooks are not asked about is \
            judged too, and marked: mirror pods, and namespaces that are excluded or not labelled. Passed over are Pods \
            and Jobs that have ended, and older revisions without Pods, unless --all asks for them

            Registries are asked as 'serve' asks them: with the pull secrets of each workload and of its service account, as \
            far as the cluster lets you read them, and without where there are none

            Exit status: 0 every workload is admitted (with warnings too), 1 at least one is denied, 2 undecided because \
            of an outage or of something in the cluster that cannot be read, 64 wrong usage or unreadable input; of \
            several, the worst

            Example: countersign audit --policies policies/ --output policyreport | kubectl apply -f -
            """)

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Judge by the policies in this file or directory instead of the cluster's [repeatable]",
            valueName: "dir|file"))
    var policies: [String] = []

    @OptionGroup var cluster: ClusterOptions

    @Option(name: .shortAndLong, help: ArgumentHelp("Judge this namespace only [default: all]", valueName: "name"))
    var namespace: String?

    @Option(
        name: .long,
        help: ArgumentHelp("Judge this kind only, as Pod or deployments [repeatable; default: all]", valueName: "kind"))
    var kind: [String] = []

    @Option(
        name: [.customShort("l"), .long],
        help: ArgumentHelp("Judge what has these labels only, as kubectl takes them", valueName: "labels"))
    var selector: String?

    @Flag(help: "Judge what has ended or runs nothing, too, and tell every Pod for itself")
    var all = false

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            """
            Write a table, JSON, or a List of PolicyReport objects (wgpolicyk8s.io/v1alpha2) to be applied [default: \
            table]
            """,
            valueName: "table|json|policyreport"))
    var output: String?

    @OptionGroup var webhook: WebhookNameOption
    @OptionGroup var settings: SettingsConfigMapOption

    @OptionGroup var unnamed: NoMatchOption
    @OptionGroup var signature: SignatureOption
    @OptionGroup var documents: DocumentOptions

    @OptionGroup var trust: TrustOptions

    @OptionGroup var registry: RegistryOptions
    @OptionGroup var credentials: AuditCredentialOptions

    func run() async throws {
        try await concluding {
            let form = try AuditForm(output)
            let kinds = try Self.kinds(kind)
            let flags = try PoliciesOfCluster.Flags(unnamed, documents, settings)
            var reading = try registry.access
            reading.separatesWorkloads = try credentials.usesWorkloads
            reading.ownCredentialHosts = credentials.ownCredentialHosts
            let access = reading
            let trust = TrustInForce(try trust.sources.read())
            let requiresSignature = signature.isRequired
            let selection = ObjectSelection(namespace: namespace, labels: selector)
            // What is wrong with files is said before anybody is asked.
            let ownPolicies = try await policiesOfFiles(flags, access)
            return try await cluster.withServer { server, _ in
                let policies: PoliciesOfCluster
                if let ownPolicies {
                    policies = ownPolicies
                } else {
                    policies = try await PoliciesOfCluster.read(from: server, flags, network: access)
                }
                let reach = await EnforcedNamespaces.read(
                    from: server, webhook: webhook.name, of: namespace.map { [$0] })
                let forbidden = ForbiddenNamespaces()
                let secrets = ClusterSecrets(server, onForbidden: { forbidden.add($0) })
                let pullSecrets = PullSecrets(secrets, policyNamespace: flags.namespace)
                let outcome = try await Composition.withRegistry(
                    access, pullSecrets: access.separatesWorkloads ? pullSecrets : nil
                ) { client, logs in
                    try await Composition.withVerification(source: client, trust: trust, logs: logs) { store in
                        let verifier = OnceVerifier(
                            ImageVerifier(
                                policies: PoliciesInForce(policies.set), noMatch: policies.noMatch, store: store,
                                requiresSignature: requiresSignature), policies.set,
                            separatesWorkloads: access.separatesWorkloads)
                        let progress = await Self.progress(server, kinds, selection, verifier)
                        let run = AuditRun(
                            server: server,
                            reviewer: AdmissionReviewer(verifier: verifier, tags: .resolved, documents: policies.rules),
                            noMatch: policies.noMatch, kinds: kinds, selection: selection, includesIdle: all,
                            progress: progress)
                        let outcome = await run.run()
                        progress.end()
                        return outcome
                    }
                }
                let report = AuditReport(outcome, reach, isFolded: !all, time: .now)
                form.write(report)
                for unread in outcome.unread {
                    Words.say("countersign: \(unread.resource) cannot be read to their end: \(unread.why)")
                }
                if let words = forbidden.words { Words.say("countersign: \(words)") }
                Words.say("countersign: \(report.summary)")
                return outcome.status
            }
        }
    }

    private func policiesOfFiles(
        _ flags: PoliciesOfCluster.Flags, _ access: RegistryAccess
    ) async throws -> PoliciesOfCluster? {
        guard !policies.isEmpty else { return nil }
        let rules = try documents.rules()
        let set = try await PolicyFiles.load(policies, rules: rules, network: access)
        return PoliciesOfCluster(set: set, rules: rules, noMatch: flags.noMatch ?? .deny)
    }

    private static func progress(
        _ server: APIServer, _ kinds: [WorkloadKind], _ selection: ObjectSelection, _ verifier: OnceVerifier
    ) async -> AuditProgress {
        guard AuditProgress.isTerminal else {
            return AuditProgress(total: nil, images: { 0 }, draw: nil)
        }
        var total: Int? = 0
        for kind in kinds {
            // A bar without an end is better than none.
            let count = (try? await server.count(AuditRun.type(of: kind), selection)).flatMap { $0 }
            total = total.flatMap { sum in count.map { sum + $0 } }
        }
        return AuditProgress(total: total, images: { verifier.count }, draw: { Words.redraw($0) })
    }

    /// In the order in which they are listed, whatever that of the flags.
    private static func kinds(_ names: [String]) throws(UsageError) -> [WorkloadKind] {
        let all = AuditRun.allKinds
        guard !names.isEmpty else { return all }
        var wanted: Set<String> = []
        for name in names {
            let lower = name.lowercased()
            guard let kind = all.first(where: { $0.kind.lowercased() == lower || $0.resource == lower }) else {
                throw UsageError(
                    "--kind takes one of \(all.map(\.kind).joined(separator: ", ")), not '\(name)'")
            }
            wanted.insert(kind.kind)
        }
        return all.filter { wanted.contains($0.kind) }
    }
}

/// Namespaces whose pull secrets the cluster does not let us read.
private final class ForbiddenNamespaces: Sendable {
    private let names = Mutex<Set<String>>([])
    /// That are named; of more their number is told.
    private static let maximumNamed = 5

    func add(_ name: String) { names.withLock { _ = $0.insert(name) } }

    var words: String? {
        let names = names.withLock { $0.sorted() }
        guard !names.isEmpty else { return nil }
        let named = names.prefix(Self.maximumNamed).joined(separator: ", ")
        let others = names.count > Self.maximumNamed ? " and \(names.count - Self.maximumNamed) others" : ""
        return "the pull secrets of \(named)\(others) may not be read, and registries were asked without them; "
            + "--workload-credentials false asks with our own"
    }
}

/// `--output`
enum AuditForm: String {
    case table, json, policyreport

    init(_ flag: String?) throws(UsageError) {
        guard let form = AuditForm(rawValue: flag ?? AuditForm.table.rawValue) else {
            throw UsageError("--output takes table, json or policyreport, not '\(flag ?? "")'")
        }
        self = form
    }

    func write(_ report: AuditReport) {
        switch self {
        case .table: for line in AuditTable.lines(report) { Words.answer(line: line) }
        case .json: Words.answer(Words.printable(json: AuditJSON.bytes(report)) + "\n")
        case .policyreport: Words.answer(Words.printable(json: PolicyReports.bytes(report)) + "\n")
        }
    }
}
