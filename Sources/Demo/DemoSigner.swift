// SPDX-License-Identifier: Apache-2.0
import Crypto
import FoundationEssentials

/// Signs as `cosign sign --key` does, without a log. Only for demonstrations and tests: the key lives in memory.
public struct DemoSigner: Sendable {
    /// SubjectPublicKeyInfo in PEM.
    public let publicKeyPEM: String
    /// SubjectPublicKeyInfo in DER.
    public let publicKeyDER: [UInt8]
    private let signature: @Sendable ([UInt8]) throws -> [UInt8]

    /// A new P-256 key; signatures are ECDSA over SHA-256 in DER.
    public init() {
        let key = P256.Signing.PrivateKey()
        self.init(publicKeyPEM: key.publicKey.pemRepresentation, publicKeyDER: Array(key.publicKey.derRepresentation)) {
            Array(try key.signature(for: $0).derRepresentation)
        }
    }

    /// A key that somebody else holds, of any kind.
    public init(
        publicKeyPEM: String, publicKeyDER: [UInt8], sign: @escaping @Sendable ([UInt8]) throws -> [UInt8]
    ) {
        self.publicKeyPEM = publicKeyPEM
        self.publicKeyDER = publicKeyDER
        signature = sign
    }

    /// The raw signature of these bytes.
    public func sign(_ message: [UInt8]) throws -> [UInt8] { try signature(message) }

    /// What cosign puts beside a bundle to tell keys apart: base64 of the key's SHA-256. Nobody's proof of anything.
    public var hint: String { Data(SHA256.hash(data: publicKeyDER)).base64EncodedString() }
}

func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
