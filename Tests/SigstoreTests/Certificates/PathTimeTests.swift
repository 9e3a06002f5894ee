// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import Sigstore

@Suite("When a path is valid")
struct PathTimeTests {
    private static let start = TestAuthority.time
    private static let end = start.adding(seconds: 600)

    private func error(_ times: [TestTime], _ authority: CertificateAuthority, _ leaf: Certificate) throws
        -> CertificateError?
    {
        let instants = try times.map { try $0.instant }
        return try certificateError { _ = try authority.path(to: leaf, for: .codeSigning, at: instants) }
    }

    @Test("Both ends of a certificate's validity belong to it, and no millisecond beyond")
    func ends() throws {
        let authority = try TestCertificateAuthority()
        let trusted = try authority.trusted()
        let leaf = try authority.leaf()
        #expect(try error([Self.start, Self.end], trusted, leaf) == nil)
        for outside in [Self.start.adding(milliseconds: -1), Self.end.adding(milliseconds: 1)] {
            let expected = CertificateError.outsideValidity(.leaf, at: try outside.instant, leaf.validity)
            #expect(try error([outside], trusted, leaf) == expected)
            // One time inside does not make up for one outside, in either order.
            #expect(try error([Self.start, outside], trusted, leaf) == expected)
            #expect(try error([outside, Self.start], trusted, leaf) == expected)
        }
    }

    @Test("Without a time there is no path")
    func noTime() throws {
        let authority = try TestCertificateAuthority()
        #expect(try error([], authority.trusted(), authority.leaf()) == .noTime)
    }

    @Test("An authority is believed in its own period alone, ends included")
    func authorityPeriod() throws {
        let authority = try TestCertificateAuthority()
        let leaf = try authority.leaf()
        let period = try ValidityPeriod.period(Self.start, Self.start.adding(seconds: 60))
        let trusted = try authority.trusted(validity: period)
        #expect(try error([Self.start, Self.start.adding(seconds: 60)], trusted, leaf) == nil)
        let late = Self.start.adding(seconds: 61)
        #expect(
            try error([Self.start, late], trusted, leaf)
                == .authorityOutsidePeriod(authority: trusted.name, at: late.instant, period))
    }
}

@Suite("Certificates that come with a proof")
struct OfferedCertificateTests {
    private let now = TestAuthority.time

    @Test("They are used only where the authority takes them")
    func onlyWhereTaken() throws {
        let authority = try TestCertificateAuthority()
        let leaf = try authority.leaf()
        let offered = try authority.chain.map { try $0.read() }
        let path = try authority.trusted(intermediates: false, takesOffered: true).path(
            to: leaf, offered: offered, for: .codeSigning, at: [now.instant])
        #expect(path.issuer == offered[0])
        #expect(throws: CertificateError.unknownIssuer(authority: path.authority)) {
            try authority.trusted(intermediates: false).path(
                to: leaf, offered: offered, for: .codeSigning, at: [now.instant])
        }
        #expect(throws: CertificateError.unknownIssuer(authority: path.authority)) {
            try authority.trusted(intermediates: false, takesOffered: true).path(
                to: leaf, for: .codeSigning, at: [now.instant])
        }
    }

    @Test("A whole chain of another root leads nowhere")
    func strangersChain() throws {
        let authority = try TestCertificateAuthority()
        let stranger = try TestCertificateAuthority()
        let error = try certificateError {
            _ = try authority.trusted(intermediates: false, takesOffered: true).path(
                to: stranger.leaf(), offered: stranger.chain.map { try $0.read() }, for: .codeSigning,
                at: [now.instant])
        }
        #expect(error == .notSignedByIssuer(authority: "https://fulcio.sigstore.test"))
    }

    // CVE-2026-32280: paths without a limit.
    @Test("At most ten are looked at")
    func tooMany() throws {
        let authority = try TestCertificateAuthority()
        let leaf = try authority.leaf()
        let one = try authority.intermediates[0].read()
        let trusted = try authority.trusted(intermediates: false, takesOffered: true)
        #expect(throws: Never.self) {
            try trusted.path(
                to: leaf, offered: Array(repeating: one, count: 10), for: .codeSigning, at: [now.instant])
        }
        #expect(throws: CertificateError.tooManyOffered(11)) {
            try trusted.path(
                to: leaf, offered: Array(repeating: one, count: 11), for: .codeSigning, at: [now.instant])
        }
        // Not used, not counted.
        #expect(throws: Never.self) {
            try authority.trusted().path(
                to: leaf, offered: Array(repeating: one, count: 11), for: .codeSigning, at: [now.instant])
        }
    }

    @Test("A maze of certificates that sign each other ends the search")
    func maze() throws {
        // Ten authorities of one name and one key: each has signed every other, and none leads to the root.
        let key = try AuthorityKey()
        let name = DistinguishedName(organization: "maze", commonName: "maze")
        var options = TestCertificateAuthority.Options()
        options.intermediateKinds = []
        let maze = try (0..<10).map { number -> Certificate in
            var template = CertificateTemplate(
                issuer: name, subject: name, publicKeyDER: key.publicKeyDER, notBefore: TestTime(2020, 1, 1),
                notAfter: TestTime(2040, 1, 1))
            template.basicConstraints = .init(isAuthority: true)
            template.serial = [UInt8(number + 1)]
            return try template.signed(by: key).read()
        }
        let authority = try TestCertificateAuthority(options)
        var template = authority.leafTemplate(
            for: try AuthorityKey(), .email("a@example.com", issuer: "https://issuer.example"), at: now)
        template.issuer = name
        let leaf = try template.signed(by: key).read()
        let started = ContinuousClock.now
        #expect(throws: CertificateError.tooMuchWork) {
            try authority.trusted(takesOffered: true).path(
                to: leaf, offered: maze, for: .codeSigning, at: [now.instant])
        }
        #expect(ContinuousClock.now - started < .seconds(2))
    }

    @Test("The search ends after its number of signature checks")
    func budget() throws {
        // Ten namesakes with keys of their own, all signed by one another's name: no edge is known beforehand.
        let name = DistinguishedName(organization: "maze", commonName: "maze")
        let keys = try (0..<10).map { _ in try AuthorityKey() }
        let maze = try keys.enumerated().map { number, key -> Certificate in
            var template = CertificateTemplate(
                issuer: name, subject: name, publicKeyDER: key.publicKeyDER, notBefore: TestTime(2020, 1, 1),
                notAfter: TestTime(2040, 1, 1))
            template.basicConstraints = .init(isAuthority: true)
            return try template.signed(by: keys[(number + 1) % keys.count]).read()
        }
        let authority = try TestCertificateAuthority()
        var template = authority.leafTemplate(
            for: try AuthorityKey(), .email("a@example.com", issuer: "https://issuer.example"), at: now)
        template.issuer = name
        let leaf = try template.signed(by: keys[0]).read()
        #expect(throws: CertificateError.tooMuchWork) {
            try authority.trusted(takesOffered: true).path(
                to: leaf, offered: maze, for: .codeSigning, at: [now.instant])
        }
    }
}

