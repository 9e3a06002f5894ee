// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI

/// The kinds of Rekor v1, whose signer is PEM and whose hashes are hex. sigstore/rekor, pkg/types.
extension EntryBody {
    /// `data.hash`, `signature{content, publicKey.content}`; rekord also names the signature's `format`.
    static func rekord(_ kind: EntryKind, _ spec: JSONValue) throws(LogError) -> EntryBody {
        let signature = spec["signature"]
        if kind == .rekord1 {
            guard signature?["format"]?.string?.isExactly("x509") == true else {
                throw .unreadable("its signature is of another format than x509")
            }
        }
        return EntryBody(
            kind: kind, signature: try bytes(signature?["content"], "signature"),
            signer: try pem(signature?["publicKey"]?["content"]),
            subject: .signed(try hash(spec["data"]?["hash"], "data.hash")))
    }

    /// `envelopeHash`, `payloadHash`, `signatures[{signature, verifier}]`.
    static func dsse(_ spec: JSONValue) throws(LogError) -> EntryBody {
        let signature = try only(spec["signatures"], "signatures")
        return EntryBody(
            kind: .dsse1, signature: try bytes(signature["signature"], "signature"),
            signer: try pem(signature["verifier"]),
            subject: .envelope(
                try hash(spec["envelopeHash"], "envelopeHash"), payload: try hash(spec["payloadHash"], "payloadHash")))
    }

    /// `content{hash, payloadHash?}`, `publicKey`; the signature is inside what `content.hash` is of.
    static func intoto1(_ spec: JSONValue) throws(LogError) -> EntryBody {
        let content = spec["content"]
        let text = try hash(content?["hash"], "content.hash")
        var payload: Hash?
        if let told = content?["payloadHash"], !told.isNull { payload = try hash(told, "content.payloadHash") }
        return EntryBody(
            kind: .intoto1, signature: nil, signer: try pem(spec["publicKey"]), subject: .text(text, payload: payload))
    }

    /// `content{envelope{payloadType, signatures[{publicKey, sig}]}, hash, payloadHash}`, where `sig` is base64 of the
    /// base64 that the envelope has. `hash` is of a form of the envelope that nobody keeps.
    static func intoto2(_ spec: JSONValue) throws(LogError) -> EntryBody {
        let content = spec["content"]
        let envelope = content?["envelope"]
        let signature = try only(envelope?["signatures"], "signatures")
        let inner = try bytes(signature["sig"], "signature")
        guard let bytes = Base64.decode(String(decoding: inner, as: UTF8.self)), !bytes.isEmpty else {
            throw .unreadable("its signature is not base64 twice over")
        }
        guard let type = envelope?["payloadType"]?.string else { throw .unreadable("its envelope has no payloadType") }
        return EntryBody(
            kind: .intoto2, signature: bytes, signer: try pem(signature["publicKey"]),
            subject: .payload(try hash(content?["payloadHash"], "content.payloadHash"), type: type))
    }

    /// `{"algorithm": "sha256", "value": lower-case hex}`, of a strong hash.
    private static func hash(_ value: JSONValue?, _ name: String) throws(LogError) -> Hash {
        guard let algorithm = value?["algorithm"]?.string, let hex = value?["value"]?.string else {
            throw .unreadable("it has no \(name)")
        }
        guard let known = HashAlgorithm.allCases.first(where: { $0.rawValue.isExactly(algorithm) }) else {
            throw .unreadable("its \(name) is of an algorithm that is not accepted, \(printable(algorithm))")
        }
        guard let bytes = Hexadecimal.decode(hex), bytes.count == known.length else {
            throw .unreadable("its \(name) is not the hex of one")
        }
        return Hash(algorithm: known, value: bytes)
    }

    /// A certificate or a key: base64 of exactly one PEM block that fills its text. A second block, or anything else
    /// beside it, could be what another reader takes for the signer.
    private static func pem(_ value: JSONValue?) throws(LogError) -> Signer {
        let bytes = try bytes(value, "signer")
        let text = String(decoding: bytes, as: UTF8.self)
        let block: PEMBlock
        do { block = try PEMBlock(in: text) } catch { throw .unreadable("its signer is not one PEM block") }
        var rest = bytes[...]
        while let last = rest.last, last == 0x0A || last == 0x0D { rest = rest.dropLast() }
        let ending = Array("-----END \(block.label)-----".utf8)
        guard rest.starts(with: Array("-----BEGIN \(block.label)-----".utf8)),
            rest.suffix(ending.count).elementsEqual(ending)
        else { throw .unreadable("there is more than a PEM block in its signer") }
        switch block.label {
        case "CERTIFICATE": return .certificate(block.bytes)
        case "PUBLIC KEY": return .key(block.bytes)
        case let other: throw .unreadable("its signer is a \(printable(other))")
        }
    }
}
