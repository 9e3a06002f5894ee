// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import JSON
import OCI
import Policy
import Sigstore
import Synchronization
import Testing

/// An image with one attestation, which is held or is too large for it: every verdict and every word is the same.
@Suite("Attestations that are too large to be held")
struct LargeProofTests {
    private static let type = "https://cyclonedx.org/bom"
    private static let predicate = #"{"bomFormat":"CycloneDX","components":[{"name":"a"},{"name":"b"}],"serial":"x"}"#
    private let notary = Notary()

    private static func program(_ text: String) -> PolicyProgram {
        PolicyProgram(language: .cue, body: PolicyProgram.body(of: Array(text.utf8), in: .cue))
    }

    private func authority(
        _ text: String? = nil, type: String = Self.type, written: String? = nil, key: Notary? = nil,
        requiresSignature: Bool = false
    ) throws -> Authority {
        Authority(
            name: "key", check: .signer(try (key ?? notary).options()),
            attestations: [
                AttestationRequirement(
                    name: "materials", predicateType: type, writtenType: written, program: text.map { Self.program($0) }
                )
            ], requiresSignature: requiresSignature)
    }

    private struct Told: Equatable {
        var words: String
        var reads: [JSONParts]
    }

    private static func words(_ verdict: ImageVerdict) -> String {
        guard case .judged(let judgements) = verdict.finding else { return "\(verdict.finding)" }
        return judgements.all.map { judgement in
            switch judgement.outcome {
            case .admitted: "admitted"
            case .denied(let reasons): reasons.all.map(\.sentence).joined(separator: "\n")
            case .undecided(let outages, _): outages.all.map(\.detail).joined(separator: "\n")
            }
        }.joined(separator: "\n")
    }

    /// What is said where the source holds these, and which parts of large ones were read.
    private func told(
        _ bundles: [UnverifiedBundle], _ blobs: [[UInt8]] = [], _ policies: [ClusterImagePolicy],
        of image: String = "image", looksAtAll: Bool = false, times: Int = 1,
        _ script: @Sendable (inout ScriptedSource.State) -> Void = { _ in }
    ) async throws -> Told {
        let source = ScriptedSource()
        source.state.withLock { state in
            state.proofs[digest(image)] = bundles
            for bytes in blobs { state.blobs[Digest(of: bytes)] = bytes }
            script(&state)
        }
        let words = Words()
        try await verifying(source, policies, looksAtAll: looksAtAll) { verifier in
            for _ in 0..<times {
                let verdict = await verifier.verdict(
                    on: reference("app", digest: digest(image)), for: nil, deadline: .after(.seconds(60)))
                await words.set(Self.words(verdict))
            }
        }
        return Told(words: await words.text, reads: source.state.withLock { $0.reads })
    }

    private func told(_ bundles: [UnverifiedBundle], _ policies: [ClusterImagePolicy]) async throws -> Told {
        try await told(bundles, [], policies)
    }

    private actor Words {
        var text = ""
        func set(_ text: String) { self.text = text }
    }

