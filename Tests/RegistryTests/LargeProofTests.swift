// SPDX-License-Identifier: Apache-2.0
import Demo
import FoundationEssentials
import ImageVerification
import JSON
import OCI
import Policy
import Sigstore
import Synchronization
import TestSupport
import Testing

@testable import Registry

/// Proofs beyond what is held, out of a registry and out of a layout.
@Suite("Proofs that are read in a stream")
struct LargeProofTests {
    private let deadline = Deadline.after(.seconds(60))

    private static var limits: RegistryLimits {
        var limits = RegistryLimits()
        limits.heldProofBytes = 1024
        return limits
    }

    private static func materials(_ bytes: Int) -> [UInt8] {
        var text = #"{"bomFormat":"CycloneDX","components":["#
        text.reserveCapacity(bytes + 64)
        var number = 0
        while text.utf8.count < bytes {
            text += #"\#(number > 0 ? "," : ""){"name":"package-\#(number)","version":"1.\#(number % 90)"}"#
            number += 1
        }
        return Array((text + "]}").utf8)
    }

    private static func policy(_ bench: ColdBench, _ text: String) throws -> ClusterImagePolicy {
        let program = PolicyProgram(language: .cue, body: PolicyProgram.body(of: Array(text.utf8), in: .cue))
        let options = VerificationOptions(key: try VerificationKey(pem: bench.signer.publicKeyPEM))
        return ClusterImagePolicy(
            name: "materials", mode: .enforce, images: [try Glob("\(bench.host)/**")], match: [],
            authorities: [
                Authority(
                    name: "key", check: .signer(options),
                    attestations: [
                        AttestationRequirement(
                            name: "materials", predicateType: ColdBench.materials, program: program)
                    ])
            ], documentHash: Digest(of: Array(text.utf8)))
    }

