// SPDX-License-Identifier: Apache-2.0
import Demo
import JSON
import OCI
import TestSupport
import Testing

@Suite("verify, verify-attestation and digest")
struct VerifyTests {
    @Test("Flags stand before or after the image, with a space or an equals sign")
    func places() async throws {
        try await DemoBench.running { bench in
            let image = bench.content.signed.reference
            for arguments in [
                ["--key", "key.pub", "--insecure-ignore-tlog", image],
                [image, "--key=key.pub", "--insecure-ignore-tlog=true"],
                ["--insecure-ignore-tlog=1", image, "--key=key.pub", "--check-claims=true", "-t", "1m", "-o=json"],
                ["--key", "env://KEY", "--insecure-ignore-tlog", "--output", "json", "--", image],
            ] {
                let answer = try await bench.program.run(
                    ["verify"] + arguments, ["KEY": bench.content.signer.publicKeyPEM])
                #expect(answer.exitCode == 0, "\(arguments): \(answer)")
            }
        }
    }

    @Test("stdout carries cosign's array for what is admitted, for either form", arguments: SignatureForm.allCases)
    func output(form: SignatureForm) async throws {
        try await DemoBench.running { bench in
            let entry = form == .tag ? bench.content.signedByTag : bench.content.signed
            let answer = try await bench.verify(entry.reference)
            #expect(answer.exitCode == 0, "\(answer)")
            #expect(answer.output.hasPrefix("\n[{"))
            let objects = try JSONDocument(parsing: Array(answer.output.utf8)).root
            #expect(Array(objects.elements).count == 1)
            let critical = try #require(objects[0]?["critical"])
            #expect(critical["image"]?["docker-manifest-digest"]?.string == entry.digest.description)
            let name = try #require(critical["identity"]?["docker-reference"]?.string)
            #expect(name == (form == .tag ? "\(bench.content.host)/demo/app" : entry.reference))
            let type = form == .tag ? "cosign container image signature" : "https://sigstore.dev/cosign/sign/v1"
            #expect(critical["type"]?.string == type)
            #expect(answer.words.contains("admitted"))
        }
    }

    @Test("What is denied leaves stdout empty, says why, and ends with 1")
    func denials() async throws {
        try await DemoBench.running { bench in
            let content = bench.content
            for (image, words) in [
                (content.unsigned.reference, "no signatures found"),
                (content.otherKey.reference, "not made by key"),
                (content.moved.reference, "no signatures found"),
                (content.signed.reference.replacing(":signed", with: ":absent"), "does not exist in its registry"),
                ("\(content.host)/absent/app:v1", "does not exist in its registry"),
            ] {
                let answer = try await bench.verify(image)
                #expect(answer.exitCode == 1, "\(image): \(answer)")
                #expect(answer.output.isEmpty, "\(image): \(answer)")
                #expect(answer.words.contains(words), "\(image): \(answer)")
            }
        }
    }

    @Test("Without --insecure-ignore-tlog nothing is admitted that has no log entry")
    func log() async throws {
        try await DemoBench.running { bench in
            for arguments in [
                [], ["--insecure-ignore-tlog=false"], ["--insecure-ignore-tlog", "--insecure-ignore-tlog=false"],
            ] {
                let answer = try await bench.program.run(
                    ["verify", "--key", "key.pub"] + arguments + [bench.content.signed.reference])
                #expect(answer.exitCode == 1, "\(answer)")
                #expect(answer.output.isEmpty)
                #expect(answer.words.contains("it has no transparency log entry, and 1 required"), "\(answer)")
                #expect(!answer.words.contains("WARNING"), "\(answer)")
            }
        }
    }

    @Test("Of several images the worst decides, and one denial withholds every proof")
    func several() async throws {
        try await DemoBench.running { bench in
            let content = bench.content
            let both = try await bench.verify(content.signed.reference, content.signedByTag.reference)
            #expect(both.exitCode == 0, "\(both)")
            #expect(Array(try JSONDocument(parsing: Array(both.output.utf8)).root.elements).count == 2)
            let denied = try await bench.verify(content.signed.reference, content.unsigned.reference)
            #expect(denied.exitCode == 1, "\(denied)")
            #expect(denied.output.isEmpty)
            let gone = "127.0.0.1:\(try freeLoopbackPort())/demo/app:v1"
            let undecided = try await bench.verify(content.unsigned.reference, gone, content.signed.reference)
            #expect(undecided.exitCode == 2, "\(undecided)")
            #expect(undecided.output.isEmpty)
        }
    }

