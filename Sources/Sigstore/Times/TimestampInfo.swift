// SPDX-License-Identifier: Apache-2.0
import SwiftASN1

/// What a timestamp authority signs: that it saw this hash at this time. `TSTInfo`, RFC 3161 §2.4.2.
///
/// Policy, serial number, accuracy, ordering, nonce and the authority's own name say nothing to a verifier who neither
/// made the request nor keeps the authority's books; they are read over.
struct TimestampInfo: Hashable, Sendable {
    /// Hash of the bytes that were timestamped, of the hash function's length.
    let imprint: [UInt8]
    let imprintHash: HashAlgorithm
    let time: Instant

    /// Content bytes of a serial number or a nonce. RFC 3161 §2.4.2 asks readers to take 160 bits; OpenSSL's nonces have
    /// up to 64 bits, and twice the former and a sign leave room for hashes used as numbers.
    static let maximumNumberLength = 41
    /// Extensions of one token; real ones have none, or a statement of qualified status.
    static let maximumExtensions = 16

    init(der: [UInt8]) throws(TimestampError) {
        guard let root = try? DER.parse(der), root.identifier == .sequence else {
            throw .unreadable("its content is not well-formed DER")
        }
        var nodes = try root.children("its content")
        guard try nodes.required("its version").smallInteger("its version") == 1 else {
            throw .unreadable("its version is not 1")
        }
        _ = try nodes.required("its policy").objectIdentifier("its policy")
        (imprintHash, imprint) = try Self.imprint(nodes.required(.sequence, "its imprint"))
        _ = try nodes.required("its number").integerBytes("its number", upTo: Self.maximumNumberLength)
        guard let time = try nodes.required("its time").generalizedTime else {
            throw .unreadable("its time is no time of at most nanoseconds")
        }
        self.time = time
        _ = nodes.optional(.sequence)  // accuracy
        _ = nodes.optional(.boolean)  // ordering
        _ = try nodes.optional(.integer)?.integerBytes("its nonce", upTo: Self.maximumNumberLength)
        _ = nodes.optional(.context(0))  // tsa
        if let extensions = nodes.optional(.context(1)) { try Self.refuseCritical(extensions) }
        guard nodes.next() == nil else { throw .unreadable("its content has an unknown field") }
    }

    private static func imprint(_ node: ASN1Node) throws(TimestampError) -> (HashAlgorithm, [UInt8]) {
        var nodes = try node.children("its imprint")
        let algorithm = try nodes.required(.sequence, "its imprint's algorithm").algorithm("its imprint's algorithm")
        let bytes = try nodes.required("its imprint's hash").octets("its imprint's hash")
        guard nodes.next() == nil else { throw .unreadable("its imprint has an unknown field") }
        guard let hash = HashAlgorithm(digest: algorithm) else { throw .imprintAlgorithm("\(algorithm.name)") }
        guard bytes.count == hash.length else { throw .unreadable("its imprint is not as long as a hash of its kind") }
        return (hash, bytes)
    }

    /// `Extensions`: none is understood, so none may be critical. RFC 5280 §4.2.
    private static func refuseCritical(_ node: ASN1Node) throws(TimestampError) {
        var nodes = try node.children("its extensions")
        var count = 0
        while let one = nodes.next() {
            count += 1
            guard count <= maximumExtensions else {
                throw .unreadable("it has more than \(maximumExtensions) extensions")
            }
            guard one.identifier == .sequence else { throw .unreadable("an extension of it is of another type") }
            var parts = try one.children("an extension of it")
            let name = try parts.required("an extension's name").objectIdentifier("an extension's name")
            // Any BOOLEAN counts as "critical": DER does not write a FALSE that is the default.
            guard parts.optional(.boolean) == nil else { throw .criticalExtension("\(name)") }
            _ = try parts.required("an extension's value").octets("an extension's value")
            guard parts.next() == nil else { throw .unreadable("an extension of it has an unknown field") }
        }
    }
}
