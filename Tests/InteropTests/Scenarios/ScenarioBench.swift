// SPDX-License-Identifier: Apache-2.0
import Demo
import OCI
import TestSupport
import Testing

/// The real registry, the real cosign with whoever issues its certificates, and webhooks over documents of a test.
struct ScenarioBench: Sendable {
    typealias Signer = PrivateSigstore.Signer

    let registry: RealRegistry
    let cosign: CosignTool
    let sigstore: PrivateSigstore
    let countersign: CountersignTool
    let authority: ServeAuthority
    /// Whose names lead to the registry for our own program; `nil` where it has only its address.
    let hosts: NamedHosts?
    let client = CurlClient()

    var host: String { registry.host }

    static func isAvailable(file: StaticString = #fileID, line: UInt = #line) async -> Bool {
        guard Workbench.isAvailable(file: file, line: line),
            available(
                CountersignTool.executable != nil, orSkip: "needs the program; build it first", file: file, line: line)
        else { return false }
        return await PrivateSigstore.isAvailable(file: file, line: line)
    }

    /// Calls `body` with everything running. With `hosts` the registry has port 80, which plain names lead to.
    static func running(
        hosts: NamedHosts? = nil, _ body: (ScenarioBench) async throws -> Void
    ) async throws {
        async let cosign = CosignTool()
        async let sigstore = PrivateSigstore()
        async let authority = ServeAuthority()
        let parts = try await (cosign, sigstore, authority)
        try await RealRegistry.running(port: hosts == nil ? nil : 80) { registry in
            try await body(
                ScenarioBench(
                    registry: registry, cosign: parts.0, sigstore: parts.1, countersign: CountersignTool(),
                    authority: parts.2, hosts: hosts))
        }
        await parts.1.stop()
    }

    // MARK: Images

    /// Pushes an image of a content of its own; answers `host/repository@digest`.
    @discardableResult
    func push(_ repository: String, _ image: DemoImage? = nil, tag: String = "v1") async throws -> String {
        let image = image ?? DemoImage(content: "\(repository) \(UInt64.random(in: .min ... .max))")
        return "\(host)/\(repository)@\(try await client.push(image, to: host, repository, tag: tag))"
    }

    /// Signs without a key; with the log unless another witness is named.
    func sign(
        _ image: String, by signer: Signer, _ form: SignatureForm = .bundle, _ witness: PrivateSigstore.Witness = .log,
        proofsIn repository: String? = nil
    ) async throws {
        try await run(["sign"] + sigstore.flags(form, by: signer, witness) + [image], proofsIn: repository)
    }

    /// Signs with a key; without any witness unless one is named.
    func sign(
        _ image: String, with key: CosignTool.Key, _ form: SignatureForm = .bundle,
        _ witness: PrivateSigstore.Witness = .none, proofsIn repository: String? = nil
    ) async throws {
        let flags = try await sigstore.flags(form, by: nil, witness)
        try await run(["sign", "--key", key.privatePath] + flags + [image], proofsIn: repository)
    }

    /// Attests the text of a predicate; the type as cosign names it.
    func attest(
        _ image: String, by signer: Signer, _ form: SignatureForm = .bundle, _ witness: PrivateSigstore.Witness = .log,
        type: String, _ predicate: String
    ) async throws {
        try await run(
            ["attest"] + sigstore.flags(form, by: signer, witness) + (try file(type, predicate)) + [image])
    }

    func attest(
        _ image: String, with key: CosignTool.Key, _ form: SignatureForm = .bundle, type: String, _ predicate: String
    ) async throws {
        let flags = try await sigstore.flags(form, by: nil, .none)
        try await run(["attest", "--key", key.privatePath] + flags + (try file(type, predicate)) + [image])
    }

    private func file(_ type: String, _ predicate: String) throws -> [String] {
        let name = "predicate-\(UInt64.random(in: .min ... .max)).json"
        return ["--type", type, "--predicate", try sigstore.write(predicate, to: name)]
    }

    private func run(_ arguments: [String], proofsIn repository: String? = nil) async throws {
        var variables = sigstore.variables
        variables["COSIGN_REPOSITORY"] = repository
        let result = try await cosign.run(arguments, variables: variables)
        guard result.succeeded else {
            throw BenchFailure("cosign \(arguments.joined(separator: " ")): \(result.end), \(result.errorText)")
        }
    }

    /// Copies a manifest to another tag, of the same repository unless another is named, blobs and all.
    func copy(_ repository: String, _ tag: String, to target: String, in other: String? = nil) async throws {
        let answer = try await client.get(
            "http://\(host)/v2/\(repository)/manifests/\(tag)",
            headers: [("Accept", "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json")]
        )
        guard answer.status == 200, let type = answer["content-type"] else {
            throw UnexpectedAnswer(status: answer.status)
        }
        try await client.push(
            manifest: answer.body, mediaType: type, to: host, other ?? repository, as: target)
    }

    // MARK: Webhooks

    /// Calls `body` with a webhook over these documents, which believes the private Sigstore unless told otherwise.
    func webhook(
        _ documents: String..., flags: [String] = [], trusting: Bool = true,
        _ body: (Webhook) async throws -> Void
    ) async throws {
        let trust = trusting ? ["--trusted-root", sigstore.trustedRoot] : []
        let webhook = try await Webhook(documents, flags: trust + flags, authority: authority, hosts: hosts)
        try await body(webhook)
        try await webhook.stop()
    }

