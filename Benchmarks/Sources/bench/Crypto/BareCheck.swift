// SPDX-License-Identifier: Apache-2.0
import Crypto
import FoundationEssentials

/// One signature check as the cryptographic library does it: the key is at hand, the signature is read, the message is
/// hashed. What a verification cannot do without.
struct BareCheck {
    let what: String
    private let check: () -> Bool

    /// A line of five words: what it is, how it is signed, and in base64 the key (SubjectPublicKeyInfo), the signature
    /// and the message.
    init(_ line: Substring) throws {
        let words = line.split(separator: " ").map(String.init)
        guard words.count == 5, let key = Data(base64Encoded: words[2]), let signature = Data(base64Encoded: words[3]),
            let message = Data(base64Encoded: words[4]).map({ [UInt8]($0) })
        else { throw UnreadableInput(what: "a line of checks") }
        what = words[0]
        switch words[1] {
        case "p256":
            let key = try P256.Signing.PublicKey(derRepresentation: key)
            check = {
                (try? P256.Signing.ECDSASignature(derRepresentation: signature)).map {
                    key.isValidSignature($0, for: SHA256.hash(data: message))
                } ?? false
            }
        case "p384":
            let key = try P384.Signing.PublicKey(derRepresentation: key)
            check = {
                (try? P384.Signing.ECDSASignature(derRepresentation: signature)).map {
                    key.isValidSignature($0, for: SHA384.hash(data: message))
                } ?? false
            }
        case "ed25519":
            // The last 32 bytes of a SubjectPublicKeyInfo, RFC 8410 §4.
            let key = try Curve25519.Signing.PublicKey(rawRepresentation: key.suffix(32))
            check = { key.isValidSignature(signature, for: message) }
        default: throw UnreadableInput(what: words[1])
        }
        guard check() else { throw UnreadableInput(what: "\(words[0]), whose signature is wrong") }
    }

    func run() -> Bool { check() }
}

struct UnreadableInput: Error {
    let what: String
}
