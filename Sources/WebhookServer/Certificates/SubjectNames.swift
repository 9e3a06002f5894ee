// SPDX-License-Identifier: Apache-2.0
import Glibc
import SwiftASN1
import X509

/// Names that a serving certificate bears.
enum SubjectNames {
    /// A DNS name or an IP address; `nil` for text that is neither.
    static func generalName(_ text: String) -> GeneralName? {
        for (family, length) in [(AF_INET, 4), (AF_INET6, 16)] {
            var octets = [UInt8](repeating: 0, count: length)
            if inet_pton(family, text, &octets) == 1 { return .ipAddress(ASN1OctetString(contentBytes: octets[...])) }
        }
        // RFC 1035 §2.3.4 bounds a name at 253 octets as text, a label at 63; RFC 6125 allows a leading wildcard label.
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        let isName =
            text.utf8.count <= 253
            && labels.enumerated().allSatisfy { index, label in
                (index == 0 && label == "*" && labels.count > 1) || isLabel(label)
            }
        return isName ? .dnsName(text) : nil
    }

    /// Whether a certificate bears that DNS name, letter for letter but for their case, or that IP address.
    static func bears(_ certificate: Certificate, _ name: String) -> Bool {
        guard let wanted = generalName(name),
            let names = try? certificate.extensions.subjectAlternativeNames
        else { return false }
        return names.contains { found in
            switch (found, wanted) {
            case (.dnsName(let found), .dnsName(let wanted)): found.lowercased() == wanted.lowercased()
            case (.ipAddress(let found), .ipAddress(let wanted)): found == wanted
            default: false
            }
        }
    }

    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
            && label.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || $0 == UInt8(ascii: "-")
            }
    }

    /// The name of this host; empty where there is none.
    static func hostName() -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
