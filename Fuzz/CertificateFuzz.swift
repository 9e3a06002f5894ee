// SPDX-License-Identifier: Apache-2.0
import SwiftASN1

@testable import Sigstore

/// What was issued: the signed parts of the seeds' first certificates.
private let issued: Set<[UInt8]> = Set(
    Minted.seeds("certificate").compactMap { _, bytes in
        certificates(bytes).first.flatMap { try? Certificate(der: $0) }?.toBeSigned
    })

/// The same roots as of an operator who named no intermediates, so that those of the input are tried.
private let authorities: [CertificateAuthority] =
    Minted.trust.certificateAuthorities
    + Minted.trust.certificateAuthorities.map {
        CertificateAuthority(
            name: $0.name, root: $0.root, intermediates: [], signer: nil, takesOfferedIntermediates: true,
            operatorName: "", validity: $0.validity)
    }

/// One certificate after the other by the lengths that they say, 16 at most; what is left over is one more.
private func certificates(_ bytes: [UInt8]) -> [[UInt8]] {
    var parts: [[UInt8]] = []
    var rest = bytes[...]
    while parts.count < 16, rest.count > 4, rest.prefix(2).elementsEqual([0x30, 0x82]) {
        let length = 4 + Int(rest[rest.startIndex + 2]) << 8 + Int(rest[rest.startIndex + 3])
        parts.append(Array(rest.prefix(length)))
        rest = rest.dropFirst(length)
    }
    return rest.isEmpty ? parts : parts + [Array(rest)]
}

/// A leaf and what may stand between it and a root: whatever is read keeps its bytes, and a path leads only to what was
/// issued.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCertificate(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let parts = certificates(Array(UnsafeBufferPointer(start: bytes, count: count)))
    var read: [Certificate] = []
    for part in parts {
        do throws(CertificateError) {
            let certificate = try Certificate(der: part)
            precondition(certificate.der == part && part.firstRange(of: certificate.toBeSigned) != nil)
            examine(certificate)
            read.append(certificate)
        } catch { _ = "\(error)\(error.code)\(error.nearness)" }
    }
    guard let leaf = read.first else { return 0 }
    for authority in authorities {
        do throws(CertificateError) {
            let path = try authority.path(
                to: leaf, offered: Array(read.dropFirst()), for: .codeSigning, at: [Minted.time])
            precondition(issued.contains(leaf.toBeSigned) && path.leaf == leaf)
            _ = try path.claims()
            let witnesses = try path.requireTransparency(in: Minted.trust.certificateLogs).witnesses
            precondition(!witnesses.isEmpty)
        } catch { _ = "\(error)\(error.code)" }
    }
    return 0
}

private func examine(_ certificate: Certificate) {
    for position in [PathPosition.leaf, .root] {
        do throws(CertificateError) {
            _ = try certificate.keyUsage(position)
            _ = try certificate.basicConstraints(position)
            _ = try certificate.extendedKeyUsage(position)
        } catch { _ = "\(error)" }
    }
    do throws(CertificateError) {
        let claims = try UnverifiedClaims(of: certificate).claims
        precondition(!claims.names.isEmpty && claims.names.contains(claims.subject))
        _ = "\(claims)"
    } catch { _ = "\(error)" }
    do throws(CertificateError) {
        let bare = try certificate.precertificate()
        let value = certificate.first(CertificateTimestamps.identifier)?.value
        // Without timestamps nothing is taken out, but for a list of extensions that was empty.
        precondition(value != nil || certificate.extensions.isEmpty || bare == certificate.toBeSigned)
        precondition(value == nil || bare.count < certificate.toBeSigned.count)
        guard let value else { return }
        let timestamps = try CertificateTimestamps.read(value)
        let body = timestamps.flatMap { prefixed(written($0)) }
        precondition(value.count > body.count && value.suffix(body.count).elementsEqual(body))
    } catch { _ = "\(error)" }
}

private func written(_ timestamp: CertificateTimestamp) -> [UInt8] {
    [0] + timestamp.logID + withUnsafeBytes(of: timestamp.milliseconds.bigEndian) { Array($0) }
        + prefixed(timestamp.extensions) + [timestamp.hashAlgorithm, timestamp.signatureAlgorithm]
        + prefixed(timestamp.signature)
}

private func prefixed(_ bytes: [UInt8]) -> [UInt8] { [UInt8(bytes.count >> 8), UInt8(bytes.count & 0xFF)] + bytes }
