// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import Sigstore

@Suite("Paths that were damaged")
struct PathPropertyTests {
    private let authority: TestCertificateAuthority
    private let log: TestCTLog
    private let leaf: Certificate

    init() throws {
        var options = TestCertificateAuthority.Options()
        options.rootKind = .p256
        options.intermediateKinds = [.p256]
        authority = try TestCertificateAuthority(options)
        log = try TestCTLog()
        leaf = try authority.leaf(.workflow(), logs: [log])
    }

    @Test("No bit of a leaf can be changed")
    func leafBits() throws {
        let trusted = try authority.trusted()
        let instant = try TestAuthority.time.instant
        #expect(throws: Never.self) { try trusted.path(to: leaf, for: .codeSigning, at: [instant]) }
        var random = SeededRandom(seed: 1)
        for index in leaf.der.indices {
            var changed = leaf.der
            changed[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            guard let read = try? Certificate(der: changed) else { continue }
            #expect(throws: CertificateError.self, "byte \(index)") {
                try trusted.path(to: read, for: .codeSigning, at: [instant])
            }
        }
    }

    @Test("No bit of an issuer can be changed, whether it is trusted or comes with the proof")
    func issuerBits() throws {
        let root = try authority.root.read()
        let instant = try TestAuthority.time.instant
        let offering = try authority.trusted(intermediates: false, takesOffered: true)
        let issuer = authority.intermediates[0].certificate.der
        var random = SeededRandom(seed: 2)
        for index in issuer.indices {
            var changed = issuer
            changed[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            guard let read = try? Certificate(der: changed) else { continue }
            let trusted = CertificateAuthority(
                name: "damaged", root: root, intermediates: [read], signer: nil, takesOfferedIntermediates: false,
                operatorName: "", validity: try .open)
            #expect(throws: CertificateError.self, "byte \(index)") {
                try trusted.path(to: leaf, for: .codeSigning, at: [instant])
            }
            #expect(throws: CertificateError.self, "byte \(index)") {
                try offering.path(to: leaf, offered: [read], for: .codeSigning, at: [instant])
            }
        }
    }

    @Test("Whatever is read from damaged bytes ends in a typed error, and never in a path")
    func damage() throws {
        let trusted = try authority.trusted()
        let instant = try TestAuthority.time.instant
        var random = SeededRandom(seed: 3)
        for _ in 0..<5000 {
            var bytes = leaf.der
            for _ in 0..<Int.random(in: 1...3, using: &random) { bytes.damage(&random) }
            guard bytes != leaf.der, let read = try? Certificate(der: bytes) else { continue }
            // These read what is not authentic, as a fuzzer would.
            _ = try? UnverifiedClaims(of: read)
            _ = try? read.precertificate()
            _ = (read.first(CertificateTimestamps.identifier)?.value).map { try? CertificateTimestamps.read($0) }
            #expect(throws: CertificateError.self) { try trusted.path(to: read, for: .codeSigning, at: [instant]) }
        }
    }

    @Test("Damaged extensions that their issuer signed are read or refused")
    func signedDamage() throws {
        let trusted = try authority.trusted()
        let instant = try TestAuthority.time.instant
        var random = SeededRandom(seed: 4)
        let template = leaf
        var accepted = 0
        for _ in 0..<500 {
            var damaged = authority.leafTemplate(
                for: try AuthorityKey(), .workflow(), at: TestAuthority.time)
            damaged.extraExtensions = template.extensions.map { one in
                var value = one.value
                if Int.random(in: 0..<8, using: &random) == 0 { value.damage(&random) }
                return .init(oid: "\(one.identifier)", isCritical: one.isCritical, value: value)
            }
            damaged.keyUsage = nil
            damaged.extendedKeyUsage = nil
            damaged.subjectAlternativeNames = nil
            damaged.subjectKeyIdentifier = nil
            damaged.authorityKeyIdentifier = nil
            guard let read = try? authority.issue(damaged).read(),
                let path = try? trusted.path(to: read, for: .codeSigning, at: [instant])
            else { continue }
            if (try? path.claims()) != nil { accepted += 1 }
            #expect(throws: CertificateError.self) { try path.requireTransparency(in: [log.trusted()]) }
        }
        #expect(accepted > 0)
    }
}

@Suite("Paths, as OpenSSL judges them")
struct OpenSSLPathTests {
    typealias Alter = @Sendable (inout CertificateTemplate, Int) -> Void

    /// What both judge by the same rules: level 0 is the root, 3 the leaf.
    static let alterations: [(String, Bool, Alter)] = [
        ("nothing", true, { _, _ in }),
        ("no authority", false, { if $1 == 1 { $0.basicConstraints = .init(isAuthority: false) } }),
        ("no basic constraints", false, { if $1 == 2 { $0.basicConstraints = nil } }),
        ("no right to sign", false, { if $1 == 2 { $0.keyUsage = [.digitalSignature] } }),
        ("a short path", false, { if $1 == 1 { $0.basicConstraints?.pathLength = 0 } }),
        ("an ended issuer", false, { if $1 == 2 { $0.notAfter = TestTime(2024, 1, 1) } }),
        ("an ended root", false, { if $1 == 0 { $0.notAfter = TestTime(2024, 1, 1) } }),
        ("an issuer of tomorrow", false, { if $1 == 1 { $0.notBefore = TestTime(2025, 1, 1) } }),
        (
            "an unknown critical extension", false,
            {
                if $1 == 2 { $0.extraExtensions.append(.init(oid: "1.2.3.4", isCritical: true, value: [5, 0])) }
            }
        ),
        (
            "an unknown extension", true,
            {
                if $1 == 2 { $0.extraExtensions.append(.init(oid: "1.2.3.4", value: [5, 0])) }
            }
        ),
        (
            "a critical extension of the leaf", false,
            {
                if $1 == 3 { $0.extraExtensions.append(.init(oid: "1.2.3.4", isCritical: true, value: [5, 0])) }
            }
        ),
        ("an ended leaf", false, { if $1 == 3 { $0.notAfter = $0.notBefore } }),
    ]

    @Test("Both say the same", arguments: alterations.indices)
    func agrees(_ index: Int) throws {
        let (name, isGood, alter) = Self.alterations[index]
        var options = TestCertificateAuthority.Options()
        options.intermediateKinds = [.p256, .rsa2048]
        options.alter = alter
        let authority = try TestCertificateAuthority(options)
        let leaf = try authority.leaf { alter(&$0, 3) }
        let time = TestAuthority.time.adding(seconds: 60)
        let judged = try OpenSSLPathJudge.accepts(
            leaf: leaf.der, untrusted: authority.intermediates.map(\.certificate.der),
            root: authority.root.certificate.der, at: time.seconds)
        #expect(judged == isGood, "OpenSSL on \(name)")
        let ours = try certificateError {
            _ = try authority.trusted().path(to: leaf, for: .codeSigning, at: [time.instant])
        }
        #expect((ours == nil) == isGood, "\(name)")
    }
}
