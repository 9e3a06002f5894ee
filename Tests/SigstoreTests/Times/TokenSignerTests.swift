// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import Sigstore

@Suite("A token's signer")
struct TokenSignerTests {
    @Test("may have a key of any kind that is accepted", arguments: AuthorityKey.Kind.allCases)
    func kinds(kind: AuthorityKey.Kind) throws {
        var options = TestTimestampAuthority.Options()
        options.signerKind = kind
        let authority = try TestTimestampAuthority(options)
        let hashes: [MintedHash] = kind == .ed25519 ? [.sha512] : [.sha256, .sha384, .sha512]
        for pinned in [true, false] {
            let believed = try authority.believed(pinned: pinned)
            func token(_ hash: MintedHash) throws -> [UInt8] {
                try authority.token {
                    $0.signers[0].hash = hash
                    $0.signers[0].scheme = kind == .ed25519 ? .ed25519 : .hashed(hash)
                    if !pinned { $0.embedSigners() }
                }
            }
            for hash in hashes { #expect(outcome(try token(hash), by: believed) == goodTimestamp) }
            // Ed25519 goes with SHA-512 alone.
            guard kind == .ed25519 else { continue }
            #expect(outcome(try token(.sha256), by: believed).code == "timestamp-signature-algorithm")
        }
    }

    @Test("is the one that is pinned, whatever comes with the token")
    func foreign() throws {
        let authority = try TestTimestampAuthority.shared()
        let believed = try authority.believed()
        let real = authority.signer.certificate
        // The name and number of the real one, another key, another issuer's signature.
        let stranger = try AuthorityKey()
        var template = real.template
        template.publicKeyDER = stranger.publicKeyDER
        let twin = try template.signed(by: stranger)
        for bag in [[twin.der], [twin.der, real.der], [real.der, twin.der]] {
            let byTwin = try authority.token {
                $0.certificates = bag
                $0.signers[0].key = stranger
                $0.signers[0].identifiedCertificate = twin.der
            }
            #expect(outcome(byTwin, by: believed) == .refused(.foreignCertificate))
            let byReal = try authority.token { $0.certificates = bag }
            #expect(outcome(byReal, by: believed) == .refused(.foreignCertificate))
        }
        // Without the twin's certificate its signature is the real one's, and wrong.
        let bare = try authority.token { $0.signers[0].key = stranger }
        #expect(outcome(bare, by: believed) == .refused(.wrongSignature))
        // Certificates of other names are nothing to it.
        let other = try TestTimestampAuthority.shared().authority.chain.map(\.der)
        let padded = try authority.token { $0.certificates = other + [real.der] }
        #expect(outcome(padded, by: believed) == goodTimestamp)
        #expect(outcome(try authority.token { $0.certificates = other }, by: believed) == goodTimestamp)
    }

    @Test("is one certificate for key, purpose and path, in whatever order the certificates come")
    func swapped() throws {
        let authority = try TestTimestampAuthority.shared()
        let believed = try authority.believed(pinned: false)
        let good = authority.signer.certificate
        let otherKey = try AuthorityKey()
        var template = authority.signerTemplate(for: otherKey)
        template.extendedKeyUsage = [CertificateTemplate.Purpose.codeSigning]
        let wrongPurpose = CertifiedKey(
            certificate: try template.signed(by: authority.authority.issuer.key), key: otherKey)
        for bag in [[good.der, wrongPurpose.certificate.der], [wrongPurpose.certificate.der, good.der]] {
            let honest = try authority.token { $0.certificates = bag }
            #expect(outcome(honest, by: believed) == goodTimestamp)
            let named = try authority.token {
                $0.signers = [TimestampTemplate.Signer(wrongPurpose, hash: .sha256)]
                $0.certificates = bag
            }
            #expect(outcome(named, by: believed) == .refused(.certificate(.purpose(.leaf, .timeStamping))))
            let borrowed = try authority.token {
                $0.signers[0].key = otherKey
                $0.certificates = bag
            }
            #expect(outcome(borrowed, by: believed) == .refused(.wrongSignature))
        }
    }

    @Test("must be one certificate where several have its name and number")
    func several() throws {
        let authority = try TestTimestampAuthority.shared()
        let stranger = try AuthorityKey()
        var template = authority.signer.certificate.template
        template.publicKeyDER = stranger.publicKeyDER
        let twin = try template.signed(by: stranger)
        let real = authority.signer.certificate.der
        for bag in [[real, twin.der], [twin.der, real]] {
            let token = try authority.token { $0.certificates = bag }
            #expect(outcome(token, by: try authority.believed(pinned: false)) == .refused(.severalCertificates))
        }
        let doubled = try authority.token { $0.certificates = [real, real] }
        #expect(outcome(doubled, by: try authority.believed(pinned: false)) == goodTimestamp)
        // The twin alone is of nobody's making.
        let alone = try authority.token {
            $0.certificates = [twin.der]
            $0.signers[0].key = stranger
            $0.signers[0].identifiedCertificate = twin.der
        }
        #expect(outcome(alone, by: try authority.believed(pinned: false)).code == "timestamp-certificate")
    }

    @Test(
        "of an authority that nobody believes says nothing, with or without its certificates", arguments: [true, false])
    func unknown(pinned: Bool) throws {
        let believed = try TestTimestampAuthority.shared().believed(pinned: pinned)
        var options = TestTimestampAuthority.Options()
        options.organization = "elsewhere.test"
        let stranger = try TestTimestampAuthority(options)
        let bare = try stranger.token()
        let full = try stranger.token { $0.certificates = stranger.chain.map(\.der) }
        #expect(outcome(bare, by: believed) == .unknownAuthority)
        #expect(outcome(full, by: believed) == .unknownAuthority)
        #expect(outcome(full, by: try stranger.believed(pinned: pinned)) == goodTimestamp)
        // Named by the key, it is unknown in the same way.
        let byKey = try stranger.token {
            $0.signers[0].version = 3
            $0.signers[0].identifier = .subjectKey(stranger.signer.key.keyIdentifier)
            $0.embedSigners()
        }
        #expect(outcome(byKey, by: believed) == .unknownAuthority)
        #expect(outcome(byKey, by: try stranger.believed(pinned: pinned)) == goodTimestamp)
    }

    @Test("is found among several authorities of one name, each for itself")
    func sameName() throws {
        // Another authority whose certificates have the same names, and the same number.
        let one = try TestTimestampAuthority.shared()
        var options = TestTimestampAuthority.Options()
        let serial = one.signer.certificate.template.serial
        options.alterSigner = { $0.serial = serial }
        let other = try TestTimestampAuthority(options)
        let both = try [one.believed(), other.believed()]
        #expect(outcome(try one.token(), over: [timestamped], by: both) == goodTimestamp)
        #expect(outcome(try other.token(), over: [timestamped], by: both) == goodTimestamp)
        #expect(outcome(try other.token(), by: both[0]).code == "timestamp-certificate-reference")
        let plain = try other.token { $0.signers[0].certificateID = .none }
        #expect(outcome(plain, by: both[0]) == .refused(.wrongSignature))
        // The key of the one under the period of the other is nothing.
        let late = try [one.believed(start: TestTime(2025, 1, 1)), other.believed()]
        #expect(outcome(try one.token(), over: [timestamped], by: late).code == "timestamp-outside-authority")
    }

    @Test("may come with its intermediates only where they are taken")
    func offered() throws {
        var options = TestTimestampAuthority.Options()
        options.intermediateKinds = [.p256]
        let authority = try TestTimestampAuthority(options)
        let full = try authority.token { $0.certificates = authority.chain.dropLast().map(\.der) }
        let leafAlone = try authority.token { $0.embedSigners() }
        #expect(outcome(full, by: try authority.believed(pinned: false)) == goodTimestamp)
        #expect(outcome(leafAlone, by: try authority.believed(pinned: false)) == goodTimestamp)
        let taking = try authority.believed(pinned: false, takesOfferedIntermediates: true)
        #expect(outcome(full, by: taking) == goodTimestamp)
        #expect(outcome(leafAlone, by: taking) == .unknownAuthority)
        let closed = CertificateAuthority(
            name: "", root: taking.root, intermediates: [], signer: nil, takesOfferedIntermediates: false,
            operatorName: "", validity: taking.validity)
        #expect(outcome(full, by: closed) == .unknownAuthority)
    }

    struct Certified: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let error: CertificateError?
        let alter: @Sendable (inout CertificateTemplate) -> Void

        init(
            _ name: String, _ error: CertificateError?, _ alter: @escaping @Sendable (inout CertificateTemplate) -> Void
        ) {
            (testDescription, self.error, self.alter) = (name, error, alter)
        }
    }