    @Test("The report tells every verdict, with its reason codes, whatever the verdict is")
    func report() async throws {
        try await DemoBench.running { bench in
            let content = bench.content
            let gone = "127.0.0.1:\(try freeLoopbackPort())/demo/app:v1"
            let answer = try await bench.verify(
                "-o", "report", content.signed.reference, content.unsigned.reference, gone)
            #expect(answer.exitCode == 2, "\(answer)")
            let rows = Array(try JSONDocument(parsing: Array(answer.output.utf8)).root.elements)
            #expect(rows.map { $0["verdict"]?.string } == ["admitted", "denied", "undecided"])
            #expect(rows[0]["digest"]?.string == content.signed.digest.description)
            #expect(rows[1]["policies"]?[0]?["reasons"]?[0]?["code"]?.string == "no-signatures")
            #expect(rows[2]["reasons"]?[0]?["code"]?.string == "unreachable")
            #expect(rows[2]["digest"] == nil)
        }
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let status: Int
        let code: String
        var testDescription: String { "\(status)" }
    }

    @Test(
        "A registry that refuses or fails leaves it undecided",
        arguments: [
            Refusal(status: 401, code: "unauthorized"), Refusal(status: 403, code: "unauthorized"),
            Refusal(status: 418, code: "malfunction"),
        ])
    func refusals(refusal: Refusal) async throws {
        try await DemoBench.running { bench in
            bench.registry.faults.inject(RegistryFault(.status(refusal.status)))
            let answer = try await bench.verify("--output=report", bench.content.signed.pinned)
            #expect(answer.exitCode == 2, "\(answer)")
            let row = try JSONDocument(parsing: Array(answer.output.utf8)).root[0]
            let code = row?["reasons"]?[0]?["code"] ?? row?["policies"]?[0]?["outages"]?[0]?["code"]
            #expect(code?.string == refusal.code, "\(answer)")
        }
    }

    @Test("Credentials come from the docker config, and without them it is undecided")
    func credentials() async throws {
        let access = LoopbackAccess.basic(LoopbackCredentials(user: "robot", password: "secret"))
        try await DemoBench.running(LoopbackOptions(access: access)) { bench in
            let image = bench.content.signed.reference
            let anonymous = try await bench.verify(image)
            #expect(anonymous.exitCode == 2, "\(anonymous)")
            // "robot:secret"
            let config = #"{"auths":{"\#(bench.content.host)":{"auth":"cm9ib3Q6c2VjcmV0"}}}"#
            try bench.program.home.write(config, to: "named/config.json")
            let named = try await bench.verify("--docker-config", "named/config.json", image)
            #expect(named.exitCode == 0, "\(named)")
            let byVariable = try await bench.verify(
                image, variables: ["DOCKER_CONFIG": bench.program.home.path("named")])
            #expect(byVariable.exitCode == 0, "\(byVariable)")
            try bench.program.home.write(config, to: ".docker/config.json")
            let found = try await bench.verify(image)
            #expect(found.exitCode == 0, "\(found)")
            #expect(!found.words.contains("secret") && !found.words.contains("cm9ib3Q6c2VjcmV0"))
        }
    }

    @Test("An annotation that is asked for must be in what was signed", arguments: SignatureForm.allCases)
    func annotations(form: SignatureForm) async throws {
        try await DemoBench.running { bench in
            let entry = form == .tag ? bench.content.signedByTag : bench.content.signed
            let answer = try await bench.verify("-a", "env=prod", entry.reference)
            #expect(answer.exitCode == 1, "\(answer)")
            #expect(answer.words.contains("missing or incorrect annotation"), "\(answer)")
        }
    }

    @Test("By policies an image is judged as admission would judge it")
    func policies() async throws {
        try await DemoBench.running { bench in
            let content = bench.content
            for (image, more, status, words) in [
                (content.signed.reference, [], 0, "admitted"),
                (content.unsigned.reference, [], 1, "no signatures found"),
                (content.tool.reference, [], 0, "only warns"),
                (content.host + "/elsewhere/app:v1", [], 1, "no matching policies"),
                (content.host + "/elsewhere/app:v1", ["--no-match=warn"], 0, "warning: no matching policies"),
                (content.host + "/elsewhere/app:v1", ["--no-match", "allow"], 0, "admitted"),
            ] as [(String, [String], Int32, String)] {
                bench.registry.contents.put(DemoImage(content: "elsewhere"), in: "elsewhere/app", tag: "v1")
                let answer = try await bench.program.run(["verify", "--policies", "policies", image] + more)
                #expect(answer.exitCode == status, "\(image): \(answer)")
                #expect(answer.words.contains(words), "\(image): \(answer)")
            }
        }
    }

