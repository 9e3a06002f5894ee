// SPDX-License-Identifier: Apache-2.0
import Admission
import ArgumentParser
import Glibc
import ImageVerification
import JSON
import Policy
import YAML

/// `countersign review`: the webhook's answer to objects in files, without a cluster.
struct Review: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "review",
        abstract: "Judge Kubernetes manifests or AdmissionReviews as the webhook would",
        usage: "countersign review (--policies <dir|file> | --cluster) [<options>] <dir|file> ...",
        discussion: """
            Tags are resolved as the mutating webhook would; objects of kinds that hold no images are passed over and named

            With --cluster the policies, what they refer to and their settings are read once from the API server, and \
            what its webhooks are not asked about is marked; nothing is written

            Exit status: 0 every object is admitted (with warnings too), 1 at least one is denied, 2 undecided because of \
            an outage (of the API server, too), 64 wrong usage or unreadable input; of several objects, the worst

            Example: countersign review --policies policies/ deployment.yaml
            """)

    @Option(
        name: .long,
        help: ArgumentHelp("Judge by the policies in this file or directory [repeatable]", valueName: "dir|file"))
    var policies: [String] = []

    @Flag(help: "Judge by the policies of the cluster")
    var cluster = false

    @OptionGroup var clusterOptions: ClusterOptions

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Take this for the namespace of objects that name none [default: the context's, or default]",
            valueName: "name"))
    var namespace: String?

    @OptionGroup var webhook: WebhookNameOption
    @OptionGroup var settings: SettingsConfigMapOption

    @OptionGroup var unnamed: NoMatchOption
    @OptionGroup var signature: SignatureOption
    @OptionGroup var documents: DocumentOptions

    @OptionGroup var trust: TrustOptions

    @OptionGroup var registry: RegistryOptions

    @Option(
        name: [.customShort("f"), .customLong("filename")],
        help: ArgumentHelp("Judge these as well, as kubectl takes them [repeatable]", valueName: "dir|file"))
    var named: [String] = []

    @Argument(
        help: ArgumentHelp(
            "Judge these manifests (YAML or JSON) or AdmissionReviews, and those in these directories",
            valueName: "dir|file"))
    var arguments: [String] = []

    func run() async throws {
        try await concluding {
            let access = try registry.access
            let files = try (arguments + named).flatMap { try ReviewInput.files(at: $0) }
            guard !files.isEmpty else { throw UsageError("name at least one file to be judged") }
            guard cluster else {
                guard !policies.isEmpty else { throw UsageError("give --policies DIR|FILE, or --cluster") }
                let clusterFlags =
                    clusterOptions.given + (webhook.webhookName == nil ? [] : ["--webhook-name"])
                    + (settings.settingsConfigMap == nil ? [] : ["--settings-configmap"])
                if let flag = clusterFlags.first { throw UsageError("\(flag) goes with --cluster") }
                let noMatch = try unnamed.action()
                let rules = try documents.rules()
                let set = try await PolicyFiles.load(policies, rules: rules, network: access)
                let reviews = try files.flatMap { try ReviewInput.read($0, namespace: namespace ?? "default") }
                return try await judge(
                    reviews, PoliciesOfCluster(set: set, rules: rules, noMatch: noMatch), access, nil)
            }
            guard policies.isEmpty else { throw UsageError("--policies and --cluster exclude each other") }
            return try await clusterOptions.withServer { server, contextNamespace in
                let namespace = namespace ?? contextNamespace ?? "default"
                let reviews = try files.flatMap { try ReviewInput.read($0, namespace: namespace) }
                let flags = try PoliciesOfCluster.Flags(unnamed, documents, settings)
                let policies = try await PoliciesOfCluster.read(from: server, flags, network: access)
                let reach = await EnforcedNamespaces.read(
                    from: server, webhook: webhook.name, of: Set(reviews.map(\.namespace)))
                return try await judge(reviews, policies, access, reach)
            }
        }
    }

    private func judge(
        _ reviews: [ReviewInput], _ policies: PoliciesOfCluster, _ access: RegistryAccess, _ reach: EnforcedNamespaces?
    ) async throws -> ExitStatus {
        let trust = TrustInForce(try trust.sources.read())
        let requiresSignature = signature.isRequired
        return try await Composition.withRegistry(access) { client, logs in
            try await Composition.withVerification(source: client, trust: trust, logs: logs) { store in
                let verifier = ImageVerifier(
                    policies: PoliciesInForce(policies.set), noMatch: policies.noMatch, store: store,
                    requiresSignature: requiresSignature)
                let reviewer = AdmissionReviewer(verifier: verifier, tags: .resolved, documents: policies.rules)
                var status = ExitStatus.admitted
                for review in reviews {
                    // The longest time that an API server gives.
                    let answer = await reviewer.review(
                        review.body, at: .validate, deadline: .after(.seconds(30)))
                    let note = reach.flatMap { $0.enforcement(in: review.namespace).note }
                    status = max(status, Self.say(answer, to: review, policies.noMatch, note))
                }
                return status
            }
        }
    }

    private static func say(
        _ answer: ReviewAnswer, to review: ReviewInput, _ noMatch: NoMatchAction, _ note: String?
    ) -> ExitStatus {
        let response = (try? JSONDocument(parsing: answer.body))?.root["response"]
        for warning in response?["warnings"]?.elements.compactMap(\.string) ?? [] {
            Words.say("\(review.name): warning: \(warning)")
        }
        let remark = note.map { " (\($0))" } ?? ""
        guard answer.record.isAllowed || response != nil else {
            Words.say(
                lines: String(decoding: answer.body, as: UTF8.self).split(separator: "\n").map {
                    "\(review.name): \($0)"
                })
            return .usage
        }
        let verdict = WorkloadVerdict(answer.record, noMatch)
        Words.answer(line: "\(review.name): \(verdict == .warned ? "admitted" : verdict.rawValue)\(remark)")
        if !answer.record.isAllowed {
            Words.say(lines: (response?["status"]?["message"]?.string ?? "").split(separator: "\n").map { "  \($0)" })
        }
        return verdict.status
    }
}

