// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import Sigstore

@Suite("What a certificate says")
struct ClaimsTests {
    private let authority: TestCertificateAuthority

    init() throws {
        var options = TestCertificateAuthority.Options()
        options.rootKind = .p256
        options.intermediateKinds = []
        authority = try TestCertificateAuthority(options)
    }

    private func claims(
        _ identity: SigningIdentity = .workflow(), _ alter: (inout CertificateTemplate) -> Void = { _ in }
    ) throws -> CertificateClaims {
        try authority.trusted().path(
            to: authority.leaf(identity) { alter(&$0) }, for: .codeSigning, at: [TestAuthority.time.instant]
        ).claims()
    }

    private func error(
        _ identity: SigningIdentity = .workflow(), _ alter: (inout CertificateTemplate) -> Void = { _ in }
    ) throws -> CertificateError? {
        try certificateError { _ = try claims(identity, alter) }
    }

    @Test("Every claim of a workflow is read")
    func workflow() throws {
        let identity = SigningIdentity.workflow()
        let claims = try claims(identity)
        #expect(claims.subject == .uri("https://github.com/octo/app/.github/workflows/release.yml@refs/heads/main"))
        #expect(claims.names == [claims.subject])
        #expect(claims.issuer == "https://token.actions.githubusercontent.com")
        for claim in FulcioExtension.allCases {
            #expect(claims[claim] == identity.claims[claim.rawValue], "\(claim)")
            #expect(claims[claim] != nil, "\(claim)")
        }
    }

    @Test("The first URI speaks, else the first e-mail address, else the user name, else the first name")
    func speakingName() throws {
        let user = GeneralName.username("ci-user!example.com")
        for (names, speaks) in [
            ([.dns("a.example"), .email("a@b"), user, .uri("u:1"), .uri("u:2")], .uri("u:1")),
            ([.dns("a.example"), user, .email("a@b"), .email("c@d")], .email("a@b")),
            ([.dns("a.example"), user], .otherName("ci-user!example.com")),
            ([.address([10, 0, 0, 1]), .dns("a.example")], .ipAddress([10, 0, 0, 1])),
        ] as [([GeneralName], SubjectAlternativeName)] {
            let claims = try claims(SigningIdentity(names: names, issuer: "https://issuer.example"))
            #expect(claims.subject == speaks)
            #expect(claims.names.count == names.count)
        }
    }

    @Test("Addresses are written as everyone writes them")
    func addresses() {
        for (bytes, text) in [
            ("7f000001", "127.0.0.1"), ("00000000000000000000000000000000", "::"),
            ("00000000000000000000000000000001", "::1"), ("20010db8000000000000000000000001", "2001:db8::1"),
            ("20010db8000000010000000000000001", "2001:db8:0:1::1"),
            ("20010db8000100010001000100010000", "2001:db8:1:1:1:1:1:0"),
            ("fe800000000000000000000000000000", "fe80::"),
        ] {
            #expect(SubjectAlternativeName.ipAddress(hex(bytes)).text == text)
        }
    }

    @Test(
        "A name that could be read in two ways, or in none, is refused",
        arguments: [
            .email("a@example.com\0.evil.example"), .email(""), .email("é@example.com"), .uri("https://a\u{A}b"),
            .address([1, 2, 3]), .directory(DistinguishedName(organization: "o", commonName: "c")),
            .other(type: "1.3.6.1.4.1.311.20.2.3", value: ASN1Writer.utf8("upn@example.com")),
            .other(type: "1.3.6.1.4.1.57264.1.7", value: ASN1Writer.octets([0x61])),
            .other(type: "1.3.6.1.4.1.57264.1.7", value: ASN1Writer.node(0x0C, [0xFF])), .username("a\0b"),
            .username(""), .raw([0x88, 1, 42]), .raw([0x0C, 1, 0x61]), .raw([0xA1, 3, 0x16, 1, 0x61]),
        ] as [GeneralName])
    func unreadableName(_ name: GeneralName) throws {
        for names in [[name], [.email("a@example.com"), name]] {
            guard case .unreadableName = try error(SigningIdentity(names: names, issuer: "https://issuer.example"))
            else {
                Issue.record("taken")
                continue
            }
        }
    }

