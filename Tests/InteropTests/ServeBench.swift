// SPDX-License-Identifier: Apache-2.0
import Demo
import FoundationEssentials
import JSON
import OCI
import TestSupport

/// `countersign serve` as it is run: a process of its own with a directory of policies and certificate files, before a
/// registry in this process that holds the demo's images.
struct ServeBench: Sendable {
    let registry: LoopbackRegistry
    let content: DemoContent
    let authority: ServeAuthority
    let process: RunningProcess
    /// `https://127.0.0.1:port`
    let webhook: String
    /// `http://127.0.0.1:port`
    let health: String
    let folder: TemporaryDirectory

    static func isAvailable(file: StaticString = #fileID, line: UInt = #line) -> Bool {
        Tool.haveAll("openssl", "curl", "wrk", "h2load", file: file, line: line)
            && available(
                CountersignTool.executable != nil, orSkip: "needs the program; build it first", file: file, line: line)
    }

    /// Starts everything on a registry that runs. It ends with the last reference to its process.
    init(_ registry: LoopbackRegistry, more: [String] = []) async throws {
        guard let program = CountersignTool.executable else { throw BenchFailure("the program has not been built") }
        self.registry = registry
        content = try await DemoContent(filling: registry)
        authority = try await ServeAuthority()
        folder = try TemporaryDirectory()
        try Self.write(content, to: folder)
        try Self.write(try await authority.issue(), to: folder)

        var variables = ProcessEnvironment.current
        variables["HOME"] = folder.path
        variables["DOCKER_CONFIG"] = nil
        // Names of recordings have no address; nobody need wait long to hear so.
        variables["RES_OPTIONS"] = "timeout:1 attempts:1"
        let command = Command(
            program,
            [
                "serve", "--policies", folder.path("policies"), "--listen", "127.0.0.1:0", "--health-listen",
                "127.0.0.1:0", "--tls-certificate", folder.path("tls.crt"), "--tls-key", folder.path("tls.key"),
                "--drain-seconds", "1", "--log-format", "json",
            ] + more, environment: variables)
        let process = try RunningProcess(command, log: folder.path("log"))
        self.process = process
        let ports = try await process.waitUntil { Self.ports(process.output) }
        webhook = "https://127.0.0.1:\(ports.webhook)"
        health = "http://127.0.0.1:\(ports.health)"
    }

    /// Calls `body` with everything running; the webhook is asked to end afterwards and must do so with 0.
    static func running(more: [String] = [], _ body: (ServeBench) async throws -> Void) async throws {
        try await LoopbackRegistry.running { registry in
            let bench = try await ServeBench(registry, more: more)
            try await body(bench)
            try await bench.stop()
        }
    }

    /// Throws where the end is not an orderly one.
    func stop() async throws {
        let end = await process.stop()
        guard end == .exited(0) else {
            throw BenchFailure("the webhook ended with \(end); it said: \(process.output.suffix(2000))")
        }
    }

    /// The ports that the program says it listens on.
    static func ports(_ output: String) -> (webhook: Int, health: Int)? {
        let numbers = output.split(separator: "\n").first { $0.hasPrefix("countersign: webhook on port ") }?
            .split { !$0.isNumber }.compactMap { Int($0) }
        guard let numbers, numbers.count == 2 else { return nil }
        return (numbers[0], numbers[1])
    }

    // MARK: Files

    private static func write(_ content: DemoContent, to folder: TemporaryDirectory) throws {
        try folder.write(Self.applicationPolicy(content).text, to: "policies/application.yaml")
        try folder.write(
            ServePolicy(
                name: "tools-should-be-signed", glob: "\(content.host)/\(DemoContent.tools)*", mode: "warn",
                publicKeyPEM: content.signer.publicKeyPEM
            ).text, to: "policies/tools.yaml")
    }

    static func applicationPolicy(_ content: DemoContent) -> ServePolicy {
        ServePolicy(
            name: "application-is-signed", glob: "\(content.host)/\(DemoContent.application)*",
            publicKeyPEM: content.signer.publicKeyPEM)
    }

    private static func write(_ pair: (certificate: [UInt8], key: [UInt8]), to folder: TemporaryDirectory) throws {
        try folder.write(pair.certificate, to: "tls.crt")
        try folder.write(pair.key, to: "tls.key")
    }

