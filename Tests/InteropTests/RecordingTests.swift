// SPDX-License-Identifier: Apache-2.0
import Demo
import HTTPTransport
import ImageVerification
import JSON
import OCI
import Policy
import Registry
import Sigstore
import TestSupport
import Testing

/// What cosign wrote and was recorded as OCI layouts, judged by our program: read in place, and from a registry. One
/// program at a time: all of them at once would only wait for each other.
@Suite(
    "Recorded images", .serialized,
    .enabled(if: available(!RecordedFixture.all.isEmpty, orSkip: "no shared/\(RecordedFixture.folder)")))
struct RecordingTests {
    static let fixtures = RecordedFixture.all
    private static let repository = "recorded/app"

    /// One of each kind of proof and of refusal, where running the program for all of them would take minutes.
    static let sample: [RecordedFixture] = {
        let layouts = [
            "app", "kl_r1", "kl_r2tsa", "kl_klleg25gh", "kl_klleg25tsa", "tl_imp-p384-sec1_r2", "t_r2it", "t_two",
        ]
        return fixtures.filter { layouts.contains(String($0.layout.dropFirst("oci/".count))) }
    }()

    @Test("There are recordings to judge, accepted ones and refused ones")
    func recordings() {
        #expect(Self.fixtures.count == 64)
        #expect(Set(Self.fixtures.map(\.verdict)) == [.accept, .reject, .unsigned, .policy])
        #expect(Self.sample.count == 10)
    }

    /// `policy` marks images that carry attestations and no signature, and a bundle that tells a time of its own making:
    /// none of them is signed, and the core's tests say why.
    private func check(_ answer: CountersignTool.Answer, _ fixture: RecordedFixture) {
        let isAccepted = fixture.verdict == .accept
        #expect(answer.exitCode == (isAccepted ? 0 : 1), "\(answer)")
        #expect(answer.output.isEmpty != isAccepted, "\(answer)")
    }

    @Test("A recorded image gets its verdict from the program straight from its layout", arguments: fixtures)
    func layout(fixture: RecordedFixture) async throws {
        let layout = try #require(SharedFolder.path(fixture.layoutFolder))
        check(
            try await CountersignTool().run(fixture.arguments(["--local-image", "\(layout)@\(fixture.image)"])), fixture
        )
    }

    @Test("A recorded image gets its verdict from the program through a registry", arguments: sample)
    func program(fixture: RecordedFixture) async throws {
        let answer = try await LoopbackRegistry.running { registry in
            try registry.contents.put(layout: fixture.layoutFolder, in: Self.repository)
            let reference = "\(try await registry.host)/\(Self.repository)@\(fixture.image)"
            return try await CountersignTool().run(fixture.arguments([reference]))
        }
        check(answer, fixture)
    }

    @Test(
        "A recorded image gets its verdict through a registry, with referrers or fallback tags", arguments: fixtures,
        [true, false])
    func registry(fixture: RecordedFixture, referrersAPI: Bool) async throws {
        let proofs = try await proofs(fixture, referrersAPI: referrersAPI)
        // Where signatures are looked for, what lies under cosign's tag for attestations is not fetched.
        let isElsewhere = ["oci/att_legacy31", "oci/att_legacy25"].contains(fixture.layout)
        #expect(proofs.isEmpty == (fixture.verdict == .unsigned || isElsewhere))
        let verifier = try verifier(fixture)
        var accepted = 0
        for proof in proofs {
            if let type = fixture.predicateType {
                let statement = try? verifier.statement(in: proof, of: fixture.image)
                accepted += statement?.predicateType == type ? 1 : 0
            } else {
                accepted += (try? verifier.signature(in: proof, of: fixture.image)) == nil ? 0 : 1
            }
        }
        #expect((accepted > 0) == (fixture.verdict == .accept))
    }

    /// What the product's client finds for the image in a registry that holds the layout.
    private func proofs(_ fixture: RecordedFixture, referrersAPI: Bool) async throws -> [UnverifiedBundle] {
        try await LoopbackRegistry.running(LoopbackOptions(referrersAPI: referrersAPI)) { registry in
            try registry.contents.put(layout: fixture.layoutFolder, in: Self.repository)
            let reference = try ImageReference(
                parsing: "\(try await registry.host)/\(Self.repository)@\(fixture.image)")
            let http = try OutboundHTTP()
            let client = RegistryClient(http: http)
            let found: Result<[UnverifiedBundle], any Error>
            do {
                guard let image = ResolvedImage(pinned: reference) else { throw NoAnswer() }
                let lookup = try await client.proofs(
                    of: image, kind: fixture.predicateType == nil ? .signature : .attestation,
                    at: ProofPlace(repository: reference.repository), showing: .none, deadline: .after(.seconds(60)))
                if case .found(let proofs) = lookup {
                    found = .success(proofs.all)
                } else {
                    found = .success([])
                }
            } catch { found = .failure(error) }
            await http.shutDown()
            return try found.get()
        }
    }

    private struct NoAnswer: Error {}

    private func verifier(_ fixture: RecordedFixture) throws -> Verifier {
        func bytes(_ name: String) throws -> [UInt8] {
            try #require(SharedFolder.bytes("\(RecordedFixture.folder)/\(name)"))
        }
        let signer: RequiredSigner
        switch fixture.signer {
        case .key(let name): signer = .key(try VerificationKey(pem: String(decoding: bytes(name), as: UTF8.self)))
        case .identity(let name, let issuer):
            signer = .certificate([try CertificateIdentity(subject: [.exactly(name)], issuer: [.exactly(issuer)])])
        }
        return Verifier(
            trust: try fixture.trustedRoot.map { try TrustMaterial(trustedRoot: bytes($0)) } ?? .none,
            options: VerificationOptions(
                signer: signer, logs: fixture.requiresLog ? 1 : 0, timestamps: fixture.requiresTimestamp ? 1 : 0))
    }

    @Test(
        "A recorded image is not signed by another name, by another issuer, or by another workflow",
        arguments: sample.filter { $0.verdict == .accept && $0.isKeyless })
    func others(fixture: RecordedFixture) async throws {
        guard case .identity(let name, let issuer) = fixture.signer else { return }
        let layout = try #require(SharedFolder.path(fixture.layoutFolder))
        let operand = ["--local-image", "\(layout)@\(fixture.image)"]
        let changes: [[String]] = [
            fixture.arguments(operand, signer: .identity("\(name)x", issuer: issuer)),
            fixture.arguments(operand, signer: .identity(name, issuer: "\(issuer)/")),
            fixture.arguments(["--certificate-github-workflow-repository", "somebody/else"] + operand),
        ]
        for arguments in changes {
            let answer = try await CountersignTool().run(arguments)
            #expect(answer.exitCode == 1, "\(answer)")
            #expect(answer.output.isEmpty)
            #expect(answer.words.contains("policy requires"), "\(answer)")
        }
    }
}