    @Test("An attestation is printed as its envelope, one per line", arguments: SignatureForm.allCases)
    func attestation(form: SignatureForm) async throws {
        try await DemoBench.running { bench in
            let entry = bench.content.signed
            try await bench.registry.attest(
                entry.digest, in: DemoContent.application, with: bench.content.signer,
                predicateType: "https://slsa.dev/provenance/v1", predicate: Array(#"{"x":1}"#.utf8), form: form)
            func run(_ type: String, key: String = "key.pub") async throws -> Program.Answer {
                try await bench.program.run([
                    "verify-attestation", entry.reference, "--key", key, "--insecure-ignore-tlog", "--type", type,
                ])
            }
            for type in ["slsaprovenance1", "https://slsa.dev/provenance/v1"] {
                let good = try await run(type)
                #expect(good.exitCode == 0, "\(good)")
                let lines = good.output.split(separator: "\n")
                #expect(lines.count == 1)
                let envelope = try JSONDocument(parsing: Array(try #require(lines.first).utf8)).root
                #expect(envelope["payloadType"]?.string == "application/vnd.in-toto+json")
            }
            let otherType = try await run("spdxjson")
            #expect(otherType.exitCode == 1, "\(otherType)")
            #expect(otherType.output.isEmpty)
            let otherKey = try await run("slsaprovenance1", key: "other.pub")
            #expect(otherKey.exitCode == 1, "\(otherKey)")
        }
    }

    @Test("An OCI layout is verified by its directory, with or without a digest", arguments: SignatureForm.allCases)
    func layout(form: SignatureForm) async throws {
        try await DemoBench.running { bench in
            let entry = form == .tag ? bench.content.signedByTag : bench.content.signed
            try bench.writeLayout(entry, to: "layout")
            for operand in ["layout", "layout@\(entry.digest)"] {
                let good = try await bench.verify("--local-image", operand)
                #expect(good.exitCode == 0, "\(good)")
                #expect(good.output.contains(entry.digest.description))
            }
            try bench.writeLayout(bench.content.unsigned, to: "unsigned")
            let bad = try await bench.verify("unsigned", "--local-image=true")
            #expect(bad.exitCode == 1, "\(bad)")
            #expect(bad.words.contains("no signatures found"), "\(bad)")
            let absent = try await bench.verify("--local-image", "layout@\(bench.content.unsigned.digest)")
            #expect(absent.exitCode == 1, "\(absent)")
        }
    }

    @Test("digest prints what a tag names now")
    func digest() async throws {
        try await DemoBench.running { bench in
            let answer = try await bench.program.run(["digest", bench.content.moved.reference])
            #expect(answer.exitCode == 0, "\(answer)")
            #expect(answer.output == "\(bench.content.moved.digest)\n")
            let absent = try await bench.program.run(["digest", "\(bench.content.host)/demo/app:absent"])
            #expect(absent.exitCode == 1, "\(absent)")
            #expect(absent.output.isEmpty)
            let gone = try await bench.program.run(["digest", "127.0.0.1:\(try freeLoopbackPort())/a/b:v1"])
            #expect(gone.exitCode == 2, "\(gone)")
        }
    }
}

extension DemoBench {
    /// An image and what signs it, as `cosign save` lays it out; index.json lists no bundles.
    func writeLayout(_ entry: DemoContent.Entry, to folder: String) throws {
        let repository = DemoContent.application
        let contents = registry.contents
        func write(_ bytes: [UInt8]) throws {
            try program.home.write(bytes, to: "\(folder)/blobs/sha256/\(Digest(of: bytes).hex)")
        }
        func write(manifest reference: String) throws -> [UInt8]? {
            guard let manifest = contents.manifest(reference, in: repository)?.bytes else { return nil }
            try write(manifest)
            let root = try JSONDocument(parsing: manifest).root
            for descriptor in (root["layers"].map { Array($0.elements) } ?? []) + [root["config"]].compactMap({ $0 }) {
                guard let text = descriptor["digest"]?.string else { continue }
                if let blob = contents.blob(try Digest(text), in: repository) { try write(blob) }
            }
            return manifest
        }
        var entries: [String] = []
        func list(_ manifest: [UInt8], kind: String) {
            entries.append(
                #"{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":\#(manifest.count),"digest":"\#(Digest(of: manifest))","annotations":{"kind":"dev.cosignproject.cosign/\#(kind)"}}"#
            )
        }
        if let image = try write(manifest: entry.digest.description) { list(image, kind: "image") }
        if let signatures = try write(manifest: "\(entry.digest.tagStem).sig") { list(signatures, kind: "sigs") }
        for referrer in contents.referrers(of: entry.digest, in: repository) {
            _ = try write(manifest: referrer.digest.description)
        }
        try program.home.write(#"{"imageLayoutVersion":"1.0.0"}"#, to: "\(folder)/oci-layout")
        try program.home.write(
            #"{"schemaVersion":2,"manifests":[\#(entries.joined(separator: ","))]}"#, to: "\(folder)/index.json")
    }
}
