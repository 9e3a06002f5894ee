// SPDX-License-Identifier: Apache-2.0
@testable import Sigstore

/// What authorities said: the contents of the seeds.
private let contents: Set<[UInt8]> = Set(
    Minted.seeds("token").compactMap { _, bytes in (try? TimestampToken(der: bytes))?.message.content })

/// What the seeds' tokens are over.
private let imprints = [SignedMessage.bytes(Minted.file("Fuzz/Minted/timestamped"))]

/// The authorities as trust material has them, then with the signer's certificate not pinned, then as an operator names
/// a root alone.
private let variants: [[CertificateAuthority]] = [
    Minted.trust.timestampAuthorities,
    Minted.trust.timestampAuthorities.map { variant(of: $0, takesOffered: false) },
    Minted.trust.timestampAuthorities.map { variant(of: $0, takesOffered: true) },
]

private func variant(of authority: CertificateAuthority, takesOffered: Bool) -> CertificateAuthority {
    CertificateAuthority(
        name: authority.name, root: authority.root, intermediates: takesOffered ? [] : authority.intermediates,
        signer: nil, takesOfferedIntermediates: takesOffered, operatorName: "", validity: authority.validity)
}

/// A timestamp response: whoever is believed by it has said just this.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzToken(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let token: TimestampToken
    do throws(TimestampError) {
        token = try TimestampToken(der: Array(UnsafeBufferPointer(start: bytes, count: count)))
    } catch {
        _ = "\(error)\(error.code)"
        return 0
    }
    precondition(token.info.imprint.count == token.info.imprintHash.length)
    precondition(token.message.certificates.count <= SignedData.maximumCertificates)
    for authorities in variants {
        do throws(TimestampError) {
            guard let witnessed = try WitnessedTimestamp.checked(token, over: imprints, by: authorities) else {
                continue
            }
            precondition(contents.contains(token.message.content) && witnessed.instant == token.info.time)
        } catch { _ = "\(error)\(error.code)" }
    }
    return 0
}
