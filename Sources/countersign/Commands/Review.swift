// SPDX-License-Identifier: Apache-2.0
import Admission
import ArgumentParser
import ImageVerification
import JSON
import Policy
import YAML

/// `countersign review`: the webhook's answer to objects in files, without a cluster.
struct Review: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "review",
        abstract: "Judge Kubernetes manifests or AdmissionReviews as the webhook would",
        usage: "countersign review --policies <dir|file> [<options>] <file> ...",
        discussion: """
            Tags are resolved as the mutating webhook would; objects of kinds that hold no images are passed over and named

            Exit status: 0 every object is admitted (with warnings too), 1 at least one is denied, 2 undecided because of \
            an outage, 64 wrong usage or unreadable input; of several objects, the worst

            Example: countersign review --policies policies/ deployment.yaml
            """)

    @Option(
        name: .long,
        help: ArgumentHelp("Judge by the policies in this file or directory [repeatable]", valueName: "dir|file"))
    var policies: [String] = []

    @OptionGroup var unnamed: NoMatchOption
    @OptionGroup var signature: SignatureOption
    @OptionGroup var documents: DocumentOptions

    @OptionGroup var trust: TrustOptions

    @OptionGroup var registry: RegistryOptions

    @Argument(help: ArgumentHelp("Judge these manifests (YAML or JSON) or AdmissionReviews", valueName: "file"))
    var files: [String]

    func run() async throws {
        try await concluding {
            guard !policies.isEmpty else { throw UsageError("give --policies DIR|FILE") }
            let noMatch = try unnamed.action()
            let rules = try documents.rules()
            let set = try await PolicyFiles.load(policies, rules: rules, network: registry.access)
            let reviews = try files.flatMap { try ReviewInput.read($0) }
            let trust = TrustInForce(try trust.sources.read())
            return try await Composition.withRegistry(registry.access) { client, logs in
                try await Composition.withVerification(source: client, trust: trust, logs: logs) { store in
                    let verifier = ImageVerifier(
                        policies: PoliciesInForce(set), noMatch: noMatch, store: store,
                        requiresSignature: signature.isRequired)
                    let reviewer = AdmissionReviewer(verifier: verifier, tags: .resolved, documents: rules)
                    var status = ExitStatus.admitted
                    for review in reviews {
                        // The longest time that an API server gives.
                        let answer = await reviewer.review(
                            review.body, at: .validate, deadline: .after(.seconds(30)))
                        status = max(status, Self.say(answer, to: review, noMatch))
                    }
                    return status
                }
            }
        }
    }

    private static func say(_ answer: ReviewAnswer, to review: ReviewInput, _ noMatch: NoMatchAction) -> ExitStatus {
        let response = (try? JSONDocument(parsing: answer.body))?.root["response"]
        for warning in response?["warnings"]?.elements.compactMap(\.string) ?? [] {
            Words.say("\(review.name): warning: \(warning)")
        }
        if answer.record.isAllowed {
            Words.answer(line: "\(review.name): admitted")
            return .admitted
        }
        guard let response else {
            Words.say(
                lines: String(decoding: answer.body, as: UTF8.self).split(separator: "\n").map {
                    "\(review.name): \($0)"
                })
            return .usage
        }
        let isDenied = answer.record.decisions.contains { decision in
            (decision.result == "denied" && decision.mode != EnforcementMode.warn.rawValue)
                || (decision.result == "no-match" && noMatch == .deny)
        }
        let isUndecided = !isDenied && answer.record.decisions.contains { $0.result == "undecided" }
        Words.answer(line: "\(review.name): \(isUndecided ? "undecided" : "denied")")
        Words.say(lines: (response["status"]?["message"]?.string ?? "").split(separator: "\n").map { "  \($0)" })
        return isUndecided ? .undecided : .denied
    }
}

/// One object of a file, as the API server would send it.
struct ReviewInput: Sendable {
    let name: String
    let body: [UInt8]

    private init(name: String, body: [UInt8]) {
        self.name = name
        self.body = body
    }

    static func read(_ path: String) throws(UsageError) -> [ReviewInput] {
        let text = try readFile(path, limit: AdmissionReviewer.maximumReviewBytes)
        // A review is given to the reviewer as it is: what is wrong with one is its to say.
        if let document = try? JSONDocument(parsing: text), document.root["kind"]?.string == reviewKind {
            return [ReviewInput(name: path, body: text)]
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
            if let review = try read(object, path) { reviews.append(review) }
        }
        return reviews
    }

    private static let reviewKind = "AdmissionReview"

    /// `nil` for an object of a kind that holds no images, which no webhook of ours is asked about.
    private static func read(_ object: JSONValue, _ path: String) throws(UsageError) -> ReviewInput? {
        guard let apiVersion = object["apiVersion"]?.string, let kind = object["kind"]?.string else {
            throw UsageError("\(path): \(object.position): an object needs apiVersion and kind")
        }
        guard kind != reviewKind else {
            return ReviewInput(name: "\(path): \(object.position)", body: Array(object.rawText))
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
        var writer = JSONWriter()
        writer.object { review in
            review.member("kind", "AdmissionReview")
            review.member("apiVersion", "admission.k8s.io/v1")
            review.member("request") { request in
                request.member("uid", "countersign-review")
                request.member("kind") { $0.group(workload, "kind", workload.kind) }
                request.member("resource") { $0.group(workload, "resource", workload.resource) }
                request.member("name", objectName)
                request.member("namespace", object["metadata"]?["namespace"]?.string ?? "default")
                request.member("operation", "CREATE")
                request.name("object")
                request.raw(object.rawText)
            }
        }
        return ReviewInput(name: "\(path): \(kind)/\(objectName)", body: writer.bytes)
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
