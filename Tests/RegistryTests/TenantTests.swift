// SPDX-License-Identifier: Apache-2.0
import Admission
import ImageVerification
import OCI
import Policy
import Synchronization
import TestSupport
import Testing

@testable import Registry

/// Whoever may create a Pod may name any image. What they are told of another team's private one has to be what they are
/// told of one that does not exist, byte for byte, whatever that team has asked for before; also at what the operator's own
/// credential opens. Each is shown with credentials told apart in the keys of what is remembered, and without.
@Suite("A tenant who names another's private image")
struct TenantTests {
    /// What is told of an image that does not exist by a webhook that has been asked nothing else.
    private func baseline(_ refusal: TenantRefusal, _ requirement: TenantRequirement) async throws -> [String] {
        let answers = Mutex<[String]>([])
        try await TenantBench.running(try TenantRegistry(refusal), requirement) { bench in
            let found = await bench.answers(TenantRegistry.absent, in: "b")
            answers.withLock { $0 = found }
        }
        return answers.withLock { $0 }
    }

    /// The same registry's content everywhere, so that digests are equal; keys differ, and no answer names one.
    @Test(
        "Before the other has asked, and after, it is an image that does not exist",
        arguments: TenantRefusal.allCases, TenantRequirement.allCases)
    func beforeAndAfter(refusal: TenantRefusal, requirement: TenantRequirement) async throws {
        try await TenantBench.running(try TenantRegistry(refusal), requirement) { bench in
            let before = await bench.answers(TenantRegistry.secret, in: "b")
            let absent = await bench.answers(TenantRegistry.absent, in: "b")
            #expect(before == absent)
            await bench.warm()
            #expect(await bench.answers(TenantRegistry.secret, in: "b") == absent)
            #expect(await bench.answers(TenantRegistry.absent, in: "b") == absent)
            #expect(await bench.answers(TenantRegistry.neverAsked, in: "b") == absent)
            await bench.warm()
        }
    }

    @Test(
        "Asked for the first time when everything is warm, it is an image that does not exist",
        arguments: TenantRefusal.allCases, TenantRequirement.allCases)
    func afterAlone(refusal: TenantRefusal, requirement: TenantRequirement) async throws {
        let absent = try await baseline(refusal, requirement)
        for discerns in [true, false] {
            try await TenantBench.running(try TenantRegistry(refusal), requirement, discerns: discerns) { bench in
                await bench.warm()
                // Nobody has been refused before, so that no denial that is remembered stands in the way.
                let told = await bench.answers(TenantRegistry.secret, in: "b")
                #expect((told == absent) == discerns, "\(difference(told, absent))")
                if discerns { #expect(await bench.answers(TenantRegistry.secret, in: "c") == absent) }
            }
        }
    }

    @Test(
        "While the other's questions are on their way, nobody joins them",
        arguments: TenantRefusal.allCases, TenantRequirement.allCases)
    func together(refusal: TenantRefusal, requirement: TenantRequirement) async throws {
        let absent = try await baseline(refusal, requirement)
        for discerns in [true, false] {
            try await TenantBench.running(try TenantRegistry(refusal), requirement, discerns: discerns) { bench in
                bench.source.shut()
                async let warm: Void = bench.warm()
                async let byDigest = bench.answer(
                    .validate, TenantRegistry.secret, "@\(bench.registry.image)", in: "a")
                while bench.source.held < 2 { try await Task.sleep(for: .milliseconds(2)) }
                async let told = bench.answers(TenantRegistry.secret, in: "b")
                // Time to join, for whoever could.
                try await Task.sleep(for: .milliseconds(40))
                bench.source.open()
                let answers = await told
                #expect((answers == absent) == discerns, "\(difference(answers, absent))")
                await warm
                #expect(await byDigest.contains(#""allowed":true"#))
            }
        }
    }

    @Test("A digest that is signed and one that nobody has are told apart by nobody", arguments: TenantRefusal.allCases)
    func digests(refusal: TenantRefusal) async throws {
        let other = Digest(of: Array("nothing".utf8))
        for requirement in [TenantRequirement.signature, .configuration] {
            try await TenantBench.running(try TenantRegistry(refusal), requirement) { bench in
                await bench.warm()
                let image = bench.registry.image
                let known = await bench.answers(TenantRegistry.secret, in: "b")
                let unknown = await bench.answers(TenantRegistry.secret, in: "b", digest: other)
                #expect(
                    known.map { $0.replacing(image.hex, with: "HEX") }
                        == unknown.map { $0.replacing(other.hex, with: "HEX") })
            }
        }
    }

    @Test(
        "What a restart finds on disk opens nothing",
        arguments: TenantRefusal.allCases, TenantRequirement.allCases)
    func disk(refusal: TenantRefusal, requirement: TenantRequirement) async throws {
        let absent = try await baseline(refusal, requirement)
        let folder = try TemporaryDirectory()
        let registry = try TenantRegistry(refusal)
        func blobs() throws -> DiskBlobStore {
            try DiskBlobStore(
                directory: folder.path,
                memory: ByteBoundedCache<Digest, [UInt8]>(name: "blobs", limit: 8 << 20))
        }
        try await TenantBench.running(registry, requirement, blobs: try blobs()) { bench in
            await bench.warm()
            #expect(await bench.answers(TenantRegistry.secret, in: "b") == absent)
        }
        let left = try blobs()
        #expect(left.counters.entries > 0)
        try await TenantBench.running(registry, requirement, blobs: left) { bench in
            #expect(await bench.answers(TenantRegistry.secret, in: "b") == absent)
            await bench.warm()
            #expect(await bench.answers(TenantRegistry.secret, in: "b") == absent)
        }
    }
}

/// The first answers that differ.
private func difference(_ one: [String], _ other: [String]) -> String {
    zip(one, other).first { $0 != $1 }.map { "\($0)\n\($1)" } ?? "none"
}