/// One object of a file, as the API server would send it.
struct ReviewInput: Sendable {
    let name: String
    /// Empty for what stands in none.
    let namespace: String
    let body: [UInt8]

    private init(name: String, namespace: String, body: [UInt8]) {
        self.name = name
        self.namespace = namespace
        self.body = body
    }

    /// The file, or those of the directory that end as manifests do, without what lies below.
    static func files(at path: String) throws(UsageError) -> [String] {
        var information = stat()
        guard stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFDIR else { return [path] }
        guard case .files(let files)? = PolicyFiles([path]).snapshot().sources.first?.content, !files.isEmpty else {
            throw UsageError("\(path): there is no manifest in it")
        }
        return files.map(\.path)
    }

    /// - Parameter namespace: of objects that name none.
    static func read(_ path: String, namespace: String) throws(UsageError) -> [ReviewInput] {
        let text = try readFile(path, limit: AdmissionReviewer.maximumReviewBytes)
        // A review is given to the reviewer as it is: what is wrong with one is its to say.
        if let document = try? JSONDocument(parsing: text), document.root["kind"]?.string == reviewKind {
            return [ReviewInput(name: path, namespace: Self.namespace(of: document.root), body: text)]
        }
        let documents: [JSONDocument]
        do throws(YAMLError) { documents = try YAMLDocument.parse(text) } catch {
            throw UsageError("\(path): \(error)")
        }
        var objects: [JSONValue] = []
        // Templates leave empty documents between the full ones.
        for root in documents.map(\.root) where !root.isNull {
            guard root["kind"]?.string == "List" else {
                objects.append(root)
                continue
            }
            guard let items = root["items"], items.kind == .array else {
                throw UsageError("\(path): \(root.position): a List needs items")
            }
            objects += items.elements
        }
        guard !objects.isEmpty else { throw UsageError("\(path): there is no object in it") }
        var reviews: [ReviewInput] = []
        for object in objects {
            if let review = try read(object, path, namespace: namespace) { reviews.append(review) }
        }
        return reviews
    }

    private static let reviewKind = "AdmissionReview"

    private static func namespace(of review: JSONValue) -> String { review["request"]?["namespace"]?.string ?? "" }

    /// `nil` for an object of a kind that holds no images, which no webhook of ours is asked about.
    private static func read(
        _ object: JSONValue, _ path: String, namespace: String
    ) throws(UsageError) -> ReviewInput? {
        guard let apiVersion = object["apiVersion"]?.string, let kind = object["kind"]?.string else {
            throw UsageError("\(path): \(object.position): an object needs apiVersion and kind")
        }
        guard kind != reviewKind else {
            return ReviewInput(
                name: "\(path): \(object.position)", namespace: Self.namespace(of: object), body: Array(object.rawText))
        }
        let objectName = object["metadata"]?["name"]?.string ?? object["metadata"]?["generateName"]?.string ?? ""
        guard let workload = WorkloadKind.of(apiVersion: apiVersion, kind: kind) else {
            if let known = WorkloadKind.all.first(where: { $0.kind == kind }) {
                throw UsageError("\(path): \(kind) is known as \(known.apiVersion), not as \(apiVersion)")
            }
            Words.say(
                "countersign: \(path): \(kind)/\(objectName) of \(apiVersion) is passed over: no images are known in it"
            )
            return nil
        }
        let namespace = object["metadata"]?["namespace"]?.string ?? namespace
        return ReviewInput(
            name: "\(path): \(kind)/\(objectName)", namespace: namespace,
            body: body(creating: object.rawText, workload, name: objectName, namespace: namespace))
    }

    /// The review of a workload's creation.
    static func body(
        creating object: some Sequence<UInt8>, _ workload: WorkloadKind, name: String, namespace: String
    ) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { review in
            review.member("kind", "AdmissionReview")
            review.member("apiVersion", "admission.k8s.io/v1")
            review.member("request") { request in
                request.member("uid", "countersign-review")
                request.member("kind") { $0.group(workload, "kind", workload.kind) }
                request.member("resource") { $0.group(workload, "resource", workload.resource) }
                request.member("name", name)
                request.member("namespace", namespace)
                request.member("operation", "CREATE")
                request.name("object")
                request.raw(object)
            }
        }
        return writer.bytes
    }
}

extension JSONWriter {
    fileprivate mutating func member(_ name: String, _ content: (inout JSONWriter) -> Void) {
        member(name, object: content)
    }

    fileprivate mutating func group(_ workload: WorkloadKind, _ last: String, _ value: String) {
        member("group", workload.group)
        member("version", workload.version)
        member(last, value)
    }
}
