import RE2
// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import Sigstore

@Suite("Whom a policy requires")
struct IdentityTests {
    private static let subject = "https://github.com/octo/app/.github/workflows/release.yml@refs/heads/main"
    private static let issuer = "https://token.actions.githubusercontent.com"

    private func claims(_ identity: SigningIdentity = .workflow()) throws -> CertificateClaims {
        var options = TestCertificateAuthority.Options()
        options.rootKind = .p256
        options.intermediateKinds = []
        let authority = try TestCertificateAuthority(options)
        return try authority.trusted().path(
            to: authority.leaf(identity), for: .codeSigning, at: [TestAuthority.time.instant]
        ).claims()
    }

    private func missed(
        subject: [TextRequirement] = [.exactly(IdentityTests.subject)],
        issuer: [TextRequirement] = [.exactly(IdentityTests.issuer)], workflow: [WorkflowClaim: String] = [:],
        by signer: SigningIdentity = .workflow(), comparing choice: NameChoice = .speaking
    ) throws -> IdentityField? {
        try CertificateIdentity(subject: subject, issuer: issuer, workflow: workflow)
            .requirementMissed(by: claims(signer), comparing: choice)?.field
    }

    @Test("The exact identity is met, and one byte off is not")
    func exact() throws {
        #expect(try missed() == nil)
        for other in [Self.subject + "x", String(Self.subject.dropLast()), Self.subject.uppercased(), "x"] {
            #expect(try missed(subject: [.exactly(other)]) == .subject)
        }
        for other in [Self.issuer + "/", String(Self.issuer.dropLast()), "https://accounts.google.com"] {
            #expect(try missed(issuer: [.exactly(other)]) == .issuer)
        }
        // Each in the other's place.
        #expect(try missed(subject: [.exactly(Self.issuer)], issuer: [.exactly(Self.subject)]) == .subject)
    }

    @Test("Texts that only look alike are not the same")
    func equivalence() throws {
        let user = SigningIdentity.username("caf\u{E9}!example.com", issuer: Self.issuer)
        #expect(try missed(subject: [.exactly("caf\u{E9}!example.com")], by: user) == nil)
        #expect(try missed(subject: [.exactly("cafe\u{301}!example.com")], by: user) == .subject)
        #expect(TextRequirement.exactly("\u{E9}") != .exactly("e\u{301}"))
        #expect(
            try CertificateIdentity(subject: [.exactly("a")], issuer: [.exactly("b")], workflow: [.name: "\u{E9}"])
                != CertificateIdentity(subject: [.exactly("a")], issuer: [.exactly("b")], workflow: [.name: "e\u{301}"])
        )
    }

    @Test("An expression matches anywhere; every requirement of a side has to hold")
    func expressions() throws {
        let main = TextRequirement.matching(try RegularExpression("octo/app"))
        let other = TextRequirement.matching(try RegularExpression("octo/other"))
        #expect(try missed(subject: [main]) == nil)
        #expect(try missed(subject: [other]) == .subject)
        #expect(try missed(subject: [main, .exactly(Self.subject)]) == nil)
        #expect(try missed(subject: [main, .exactly("octo/app")]) == .subject)
        #expect(try missed(subject: [other, .exactly(Self.subject)]) == .subject)
        #expect(try missed(issuer: [.matching(try RegularExpression("actions"))]) == nil)
        #expect(try missed(issuer: [.matching(try RegularExpression("google"))]) == .issuer)
    }

    @Test("Each claim of a workflow is required exactly", arguments: WorkflowClaim.allCases)
    func workflow(_ claim: WorkflowClaim) throws {
        let value = try #require(claims()[claim.fulcioExtension])
        #expect(try missed(workflow: [claim: value]) == nil)
        #expect(try missed(workflow: [claim: value + "x"]) == .workflow(claim))
        var silent = SigningIdentity.workflow()
        silent.claims[claim.fulcioExtension.rawValue] = nil
        #expect(try missed(workflow: [claim: value], by: silent) == .workflow(claim))
        #expect(try missed(by: silent) == nil)
    }

    // GHSA-mpvw-hw8p-7x27: what is there and empty is not absent.
    @Test("A requirement that is empty or missing cannot be made")
    func empty() throws {
        let a = TextRequirement.exactly("a")
        let nothing = TextRequirement.matching(try RegularExpression(""))
        #expect(throws: CertificateIdentityError.nothingRequired(.subject)) {
            try CertificateIdentity(subject: [], issuer: [a])
        }
        #expect(throws: CertificateIdentityError.nothingRequired(.issuer)) {
            try CertificateIdentity(subject: [a], issuer: [])
        }
        for empty in [TextRequirement.exactly(""), nothing] {
            #expect(throws: CertificateIdentityError.empty(.subject)) {
                try CertificateIdentity(subject: [a, empty], issuer: [a])
            }
            #expect(throws: CertificateIdentityError.empty(.issuer)) {
                try CertificateIdentity(subject: [a], issuer: [empty])
            }
        }
        #expect(throws: CertificateIdentityError.empty(.workflow(.ref))) {
            try CertificateIdentity(subject: [a], issuer: [a], workflow: [.ref: ""])
        }
    }

    @Test("A certificate without an issuer meets no issuer")
    func noIssuer() throws {
        var anonymous = SigningIdentity.workflow()
        anonymous.claims[1] = nil
        anonymous.claims[8] = nil
        #expect(try missed(issuer: [.matching(try RegularExpression("h"))], by: anonymous) == .issuer)
    }

    @Test("Of several names the one that speaks counts, or any where that is how the format has it")
    func severalNames() throws {
        let signer = SigningIdentity(names: [.email("a@example.com"), .uri("spiffe://a")], issuer: Self.issuer)
        #expect(try missed(subject: [.exactly("spiffe://a")], by: signer) == nil)
        #expect(try missed(subject: [.exactly("a@example.com")], by: signer) == .subject)
        #expect(try missed(subject: [.exactly("a@example.com")], by: signer, comparing: .any) == nil)
        // All requirements have to hold of one name.
        let both: [TextRequirement] = [.exactly("a@example.com"), .matching(try RegularExpression("spiffe"))]
        #expect(try missed(subject: both, by: signer, comparing: .any) == .subject)
    }

    @Test("The sentence says who signed and who should have")
    func sentence() throws {
        let required = try CertificateIdentity(
            subject: [.exactly("b@example.com")], issuer: [.exactly("https://issuer.example")])
        let mismatch = try #require(
            required.requirementMissed(by: claims(.email("a@example.com", issuer: "https://issuer.example"))))
        #expect(
            mismatch.description
                == #"signed by "a@example.com" (issuer "https://issuer.example"), policy requires subject "b@example.com""#
        )
        #expect(mismatch.found == "a@example.com")
    }
}
