// SPDX-License-Identifier: Apache-2.0
import JSON

/// A DSSE envelope that has been read and not checked. secure-systems-lab/dsse, envelope.md.
///
///     { "payloadType": "application/vnd.in-toto+json", "payload": base64, "signatures": [ { "sig": base64, "keyid"? } ] }
///
/// Exactly one signature: with several, which one speaks would be ours to choose. The key id is a hint and not read.
struct Envelope {
    /// What is signed, or no more of it than somebody has asked for.
    enum Payload {
        case bytes([UInt8])
        case large(LargePayload)
    }

    let payloadType: String
    let payload: Payload
    let signature: [UInt8]

    /// The only payload type that says what an attestation is; it is signed along, so another one is another claim.
    static let inToto = "application/vnd.in-toto+json"

    /// Reads an envelope; `strict` refuses members that the schema does not know, as protobuf's JSON mapping does.
    ///
    /// - Parameter large: the payload, where its text has been taken out of the envelope's.
    init(_ value: JSONValue, strict: Bool, large: LargePayload? = nil) throws(VerificationError) {
        guard value.kind == .object else { throw .unreadable("the envelope is no JSON object") }
        if strict { try value.allowOnly(["payload", "payloadType", "signatures"], in: "dsseEnvelope") }
        guard let payloadType = value["payloadType"]?.string else {
            throw .unreadable("the envelope has no payloadType")
        }
        guard payloadType.isExactly(Self.inToto) else { throw .payloadType(excerpt(payloadType)) }
        if let fault = large?.fault { throw .unreadable(fault) }
        guard let text = value["payload"]?.string, let bytes = Base64.decode(text, .any),
            large == nil || bytes.isEmpty
        else { throw .unreadable("the envelope's payload is not base64") }
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
        payload = large.map { .large($0) } ?? .bytes(bytes)
        self.signature = signature
    }

    /// An envelope that stands alone, as a layer of an `.att` manifest.
    static func read(_ bytes: [UInt8]) throws(VerificationError) -> Envelope {
        try read(bytes, taken: nil)
    }

    /// The same where the payload has been taken out of the text.
    static func read(_ bytes: [UInt8], taken large: LargePayload?) throws(VerificationError) -> Envelope {
        let document: JSONDocument
        do throws(JSONError) { document = try JSONDocument(parsing: bytes, limits: .proof) } catch {
            throw .unreadable("the envelope is not JSON: \(large?.original(error) ?? error)")
        }
        return try Envelope(document.root, strict: false, large: large)
    }

    /// What is in front of the payload in what is signed: `"DSSEv1" SP LEN(type) SP type SP LEN(payload) SP`.
    /// dsse/protocol.md.
    static func encodingPrefix(_ payloadType: String, payloadBytes: Int) -> [UInt8] {
        Array("DSSEv1 \(payloadType.utf8.count) \(payloadType) \(payloadBytes) ".utf8)
    }

    /// What is signed: the prefix, and the payload.
    var preAuthenticationEncoding: SignedMessage {
        switch payload {
        case .bytes(let bytes): .bytes(Self.encodingPrefix(payloadType, payloadBytes: bytes.count) + bytes)
        case .large(let large): .digests(large.encoding)
        }
    }

    /// The payload by itself, as log entries name it.
    var payloadMessage: SignedMessage {
        switch payload {
        case .bytes(let bytes): .bytes(bytes)
        case .large(let large): .digests(large.digests)
        }
    }

    /// The payload, for whoever keeps all of it.
    func bytes() throws(VerificationError) -> [UInt8] {
        switch payload {
        case .bytes(let bytes): return bytes
        case .large: throw .unreadable("the payload is too large to be held")
        }
    }

    /// What the payload says.
    func statement() throws(VerificationError) -> Statement {
        switch payload {
        case .bytes(let bytes): try Statement(bytes)
        case .large(let large): try large.statement()
        }
    }
}

extension JSONLimits {
    /// An envelope or a bundle, which anyone may have written: an attestation holds a whole bill of materials, and
    /// base64 makes four bytes of three, so 128 MiB of text; but a bundle with all the log entries and timestamps that
    /// it may have is no more than 4,000 values in seven levels.
    static let proof = JSONLimits(maximumBytes: 128 << 20, maximumDepth: 16, maximumValues: 1 << 14)

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
