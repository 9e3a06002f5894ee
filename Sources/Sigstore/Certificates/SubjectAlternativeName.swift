// SPDX-License-Identifier: Apache-2.0
import SwiftASN1

/// A name that a certificate gives its holder. RFC 5280 §4.2.1.6.
public enum SubjectAlternativeName: Hashable, Sendable {
    /// A workflow, `https://github.com/o/r/.github/workflows/x.yml@refs/heads/main`, or a SPIFFE id.
    case uri(String)
    /// A person, or a service account.
    case email(String)
    /// Fulcio's name for a user of an instance, `name!domain`: other name 1.3.6.1.4.1.57264.1.7.
    case otherName(String)
    case dns(String)
    /// As the certificate has it: four bytes, or sixteen.
    case ipAddress([UInt8])

    /// Names of one certificate. Fulcio's have one; what an operator's own authority issues may have some more.
    static let maximumCount = 16

    /// What identities are compared with: the name itself, or the address as it is usually written.
    public var text: String {
        switch self {
        case .uri(let text), .email(let text), .otherName(let text), .dns(let text): text
        case .ipAddress(let bytes) where bytes.count == 4: bytes.map { String($0) }.joined(separator: ".")
        case .ipAddress(let bytes): Self.text(ofIPv6: bytes)
        }
    }

    /// RFC 5952 §4: no leading zeros, lower case, the first longest run of two or more zeros left out.
    private static func text(ofIPv6 bytes: [UInt8]) -> String {
        let groups = stride(from: 0, to: bytes.count - 1, by: 2).map { Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]) }
        var longest = 0..<0
        var start = 0
        for (index, group) in groups.enumerated() {
            guard group == 0 else {
                start = index + 1
                continue
            }
            if index + 1 - start > max(longest.count, 1) { longest = start..<(index + 1) }
        }
        let words = groups.map { String($0, radix: 16) }
        guard !longest.isEmpty else { return words.joined(separator: ":") }
        return words[..<longest.lowerBound].joined(separator: ":") + "::"
            + words[longest.upperBound...].joined(separator: ":")
    }
}

extension SubjectAlternativeName {
    /// Byte by byte. Swift's equality of strings is canonical equivalence, under which two signers could be one.
    public static func == (one: SubjectAlternativeName, other: SubjectAlternativeName) -> Bool {
        switch (one, other) {
        case (.uri(let one), .uri(let other)), (.email(let one), .email(let other)),
            (.otherName(let one), .otherName(let other)), (.dns(let one), .dns(let other)):
            one.isExactly(other)
        case (.ipAddress(let one), .ipAddress(let other)): one == other
        default: false
        }
    }
}

extension SubjectAlternativeName {
    private static let fulcioUsername: ASN1ObjectIdentifier = [1, 3, 6, 1, 4, 1, 57264, 1, 7]

    /// Reads the extension's value: `SEQUENCE OF GeneralName`, with at least one.
    ///
    /// A name of a kind that identities cannot speak of (a directory name, say) is refused and not passed over: it would
    /// be something that the authority says about the signer and that nobody looks at.
    static func read(_ value: [UInt8]) throws(CertificateError) -> [SubjectAlternativeName] {
        do {
            return try DER.sequence(DER.parse(value), identifier: .sequence) { nodes in
                var names: [SubjectAlternativeName] = []
                while let node = nodes.next() {
                    guard names.count < maximumCount else {
                        throw CertificateError.unreadableName("there are more than \(maximumCount)")
                    }
                    names.append(try name(node))
                }
                guard !names.isEmpty else { throw CertificateError.noName }
                return names
            }
        } catch let error as CertificateError {
            throw error
        } catch {
            throw .unreadableName("it is not well-formed DER")
        }
    }

    private static func name(_ node: ASN1Node) throws -> SubjectAlternativeName {
        guard node.identifier.tagClass == .contextSpecific else {
            throw CertificateError.unreadableName("it is of no known kind")
        }
        switch node.identifier.tagNumber {
        case 0: return .otherName(try username(node))
        case 1: return .email(try ascii(node))
        case 2: return .dns(try ascii(node))
        case 6: return .uri(try ascii(node))
        case 7:
            guard case .primitive(let bytes) = node.content, bytes.count == 4 || bytes.count == 16 else {
                throw CertificateError.unreadableName("an IP address has 4 or 16 bytes")
            }
            return .ipAddress(Array(bytes))
        default: throw CertificateError.unreadableName("it is of a kind that is not supported")
        }
    }

    /// An IA5String without controls: a NUL has hidden the end of a name from C's readers before.
    private static func ascii(_ node: ASN1Node) throws -> String {
        guard case .primitive(let bytes) = node.content, !bytes.isEmpty,
            bytes.allSatisfy({ 0x20...0x7E ~= $0 })
        else { throw CertificateError.unreadableName("it is not printable ASCII") }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// `[0] { OID, [0] EXPLICIT UTF8String }`.
    private static func username(_ node: ASN1Node) throws -> String {
        try DER.sequence(node, identifier: ASN1Identifier(tagWithNumber: 0, tagClass: .contextSpecific)) { nodes in
            guard try ASN1ObjectIdentifier(derEncoded: &nodes) == fulcioUsername else {
                throw CertificateError.unreadableName("it is an other name of an unknown kind")
            }
            let text = try DER.explicitlyTagged(&nodes, tagNumber: 0, tagClass: .contextSpecific) { node in
                exactText(of: node)
            }
            guard let text, !text.isEmpty else {
                throw CertificateError.unreadableName("it is no text in UTF-8")
            }
            return text
        }
    }
}

/// The text of a UTF8String; `nil` where its bytes are not UTF-8 or hold a NUL.
func exactText(of node: ASN1Node) -> String? {
    guard node.identifier == .utf8String, case .primitive(let bytes) = node.content else { return nil }
    return exactText(Array(bytes))
}

/// `nil` where the bytes are not UTF-8 or hold a NUL: nothing is replaced or cut.
func exactText(_ bytes: [UInt8]) -> String? {
    bytes.contains(0) ? nil : String(validating: bytes, as: UTF8.self)
}
