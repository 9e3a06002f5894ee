// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import TestSupport
import Testing

@testable import Sigstore

@Suite(
    "Keys that cosign made, or would not take",
    .enabled(if: available(SharedFolder.path("captures/cosign/keys") != nil, orSkip: "no shared/captures/cosign/keys")))
struct CapturedKeyTests {
    static let names = SharedFolder.names(in: "captures/cosign/keys")

    private func text(_ name: String) throws -> String {
        String(decoding: try #require(SharedFolder.bytes("captures/cosign/keys/\(name)")), as: UTF8.self)
    }

    @Test("every public key that cosign wrote is read", arguments: names.filter { $0.hasSuffix(".pub") })
    func publicKeys(name: String) throws {
        _ = try VerificationKey(pem: text(name))
    }

    @Test("no private key is, encrypted or not", arguments: names.filter { !$0.hasSuffix(".pub") })
    func privateKeys(name: String) throws {
        let error = #expect(throws: KeyError.self) { try VerificationKey(pem: text(name)) }
        switch error {
        case .wrongBlock(let label): #expect(label.hasSuffix("PRIVATE KEY"))
        // OpenSSL puts the curve's parameters before a SEC 1 key.
        case .severalBlocks(2): break
        default: Issue.record("\(String(describing: error))")
        }
    }

    @Test(
        "the public half of a key that cosign imported is read, of one that it refused is refused",
        arguments: names.filter { $0.hasSuffix(".pem") })
    func derivedKeys(name: String) throws {
        let text = try publicHalf(of: text(name))
        switch name {
        case "p224-sec1.pem", "secp256k1-sec1.pem":
            let error = #expect(throws: KeyError.self) { try VerificationKey(pem: text) }
            guard case .unsupported? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        case "rsa1024-pkcs8.pem":
            #expect(throws: KeyError.rsaSize(bits: 1024)) { try VerificationKey(pem: text) }
        default:
            let imported = "imp-" + name.replacing(".pem", with: ".pub")
            let key = try VerificationKey(pem: text)
            if let written = SharedFolder.bytes("captures/cosign/keys/\(imported)") {
                #expect(try key == VerificationKey(pem: String(decoding: written, as: UTF8.self)))
            }
        }
    }

    private func publicHalf(of privateKey: String) throws -> String {
        let bytes = Array(privateKey.utf8)
        let input = try #require(BIO_new_mem_buf(bytes, Int32(bytes.count)))
        defer { BIO_free(input) }
        let key = try #require(PEM_read_bio_PrivateKey(input, nil, nil, nil))
        defer { EVP_PKEY_free(key) }
        var der: UnsafeMutablePointer<UInt8>?
        let count = i2d_PUBKEY(key, &der)
        let start = try #require(der)
        defer { CRYPTO_free(start, nil, 0) }
        return pem("PUBLIC KEY", Array(UnsafeBufferPointer(start: start, count: Int(count))))
    }
}
