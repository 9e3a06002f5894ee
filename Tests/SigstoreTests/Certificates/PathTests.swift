// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import Sigstore

@Suite("The path of a certificate to its authority")
struct PathTests {
    private static let now = TestAuthority.time.adding(seconds: 60)

    /// What is changed, and why that is refused.
    struct LeafTwin: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let refused: CertificateError
        let alter: @Sendable (inout CertificateTemplate) -> Void
    }

    static let leafTwins: [LeafTwin] = [
        LeafTwin(testDescription: "version 1", refused: .wrongVersion(.leaf, 1)) { $0.makeVersion1() },
        LeafTwin(testDescription: "a certificate authority", refused: .isAuthority) {
            $0.basicConstraints = .init(isAuthority: true)
        },
        LeafTwin(testDescription: "no key usage", refused: .keyUsage(.leaf)) { $0.keyUsage = nil },
        LeafTwin(testDescription: "another key usage", refused: .keyUsage(.leaf)) { $0.keyUsage = [.keyAgreement] },
        LeafTwin(testDescription: "an empty key usage", refused: .keyUsage(.leaf)) { $0.keyUsage = [] },
        LeafTwin(testDescription: "no extended key usage", refused: .purpose(.leaf, .codeSigning)) {
            $0.extendedKeyUsage = nil
        },
        LeafTwin(
            testDescription: "an empty extended key usage", refused: .malformedExtension(.leaf, "extended key usage")
        ) { $0.extendedKeyUsage = [] },
        LeafTwin(testDescription: "another purpose", refused: .purpose(.leaf, .codeSigning)) {
            $0.extendedKeyUsage = [CertificateTemplate.Purpose.serverAuthentication]
        },
        LeafTwin(testDescription: "any purpose", refused: .purpose(.leaf, .codeSigning)) {
            $0.extendedKeyUsage = [CertificateTemplate.Purpose.any]
        },
        LeafTwin(testDescription: "an unknown critical extension", refused: .unknownCriticalExtension(.leaf, "1.2.3.4"))
        {
            $0.extraExtensions.append(.init(oid: "1.2.3.4", isCritical: true, value: ASN1Writer.null))
        },
        LeafTwin(testDescription: "name constraints", refused: .nameConstraints(.leaf)) {
            $0.extraExtensions.append(.init(oid: "2.5.29.30", value: ASN1Writer.sequence()))
        },
        LeafTwin(
            testDescription: "malformed basic constraints", refused: .malformedExtension(.leaf, "basic constraints")
        ) {
            $0.extraExtensions.append(.init(oid: "2.5.29.19", value: ASN1Writer.null))
        },
        LeafTwin(
            testDescription: "a path length without an authority",
            refused: .malformedExtension(.leaf, "basic constraints")
        ) { $0.basicConstraints = .init(isAuthority: false, pathLength: 0) },
        LeafTwin(
            testDescription: "an issuer of another name",
            refused: .unknownIssuer(authority: "https://fulcio.sigstore.test")
        ) { $0.issuer = DistinguishedName(organization: "sigstore.test", commonName: "test-fulcio-intermediatE") },
        LeafTwin(testDescription: "its own issuer", refused: .isAuthority) { $0.subject = $0.issuer },
    ]

    @Test("A leaf as Fulcio makes it is led to the root")
    func accepted() throws {
        let authority = try TestCertificateAuthority()
        let path = try authority.trusted().path(
            to: authority.leaf(), offered: [], for: .codeSigning, at: [Self.now.instant])
        #expect(path.count == 3)
        #expect(path.issuer.der == authority.intermediates[0].certificate.der)
        #expect(path.authority == "https://fulcio.sigstore.test")
        #expect(path.instants == [try Self.now.instant])
        // Harmless, as another extension that is not critical.
        #expect(throws: Never.self) {
            try authority.trusted().path(
                to: authority.leaf {
                    $0.extraExtensions.append(.init(oid: "1.2.3.4", value: ASN1Writer.null))
                    $0.basicConstraints = .init(isAuthority: false)
                    $0.extendedKeyUsage?.append(CertificateTemplate.Purpose.serverAuthentication)
                }, for: .codeSigning, at: [Self.now.instant])
        }
    }

    @Test("A leaf that differs in one thing is refused for it", arguments: leafTwins)
    func leafTwin(_ twin: LeafTwin) throws {
        let authority = try TestCertificateAuthority()
        let leaf = try authority.leaf { twin.alter(&$0) }
        #expect(throws: twin.refused) {
            try authority.trusted().path(to: leaf, for: .codeSigning, at: [Self.now.instant])
        }
    }

    struct IssuerTwin: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let refused: @Sendable (PathPosition) -> CertificateError
        let alter: @Sendable (inout CertificateTemplate) -> Void
    }

    /// What is said of an issuer that ended on the day before.
    private static func expired(_ position: PathPosition) -> CertificateError {
        guard let instant = try? now.instant,
            let period = try? ValidityPeriod.period(TestTime(2020, 1, 1), TestTime(2024, 6, 1))
        else { return .noTime }
        return .outsideValidity(position, at: instant, period)
    }

    static let issuerTwins: [IssuerTwin] = [
        IssuerTwin(testDescription: "version 1", refused: { .wrongVersion($0, 1) }) { $0.makeVersion1() },
        IssuerTwin(testDescription: "no basic constraints", refused: { .notAnAuthority($0) }) {
            $0.basicConstraints = nil
        },
        IssuerTwin(testDescription: "no authority", refused: { .notAnAuthority($0) }) {
            $0.basicConstraints = .init(isAuthority: false)
        },
        IssuerTwin(testDescription: "no right to sign certificates", refused: { .keyUsage($0) }) {
            $0.keyUsage = [.digitalSignature, .cRLSign]
        },
        IssuerTwin(testDescription: "another purpose", refused: { .purpose($0, .codeSigning) }) {
            $0.extendedKeyUsage = [CertificateTemplate.Purpose.timeStamping]
        },
        IssuerTwin(
            testDescription: "an end before the signature",
            refused: { expired($0) }
        ) { $0.notAfter = TestTime(2024, 6, 1) },
        IssuerTwin(testDescription: "name constraints", refused: { .nameConstraints($0) }) {
            $0.extraExtensions.append(.init(oid: "2.5.29.30", isCritical: true, value: ASN1Writer.sequence()))
        },
        IssuerTwin(
            testDescription: "an unknown critical extension", refused: { .unknownCriticalExtension($0, "1.2.3.4") }
        ) {
            $0.extraExtensions.append(.init(oid: "1.2.3.4", isCritical: true, value: ASN1Writer.null))
        },
        IssuerTwin(testDescription: "malformed key usage", refused: { .malformedExtension($0, "key usage") }) {
            $0.keyUsage = nil
            $0.extraExtensions.append(.init(oid: "2.5.29.15", value: ASN1Writer.null))
        },
    ]

    @Test("No path leads through an issuer, root or not, that differs in one thing", arguments: issuerTwins, [0, 1, 2])
    func issuerTwin(_ twin: IssuerTwin, level: Int) throws {
        var options = TestCertificateAuthority.Options()
        options.intermediateKinds = [.p256, .p256]
        options.alter = { template, changed in if changed == level { twin.alter(&template) } }
        let authority = try TestCertificateAuthority(options)
        let position: PathPosition = level == 0 ? .root : .intermediate(2 - level)
        #expect(throws: twin.refused(position)) {
            try authority.trusted().path(to: authority.leaf(), for: .codeSigning, at: [Self.now.instant])
        }
        #expect(throws: twin.refused(position)) {
            try authority.trusted(intermediates: false, takesOffered: true).path(
                to: authority.leaf(), offered: authority.intermediates.map { try $0.read() }, for: .codeSigning,
                at: [Self.now.instant])
        }
    }

    @Test("A path length allows as many authorities and not one more")
    func pathLength() throws {
        for allowed in [0, 1] {
            var options = TestCertificateAuthority.Options()
            options.intermediateKinds = [.p256, .p256]
            options.alter = { template, level in
                if level == 1 { template.basicConstraints?.pathLength = allowed }
                if level == 0 { template.basicConstraints?.pathLength = nil }
            }
            let authority = try TestCertificateAuthority(options)
            let error = try certificateError {
                _ = try authority.trusted().path(to: authority.leaf(), for: .codeSigning, at: [Self.now.instant])
            }
            #expect(error == (allowed == 1 ? nil : .pathTooLong(.intermediate(1), allowed: 0)))
        }
    }

    @Test("An authority that names any purpose or none may issue for code signing")
    func anyPurpose() throws {
        for purposes in [nil, [CertificateTemplate.Purpose.any]] as [[String]?] {
            var options = TestCertificateAuthority.Options()
            options.intermediatePurposes = purposes
            let authority = try TestCertificateAuthority(options)
            #expect(throws: Never.self) {
                try authority.trusted().path(to: authority.leaf(), for: .codeSigning, at: [Self.now.instant])
            }
        }
    }

    @Test("A lone root issues leaves itself")
    func loneRoot() throws {
        var options = TestCertificateAuthority.Options()
        options.intermediateKinds = []
        let authority = try TestCertificateAuthority(options)
        let path = try authority.trusted().path(to: authority.leaf(), for: .codeSigning, at: [Self.now.instant])
        #expect(path.count == 2)
        #expect(path.issuer.der == authority.root.certificate.der)
    }

    @Test("An authority's own certificate is no leaf")
    func authorityAsLeaf() throws {
        let authority = try TestCertificateAuthority()
        for certificate in try authority.chain.map({ try $0.read() }) {
            #expect(throws: CertificateError.isAuthority) {
                try authority.trusted().path(to: certificate, for: .codeSigning, at: [Self.now.instant])
            }
        }
        // Not known, and marked as an authority.
        #expect(throws: CertificateError.isAuthority) {
            try authority.trusted(intermediates: false).path(
                to: authority.intermediates[0].read(), for: .codeSigning, at: [Self.now.instant])
        }
    }

    @Test("Another authority of the same names has not issued the leaf")
    func namesake() throws {
        let authority = try TestCertificateAuthority()
        let leaf = try authority.leaf()
        #expect(throws: CertificateError.notSignedByIssuer(authority: "https://fulcio.sigstore.test")) {
            try TestCertificateAuthority().trusted().path(to: leaf, for: .codeSigning, at: [Self.now.instant])
        }
        // Two issuing certificates of one name, as Sigstore's staging instance has: the right one is found.
        let sibling = try authority.sibling()
        let both = CertificateAuthority(
            name: "both", root: try authority.root.read(),
            intermediates: try (sibling.intermediates + authority.intermediates).map { try $0.read() }, signer: nil,
            takesOfferedIntermediates: false, operatorName: "", validity: try .open)
        let path = try both.path(to: leaf, for: .codeSigning, at: [Self.now.instant])
        #expect(path.issuer.der == authority.intermediates[0].certificate.der)
    }

    @Test("An intermediate that does not lead to the root is no anchor")
    func strayIntermediate() throws {
        let authority = try TestCertificateAuthority()
        let stranger = try TestCertificateAuthority()
        let trusted = CertificateAuthority(
            name: "mixed", root: try stranger.root.read(), intermediates: [try authority.intermediates[0].read()],
            signer: nil, takesOfferedIntermediates: true, operatorName: "", validity: try .open)
        #expect(trusted.issuers.count == 1)
        #expect(throws: CertificateError.unknownIssuer(authority: "mixed")) {
            try trusted.path(to: authority.leaf(), for: .codeSigning, at: [Self.now.instant])
        }
    }

    @Test("Key identifiers that do not fit do not matter, as they are hints")
    func keyIdentifiers() throws {
        let authority = try TestCertificateAuthority()
        let leaf = try authority.leaf { $0.authorityKeyIdentifier = [1, 2, 3] }
        #expect(throws: Never.self) {
            try authority.trusted().path(to: leaf, for: .codeSigning, at: [Self.now.instant])
        }
    }
}
