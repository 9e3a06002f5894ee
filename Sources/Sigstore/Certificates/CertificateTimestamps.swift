// SPDX-License-Identifier: Apache-2.0
import SwiftASN1

/// One signed certificate timestamp as a certificate carries it: read, and not checked. RFC 6962 §3.2.
///
///     version(1) = 0 | log id(32) | milliseconds(8) | length(2) extensions | hash(1) signature(1) | length(2) signature
struct CertificateTimestamp: Hashable {
    let logID: [UInt8]
    let milliseconds: UInt64
    /// Signed along with the rest; empty in all logs that run today.
    let extensions: [UInt8]
    /// RFC 5246 §7.4.1.4.1.
    let hashAlgorithm: UInt8
    let signatureAlgorithm: UInt8
    let signature: [UInt8]
}

/// The timestamps inside one certificate.
enum CertificateTimestamps {
    static let identifier: ASN1ObjectIdentifier = [1, 3, 6, 1, 4, 1, 11129, 2, 4, 2]
    /// Timestamps of one certificate. Fulcio's have one, the browsers' have two or three; 32 is what sigstore-go takes of
    /// timestamps and log entries.
    static let maximumCount = 32

    /// Reads the extension's value: an OCTET STRING around `length(2) (length(2) timestamp)*`, with nothing after it and
    /// at least one timestamp. RFC 6962 §3.3.
    static func read(_ value: [UInt8]) throws(CertificateError) -> [CertificateTimestamp] {
        guard let list = try? ASN1OctetString(derEncoded: DER.parse(value)) else {
            throw .unreadableTimestamps("they are not in an OCTET STRING")
        }
        var outer = ByteReader(Array(list.bytes))
        guard let body = outer.vector(), outer.isAtEnd, !body.isEmpty else {
            throw .unreadableTimestamps("their list has another length than it says")
        }
        var reader = ByteReader(body)
        var timestamps: [CertificateTimestamp] = []
        while !reader.isAtEnd {
            guard timestamps.count < maximumCount else {
                throw .unreadableTimestamps("there are more than \(maximumCount)")
            }
            guard let bytes = reader.vector() else {
                throw .unreadableTimestamps("one has another length than it says")
            }
            timestamps.append(try timestamp(bytes))
        }
        return timestamps
    }

    private static func timestamp(_ bytes: [UInt8]) throws(CertificateError) -> CertificateTimestamp {
        var reader = ByteReader(bytes)
        guard reader.number(1) == 0 else { throw .unreadableTimestamps("one is of an unknown version") }
        guard let logID = reader.bytes(32), let milliseconds = reader.number(8), let extensions = reader.vector(),
            let hash = reader.number(1), let algorithm = reader.number(1), let signature = reader.vector(),
            reader.isAtEnd, !signature.isEmpty
        else { throw .unreadableTimestamps("one is not of the length that its parts have") }
        return CertificateTimestamp(
            logID: logID, milliseconds: milliseconds, extensions: extensions, hashAlgorithm: UInt8(hash),
            signatureAlgorithm: UInt8(algorithm), signature: signature)
    }
}

extension CertificateTimestamp {
    /// What the log signed: `digitally-signed` of RFC 6962 §3.2 over a precertificate.
    func message(issuerKeyHash: [UInt8], precertificate: [UInt8]) -> [UInt8] {
        [0, 0] + bytes(milliseconds, 8) + [0, 1] + issuerKeyHash + bytes(UInt64(precertificate.count), 3)
            + precertificate + bytes(UInt64(extensions.count), 2) + extensions
    }

    /// Whether the timestamp says that it is signed in the one way in which its log signs.
    func isSigned(by scheme: SignatureScheme) -> Bool {
        switch scheme {
        case .ecdsa(let hash): hashAlgorithm == hash.tlsNumber && signatureAlgorithm == 3
        case .rsaPKCS1(let hash): hashAlgorithm == hash.tlsNumber && signatureAlgorithm == 1
        // RFC 6962 knows no other, and TLS 1.2 had no numbers for them.
        case .rsaPSS, .ed25519, .ed25519ph: false
        }
    }

    /// Big-endian, in so many bytes.
    private func bytes(_ number: UInt64, _ count: Int) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0.suffix(count)) }
    }
}

extension HashAlgorithm {
    /// RFC 5246 §7.4.1.4.1.
    fileprivate var tlsNumber: UInt8 {
        switch self {
        case .sha256: 4
        case .sha384: 5
        case .sha512: 6
        }
    }
}

/// Reads big-endian numbers and vectors with a length of two bytes, as TLS writes them. RFC 5246 §4.
private struct ByteReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func bytes(_ count: Int) -> [UInt8]? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    /// Of at most eight bytes.
    mutating func number(_ count: Int) -> UInt64? {
        bytes(count)?.reduce(0) { $0 << 8 | UInt64($1) }
    }

    mutating func vector() -> [UInt8]? {
        guard let length = number(2) else { return nil }
        return bytes(Int(length))
    }
}
