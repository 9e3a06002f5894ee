// SPDX-License-Identifier: Apache-2.0
import Demo
import TestSupport
import Testing

@Suite struct OpenSSLJudgeTests {
    private let message = Array("what is signed".utf8)

    @Test("OpenSSL's judge takes a good signature and refuses it under one change", arguments: OpenSSLKey.Kind.signing)
    func judge(kind: OpenSSLKey.Kind) throws {
        let key = try OpenSSLKey(generating: kind)
        let hashes: [OpenSSLKey.Hash?] = kind == .ed25519 ? [nil] : OpenSSLKey.Hash.allCases
        for hash in hashes {
            let signature = try key.sign(message, hash)
            func verdict(_ pem: String, _ signature: [UInt8], _ message: [UInt8]) throws -> Bool {
                try OpenSSLJudge.verify(publicKeyPEM: pem, signature: signature, message: message, hash: hash)
            }
            #expect(try verdict(key.publicKeyPEM, signature, message))
            #expect(try !verdict(key.publicKeyPEM, signature, message + [0]))
            var changed = signature
            changed[changed.count - 1] ^= 1
            #expect(try !verdict(key.publicKeyPEM, changed, message))
            let other = try OpenSSLKey(generating: kind)
            #expect(try !verdict(other.publicKeyPEM, signature, message))
        }
    }

    @Test("What the demo signs is good in OpenSSL's eyes")
    func demoSigner() throws {
        let signer = DemoSigner()
        let signature = try signer.sign(message)
        #expect(
            try OpenSSLJudge.verify(
                publicKeyPEM: signer.publicKeyPEM, signature: signature, message: message, hash: .sha256))
    }
}
