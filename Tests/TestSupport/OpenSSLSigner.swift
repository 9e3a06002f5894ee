// SPDX-License-Identifier: Apache-2.0
public import Demo
import FoundationEssentials

extension DemoSigner {
    /// Signs with a key of OpenSSL's; with SHA-256 unless another hash is named, pure where the key is Ed25519.
    public init(openSSL key: OpenSSLKey, hash: OpenSSLKey.Hash = .sha256) throws {
        let lines = key.publicKeyPEM.split(separator: "\n").filter { !$0.hasPrefix("-----") }
        guard let der = Data(base64Encoded: lines.joined()) else { throw OpenSSLFailure("no PEM") }
        let used = key.kind == .ed25519 ? nil : hash
        self.init(publicKeyPEM: key.publicKeyPEM, publicKeyDER: Array(der)) { try key.sign($0, used) }
    }
}
