// SPDX-License-Identifier: Apache-2.0
import SwiftASN1

/// What a leaf's key was used for, as the extended key usage names it. RFC 5280 §4.2.1.12.
public enum KeyPurpose: Hashable, Sendable {
    case codeSigning, timeStamping

    var identifier: ASN1ObjectIdentifier {
        switch self {
        case .codeSigning: [1, 3, 6, 1, 5, 5, 7, 3, 3]
        case .timeStamping: [1, 3, 6, 1, 5, 5, 7, 3, 8]
        }
    }
}

extension KeyPurpose: CustomStringConvertible {
    public var description: String {
        switch self {
        case .codeSigning: "code signing"
        case .timeStamping: "timestamps"
        }
    }
}

/// The extensions by which a path is judged. RFC 5280 §4.2.1.
enum PathExtension {
    static let keyUsage: ASN1ObjectIdentifier = [2, 5, 29, 15]
    static let subjectAlternativeName: ASN1ObjectIdentifier = [2, 5, 29, 17]
    static let basicConstraints: ASN1ObjectIdentifier = [2, 5, 29, 19]
    static let nameConstraints: ASN1ObjectIdentifier = [2, 5, 29, 30]
    static let extendedKeyUsage: ASN1ObjectIdentifier = [2, 5, 29, 37]

    /// What may be critical. The name of the leaf is among them: whoever asks for claims reads it whole or refuses it.
    static let understood: Set<ASN1ObjectIdentifier> = [
        keyUsage, subjectAlternativeName, basicConstraints, extendedKeyUsage,
    ]
}

/// What a certificate's key may do, as far as paths depend on it. RFC 5280 §4.2.1.3.
struct KeyUsage {
    let digitalSignature: Bool
    let nonRepudiation: Bool
    let keyCertSign: Bool
}

/// RFC 5280 §4.2.1.9.
struct BasicConstraints {
    let isAuthority: Bool
    /// How many authorities may follow below this one; `nil` for any number.
    let pathLength: Int?
}

/// RFC 5280 §4.2.1.12.
struct ExtendedKeyUsage {
    let purposes: [ASN1ObjectIdentifier]

    static let any: ASN1ObjectIdentifier = [2, 5, 29, 37, 0]
}

extension Certificate {
    /// `nil` where there is no such extension; throws where it is malformed, with the position that the certificate has.
    func keyUsage(_ position: PathPosition) throws(CertificateError) -> KeyUsage? {
        try read(PathExtension.keyUsage, "key usage", position) { node in
            let bits = try ASN1BitString(derEncoded: node)
            // The first nine bits have names, the ninth is of no concern here.
            let first = bits.bytes.first ?? 0
            return KeyUsage(
                digitalSignature: first & 0x80 != 0, nonRepudiation: first & 0x40 != 0, keyCertSign: first & 0x04 != 0)
        }
    }

    func basicConstraints(_ position: PathPosition) throws(CertificateError) -> BasicConstraints? {
        try read(PathExtension.basicConstraints, "basic constraints", position) { node in
            try DER.sequence(node, identifier: .sequence) { nodes in
                // FALSE is the default and need not be written; many authorities write it.
                let isAuthority = try DER.optionalImplicitlyTagged(&nodes) as Bool?
                let pathLength = try DER.optionalImplicitlyTagged(&nodes) as Int?
                guard pathLength.map({ $0 >= 0 && isAuthority == true }) ?? true else {
                    throw ASN1Error.invalidASN1Object(reason: "a path length that is none")
                }
                return BasicConstraints(isAuthority: isAuthority ?? false, pathLength: pathLength)
            }
        }
    }

    func extendedKeyUsage(_ position: PathPosition) throws(CertificateError) -> ExtendedKeyUsage? {
        try read(PathExtension.extendedKeyUsage, "extended key usage", position) { node in
            let purposes = try DER.sequence(of: ASN1ObjectIdentifier.self, identifier: .sequence, rootNode: node)
            guard !purposes.isEmpty else { throw ASN1Error.invalidASN1Object(reason: "no purpose") }
            return ExtendedKeyUsage(purposes: purposes)
        }
    }

    /// Reads the extension's value, which has to be exactly one element.
    private func read<Value>(
        _ identifier: ASN1ObjectIdentifier, _ name: String, _ position: PathPosition,
        _ reading: (ASN1Node) throws -> Value
    ) throws(CertificateError) -> Value? {
        guard let found = first(identifier) else { return nil }
        do {
            return try reading(DER.parse(found.value))
        } catch {
            throw .malformedExtension(position, name)
        }
    }
}