    @Test("A registry is asked for one twice, and once for each answer", arguments: [SignatureForm.bundle, .tag])
    func admitted(form: SignatureForm) async throws {
        try await ColdBench.running(limits: Self.limits) { bench in
            let image = bench.push("app")
            try await bench.registry.attest(
                image, in: ColdBench.repository, with: bench.signer, predicateType: ColdBench.materials,
                predicate: Self.materials(20_000), form: form)
            for (text, isAdmitted) in [
                ("predicate: bomFormat: \"CycloneDX\"", true), ("predicate: bomFormat: \"SPDX\"", false),
                ("predicate: components: [...{name: =~\"^package\"}]", true),
            ] {
                bench.registry.faults.forgetRequests()
                let verifier = bench.verifier(try Self.policy(bench, text))
                for _ in 0..<2 {
                    let verdict = await verifier.verdict(on: bench.reference(image), for: nil, deadline: deadline)
                    #expect(verdict.isAdmitted == isAdmitted, "\(text): \(verdict.sentences) \(verdict.outages)")
                }
                // Both programs that read one field read the same parts.
                #expect(
                    bench.registry.faults.count(target: "/blobs/") == (text.contains("SPDX") ? 0 : 2), "\(text)")
            }
        }
    }

    @Test("One of eight MiB is admitted with the limits of everybody")
    func eight() async throws {
        try await ColdBench.running { bench in
            let image = bench.push("app")
            try await bench.registry.attest(
                image, in: ColdBench.repository, with: bench.signer, predicateType: ColdBench.materials,
                predicate: Self.materials(6 << 20))
            let verifier = bench.verifier(try Self.policy(bench, "predicate: bomFormat: \"CycloneDX\""))
            let verdict = await verifier.verdict(on: bench.reference(image), for: nil, deadline: deadline)
            #expect(verdict.isAdmitted, "\(verdict.sentences) \(verdict.outages)")
            #expect(bench.registry.faults.count(target: "/blobs/") == 2)
        }
    }

    @Test("What breaks off, or is other bytes, is an outage; what is not there is not")
    func broken() async throws {
        for (effect, isOutage) in [
            (RegistryFault.Effect.truncated(5_000), true), (.body(Array("<html>".utf8)), true), (.status(500), true),
            (.status(404), false),
        ] {
            try await ColdBench.running(limits: Self.limits) { bench in
                let image = bench.push("app")
                try await bench.registry.attest(
                    image, in: ColdBench.repository, with: bench.signer, predicateType: ColdBench.materials,
                    predicate: Self.materials(20_000))
                bench.registry.faults.inject(RegistryFault(effect, target: "/blobs/"))
                let verifier = bench.verifier(try Self.policy(bench, "predicate: bomFormat: \"CycloneDX\""))
                let verdict = await verifier.verdict(on: bench.reference(image), for: nil, deadline: deadline)
                #expect(!verdict.isAdmitted && verdict.outages.isEmpty != isOutage, "\(effect)")
                if !isOutage {
                    #expect(verdict.sentences.first?.contains("is named and is not there") == true)
                }
            }
        }
    }

    /// A server that answers for one proof, each time what `answer` says.
    private static func reading(
        _ bytes: [UInt8], size: Int? = nil, _ answer: @escaping @Sendable (Int) -> ScriptedAnswer
    ) async throws -> (Result<LargeReading, Outage>, requests: Int) {
        let count = Mutex(0)
        return try await withRegistry(retries: 0) { _ in
            answer(
                count.withLock {
                    $0 += 1
                    return $0
                })
        } _: { lookup, _ in
            let blob = UnreadProof.Blob(form: .bundle, digest: Digest(of: bytes), size: size ?? bytes.count)
            let result: Result<LargeReading, Outage>
            do throws(Outage) {
                result = .success(
                    try await lookup.client.read(
                        blob, parts: .all, at: ProofPlace(repository: lookup.repository), showing: lookup.shown(nil),
                        deadline: lookup.deadline))
            } catch { result = .failure(error) }
            return (result, count.withLock { $0 })
        }
    }

    private static let text = Array(
        #"{"dsseEnvelope":{"payload":"e30=","x":"\#(String(repeating: "x", count: 2000))"}}"#.utf8)

    @Test("Both passes have to be the bytes that were asked for, and no third is made")
    func passes() async throws {
        let good = try await Self.reading(Self.text) { _ in ScriptedAnswer(200, Self.text) }
        guard case .success(.read(let proof)) = good.0 else {
            Issue.record("not read")
            return
        }
        #expect(proof.blob.digest == Digest(of: Self.text) && good.requests == 2)
        var other = Self.text
        other[40] ^= 1
        for changed in 1...2 {
            let found = try await Self.reading(Self.text) { [other] in
                ScriptedAnswer(200, $0 == changed ? other : Self.text)
            }
            guard case .failure(let outage) = found.0 else {
                Issue.record("changed in pass \(changed)")
                continue
            }
            #expect(outage.kind == .corrupt && found.requests == changed)
        }
        // Without a payload there is nothing to be read twice.
        let none = Array("{\"x\":\"\(String(repeating: "x", count: 2000))\"}".utf8)
        #expect(try await Self.reading(none) { _ in ScriptedAnswer(200, none) }.requests == 1)
    }

    @Test("What is longer than its descriptor says, or without end, is not read on")
    func lying() async throws {
        for body in [ScriptedAnswer.Body.endless, .lying(contentLength: 1 << 30, Self.text)] {
            let found = try await Self.reading(Self.text) { _ in ScriptedAnswer(200, body: body) }
            guard case .success(.unreadable(let why)) = found.0 else {
                Issue.record("\(found.0)")
                continue
            }
            #expect(why == "the proof is larger than its descriptor says" && found.requests == 1)
        }
        let size = try await Self.reading(Self.text, size: Self.text.count + 1) { _ in ScriptedAnswer(200, Self.text) }
        guard case .success(.unreadable(let why)) = size.0 else {
            Issue.record("\(size.0)")
            return
        }
        #expect(why == "the proof has another size than its descriptor says")
    }

    @Test("A redirect is followed and a lost connection asked again, from the first byte on")
    func again() async throws {
        let store = try await ScriptedServer.running({ _ in ScriptedAnswer(200, Self.text) }) { store in
            try await Self.reading(Self.text) { _ in
                ScriptedAnswer(307, headers: [("Location", "http://\(store.host)/blob")], "")
            }
        }
        guard case .success(.read) = store.0 else {
            Issue.record("\(store.0)")
            return
        }
    }

    @Test("Beyond what any policy may ask for a proof is not even left to be read")
    func bounds() async throws {
        var script = RegistryScript()
        let text = String(repeating: "x", count: 2000)
        script.referrersAPI(TestLookup.subject, [script.bundle(text, subject: TestLookup.subject)])
        for (limit, isLeft) in [(2000, true), (1999, false)] {
            var limits = Self.limits
            limits.streamedProofBytes = limit
            try await withRegistry(limits: limits, { [script] in script.answer($0) }) { lookup, server in
                let found = try await lookup.proofs()
                #expect(found.count == 1)
                if case .large(let unread)? = found.first?.content {
                    #expect(isLeft && unread.blob.size == 2000 && unread.blob.form == .bundle)
                } else {
                    #expect(!isLeft && found.first?.fault?.contains("1999 bytes") == true)
                }
                #expect(lookup.client.counters.total(.blob) == 0)
            }
        }
    }

    @Test("A file of a layout is read twice in pieces, and checked like any other")
    func layout() async throws {
        let folder = try TemporaryDirectory()
        let name = "blobs/sha256/\(Digest(of: Self.text).hex)"
        try folder.write(String(decoding: Self.text, as: UTF8.self), to: name)
        let source = LayoutSource(directory: folder.path)
        func read(_ blob: UnreadProof.Blob) async throws(Outage) -> LargeReading {
            try await source.read(
                blob, parts: .all, at: ProofPlace(repository: Repository(host: "localhost", path: "x")), showing: .none,
                deadline: deadline)
        }
        let blob = UnreadProof.Blob(form: .bundle, digest: Digest(of: Self.text), size: Self.text.count)
        guard case .read = try await read(blob) else {
            Issue.record("not read")
            return
        }
        let absent = UnreadProof.Blob(form: .bundle, digest: Digest(of: []), size: 1)
        guard case .unreadable = try await read(absent) else {
            Issue.record("read what is not there")
            return
        }
        try folder.write(String(decoding: Self.text.dropLast(), as: UTF8.self), to: name)
        await #expect(throws: Outage.self) { try await read(blob) }
    }
}
