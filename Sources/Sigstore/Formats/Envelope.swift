// SPDX-License-Identifier: Apache-2.0
import JSON

/// A DSSE envelope that has been read and not checked. secure-systems-lab/dsse, envelope.md.
///
///     { "payloadType": "application/vnd.in-toto+json", "payload": base64, "signatures": [ { "sig": base64, "keyid"? } ] }
///
/// Exactly one signature: with several, which one speaks would be ours to choose. The key id is a hint and not read.
struct Envelope {
    let payloadType: String
    let payload: [UInt8]
    let signature: [UInt8]

    /// The only payload type that says what an attestation is; it is signed along, so another one is another claim.
    static let inToto = "application/vnd.in-toto+json"

    /// Reads an envelope; `strict` refuses members that the schema does not know, as protobuf's JSON mapping does.
    init(_ value: JSONValue, strict: Bool) throws(VerificationError) {
        guard value.kind == .object else { throw .unreadable("the envelope is no JSON object") }
        if strict { try value.allowOnly(["payload", "payloadType", "signatures"], in: "dsseEnvelope") }
        guard let payloadType = value["payloadType"]?.string else {
            throw .unreadable("the envelope has no payloadType")
        }
        guard payloadType.isExactly(Self.inToto) else { throw .payloadType(excerpt(payloadType)) }
        guard let text = value["payload"]?.string, let payload = Base64.decode(text, .any) else {
            throw .unreadable("the envelope's payload is not base64")
        }
        guard let signatures = value["signatures"], signatures.kind == .array else {
            throw .unreadable("the envelope has no signatures")
        }
        let count = signatures.count
        guard count == 1, let only = signatures[0] else { throw .signatureCount(count) }
        if strict { try only.allowOnly(["sig", "keyid"], in: "signatures[0]") }
        guard only["keyid"].map({ $0.isNull || $0.kind == .string }) ?? true else {
            throw .unreadable("the envelope's keyid is no string")
        }
        guard let text = only["sig"]?.string, let signature = Base64.decode(text, .any), !signature.isEmpty else {
            throw .unreadable("the envelope's signature is not base64")
        }
        self.payloadType = payloadType
        self.payload = payload
        self.signature = signature
    }

    /// An envelope that stands alone, as a layer of an `.att` manifest.
    static func read(_ bytes: [UInt8]) throws(VerificationError) -> Envelope {
        let document: JSONDocument
        do { document = try JSONDocument(parsing: bytes, limits: .proof) } catch {
            throw .unreadable("the envelope is not JSON: \(error)")
        }
        return try Envelope(document.root, strict: false)
    }

    /// The bytes that are signed: `"DSSEv1" SP LEN(type) SP type SP LEN(payload) SP payload`. dsse/protocol.md.
    var preAuthenticationEncoding: [UInt8] {
        Array("DSSEv1 \(payloadType.utf8.count) \(payloadType) \(payload.count) ".utf8) + payload
    }
}

extension JSONLimits {
    /// An envelope or a bundle, which anyone may have written: an attestation holds a whole bill of materials, and
    /// base64 makes four bytes of three, so 96 MiB of text; but a bundle with all the log entries and timestamps that
    /// it may have is no more than 4,000 values in seven levels.
    static let proof = JSONLimits(maximumBytes: 96 << 20, maximumDepth: 16, maximumValues: 1 << 14)

    /// A payload, which is read only after its signature has been checked: 2^22 values are 64 MiB of tape.
    static let payload = JSONLimits(maximumBytes: 96 << 20, maximumDepth: 200, maximumValues: 1 << 22)
}

extension JSONValue {
    /// Refuses members that a schema does not know: what nobody reads might be what somebody relied on.
    func allowOnly(_ names: [String], in place: String) throws(VerificationError) {
        for member in members where !names.contains(where: { $0.isExactly(member.name) }) {
            throw .unreadable("\(place) has a member that its version does not know: \(printable(member.name))")
        }
    }
}
