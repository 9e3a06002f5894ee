// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import Sigstore

@Suite("A damaged token", .timeLimit(.minutes(5)))
struct DamagedTokenTests {
    @Test("with any one bit flipped never proves another time", arguments: [true, false])
    func bits(pinned: Bool) throws {
        let authority = try TestTimestampAuthority.shared()
        let believed = [try authority.believed(pinned: pinned)]
        let token = try authority.token { if !pinned { $0.embedSigners() } }
        #expect(outcome(token, over: [timestamped], by: believed) == goodTimestamp)
        var accepted = 0
        for at in token.indices {
            // A bag of certificates is long, and flips in it are alike: one bit of each byte there.
            for bit in pinned ? 0..<8 : (at % 8)..<(at % 8 + 1) {
                var damaged = token
                damaged[at] ^= 1 << UInt8(bit)
                guard case .time(let time) = outcome(damaged, over: [timestamped], by: believed) else { continue }
                accepted += 1
                #expect(.time(time) == goodTimestamp, "byte \(at), bit \(bit)")
            }
        }
        // What is not signed and not looked at: the list of digests and little else.
        #expect(accepted < 400)
    }

    @Test("in any other way never proves another time", arguments: 0..<20 as Range<UInt64>)
    func damages(seed: UInt64) throws {
        let authority = try TestTimestampAuthority.shared()
        let believed = try [authority.believed(), authority.believed(pinned: false)]
        let token = try authority.token { $0.embedSigners() }
        var random = SeededRandom(seed: seed)
        for _ in 0..<100 {
            var damaged = token
            for _ in 0..<Int.random(in: 1...4, using: &random) { damaged.damage(&random) }
            guard case .time(let time) = outcome(damaged, over: [timestamped], by: believed) else { continue }
            #expect(.time(time) == goodTimestamp)
        }
    }

    @Test("or cut off anywhere is refused")
    func cut() throws {
        let authority = try TestTimestampAuthority.shared()
        let believed = try authority.believed()
        let token = try authority.token()
        for length in token.indices {
            #expect(outcome(Array(token.prefix(length)), by: believed).code == "timestamp-unreadable")
        }
    }

    @Test("of hostile size or shape is refused without much work", arguments: hostile)
    func hostileShapes(shape: Shape) {
        #expect(throws: TimestampError.self) { try TimestampToken(der: shape.bytes) }
    }

    /// Its bytes stay out of the tests' output.
    struct Shape: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]

        init(_ name: String, _ bytes: [UInt8]) { (testDescription, self.bytes) = (name, bytes) }
    }

    private static let room = TimestampToken.maximumLength - 64
    private static func response(_ rest: [UInt8]) -> [UInt8] {
        ASN1Writer.sequence(ASN1Writer.sequence(ASN1Writer.integer(0)), rest)
    }
    private static func message(_ rest: [UInt8]) -> [UInt8] {
        response(
            ASN1Writer.sequence(
                ASN1Writer.oid("1.2.840.113549.1.7.2"), ASN1Writer.context(0, ASN1Writer.sequence(rest))))
    }
    private static func content(type: [UInt8]) -> [UInt8] {
        message(
            ASN1Writer.integer(3) + ASN1Writer.set([])
                + ASN1Writer.sequence(type, ASN1Writer.context(0, ASN1Writer.octets([])))
                + ASN1Writer.node(0x31, ASN1Writer.sequence([])))
    }

    static let hostile = [
        Shape("nothing", []),
        Shape("one byte", [0x30]),
        Shape("zeros", [UInt8](repeating: 0, count: room)),
        Shape("too long by a byte", [UInt8](repeating: 0x30, count: TimestampToken.maximumLength + 1)),
        Shape("megabytes", [UInt8](repeating: 0x30, count: 8 << 20)),
        Shape("a length beyond all", [0x30, 0x88, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
        Shape("an indefinite length", [0x30, 0x80, 0, 0]),
        Shape("a deep nest", (0..<5000).reduce(into: []) { nest, _ in nest += [0x30, 0x80] }),
        Shape(
            "a deep nest of right lengths", (0..<60).reduce(ASN1Writer.null) { nest, _ in ASN1Writer.sequence(nest) }),
        Shape("a name of many parts", content(type: ASN1Writer.node(0x06, [UInt8](repeating: 1, count: room - 200)))),
        Shape(
            "a name of one long part", content(type: ASN1Writer.node(0x06, [UInt8](repeating: 0x81, count: room - 200)))
        ),
        Shape(
            "many empty nodes",
            response((0..<15_000).flatMap { _ in [0x05, 0x00] as [UInt8] })
        ),
        Shape(
            "many signers",
            message(
                ASN1Writer.integer(3) + ASN1Writer.set([])
                    + ASN1Writer.sequence(
                        ASN1Writer.oid("1.2.840.113549.1.9.16.1.4"), ASN1Writer.context(0, ASN1Writer.octets([])))
                    + ASN1Writer.node(0x31, (0..<15_000).flatMap { _ in [0x30, 0x00] as [UInt8] }))
        ),
        Shape(
            "many certificates",
            message(
                ASN1Writer.integer(3) + ASN1Writer.set([])
                    + ASN1Writer.sequence(
                        ASN1Writer.oid("1.2.840.113549.1.9.16.1.4"), ASN1Writer.context(0, ASN1Writer.octets([])))
                    + ASN1Writer.context(0, (0..<15_000).flatMap { _ in [0x30, 0x00] as [UInt8] }))
        ),
        Shape(
            "a status of many bytes",
            ASN1Writer.sequence(ASN1Writer.sequence(ASN1Writer.node(0x02, [UInt8](repeating: 1, count: room))))
        ),
    ]
}
