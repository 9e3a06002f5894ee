// SPDX-License-Identifier: Apache-2.0
import SwiftASN1

/// What the library's readers leave out, for tokens: sentences instead of the library's errors, values whose bytes are
/// kept, and small numbers only.
extension ASN1NodeCollection.Iterator {
    /// The next node, whatever it is.
    mutating func required(_ what: String) throws(TimestampError) -> ASN1Node {
        guard let node = next() else { throw .unreadable("\(what) is missing") }
        return node
    }

    /// The next node, which must have this tag.
    mutating func required(_ identifier: ASN1Identifier, _ what: String) throws(TimestampError) -> ASN1Node {
        let node = try required(what)
        guard node.identifier == identifier else { throw .unreadable("\(what) is of another type") }
        return node
    }

    /// The next node if it has this tag; otherwise it stays.
    mutating func optional(_ identifier: ASN1Identifier) -> ASN1Node? {
        var ahead = self
        guard let node = ahead.next(), node.identifier == identifier else { return nil }
        self = ahead
        return node
    }
}

extension ASN1Identifier {
    static func context(_ number: UInt) -> ASN1Identifier {
        ASN1Identifier(tagWithNumber: number, tagClass: .contextSpecific)
    }
}

extension ASN1Node {
    /// The nodes inside a constructed one.
    func children(_ what: String) throws(TimestampError) -> ASN1NodeCollection.Iterator {
        guard case .constructed(let nodes) = content else { throw .unreadable("\(what) has nothing inside") }
        return nodes.makeIterator()
    }

    /// The only node inside a constructed one.
    func onlyChild(_ what: String) throws(TimestampError) -> ASN1Node {
        var nodes = try children(what)
        let node = try nodes.required(what)
        guard nodes.next() == nil else { throw .unreadable("\(what) has more than one part") }
        return node
    }

    /// An INTEGER from 0 to 127, as versions and states are.
    func smallInteger(_ what: String) throws(TimestampError) -> Int {
        guard identifier == .integer, case .primitive(let bytes) = content, bytes.count == 1, let byte = bytes.first,
            byte < 0x80
        else { throw .unreadable("\(what) is no small number") }
        return Int(byte)
    }

    /// The content bytes of an INTEGER of at most so many bytes.
    func integerBytes(_ what: String, upTo limit: Int) throws(TimestampError) -> [UInt8] {
        guard identifier == .integer, case .primitive(let bytes) = content, 1...limit ~= bytes.count else {
            throw .unreadable("\(what) is no number of at most \(limit) bytes")
        }
        return Array(bytes)
    }

    /// The bytes of an OCTET STRING, also of one with an implicit tag.
    func octets(_ what: String, tag: ASN1Identifier = .octetString) throws(TimestampError) -> [UInt8] {
        guard identifier == tag, case .primitive(let bytes) = content else {
            throw .unreadable("\(what) is no OCTET STRING")
        }
        return Array(bytes)
    }

    func objectIdentifier(_ what: String) throws(TimestampError) -> ASN1ObjectIdentifier {
        // The longest that is in use has about 15 bytes; one that fills a token would only be there to be printed.
        guard case .primitive(let bytes) = content, bytes.count <= Self.maximumNameLength,
            let name = try? ASN1ObjectIdentifier(derEncoded: self)
        else { throw .unreadable("\(what) is no object identifier of at most \(Self.maximumNameLength) bytes") }
        return name
    }

    /// `AlgorithmIdentifier`, with a name that is no longer than names are.
    func algorithm(_ what: String) throws(TimestampError) -> AlgorithmIdentifier {
        var nodes = try children(what)
        _ = try nodes.required(what).objectIdentifier(what)
        guard let algorithm = try? AlgorithmIdentifier(derEncoded: self) else {
            throw .unreadable("\(what) is no algorithm identifier")
        }
        return algorithm
    }

    private static let maximumNameLength = 64
}

extension HashAlgorithm {
    /// The hash function that an algorithm identifier names, with parameters absent or NULL (RFC 5754 §2); `nil` for
    /// every other one, SHA-1 and MD5 among them.
    init?(digest algorithm: AlgorithmIdentifier) {
        guard algorithm.parameters == .absent || algorithm.parameters == .null else { return nil }
        switch algorithm.name {
        case [2, 16, 840, 1, 101, 3, 4, 2, 1]: self = .sha256
        case [2, 16, 840, 1, 101, 3, 4, 2, 2]: self = .sha384
        case [2, 16, 840, 1, 101, 3, 4, 2, 3]: self = .sha512
        default: return nil
        }
    }
}
