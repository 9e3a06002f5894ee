// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import OCI

/// Just enough DER to write keys and signatures that no library would.
enum DER {
    static func node(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        switch content.count {
        case ..<0x80: [tag, UInt8(content.count)] + content
        case ..<0x100: [tag, 0x81, UInt8(content.count)] + content
        default: [tag, 0x82, UInt8(content.count >> 8), UInt8(content.count & 0xFF)] + content
        }
    }

    static func sequence(_ parts: [UInt8]...) -> [UInt8] { node(0x30, parts.flatMap { $0 }) }
    static func bits(_ bytes: [UInt8]) -> [UInt8] { node(0x03, [0] + bytes) }
    static let null: [UInt8] = [0x05, 0x00]

    /// An INTEGER from a magnitude without leading zeros.
    static func integer(_ magnitude: [UInt8]) -> [UInt8] {
        node(0x02, (magnitude.first.map { $0 >= 0x80 } ?? true) ? [0] + magnitude : magnitude)
    }

    static let ecPublicKey = hex("06072a8648ce3d0201")
    static let prime256v1 = hex("06082a8648ce3d030107")
    static let rsaEncryption = hex("06092a864886f70d010101")
    static let ed25519Name = hex("06032b6570")
    static let x25519Name = hex("06032b656e")

    static func ed25519(_ raw: [UInt8]) -> [UInt8] { sequence(sequence(ed25519Name), bits(raw)) }

    static func rsaPKCS1(n: [UInt8], e: [UInt8]) -> [UInt8] { sequence(integer(n), integer(e)) }

    static func rsa(n: [UInt8], e: [UInt8] = [1, 0, 1]) -> [UInt8] {
        sequence(sequence(rsaEncryption, null), bits(rsaPKCS1(n: n, e: e)))
    }

    /// A number of that many bits that is odd, which is all that a reader can see of a modulus.
    static func modulus(bits: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0xA5, count: (bits + 7) / 8)
        let top = (bits - 1) % 8
        bytes[0] = UInt8(1 << top)
        return bytes
    }
}

/// The bytes that hex digits stand for; white space is left out.
func hex(_ text: String) -> [UInt8] {
    let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue.map { UInt8($0) } }
    return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

func base64URL(_ bytes: [UInt8]) -> String {
    String(
        base64(bytes).compactMap {
            switch $0 {
            case "+": "-"
            case "/": "_"
            case "=": nil
            default: $0
            }
        })
}

func pem(_ label: String, _ der: [UInt8], lineLength: Int = 64, newline: String = "\n") -> String {
    var lines: [String] = []
    var rest = Substring(base64(der))
    while !rest.isEmpty {
        lines.append(String(rest.prefix(lineLength)))
        rest = rest.dropFirst(lineLength)
    }
    return (["-----BEGIN \(label)-----"] + lines + ["-----END \(label)-----", ""]).joined(separator: newline)
}

/// The bytes inside a PEM text of one block.
func derBytes(_ pem: String) -> [UInt8] {
    let body = pem.split(separator: "\n").filter { !$0.hasPrefix("-----") }.joined()
    return Data(base64Encoded: body).map { Array($0) } ?? []
}

func digest512(_ message: [UInt8]) -> String { Digest(of: message, .sha512).hex }