    private static let alwaysRead: [String: JSONParts] = ["_type": .all, "subject": .all, "predicateType": .all]

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var program: String?
        var type = LargeProofTests.type
        var written: String?
        var isOtherKey = false
        var asked = "image"
        var attested = "image"
        /// Of the predicate; `nil` is all of the statement.
        var reads: JSONParts? = .nothing
        let isAdmitted: Bool
    }

    @Test(
        "say what small ones say",
        arguments: [
            Row(testDescription: "the type alone", isAdmitted: true),
            Row(
                testDescription: "one field", program: "predicate: bomFormat: \"CycloneDX\"",
                reads: .members(["bomFormat": .all]), isAdmitted: true),
            Row(
                testDescription: "one field of another value", program: "predicate: bomFormat: \"SPDX\"",
                reads: .members(["bomFormat": .all]), isAdmitted: false),
            Row(
                testDescription: "a field that is not there", program: "predicate: absent?: \"x\"",
                reads: .members(["absent": .all]), isAdmitted: true),
            Row(
                testDescription: "a list", program: "predicate: components: [...{name: !=\"b\"}]",
                reads: .members(["components": .all]), isAdmitted: false),
            Row(
                testDescription: "a list that fits", program: "predicate: components: [...{name: !=\"c\"}]",
                reads: .members(["components": .all]), isAdmitted: true),
            Row(
                testDescription: "all", program: "predicate: close({bomFormat: string})", reads: .all, isAdmitted: false
            ),
            Row(
                testDescription: "a name", program: "predicate: {serial: string, bomFormat: serial}", reads: nil,
                isAdmitted: false),
            Row(
                testDescription: "a short name with a shape", type: "https://cosign.sigstore.dev/attestation/vuln/v1",
                written: "vuln", reads: nil, isAdmitted: true),
            Row(testDescription: "another key", isOtherKey: true, isAdmitted: false),
            Row(testDescription: "another image", attested: "other", isAdmitted: false),
            Row(testDescription: "a program that cannot be compiled", program: "predicate: {", isAdmitted: false),
        ])
    func twins(row: Row) async throws {
        let proofs = try notary.attestations(of: digest(row.attested), row.type, predicate: Self.predicate)
        let policies = [
            try policy([
                authority(
                    row.program, type: row.type, written: row.written, key: row.isOtherKey ? Notary() : notary)
            ])
        ]
        let small = try await told([proofs.small], policies)
        let large = try await told([proofs.large], [proofs.bytes], policies)
        #expect(small.words == large.words.replacing("large ", with: ""))
        #expect((large.words == "admitted") == row.isAdmitted, "\(large.words)")
        var parts = Self.alwaysRead
        if let reads = row.reads, reads != .nothing { parts["predicate"] = reads }
        #expect(large.reads == [row.reads == nil ? .all : .members(parts)] && small.reads.isEmpty)
    }

    @Test("of another type are no attestation of this one, whatever their size")
    func otherType() async throws {
        let proofs = try notary.attestations(of: digest("image"), "https://example.com/other", predicate: "{}")
        let policies = [try policy([authority()])]
        let small = try await told([proofs.small], policies)
        #expect(try await told([proofs.large], [proofs.bytes], policies).words == small.words)
        #expect(small.words.contains("https://example.com/other"))
    }

    @Test("are read where the others do not satisfy, or all are looked at, and not before")
    func lastOfAll() async throws {
        let good = try notary.attestations(of: digest("image"), Self.type, predicate: Self.predicate)
        let other = try notary.attestations(of: digest("image"), Self.type, predicate: #"{"bomFormat":"SPDX"}"#)
        let policies = [try policy([authority("predicate: bomFormat: \"CycloneDX\"")])]
        let satisfied = try await told([other.large, good.small], [other.bytes], policies)
        #expect(satisfied.words == "admitted" && satisfied.reads.isEmpty)
        let all = try await told([other.large, good.small], [other.bytes], policies, looksAtAll: true)
        #expect(all.words == "admitted" && all.reads.count == 1)
        let needed = try await told([other.small, good.large], [good.bytes], policies)
        #expect(needed.words == "admitted" && needed.reads.count == 1)
    }

    @Test("are no signature, and are not read where one is asked for")
    func signatures() async throws {
        let proofs = try notary.attestations(of: digest("image"), Self.type, predicate: Self.predicate)
        let authority = Authority(name: "key", check: .signer(try notary.options()))
        let policies = [try policy([authority])]
        let signed = try await told([proofs.large, notary.signature(of: digest("image"))], [proofs.bytes], policies)
        #expect(signed.words == "admitted" && signed.reads.isEmpty)
        let alone = try await told([proofs.large], [proofs.bytes], policies)
        #expect(alone.words.contains("and is no signature") && alone.reads.isEmpty, "\(alone.words)")
    }

    @Test("A program over all that was found sees whole statements")
    func policyProgram() async throws {
        let proofs = try notary.attestations(of: digest("image"), Self.type, predicate: Self.predicate)
        let text = "authorityMatches: key: attestations: materials: [...]"
        let policies = [try policy([authority("predicate: bomFormat: string")], program: Self.program(text))]
        let large = try await told([proofs.large], [proofs.bytes], policies)
        #expect(large.words == "admitted" && large.reads == [.all])
    }

    @Test("Two policies that read different parts read them each")
    func twoPolicies() async throws {
        let proofs = try notary.attestations(of: digest("image"), Self.type, predicate: Self.predicate)
        let policies = [
            try policy([authority("predicate: bomFormat: \"CycloneDX\"")], name: "one"),
            try policy([authority("predicate: serial: \"y\"")], name: "two"),
        ]
        let small = try await told([proofs.small], policies)
        let large = try await told([proofs.large], [proofs.bytes], policies)
        #expect(small.words == large.words && small.words.contains("serial"))
        #expect(Set(large.reads).count == 2)
    }

    @Test("are read once, and what was read answers from then on")
    func remembered() async throws {
        let proofs = try notary.attestations(of: digest("image"), Self.type, predicate: Self.predicate)
        let policies = [try policy([authority("predicate: bomFormat: \"CycloneDX\"")])]
        let large = try await told([proofs.large], [proofs.bytes], policies, times: 5)
        #expect(large.words == "admitted" && large.reads.count == 1)
        // A denial as well.
        let denying = [try policy([authority("predicate: bomFormat: \"SPDX\"")])]
        #expect(try await told([proofs.large], [proofs.bytes], denying, times: 5).reads.count == 1)
    }

    @Test("that cannot be had are an outage; that are not there, or other bytes than were named, prove nothing")
    func unavailable() async throws {
        let proofs = try notary.attestations(of: digest("image"), Self.type, predicate: Self.predicate)
        let policies = [try policy([authority()])]
        let silent = try await told([proofs.large], [proofs.bytes], policies) {
            $0.outageOfReading = Outage(.unreachable, service: "script", detail: "nobody answers")
        }
        #expect(silent.words == "nobody answers")
        // It hides nothing good.
        let beside = try await told([proofs.large, proofs.small], [proofs.bytes], policies, looksAtAll: true) {
            $0.outageOfReading = Outage(.unreachable, service: "script", detail: "nobody answers")
        }
        #expect(beside.words == "admitted")
        #expect(try await told([proofs.large], policies).words.contains("named and is not there"))
        let damaged = try await told([proofs.large], [], policies) { state in
            state.blobs[proofs.large.origin.blob] = proofs.bytes + [0x20]
        }
        #expect(damaged.words.contains("does not have its digest"))
    }

    @Test("A policy's own limit holds for proofs of every size, to the byte")
    func limit() async throws {
        let proofs = try notary.attestations(of: digest("image"), Self.type, predicate: Self.predicate)
        let size = proofs.bytes.count
        for (limit, isAdmitted) in [(size, true), (size - 1, false)] {
            let policies = [try policy([authority()], maximumProofBytes: limit)]
            for (bundle, blobs) in [(proofs.small, []), (proofs.large, [proofs.bytes])] {
                let told = try await told([bundle], blobs, policies)
                #expect((told.words == "admitted") == isAdmitted)
                if !isAdmitted {
                    #expect(told.words.contains("\(size) bytes, more than the \(limit)") && told.reads.isEmpty)
                }
            }
        }
    }

    @Test("No more than a few are read for one image, and no more than a few at once")
    func many() async throws {
        let policies = [try policy([authority()])]
        let junk = try (0..<12).map {
            try Notary().attestations(of: digest("image"), Self.type, predicate: #"{"n":\#($0)}"#)
        }
        let denied = try await told(junk.map(\.large), junk.map(\.bytes), policies)
        #expect(denied.reads.count == 8 && denied.words != "admitted")

        let source = ScriptedSource()
        let images = try (0..<12).map { number in
            let name = "image\(number)"
            let proofs = try notary.attestations(of: digest(name), Self.type, predicate: Self.predicate)
            source.state.withLock { state in
                state.proofs[digest(name)] = [proofs.large]
                state.blobs[Digest(of: proofs.bytes)] = proofs.bytes
                state.delay = .milliseconds(20)
            }
            return reference("app", digest: digest(name))
        }
        try await verifying(source, policies) { verifier in
            await withTaskGroup(of: String.self) { group in
                for image in images {
                    group.addTask {
                        Self.words(await verifier.verdict(on: image, for: nil, deadline: .after(.seconds(60))))
                    }
                }
                for await words in group { #expect(words == "admitted") }
            }
        }
        source.state.withLock { #expect($0.reads.count == 12 && (1...4).contains($0.readingAtMost)) }
    }
}
