// SPDX-License-Identifier: Apache-2.0
import Crypto
import CryptoExtras
import FoundationEssentials
import JSON

/// A public key of a root's list that can check signatures. TUF 1.0 §4.2.
struct MetadataKey: Sendable {
    private enum Kind: Sendable {
        case p256(P256.Signing.PublicKey)
        case p384(P384.Signing.PublicKey)
        case ed25519(Curve25519.Signing.PublicKey)
        case rsa(_RSA.Signing.PublicKey)
    }

    private let kind: Kind
    /// The key itself, whatever identifiers it goes by: one key counts once towards a threshold.
    let identity: [UInt8]

    /// A PEM of an RSA-4096 key has about 800 characters.
    private static let maximumTextLength = 4 << 10
    /// RSA-4096 makes 512 bytes; the signature's hexadecimal is not decoded beyond.
    static let maximumSignatureLength = 512
    /// Bits of an RSA modulus: below is too weak, above is a way to burn our time.
    private static let rsaBits = 2048...4096

    /// `nil` for a key that is not understood: it can sign nothing, and takes nothing from the others.
    init?(_ value: JSONValue) {
        guard let type = value["keytype"]?.string, let scheme = value["scheme"]?.string,
            let text = value["keyval"]?["public"]?.string, text.utf8.count <= Self.maximumTextLength
        else { return nil }
        do {
            switch (type, scheme) {
            case ("ecdsa", "ecdsa-sha2-nistp256"), ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"):
                let key = try P256.Signing.PublicKey(pemRepresentation: text)
                (kind, identity) = (.p256(key), Array(key.derRepresentation))
            case ("ecdsa", "ecdsa-sha2-nistp384"), ("ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384"):
                let key = try P384.Signing.PublicKey(pemRepresentation: text)
                (kind, identity) = (.p384(key), Array(key.derRepresentation))
            case ("ed25519", "ed25519"):
                guard let raw = Hexadecimal.decode(text, atMost: 32), raw.count == 32 else { return nil }
                (kind, identity) = (.ed25519(try Curve25519.Signing.PublicKey(rawRepresentation: raw)), raw)
            case ("rsa", "rsassa-pss-sha256"):
                let key = try _RSA.Signing.PublicKey(unsafePEMRepresentation: text)
                guard Self.rsaBits.contains(key.keySizeInBits) else { return nil }
                (kind, identity) = (.rsa(key), Array(key.derRepresentation))
            default: return nil
            }
        } catch { return nil }
    }

    /// Whether this key made `signature` over `message`.
    func isValid(_ signature: [UInt8], over message: [UInt8]) -> Bool {
        switch kind {
        case .p256(let key):
            guard let signature = try? P256.Signing.ECDSASignature(derRepresentation: signature) else { return false }
            return key.isValidSignature(signature, for: SHA256.hash(data: message))
        case .p384(let key):
            guard let signature = try? P384.Signing.ECDSASignature(derRepresentation: signature) else { return false }
            return key.isValidSignature(signature, for: SHA384.hash(data: message))
        case .ed25519(let key):
            // The library reads 64 bytes without being told a length.
            return signature.count == 64 && key.isValidSignature(signature, for: message)
        case .rsa(let key):
            return key.isValidSignature(
                _RSA.Signing.RSASignature(rawRepresentation: signature), for: SHA256.hash(data: message), padding: .PSS)
        }
    }
}

/// Hexadecimal, two digits a byte, in either case.
enum Hexadecimal {
    /// `nil` for anything else, and for more than `limit` bytes.
    static func decode(_ text: String, atMost limit: Int) -> [UInt8]? {
        guard text.utf8.count <= 2 * limit, text.utf8.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        var high: UInt8?
        for digit in text.utf8 {
            guard let value = value(digit) else { return nil }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return bytes
    }

    static func encode(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
