// SPDX-License-Identifier: Apache-2.0

/// Certificates in a PEM text, in its order, sorted by what each can be in a chain.
package struct CertificateTexts: Sendable {
    /// Those that may not issue others: a timestamp authority's own.
    let leaves: [Certificate]
    let intermediates: [Certificate]
    /// Those that may issue and name themselves as their issuer.
    let roots: [Certificate]
    let all: [Certificate]

    package enum Problem: Error, Hashable, Sendable {
        /// Text that is no PEM, or has something after its last block.
        case notPEM
        /// A block that is no certificate; which, from 1, and why.
        case notCertificate(Int, String)
        /// A certificate that is well-formed and of a kind that is not known here.
        case unsupported(Int, String)
    }

    package var leafCount: Int { leaves.count }

    /// Reads every block, whatever text stands before and between them. The empty text has no certificates.
    package init(pem bytes: [UInt8]) throws(Problem) {
        let text = String(decoding: bytes, as: UTF8.self)
        var certificates: [Certificate] = []
        if !bytes.allSatisfy(isSpace) {
            guard bytes.count <= TrustMaterial.maximumDocumentBytes, Self.endsWithBlock(bytes),
                let blocks = try? PEMBlock.all(in: text, atMost: TrustMaterial.maximumMembers)
            else { throw .notPEM }
            for (index, block) in blocks.enumerated() {
                guard block.label.isExactly("CERTIFICATE") else {
                    throw .notCertificate(index + 1, "it is a PEM block of another kind")
                }
                do throws(CertificateError) { certificates.append(try Certificate(der: block.bytes)) } catch {
                    guard case .unsupported = error else { throw .notCertificate(index + 1, "\(error)") }
                    throw .unsupported(index + 1, "\(error)")
                }
            }
        }
        all = certificates
        leaves = certificates.filter { !$0.isAuthority }
        roots = certificates.filter { $0.isAuthority && $0.subject == $0.issuer }
        intermediates = certificates.filter { $0.isAuthority && $0.subject != $0.issuer }
    }

    private static func endsWithBlock(_ bytes: [UInt8]) -> Bool {
        let last = bytes.split(separator: UInt8(ascii: "\n")).last { !$0.allSatisfy(isSpace) }
        return last?.starts(with: "-----END ".utf8) ?? false
    }
}

private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

extension CertificateTexts.Problem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notPEM: "no PEM certificates; write blocks of -----BEGIN CERTIFICATE-----"
        case .notCertificate(let number, let why): "block \(number) is no certificate: \(why)"
        case .unsupported(let number, let why): "certificate \(number) cannot be used: \(why)"
        }
    }
}
