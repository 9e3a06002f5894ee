// SPDX-License-Identifier: Apache-2.0

/// The name of a certificate's subject or issuer: attributes in order, each in an RDN of its own.
public struct DistinguishedName: Hashable, Sendable {
    /// One attribute: its dotted type and its text.
    public struct Attribute: Hashable, Sendable {
        /// The dotted type.
        public var type: String
        /// The text.
        public var value: String
        /// The tag of the text: 0x0C is UTF8String, 0x13 PrintableString, 0x14 TeletexString, 0x1E BMPString.
        public var tag: UInt8

        /// An attribute, a UTF8String unless another tag is named.
        public init(type: String, value: String, tag: UInt8 = 0x0C) {
            self.type = type
            self.value = value
            self.tag = tag
        }
    }

    /// The attributes, the most general first.
    public var attributes: [Attribute]

    /// The name with these attributes.
    public init(_ attributes: [Attribute]) { self.attributes = attributes }

    /// `O=…, CN=…`.
    public init(organization: String, commonName: String) {
        attributes = [
            Attribute(type: "2.5.4.10", value: organization), Attribute(type: "2.5.4.3", value: commonName),
        ]
    }

    /// The empty name.
    public static let empty = DistinguishedName([])

    /// The value of an attribute; empty where there is none.
    func value(of type: String) -> String { attributes.first { $0.type == type }?.value ?? "" }

    /// The DER of the Name.
    public var der: [UInt8] {
        ASN1Writer.sequence(
            attributes.map {
                ASN1Writer.set([
                    ASN1Writer.sequence(ASN1Writer.oid($0.type), ASN1Writer.node($0.tag, Array($0.value.utf8)))
                ])
            })
    }
}

/// One name of a SubjectAlternativeName. RFC 5280 §4.2.1.6.
public enum GeneralName: Hashable, Sendable {
    case email(String)
    case dns(String)
    case uri(String)
    /// 4 or 16 bytes, or any other number of them.
    case address([UInt8])
    case directory(DistinguishedName)
    /// A type and the DER of the value inside its `[0]`.
    case other(type: String, value: [UInt8])
    /// Bytes as they are.
    case raw([UInt8])

    /// Fulcio's user name: an otherName of type 1.3.6.1.4.1.57264.1.7 that holds a UTF8String.
    public static func username(_ name: String) -> GeneralName {
        .other(type: "1.3.6.1.4.1.57264.1.7", value: ASN1Writer.utf8(name))
    }

    /// The DER of the name.
    public var der: [UInt8] {
        switch self {
        case .email(let text): ASN1Writer.contextPrimitive(1, Array(text.utf8))
        case .dns(let text): ASN1Writer.contextPrimitive(2, Array(text.utf8))
        case .uri(let text): ASN1Writer.contextPrimitive(6, Array(text.utf8))
        case .address(let bytes): ASN1Writer.contextPrimitive(7, bytes)
        case .directory(let name): ASN1Writer.context(4, name.der)
        case .other(let type, let value):
            ASN1Writer.context(0, ASN1Writer.oid(type) + ASN1Writer.context(0, value))
        case .raw(let bytes): bytes
        }
    }
}
