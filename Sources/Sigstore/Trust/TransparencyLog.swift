// SPDX-License-Identifier: Apache-2.0

/// A log that is believed while its period lasts: a transparency log (Rekor) or a certificate transparency log.
/// sigstore/protobuf-specs, TransparencyLogInstance.
struct TransparencyLog: Hashable, Sendable {
    /// `https://host[/path]`, as trust material has it; empty where it names none, and then no checkpoint of a Rekor v2
    /// log can be checked.
    let baseURL: String
    /// What entries and SCTs call the log: 32 bytes; SHA-256 of the key's DER, or of the note key for Rekor v2.
    let id: [UInt8]
    /// The four bytes that name the key in a checkpoint, where trust material gives them.
    let checkpointKeyID: [UInt8]?
    let key: PublicKey
    /// The one way in which this log signs.
    let scheme: SignatureScheme
    /// Who runs it; logs of one operator count once towards a threshold. Empty where trust material does not say.
    let operatorName: String
    let validity: ValidityPeriod

    /// The host name of `baseURL`, without port and path, which is the origin of a Rekor v2 checkpoint.
    var origin: String {
        var rest = baseURL[...]
        if let scheme = rest.firstRange(of: "://") { rest = rest[scheme.upperBound...] }
        rest = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        if let user = rest.lastIndex(of: "@") { rest = rest[rest.index(after: user)...] }
        if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") {
            return String(rest[rest.index(after: rest.startIndex)..<end])
        }
        return String(rest.prefix { $0 != ":" })
    }
}

/// How a log names its key, in entries by all 32 bytes and in checkpoints by the first four.
extension TransparencyLog {
    /// SHA-256 of the key's SubjectPublicKeyInfo: the id of a Rekor v1 log and of a CT log. RFC 6962 §3.2.
    static func id(of key: PublicKey) -> [UInt8] { HashAlgorithm.sha256.hash(key.der) }

    /// What a signed note of Rekor v2 calls the key under that name. C2SP signed-note, "Signatures": the hash of name,
    /// newline, type of signature and key; but a plain hash of the key for ECDSA, which has no such type.
    static func noteID(of key: PublicKey, name: String) -> [UInt8] {
        let name = Array(name.utf8) + [UInt8(ascii: "\n")]
        return switch key.kind {
        // The raw key is the last 32 bytes, RFC 8410 §4; 1 is Ed25519.
        case .ed25519: HashAlgorithm.sha256.hash(name + [0x01] + key.der.suffix(32))
        // 0xFF is a type that spells itself out.
        case .rsa: HashAlgorithm.sha256.hash(name + [0xFF] + Array("PKIX-RSA-PKCS#1v1.5".utf8) + key.der)
        case .ecdsaP256, .ecdsaP384, .ecdsaP521: id(of: key)
        }
    }

    /// The four bytes before a signature in a checkpoint of that design.
    func checkpointKeyHash(_ design: RekorDesign) -> [UInt8] {
        if let checkpointKeyID { return checkpointKeyID }
        return switch design {
        case .v1: Array(Self.id(of: key).prefix(4))
        case .v2: Array(Self.noteID(of: key, name: origin).prefix(4))
        }
    }

    /// Whether the log can be of that design, by how trust material calls it; an ECDSA log can be of either.
    func canBe(_ design: RekorDesign) -> Bool {
        let plain = Self.id(of: key)
        let note = Self.noteID(of: key, name: origin)
        guard plain != note else { return true }
        return switch design {
        case .v1: id != note
        case .v2: id != plain
        }
    }
}

/// The two designs of Rekor.
enum RekorDesign: Hashable, Sendable {
    /// With a clock: signed entry timestamps, and checkpoints of an origin `host - tree`.
    case v1
    /// Tiles: checkpoints of an origin `host`, and no time.
    case v2
}
