// SPDX-License-Identifier: Apache-2.0

/// Why a timestamp token proves no time of this signature.
public enum TimestampError: Error, Hashable, Sendable {
    /// The token is not the format that it should be.
    case unreadable(String)
    /// The authority's answer is not "granted"; the number is RFC 3161's PKIStatus, and 1 is "granted, with changes".
    case notGranted(status: Int)
    /// An extension that must be understood, and is not.
    case criticalExtension(String)
    /// A token is signed exactly once.
    case signerCount(Int)
    /// The hash of what was timestamped is of a kind that is not accepted.
    case imprintAlgorithm(String)
    /// The token is about other bytes than this signature.
    case anotherSignature
    /// The signature or its digest is of a kind that is not accepted, or the two do not go together.
    case signatureAlgorithm(String)
    /// Nothing says what the signature is over.
    case noSignedAttributes
    /// A signed attribute that must be there once is missing.
    case attributeMissing(String)
    case attributeRepeated(String)
    /// What is signed calls itself something else than a timestamp.
    case contentType(String)
    /// The digest that is signed is not the content's.
    case contentDigest
    /// The signed reference to the signer's certificate (ESSCertID) is to another certificate.
    case certificateReference
    /// The token has another certificate under the name and number of the authority's.
    case foreignCertificate
    /// Several certificates of the token answer to the signer's name and number.
    case severalCertificates
    /// The signer's certificate, or its path to the authority's root, at the token's time.
    case certificate(CertificateError)
    /// The authority's key did not make the signature.
    case wrongSignature
    /// The time at which the token was signed, by its own word, is none at which the signer's certificate was valid.
    case signingTime(Instant, certificate: ValidityPeriod)
    /// The time is none at which the authority is believed.
    case outsideAuthority(Instant, authority: ValidityPeriod)
}

extension TimestampError {
    /// A stable word for reports and metrics.
    public var code: String {
        switch self {
        case .unreadable: "timestamp-unreadable"
        case .notGranted: "timestamp-not-granted"
        case .criticalExtension: "timestamp-critical-extension"
        case .signerCount: "timestamp-signer-count"
        case .imprintAlgorithm: "timestamp-imprint-algorithm"
        case .anotherSignature: "timestamp-of-another-signature"
        case .signatureAlgorithm: "timestamp-signature-algorithm"
        case .noSignedAttributes: "timestamp-without-signed-attributes"
        case .attributeMissing: "timestamp-attribute-missing"
        case .attributeRepeated: "timestamp-attribute-repeated"
        case .contentType: "timestamp-content-type"
        case .contentDigest: "timestamp-content-digest"
        case .certificateReference: "timestamp-certificate-reference"
        case .foreignCertificate: "timestamp-foreign-certificate"
        case .severalCertificates: "timestamp-several-certificates"
        case .certificate: "timestamp-certificate"
        case .wrongSignature: "timestamp-wrong-signature"
        case .signingTime: "timestamp-signing-time"
        case .outsideAuthority: "timestamp-outside-authority"
        }
    }
}

extension TimestampError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreadable(let why): "the timestamp cannot be read: \(why)"
        case .notGranted(let status): "the timestamp authority did not grant the request (status \(status))"
        case .criticalExtension(let name): "the timestamp has a critical extension that is unknown, \(name)"
        case .signerCount(let count): "the timestamp has \(count) signers; exactly one is required"
        case .imprintAlgorithm(let name):
            "the timestamp holds a hash that is not accepted, \(name); SHA-256, SHA-384 and SHA-512 are"
        case .anotherSignature: "the timestamp is of another signature"
        case .signatureAlgorithm(let name): "the timestamp is signed in a way that is not accepted, \(name)"
        case .noSignedAttributes: "the timestamp has no signed attributes"
        case .attributeMissing(let name): "the timestamp's signed attributes lack \(name)"
        case .attributeRepeated(let name): "the timestamp's signed attributes have \(name) more than once"
        case .contentType(let name): "the timestamp's signature is over content of another type, \(name)"
        case .contentDigest: "the timestamp's signature is over other content"
        case .certificateReference: "the timestamp's signature names another certificate than its authority's"
        case .foreignCertificate: "the timestamp comes with another certificate than its authority's"
        case .severalCertificates: "the timestamp comes with several certificates that could be its signer's"
        case .certificate(let error): "the timestamp's signer is not proven: \(error)"
        case .wrongSignature: "the timestamp was not signed by its authority"
        case .signingTime(let time, let period):
            "the timestamp says that it was signed at \(time), and its signer's certificate is valid from \(period)"
        case .outsideAuthority(let time, let period):
            "the timestamp is of \(time), and its authority is believed from \(period)"
        }
    }
}
