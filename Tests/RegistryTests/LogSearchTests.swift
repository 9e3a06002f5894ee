// SPDX-License-Identifier: Apache-2.0
import Demo
import HTTPTransport
import ImageVerification
import JSON
import OCI
import Policy
import Rekor
import Sigstore
import Synchronization
import TestSupport
import Testing

/// A Rekor v1 log that answers its two questions about one entry, and about strangers' entries for the same content.
private struct ScriptedLog: Sendable {
    let entries: [(identifier: String, json: String)]

    func answer(_ request: ScriptedRequest) -> ScriptedAnswer {
        let json = [("Content-Type", "application/json")]
        switch request.path {
        case "/api/v1/index/retrieve":
            return ScriptedAnswer(
                200, headers: json, "[" + entries.map { "\"\($0.identifier)\"" }.joined(separator: ",") + "]")
        case "/api/v1/log/entries/retrieve":
            let asked =
                (try? JSONDocument(parsing: request.body))?.root["entryUUIDs"]?.elements.compactMap(\.string) ?? []
            let found = entries.filter { asked.contains($0.identifier) }.map(\.json)
            return ScriptedAnswer(200, headers: json, "[" + found.joined(separator: ",") + "]")
        default: return ScriptedAnswer(404)
        }
    }
}

/// An image with a signature of cosign's old form that brings no log entry, the log that has it, and the tools to ask.
private struct UnloggedImage {
    let authority: TestAuthority
    let layer: LegacyTemplate
    let entry: LogEntryTemplate
    let image: Digest
    let contents = RegistryContents()
    static let identity = SigningIdentity.email("alice@example.com", issuer: "https://accounts.example.com")

    init() throws {
        authority = try TestAuthority()
        image = contents.put(DemoImage(content: "unlogged"), in: "team/app", tag: "v1")
        let signer = try authority.keylessSigner(Self.identity)
        var layer = try authority.legacySignature(
            SimpleSigningTemplate(of: image, reference: "127.0.0.1/team/app"), by: signer)
        entry = try #require(layer.entry)
        layer.entry = nil
        self.layer = layer
        contents.put(try MintedManifest(layers: [layer]), in: "team/app", tag: image.tagStem + ".sig")
    }

    func log(_ entries: [LogEntryTemplate]) throws -> ScriptedLog {
        ScriptedLog(
            entries: try entries.map { entry in
                (entry.uuid(treeID: 7), String(decoding: try entry.restJSON(treeID: 7).bytes, as: UTF8.self))
            })
    }

    /// `verify` by the identity, with the log or without.
    func verify(at log: String?) async throws -> CountersignTool.Answer {
        let folder = try TemporaryDirectory()
        let root = try folder.write(String(decoding: authority.trustedRoot.bytes, as: UTF8.self), to: "root.json")
        let tool = try CountersignTool()
        return try await LoopbackRegistry.running(contents: contents) { registry in
            try await tool.run(
                [
                    "verify", "--trusted-root", root, "--certificate-identity", "alice@example.com",
                    "--certificate-oidc-issuer", "https://accounts.example.com",
                ] + (log.map { ["--rekor-url", $0] } ?? [])
                    + ["\(try await registry.host)/team/app@\(image)"])
        }
    }
}

@Suite("A log is asked for an entry that a proof does not bring")
struct LogSearchTests {
    @Test("only where somebody names it, and what it answers is checked like any other")
    func search() async throws {
        let signed = try UnloggedImage()
        let silent = try await signed.verify(at: nil)
        #expect(silent.exitCode == 1)
        #expect(silent.words.contains("transparency log entry"), "\(silent)")

        let log = try signed.log([signed.entry])
        try await ScriptedServer.running({ log.answer($0) }) { server in
            let found = try await signed.verify(at: "http://\(server.host)/")
            #expect(found.exitCode == 0, "\(found)")
            #expect(server.count("/api/v1/index/retrieve") == 1)
            #expect(server.count("/api/v1/log/entries/retrieve") == 1)
        }
    }

    /// CVE-2023-47122 and CVE-2024-51746 were about an entry that a search found and nobody compared.
    @Test("another signer's entry about the same content proves nothing")
    func otherEntry() async throws {
        let signed = try UnloggedImage()
        let stranger = try signed.authority.keylessSigner(
            .email("mallory@example.com", issuer: "https://accounts.example.com"))
        let other = try signed.authority.legacySignature(
            SimpleSigningTemplate(of: signed.image, reference: "127.0.0.1/team/app"), by: stranger)
        let foreign = try #require(other.entry)
        var lying = signed.entry
        lying.integratedTime? += 1
        for entries in [[], [foreign], [lying]] {
            let log = try signed.log(entries)
            try await ScriptedServer.running({ log.answer($0) }) { server in
                let answer = try await signed.verify(at: "http://\(server.host)")
                #expect(answer.exitCode == 1, "\(answer)")
            }
        }
        let both = try signed.log([foreign, signed.entry])
        try await ScriptedServer.running({ both.answer($0) }) { server in
            let answer = try await signed.verify(at: "http://\(server.host)")
            #expect(answer.exitCode == 0, "\(answer)")
        }
    }

    @Test("a log that does not answer, or not as a log does, is an outage", arguments: [401, 403, 429, 500, 503, 200])
    func outage(status: Int) async throws {
        let signed = try UnloggedImage()
        try await ScriptedServer.running({ _ in ScriptedAnswer(status, "{}") }) { server in
            let answer = try await signed.verify(at: "http://\(server.host)")
            #expect(answer.exitCode == 2, "\(answer)")
        }
    }

    @Test("a million identifiers are not fetched")
    func flood() async throws {
        let identifiers = (0..<10_000).map { number in
            let hex = String(number, radix: 16)
            return "\"" + String(repeating: "0", count: 64 - hex.count) + hex + "\""
        }
        let http = try OutboundHTTP()
        try await ScriptedServer.running({ request in
            ScriptedAnswer(
                200, request.path.hasSuffix("index/retrieve") ? "[\(identifiers.joined(separator: ","))]" : "[]")
        }) { server in
            let found = try await RekorSearch(http: http).entries(
                of: Digest(of: [1]), in: LogAddress("http://\(server.host)"), deadline: .after(.seconds(20)))
            #expect(found.isEmpty)
            #expect(server.count("/api/v1/log/entries/retrieve") == 5)
        }
        await http.shutDown()
    }
}
