// SPDX-License-Identifier: Apache-2.0
import JSON
public import OCI

/// Why a candidate proof proves nothing. The facts are the payload; the sentence is for whoever reads a denial.
public enum VerificationError: Error, Hashable, Sendable {
    /// The bytes are not the format that their carrier promises.
    case unreadable(String)
    /// The signature does not verify with the key that is required.
    case wrongKey(required: Digest)
    /// The signature verifies, and is about something else.
    case wrongImage(found: String)
    /// The signed payload is not the JSON that it should be.
    case malformedPayload(String)
    /// `critical.type` of a simple-signing payload is another word.
    case claimType(String)
    case payloadType(String)
    /// A DSSE envelope must have exactly one signature.
    case signatureCount(Int)
    case malformedStatement(String)
    /// A valid attestation where a signature is required.
    case attestationIsNoSignature(predicateType: String)
    /// A bundle that signs an artifact's bytes, which on an image says nothing.
    case messageSignature
    /// A signature where an attestation is required.
    case signatureIsNoAttestation
    /// Made with a certificate, and a key is required.
    case certificateWhereKeyRequired
    /// The policy asks for material that this version does not check; it never passes for that.
    case notYetChecked(String)
}

extension VerificationError {
    /// A stable word for reports and metrics.
    public var code: String {
        switch self {
        case .unreadable: "unreadable"
        case .wrongKey: "wrong-key"
        case .wrongImage: "wrong-image"
        case .malformedPayload: "malformed-payload"
        case .claimType: "claim-type"
        case .payloadType: "payload-type"
        case .signatureCount: "signature-count"
        case .malformedStatement: "malformed-statement"
        case .attestationIsNoSignature: "attestation-is-no-signature"
        case .messageSignature: "message-signature"
        case .signatureIsNoAttestation: "signature-is-no-attestation"
        case .certificateWhereKeyRequired: "certificate-where-key-required"
        case .notYetChecked: "not-yet-checked"
        }
    }

    /// How far the proof got, so that of several failures the nearest miss is told first: higher is nearer.
    public var nearness: Int {
        switch self {
        case .notYetChecked: 6
        case .wrongImage, .attestationIsNoSignature: 5
        case .claimType, .malformedPayload, .malformedStatement, .payloadType: 4
        case .wrongKey: 3
        case .certificateWhereKeyRequired: 2
        case .signatureCount, .messageSignature, .signatureIsNoAttestation: 1
        case .unreadable: 0
        }
    }
}

extension VerificationError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreadable(let why): why
        case .wrongKey(let required): "the signature was not made by key \(required.short)"
        case .wrongImage(let found): "the signature is about another image, \(printable(found))"
        case .malformedPayload(let why): "the signed payload cannot be read: \(why)"
        case .claimType(let found): "the signed payload is a \(printable(found)), not a container signature"
        case .payloadType(let found): "the envelope's payload type is \(printable(found)), not an in-toto statement"
        case .signatureCount(let count): "the envelope has \(count) signatures; exactly one signature is required"
        case .malformedStatement(let why): "the signed statement cannot be read: \(why)"
        case .attestationIsNoSignature(let type): "an attestation of type \(printable(type)) is no signature"
        case .messageSignature:
            "the bundle does not contain a DSSE envelope; a bare message signature is no image signature"
        case .signatureIsNoAttestation: "a signature is no attestation"
        case .certificateWhereKeyRequired: "it was signed with a certificate, and the policy requires a key"
        case .notYetChecked(let what): "\(what) is required and not yet checked by this version"
        }
    }
}

extension Digest {
    /// Enough of a digest to tell keys apart in a sentence.
    var short: String { "\(algorithm.rawValue):\(hex.prefix(16))…" }
}
