// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import TestSupport
import Testing

@testable import Sigstore

/// The timestamp authorities of a `trusted_root.json`, read by other means than the product's.
struct BelievedAuthorities: Decodable {
    struct Entry: Decodable {
        struct Chain: Decodable { let certificates: [Link] }
        struct Link: Decodable { let rawBytes: Data }
        struct Period: Decodable {
            let start: String
            let end: String?
        }
        let uri: String?
        let certChain: Chain
        let validFor: Period
    }
    let timestampAuthorities: [Entry]?

    static func read(_ file: String, pinned: Bool = true) throws -> [CertificateAuthority]? {
        guard let bytes = SharedFolder.bytes(file) else { return nil }
        let root = try JSONDecoder().decode(BelievedAuthorities.self, from: Data(bytes))
        return try (root.timestampAuthorities ?? []).map { try $0.authority(pinned: pinned) }
    }
}

extension BelievedAuthorities.Entry {
    /// `pinned: false` forgets the signer's own certificate.
    func authority(pinned: Bool) throws -> CertificateAuthority {
        let chain = try certChain.certificates.map { try Certificate(der: Array($0.rawBytes)) }
        let start = try #require(Instant(rfc3339: validFor.start))
        let end = try validFor.end.map { try #require(Instant(rfc3339: $0)) }
        return CertificateAuthority(
            name: uri ?? "", root: try #require(chain.last), intermediates: Array(chain.dropFirst().dropLast()),
            signer: pinned ? chain.first : nil, takesOfferedIntermediates: false, operatorName: "",
            validity: try #require(ValidityPeriod(start: start, end: end)))
    }
}

/// A Sigstore bundle's signature and its timestamps.
struct TimestampedBundle: Decodable {
    struct Material: Decodable {
        struct Timestamps: Decodable { let rfc3161Timestamps: [Timestamp]? }
        struct Timestamp: Decodable { let signedTimestamp: String }
        let timestampVerificationData: Timestamps?
    }
    struct Message: Decodable { let signature: Data }
    struct Envelope: Decodable { let signatures: [Signature] }
    struct Signature: Decodable { let sig: Data }

    let verificationMaterial: Material
    let messageSignature: Message?
    let dsseEnvelope: Envelope?

    init?(_ file: String) throws {
        guard let bytes = SharedFolder.bytes(file) else { return nil }
        self = try JSONDecoder().decode(TimestampedBundle.self, from: Data(bytes))
    }

    init(bytes: [UInt8]) throws { self = try JSONDecoder().decode(TimestampedBundle.self, from: Data(bytes)) }

    var signature: [UInt8] { Array(messageSignature?.signature ?? dsseEnvelope?.signatures.first?.sig ?? Data()) }
    var tokens: [[UInt8]] {
        (verificationMaterial.timestampVerificationData?.rfc3161Timestamps ?? []).map { timestamp in
            // One of them comes in lines.
            Data(base64Encoded: timestamp.signedTimestamp.filter { !$0.isWhitespace }).map { Array($0) } ?? []
        }
    }
}

/// What became of a token: its time, nothing, or the reason of its refusal.
enum TokenOutcome: Equatable {
    case time(String)
    case unknownAuthority
    case refused(TimestampError)

    var code: String? { if case .refused(let error) = self { error.code } else { nil } }
}

/// Reads a token and checks it.
func outcome(
    _ token: [UInt8], over imprints: [[UInt8]], by authorities: [CertificateAuthority]
) -> TokenOutcome {
    do throws(TimestampError) {
        let read = try TimestampToken(der: token)
        guard let proven = try WitnessedTimestamp.checked(read, over: imprints, by: authorities) else {
            return .unknownAuthority
        }
        return .time(proven.instant.description)
    } catch {
        return .refused(error)
    }
}
