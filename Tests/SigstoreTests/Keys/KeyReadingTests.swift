// SPDX-License-Identifier: Apache-2.0
import Crypto
import CryptoExtras
import FoundationEssentials
import OCI
import TestSupport
import Testing

@testable import Sigstore

@Suite("A public key is read")
struct KeyReadingTests {
    @Test("of every kind that cosign signs with", arguments: TestKey.Kind.allCases)
    func everyKind(kind: TestKey.Kind) throws {
        let key = try TestKey.shared(kind)
        let read = try key.verificationKey()
        #expect(read.fingerprint == Digest(of: derBytes(key.publicKeyPEM)))
        #expect(read.kind == kind.expected)
        #expect(read.schemes == kind.schemes)
        #expect(read.hash == nil)
    }

    @Test("as OpenSSL writes it, the same for each kind", arguments: OpenSSLKey.Kind.signing)
    func openSSL(kind: OpenSSLKey.Kind) throws {
        let key = try OpenSSLKey(generating: kind)
        let read = try VerificationKey(pem: key.publicKeyPEM)
        #expect(read.fingerprint == Digest(of: derBytes(key.publicKeyPEM)))
    }

    @Test("under one fingerprint, whether an RSA key comes as SubjectPublicKeyInfo or as PKCS#1")
    func oneFingerprint() throws {
        let key = try _RSA.Signing.PrivateKey(keySize: .bits2048).publicKey
        let info = try VerificationKey(pem: key.pemRepresentation)
        let pkcs1 = try VerificationKey(pem: pem("RSA PUBLIC KEY", Array(key.pkcs1DERRepresentation)))
        #expect(info.fingerprint == pkcs1.fingerprint)
        #expect(info == pkcs1)
        #expect(info.fingerprint == Digest(of: Array(key.derRepresentation)))
    }

    @Test("from a text in any of the shapes in which keys are kept", arguments: Self.shapes)
    func isRead(shape: Shape) throws {
        let key = try TestKey.shared(.p256)
        let read = try VerificationKey(pem: shape.text(derBytes(key.publicKeyPEM)))
        #expect(try read == key.verificationKey())
    }

    struct Shape: Sendable, CustomTestStringConvertible {
        let name: String
        let text: @Sendable ([UInt8]) -> String
        var testDescription: String { name }
    }

    static let shapes = [
        Shape(name: "lines of 64") { pem("PUBLIC KEY", $0) },
        Shape(name: "lines of 76") { pem("PUBLIC KEY", $0, lineLength: 76) },
        Shape(name: "lines of 10") { pem("PUBLIC KEY", $0, lineLength: 10) },
        Shape(name: "one line") { pem("PUBLIC KEY", $0, lineLength: 4096) },
        Shape(name: "carriage returns") { pem("PUBLIC KEY", $0, newline: "\r\n") },
        Shape(name: "no newline at the end") { String(pem("PUBLIC KEY", $0).dropLast()) },
        Shape(name: "space after every line") { pem("PUBLIC KEY", $0, newline: " \t\n") },
        Shape(name: "body indented") { pem("PUBLIC KEY", $0).replacing("\nM", with: "\n    M") },
        Shape(name: "comment before") { "# the release key\n" + pem("PUBLIC KEY", $0) },
        Shape(name: "comment after") { pem("PUBLIC KEY", $0) + "the release key, 2026\n" },
    ]

    @Test("with the hash that the policy sets, which is part of what the key is")
    func hashIsPartOfIdentity() throws {
        let key = try TestKey.shared(.p384)
        let keys = Set(try [nil, .sha256, .sha384, .sha512].map { try key.verificationKey(hash: $0) })
        #expect(keys.count == 4)
        #expect(Set(keys.map(\.fingerprint)).count == 1)
        #expect(try key.verificationKey(hash: .sha512).schemes == [.ecdsa(.sha512)])
        #expect(try TestKey.shared(.rsa2048).verificationKey(hash: .sha384).schemes == [.rsaPKCS1(.sha384)])
        #expect(try TestKey.shared(.ed25519).verificationKey(hash: .sha256).schemes == [.ed25519, .ed25519ph])
    }

    @Test("of any RSA modulus from 2048 to 4096 bits, told by its first bit", arguments: [2048, 2049, 3072, 4096])
    func rsaSizes(bits: Int) throws {
        _ = try VerificationKey(pem: pem("PUBLIC KEY", DER.rsa(n: DER.modulus(bits: bits))))
    }

    @Test("whatever is kept in the shared folder for cosign, or refused where it is too weak")
    func sharedKeys() throws {
        guard let index = SharedFolder.bytes("data/public-keys/index.tsv") else {
            return skip("no shared/data/public-keys")
        }
        for row in String(decoding: index, as: UTF8.self).split(separator: "\n").dropFirst() {
            let columns = row.split(separator: "\t")
            let text = String(
                decoding: try #require(SharedFolder.bytes("data/public-keys/\(columns[0])")), as: UTF8.self)
            let isRefused = columns[1].hasPrefix("does not parse") || columns[1] == "rsa-1024"
            let isRead = (try? VerificationKey(pem: text)) != nil
            #expect(isRead == !isRefused, "\(row)")
        }
    }
}

extension TestKey.Kind {
    fileprivate var expected: KeyKind {
        switch self {
        case .p256: .ecdsaP256
        case .p384: .ecdsaP384
        case .p521: .ecdsaP521
        case .rsa2048, .rsa3072, .rsa4096: .rsa
        case .ed25519: .ed25519
        }
    }
}
