// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import JSON
import TestSupport

@testable import Sigstore

/// A recorded `trusted_root.json`, read just enough for tests of certificates; the product reads it elsewhere.
struct RecordedTrust {
    var authorities: [CertificateAuthority] = []
    var timestampAuthorities: [CertificateAuthority] = []
    var ctLogs: [TransparencyLog] = []

    struct Unreadable: Error { let what: String }

    init(_ path: String) throws {
        guard let bytes = SharedFolder.bytes(path) else { throw Unreadable(what: path) }
        let root = try JSONDocument(parsing: bytes).root
        for entry in root["certificateAuthorities"]?.elements.map({ $0 }) ?? [] {
            authorities.append(try Self.authority(entry, leafFirst: false))
        }
        for entry in root["timestampAuthorities"]?.elements.map({ $0 }) ?? [] {
            timestampAuthorities.append(try Self.authority(entry, leafFirst: true))
        }
        for entry in root["ctlogs"]?.elements.map({ $0 }) ?? [] {
            guard let key = entry["publicKey"], key["keyDetails"]?.string == "PKIX_ECDSA_P256_SHA_256" else { continue }
            ctLogs.append(
                TransparencyLog(
                    baseURL: entry["baseUrl"]?.string ?? "", id: try Self.bytes(entry["logId"]?["keyId"]),
                    checkpointKeyID: nil, key: try PublicKey(der: Self.bytes(key["rawBytes"])),
                    scheme: .ecdsa(.sha256), operatorName: "", validity: try Self.period(key["validFor"])))
        }
    }

    private static func authority(_ entry: JSONValue, leafFirst: Bool) throws -> CertificateAuthority {
        var chain = try (entry["certChain"]?["certificates"]?.elements.map { $0 } ?? [])
            .map { try Certificate(der: bytes($0["rawBytes"])) }
        let signer = leafFirst ? chain.removeFirst() : nil
        guard let root = chain.popLast() else { throw Unreadable(what: "an empty chain") }
        return CertificateAuthority(
            name: entry["uri"]?.string ?? "", root: root, intermediates: chain, signer: signer,
            takesOfferedIntermediates: false, operatorName: "", validity: try period(entry["validFor"]))
    }

    private static func period(_ value: JSONValue?) throws -> ValidityPeriod {
        guard let start = value?["start"]?.string.flatMap({ Instant(rfc3339: $0) }),
            let period = ValidityPeriod(start: start, end: value?["end"]?.string.flatMap { Instant(rfc3339: $0) })
        else { throw Unreadable(what: "a period") }
        return period
    }

    private static func bytes(_ value: JSONValue?) throws -> [UInt8] {
        guard let bytes = value?.string.flatMap({ Data(base64Encoded: $0) }) else { throw Unreadable(what: "base64") }
        return Array(bytes)
    }

    /// The path under whichever authority has one.
    func path(to leaf: Certificate, at instants: [Instant]) throws -> ValidatedPath {
        var errors: [CertificateError] = []
        for authority in authorities {
            do {
                return try authority.path(to: leaf, for: .codeSigning, at: instants)
            } catch {
                errors.append(error)
            }
        }
        throw errors.first { if case .authorityOutsidePeriod = $0 { false } else { true } } ?? .noTime
    }
}

/// The leaves in recorded JSON: wherever a certificate stands in a bundle or an annotation.
enum RecordedLeaves {
    /// Every certificate that is not an authority's, each once.
    static func inFile(_ path: String) -> [Certificate] {
        guard let bytes = SharedFolder.bytes(path), bytes.count < 3_000_000 else { return [] }
        var found: [Certificate] = []
        let texts =
            (try? JSONDocument(parsing: bytes)).map { [$0] }
            ?? bytes.split(separator: UInt8(ascii: "\n")).compactMap { try? JSONDocument(parsing: Array($0)) }
        for text in texts { collect(text.root, named: "", &found) }
        return found
    }

    private static func collect(_ value: JSONValue, named name: String, _ found: inout [Certificate]) {
        switch value.kind {
        case .object: for member in value.members { collect(member.value, named: member.name, &found) }
        case .array: for element in value.elements { collect(element, named: name, &found) }
        case .string:
            guard let text = value.string else { return }
            let der: [UInt8]? =
                if name == "rawBytes" {
                    Data(base64Encoded: text).map { Array($0) }
                } else if text.hasPrefix("-----BEGIN CERTIFICATE-----") {
                    derBytes(text)
                } else {
                    nil
                }
            guard let der, let certificate = try? Certificate(der: der), !found.contains(certificate),
                (try? certificate.basicConstraints(.leaf))?.isAuthority != true
            else { return }
            found.append(certificate)
        default: return
        }
    }
}