    /// Replaces the webhook's pair, one file after the other; answers once it has been taken.
    func replaceCertificate(by authority: ServeAuthority) async throws {
        let before = try await metric("countersign_certificate_reloads_total", #"result="loaded""#)
        try Self.write(try await authority.issue(), to: folder)
        try await process.waitUntil {
            try await metric("countersign_certificate_reloads_total", #"result="loaded""#) > before ? true : nil
        }
    }

    // MARK: Images

    /// Pushes an image of another content, signed or not; answers `host/repository:tag@digest`.
    func push(_ text: String, signed: Bool, repository: String = DemoContent.application) async throws -> String {
        let image = DemoImage(content: text)
        let digest = registry.contents.put(image, in: repository, tag: "extra")
        if signed { try await registry.sign(digest, in: repository, with: content.signer) }
        return "\(content.host)/\(repository):extra@\(digest)"
    }

    // MARK: Requests

    /// Sends a review on a connection of its own, trusting only the bench's authority.
    func post(
        _ body: [UInt8], to path: String = "/validate?timeout=10s", contentType: String = "application/json",
        version: CurlClient.Version = .http2, timeout: Duration = .seconds(30)
    ) async throws -> ServeAnswer {
        let client = CurlClient(version: version, caPEM: authority.pem, timeout: timeout)
        let start = ContinuousClock.now
        let response = try await client.post(webhook + path, body: body, headers: [("Content-Type", contentType)])
        return ServeAnswer(response, took: .now - start)
    }

    /// The creation of a pod with this image, judged.
    func judge(_ image: String, timeout: String = "10s") async throws -> ServeAnswer {
        let review = DemoReview.creation(of: image, uid: "judge-\(UInt32.random(in: .min ... .max))")
        let answer = try await post(review.body, to: "/validate?timeout=\(timeout)")
        guard answer.status == 200, answer.uid == review.uid else { throw BenchFailure("answered with \(answer)") }
        return answer
    }

    /// Status and text of the health port.
    func probe(_ path: String) async throws -> (status: Int, text: String) {
        let answer = try await CurlClient().get(health + path)
        return (answer.status, answer.text)
    }

    /// The sum of all series of that family that carry these labels.
    func metric(_ family: String, _ labels: String...) async throws -> Int {
        let text = try await probe("/metrics").text
        let lines = text.split(separator: "\n").filter { line in
            (line.hasPrefix(family + "{") || line.hasPrefix(family + " "))
                && labels.allSatisfy { line.firstRange(of: $0) != nil }
        }
        return lines.reduce(0) { $0 + Int($1.split(separator: " ").last.flatMap { Double($0) } ?? 0) }
    }

    /// Waits until a metric has this value.
    func wait(_ family: String, _ labels: String, is value: Int) async throws {
        try await process.waitUntil { try await metric(family, labels) == value ? true : nil }
    }

    /// KiB of memory that the process holds.
    func residentKiB() throws -> Int {
        let status = FileManager.default.contents(atPath: "/proc/\(process.pid)/status").map { Array($0) } ?? []
        let line = String(decoding: status, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        guard let number = line?.split(whereSeparator: { !$0.isNumber }).first, let value = Int(number) else {
            throw BenchFailure("the process tells no memory")
        }
        return value
    }

    /// How often the registry was asked for the proofs of a digest: by cosign's tag, and by the referrers API.
    func proofRequests(_ digest: Digest) -> (tag: Int, referrers: Int) {
        (
            registry.faults.count(target: "/manifests/\(digest.tagStem).sig"),
            registry.faults.count(target: "/referrers/\(digest)")
        )
    }
}

/// An answer of the webhook, read.
struct ServeAnswer: Sendable, CustomStringConvertible {
    let status: Int
    let version: CurlClient.Version
    let uid: String?
    let isAllowed: Bool?
    let code: Int?
    let message: String
    let warnings: [String]
    /// Its audit annotations.
    let audit: [String: String]
    let hasPatch: Bool
    let isClosing: Bool
    let took: Duration
    private let text: String

    init(_ response: CurlClient.Response, took: Duration) {
        let answer = (try? JSONDocument(parsing: response.body))?.root["response"]
        status = response.status
        version = response.version
        uid = answer?["uid"]?.string
        isAllowed = answer?["allowed"]?.bool
        code = answer?["status"]?["code"]?.integer.map { Int($0) }
        message = answer?["status"]?["message"]?.string ?? ""
        warnings = answer?["warnings"]?.elements.compactMap(\.string) ?? []
        audit =
            answer?["auditAnnotations"]?.members.reduce(into: [:]) { $0[$1.name] = $1.value.string } ?? [:]
        hasPatch = answer?["patch"] != nil
        isClosing = response["connection"] == "close"
        self.took = took
        text = response.text
    }

    var description: String { "HTTP \(status) after \(took): \(text.prefix(2000))" }
}