@Suite("The path of a timestamp authority's certificate")
struct TimestampPathTests {
    private func outcome(
        pinned: Bool = true, _ alter: @escaping @Sendable (inout CertificateTemplate) -> Void = { _ in }
    ) throws -> CertificateError? {
        var options = TestTimestampAuthority.Options()
        options.alterSigner = alter
        let authority = try TestTimestampAuthority(options)
        let trusted = CertificateAuthority(
            name: "tsa", root: try authority.authority.root.read(),
            intermediates: try authority.authority.intermediates.map { try $0.read() },
            signer: try pinned ? authority.signer.read() : TestTimestampAuthority().signer.read(),
            takesOfferedIntermediates: false, operatorName: "", validity: try .open)
        return try certificateError {
            _ = try trusted.path(
                to: authority.signer.read(), for: .timeStamping, at: [TestAuthority.time.instant])
        }
    }

    // GHSA-5qp5-ph6r-qj9f: the purpose has to be alone and critical.
    @Test("It is for timestamps, critically and for nothing else")
    func purpose() throws {
        let refused = CertificateError.purpose(.leaf, .timeStamping)
        #expect(try outcome() == nil)
        #expect(try outcome { $0.extendedKeyUsageIsCritical = false } == refused)
        #expect(try outcome { $0.extendedKeyUsage?.append(CertificateTemplate.Purpose.codeSigning) } == refused)
        #expect(try outcome { $0.extendedKeyUsage = [CertificateTemplate.Purpose.codeSigning] } == refused)
        #expect(try outcome { $0.extendedKeyUsage = nil } == refused)
    }

    @Test("Its key may sign, if a key usage says anything")
    func keyUsage() throws {
        #expect(try outcome { $0.keyUsage = nil } == nil)
        #expect(try outcome { $0.keyUsage = [.contentCommitment] } == nil)
        #expect(try outcome { $0.keyUsage = [.keyAgreement] } == .keyUsage(.leaf))
    }

    @Test("Pinning does not stand for the issuer's signature")
    func pinnedOfAnother() throws {
        let authority = try TestTimestampAuthority()
        // The same names and another root's key.
        let other = try TestTimestampAuthority()
        for (root, expected) in [
            (authority.authority.root, nil),
            (other.authority.root, CertificateError.notSignedByIssuer(authority: "tsa")),
        ] {
            let trusted = CertificateAuthority(
                name: "tsa", root: try root.read(), intermediates: [], signer: try authority.signer.read(),
                takesOfferedIntermediates: false, operatorName: "", validity: try .open)
            let error = try certificateError {
                _ = try trusted.path(
                    to: authority.signer.read(), for: .timeStamping, at: [TestAuthority.time.instant])
            }
            #expect(error == expected)
        }
    }

    @Test("Only the certificate that is pinned signs")
    func pinned() throws {
        #expect(try outcome(pinned: false) == .notPinnedSigner(authority: "tsa"))
    }
}
