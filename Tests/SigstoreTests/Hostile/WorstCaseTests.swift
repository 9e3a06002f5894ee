// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import Sigstore

/// CVE-2023-46737 (GHSA-vfp6-jrw2-99g9), CVE-2024-45395, CVE-2026-32280, GHSA-4qg8-fj49-pxjh: what a proof's author can
/// make its reader do. Release builds take a tenth of what these bounds allow for debug builds on a busy machine.
@Suite("The largest proof that is read is refused in bounded time", .serialized)
struct WorstCaseTests {
    static let bound = Duration.seconds(10)

    /// The verdict, and how long it took once the proof was written down.
    static func timed(_ proof: HostileProof) throws -> (verdict: String, time: Duration) {
        let verifier = proof.world.verifier(proof.options)
        let candidate = try proof.unverified()
        var refusal: VerificationError?
        let time = ContinuousClock().measure { refusal = verifier.refusal(asSignature: candidate) }
        return (refusal?.code ?? "verified", time)
    }

    /// 32 copies of an entry: without a promise nobody signs the index in the whole log, so that each is another one.
    static func repeated(_ entry: LogEntryTemplate) -> [LogEntryTemplate] {
        (0..<32).map { number in
            var copy = entry
            copy.promise = nil
            copy.logIndex += Int64(number)
            return copy
        }
    }

    @Test("with 32 entries, each with as many signatures of its log as there may be lines")
    func checkpoints() throws {
        let world = try HostileWorld.shared.get()
        var proof = try HostileProof(Shape(form: .bundleSignature), in: world)
        let checkpoint = try #require(proof.entry?.proof?.checkpoint)
        for (lines, expected) in [(4, "no-proven-time"), (5, "checkpoint-unreadable"), (32, "checkpoint-unreadable")] {
            // The same line again is a good one.
            let line = try #require(
                checkpoint.text().split(separator: "\n").last.map { Array($0.split(separator: " ")[2].utf8) })
            let bytes = try #require(Base64.decode(String(decoding: line, as: UTF8.self)))
            var changed = try #require(proof.entry)
            changed.proof?.checkpoint?.signatures = (0..<lines).map { _ in
                .init(
                    name: checkpoint.signatures[0].name, keyHash: Array(bytes.prefix(4)),
                    kind: .raw(Array(bytes.dropFirst(4))))
            }
            proof.alterBundle { $0.entries = Self.repeated(changed) }
            let (verdict, time) = try Self.timed(proof)
            #expect(verdict == expected)
            #expect(time < Self.bound, "\(lines) lines: \(time)")
        }
    }

    @Test("with 32 entries about a statement of a megabyte")
    func payload() throws {
        let world = try HostileWorld.shared.get()
        let signer = try world.signer()
        let large = StatementTemplate(
            of: image, predicate: .string(String(repeating: "x", count: 1 << 20)))
        var proof = try HostileProof(Shape(form: .bundleSignature), in: world, by: signer)
        let bundle = try world.authority.bundle(payload: large.bytes, by: signer)
        proof.carrier = .bundle(bundle)
        proof.alterBundle { $0.entries = Self.repeated(bundle.entries[0]) }
        let (verdict, time) = try Self.timed(proof)
        #expect(verdict == "no-proven-time")
        #expect(time < Self.bound, "\(time)")
    }

    @Test("with 32 tokens of a believed authority, each with sixteen certificates")
    func tokens() throws {
        let world = try HostileWorld.shared.get()
        var proof = try HostileProof(Shape(form: .bundleSignature, options: .timestampOnly), in: world)
        var token = try #require(proof.token)
        let junk = try world.signer(.p521).certificate?.der ?? []
        token.certificates = (0..<16).map { _ in junk }
        let tokens = Array(repeating: token, count: 32)
        proof.alterBundle { $0.timestamps = tokens }
        proof.options = proof.options.with(signer: .certificate([]))
        let (verdict, time) = try Self.timed(proof)
        #expect(verdict == "no-identity-required")
        #expect(time < Self.bound, "\(time)")
    }

    @Test("with a maze of certificates before many roots that take them")
    func maze() throws {
        let own = try TestAuthority()
        let world = try HostileWorld(own)
        let key = try AuthorityKey(.p521)
        let template = own.certificateAuthority.intermediates[0].certificate.template
        var keys = OperatorKeys()
        keys.roots = try (0..<64).map { _ in try TestCertificateAuthority().root.certificate.pem }.joined()
        var options = SigningOptions.rekor1
        options.mediaType = BundleTemplate.MediaType.v02
        options.carriesChain = true
        var proof = try HostileProof(Shape(form: .bundleSignature, options: options), in: world)
        proof.trust = try world.trust.replacing(with: keys)
        // Two names in turn, since a certificate of its own name would be a root.
        let pairs = try (0..<9).map { number in
            var one = template
            let names = ["a", "b"].map { DistinguishedName(organization: "maze", commonName: $0) }
            (one.issuer, one.subject) = number % 2 == 0 ? (names[0], names[1]) : (names[1], names[0])
            one.serial = [UInt8(number + 1)]
            one.publicKeyDER = key.publicKeyDER
            return try one.signed(by: key).der
        }
        var inside = own.certificateAuthority.leafTemplate(
            for: proof.signer.key, .email(HostileWorld.alice, issuer: HostileWorld.issuer), at: TestAuthority.time)
        inside.issuer = DistinguishedName(organization: "maze", commonName: "b")
        let entrance = try inside.signed(by: key)
        let signer = TestSigner(key: proof.signer.key, certificate: entrance)
        proof = try HostileProof(Shape(form: .bundleSignature, options: options), in: proof.world, by: signer)
        proof.trust = try world.trust.replacing(with: keys)
        proof.alterBundle { $0.material = .chain([entrance.der] + pairs) }
        let (verdict, time) = try Self.timed(proof)
        #expect(verdict == "certificate-too-much-work")
        #expect(time < Self.bound, "\(time)")
    }
}