    /// `countersign verify --policies`, by the same documents.
    func verify(
        _ image: String, _ documents: String..., flags: [String] = []
    ) async throws -> CountersignTool.Answer {
        let folder = try TemporaryDirectory()
        for (index, document) in documents.enumerated() { try folder.write(document, to: "policies/\(index).yaml") }
        return try await countersign.run(
            ["verify", "--policies", folder.path("policies"), "--trusted-root", sigstore.trustedRoot] + flags + [image]
        ) { command in
            hosts?.command(command.executable, command.arguments, environment: command.environment) ?? command
        }
    }
}

/// `countersign serve` as a process of its own, over a directory of documents.
struct Webhook: Sendable {
    private let process: RunningProcess
    private let address: String
    private let authority: ServeAuthority
    private let folder: TemporaryDirectory

    init(_ documents: [String], flags: [String], authority: ServeAuthority, hosts: NamedHosts?) async throws {
        guard let program = CountersignTool.executable else { throw BenchFailure("the program has not been built") }
        folder = try TemporaryDirectory()
        self.authority = authority
        for (index, document) in documents.enumerated() { try folder.write(document, to: "policies/\(index).yaml") }
        try folder.write("# an empty file keeps the directory", to: "policies/.keep")
        let pair = try await authority.issue()
        try folder.write(pair.certificate, to: "tls.crt")
        try folder.write(pair.key, to: "tls.key")
        var variables = ProcessEnvironment.current
        variables["HOME"] = folder.path
        variables["DOCKER_CONFIG"] = nil
        let arguments =
            [
                "serve", "--policies", folder.path("policies"), "--listen", "127.0.0.1:0", "--health-listen",
                "127.0.0.1:0", "--tls-certificate", folder.path("tls.crt"), "--tls-key", folder.path("tls.key"),
                "--drain-seconds", "0", "--log-format", "json",
            ] + flags
        let command =
            hosts?.command(program, arguments, environment: variables)
            ?? Command(program, arguments, environment: variables)
        let process = try RunningProcess(command, log: folder.path("log"))
        self.process = process
        let port = try await process.waitUntil { () -> Int? in
            let line = process.output.split(separator: "\n").first { $0.hasPrefix("countersign: webhook on port ") }
            return line?.split { !$0.isNumber }.first.flatMap { Int($0) }
        }
        address = "https://127.0.0.1:\(port)"
    }

    /// Throws where the end is not an orderly one.
    func stop() async throws {
        let end = await process.stop()
        guard end == .exited(0) else {
            throw BenchFailure("the webhook ended with \(end); it said: \(process.output.suffix(2000))")
        }
    }

    /// Replaces a document by its position; the change acts soon afterwards.
    func replace(_ index: Int, by document: String) throws {
        try folder.write(document, to: "policies/\(index).yaml")
    }

    func judge(_ review: ScenarioReview) async throws -> ServeAnswer {
        let uid = "scenario-\(UInt64.random(in: .min ... .max))"
        let client = CurlClient(version: .http2, caPEM: authority.pem)
        let start = ContinuousClock.now
        let response = try await client.post(address + "/validate?timeout=25s", body: review.body(uid: uid))
        let answer = ServeAnswer(response, took: .now - start)
        guard answer.status == 200, answer.uid == uid else { throw BenchFailure("answered with \(answer)") }
        return answer
    }

    // MARK: Expectations

    /// The review is allowed, and whatever is listed stands in some warning; without a list there is none.
    @discardableResult
    func admits(
        _ review: ScenarioReview, warning warnings: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> ServeAnswer {
        let answer = try await judge(review)
        #expect(answer.isAllowed == true, "\(answer)", sourceLocation: sourceLocation)
        #expect(
            answer.warnings.isEmpty == warnings.isEmpty, "warnings: \(answer.warnings)", sourceLocation: sourceLocation)
        for text in warnings {
            #expect(
                answer.warnings.contains { $0.contains(text) }, "\(text) not in \(answer.warnings)",
                sourceLocation: sourceLocation)
        }
        return answer
    }

    @discardableResult
    func admits(
        _ image: String, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> ServeAnswer {
        try await admits(ScenarioReview(image), sourceLocation: sourceLocation)
    }

    /// The review is denied as API servers show it, and each text stands in the message.
    @discardableResult
    func denies(
        _ review: ScenarioReview, saying texts: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> ServeAnswer {
        let answer = try await judge(review)
        #expect(answer.isAllowed == false, "\(answer)", sourceLocation: sourceLocation)
        #expect(answer.message.hasPrefix("validation failed: "), "\(answer)", sourceLocation: sourceLocation)
        for text in texts {
            #expect(
                answer.message.contains(text), "\(text) not in \(answer.message)", sourceLocation: sourceLocation)
        }
        return answer
    }

    @discardableResult
    func denies(
        _ image: String, saying texts: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> ServeAnswer {
        let answer = try await denies(ScenarioReview(image), sourceLocation: sourceLocation)
        for text in texts {
            #expect(
                answer.message.contains(text), "\(text) not in \(answer.message)", sourceLocation: sourceLocation)
        }
        return answer
    }

    /// Waits until a review is answered so: after an edit, or where an absence has been remembered for a few seconds.
    func waits(until isAllowed: Bool, _ review: ScenarioReview) async throws {
        try await process.waitUntil { try await judge(review).isAllowed == isAllowed ? true : nil }
    }
}