    static let certificates = [
        Certified("as it is", nil) { _ in },
        Certified("its purpose not critical", .purpose(.leaf, .timeStamping)) {
            $0.extendedKeyUsageIsCritical = false
        },
        Certified("a second purpose", .purpose(.leaf, .timeStamping)) {
            $0.extendedKeyUsage = [
                CertificateTemplate.Purpose.timeStamping, CertificateTemplate.Purpose.codeSigning,
            ]
        },
        Certified("its purpose twice", .purpose(.leaf, .timeStamping)) {
            $0.extendedKeyUsage = [
                CertificateTemplate.Purpose.timeStamping, CertificateTemplate.Purpose.timeStamping,
            ]
        },
        Certified("any purpose", .purpose(.leaf, .timeStamping)) {
            $0.extendedKeyUsage = [CertificateTemplate.Purpose.any]
        },
        Certified("another purpose", .purpose(.leaf, .timeStamping)) {
            $0.extendedKeyUsage = [CertificateTemplate.Purpose.codeSigning]
        },
        Certified("no purpose", .purpose(.leaf, .timeStamping)) { $0.extendedKeyUsage = nil },
        Certified("another key usage", .keyUsage(.leaf)) { $0.keyUsage = [.keyEncipherment] },
        Certified("an authority", .isAuthority) { $0.basicConstraints = .init(isAuthority: true) },
    ]

    @Test("has a certificate for timestamps and nothing else", arguments: certificates, [true, false])
    func purpose(row: Certified, pinned: Bool) throws {
        var options = TestTimestampAuthority.Options()
        options.alterSigner = row.alter
        let authority = try TestTimestampAuthority(options)
        let token = try authority.token { $0.embedSigners() }
        let expected = row.error.map { TokenOutcome.refused(.certificate($0)) } ?? goodTimestamp
        #expect(outcome(token, by: try authority.believed(pinned: pinned)) == expected)
    }
}
