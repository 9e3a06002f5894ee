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
    /// Signed with a key that no certificate vouches for, and an identity is required.
    case keyWhereCertificateRequired
    /// Nothing of what has signed is what its certificate is for.
    case notSignedByCertificate
    /// The certificate, or its path to a trusted authority.
    case certificate(CertificateError)
    /// The certificate is in order, and names somebody else.
    case identity(IdentityMismatch)
    /// Whoever asked named nobody who may sign.
    case noIdentityRequired
    case log(LogError)
    /// The same entry twice, which would count for two.
    case duplicateLogEntry
    /// Entries of distinct trusted logs, and how many came along.
    case notEnoughLogEntries(found: Int, required: Int, offered: Int)
    case timestamp(TimestampError)
    /// Tokens of distinct trusted authorities, and how many came along.
    case notEnoughTimestamps(found: Int, required: Int, offered: Int)
    /// Nothing proves when the signature was made, and its certificate was valid for minutes.
    case noProvenTime
    /// The artifact's digest is another one than the bundle's.
    case wrongArtifact(found: String)
    /// The key's kind signs all bytes of a proof, and this one was too large to be held.
    case needsAllBytes
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
        case .keyWhereCertificateRequired: "key-where-certificate-required"
        case .notSignedByCertificate: "not-signed-by-certificate"
        case .certificate(let error): error.code
        case .identity: "wrong-identity"
        case .noIdentityRequired: "no-identity-required"
        case .log(let error): error.code
        case .duplicateLogEntry: "duplicate-log-entry"
        case .notEnoughLogEntries: "not-enough-log-entries"
        case .timestamp(let error): error.code
        case .notEnoughTimestamps: "not-enough-timestamps"
        case .noProvenTime: "no-proven-time"
        case .wrongArtifact: "wrong-artifact"
        case .needsAllBytes: "needs-all-bytes"
        }
    }

    /// How far the proof got, so that of several failures the nearest miss is told first: higher is nearer.
    public var nearness: Int {
        switch self {
        case .wrongImage, .wrongArtifact, .attestationIsNoSignature: 8
        case .claimType, .malformedPayload, .malformedStatement, .payloadType: 7
        case .notEnoughLogEntries, .notEnoughTimestamps, .noProvenTime: 6
        case .identity: 5
        case .log, .timestamp, .duplicateLogEntry, .notSignedByCertificate: 4
        case .certificate, .noIdentityRequired, .wrongKey, .needsAllBytes: 3
        case .certificateWhereKeyRequired, .keyWhereCertificateRequired: 2
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
        case .keyWhereCertificateRequired: "it was signed with a key, and the policy requires a certificate's identity"
        case .notSignedByCertificate: "the signature was not made by the key of its certificate"
        case .certificate(let error): "\(error)"
        case .identity(let mismatch): "\(mismatch)"
        case .noIdentityRequired: "the policy names no identity, so nobody's certificate is enough"
        case .log(let error): "\(error)"
        case .duplicateLogEntry: "the same transparency log entry is there twice"
        case .notEnoughLogEntries(_, let required, offered: 0):
            "it has no transparency log entry, and \(required) required"
        case .notEnoughLogEntries(let found, let required, let offered):
            "\(found) of its \(offered) transparency log entries from distinct trusted logs, \(required) required"
        case .timestamp(let error): "\(error)"
        case .notEnoughTimestamps(_, let required, offered: 0): "it has no signed timestamp, and \(required) required"
        case .notEnoughTimestamps(let found, let required, let offered):
            "\(found) of its \(offered) timestamps from distinct trusted authorities, \(required) required"
        case .noProvenTime:
            "nothing proves when it was signed: neither a log with signed times nor a trusted timestamp authority"
        case .wrongArtifact(let found): "the signature is about another artifact, \(printable(found))"
        case .needsAllBytes:
            "it was made with an Ed25519 key, which signs all bytes of a proof and not their hash, and the proof is too "
                + "large to be held; sign it with an ECDSA key, or attest to less"
        }
    }
}

extension Digest {
    /// Enough of a digest to tell keys apart in a sentence.
    var short: String { "\(algorithm.rawValue):\(hex.prefix(16))…" }
}