    @Test("A certificate that names nobody, or too many, is refused")
    func nameCount() throws {
        #expect(try error { $0.subjectAlternativeNames = nil } == .noName)
        #expect(try error { $0.subjectAlternativeNames = [] } == .noName)
        #expect(try error { $0.subjectAlternativeNames = Array(repeating: .uri("u"), count: 16) } == nil)
        #expect(
            try error { $0.subjectAlternativeNames = Array(repeating: .uri("u"), count: 17) }
                == .unreadableName("there are more than 16"))
        #expect(
            try error { $0.subjectAlternativeNamesAreCritical = false }
                == .unreadableName("it is not critical, and there is no subject"))
        #expect(
            try error {
                $0.subjectAlternativeNamesAreCritical = false
                $0.subject = DistinguishedName(organization: "o", commonName: "c")
            } == nil)
    }

    // sigstore/fulcio 048dc68: a claim that is there must parse.
    @Test("A claim that is there has to be readable", arguments: FulcioExtension.allCases)
    func unreadableClaim(_ claim: FulcioExtension) throws {
        let bad: [[UInt8]] =
            claim.isBareText
            ? [[0xFF], [0x61, 0]]
            : [
                [], Array("bare".utf8), ASN1Writer.octets([0x61]), ASN1Writer.utf8("a") + [0],
                ASN1Writer.node(0x0C, [0xC3]), ASN1Writer.utf8("a\0"), [0x0C, 0x81, 1, 0x61],
            ]
        for value in bad {
            let found = try error(.workflow()) { template in
                template.extraExtensions.removeAll { $0.oid == "1.3.6.1.4.1.57264.1.\(claim.rawValue)" }
                template.extraExtensions.append(.init(oid: "1.3.6.1.4.1.57264.1.\(claim.rawValue)", value: value))
            }
            #expect(found == .unreadableClaim(claim))
        }
    }

    @Test(
        "Claims that are one by definition agree",
        arguments: [
            (FulcioExtension.issuerV2, FulcioExtension.issuerV1, "https://issuer.example"),
            (.buildTrigger, .workflowTrigger, "pull_request"), (.sourceRepositoryDigest, .workflowSHA, "0000"),
            (.sourceRepositoryRef, .workflowRef, "refs/heads/maim"),
            (.sourceRepositoryURI, .workflowRepository, "https://github.com/octo/appp"),
        ])
    func contradiction(_ changed: FulcioExtension, _ other: FulcioExtension, _ value: String) throws {
        var identity = SigningIdentity.workflow()
        identity.claims[changed.rawValue] = value
        #expect(try error(identity) == .contradiction(other, changed))
        identity.claims[other.rawValue] = nil
        #expect(try error(identity) == nil)
    }

    @Test("A repository is the end of its address, whole parts of it")
    func repositoryAddress() throws {
        for (address, agrees) in [
            ("https://git.example/octo/app", true), ("https://github.com/xocto/app", false), ("/octo/app", false),
            ("octo/app", false), ("https://github.com/octo/app/", false),
        ] {
            var identity = SigningIdentity.workflow()
            identity.claims[12] = address
            #expect(
                try error(identity) == (agrees ? nil : .contradiction(.workflowRepository, .sourceRepositoryURI)))
        }
    }

    @Test("The issuer is read from either place, and is never empty")
    func issuer() throws {
        for place in [1, 8] {
            var identity = SigningIdentity.workflow()
            identity.claims[9 - place] = nil
            #expect(try claims(identity).issuer == "https://token.actions.githubusercontent.com")
            identity.claims[place] = ""
            #expect(try error(identity) == .unreadableClaim(place == 1 ? .issuerV1 : .issuerV2))
        }
        var none = SigningIdentity.workflow()
        none.claims[1] = nil
        none.claims[8] = nil
        #expect(try claims(none).issuer == nil)
    }

    @Test("Claims that only look alike are not equal")
    func equality() throws {
        var identity = SigningIdentity.workflow()
        identity.claims[4] = "caf\u{E9}"
        let composed = try claims(identity)
        identity.claims[4] = "cafe\u{301}"
        #expect(try claims(identity) != composed)
        identity.claims[4] = "caf\u{E9}"
        #expect(try claims(identity) == composed)
        #expect(SubjectAlternativeName.otherName("caf\u{E9}") != .otherName("cafe\u{301}"))
    }
}
