// SPDX-License-Identifier: Apache-2.0
import Crypto
import FoundationEssentials
import TestSupport
import Testing

@testable import Sigstore

@Suite("An ECDSA signature is two numbers in one encoding")
struct ECDSAEncodingTests {
    static let message = Array("the signed bytes".utf8)
    /// The order of P-256, FIPS 186-5.
    static let order = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")

    /// A signature whose numbers both need a zero before them in DER, and neither begins with one.
    private func numbers(_ key: P256.Signing.PrivateKey) throws -> (r: [UInt8], s: [UInt8]) {
        while true {
            let raw = Array(try key.signature(for: Self.message).rawRepresentation)
            if raw[0] >= 0x80, raw[32] >= 0x80 { return (Array(raw[..<32]), Array(raw[32...])) }
        }
    }

    struct Encoding: Sendable, CustomTestStringConvertible {
        let name: String
        let isValid: Bool
        let encode: @Sendable (_ r: [UInt8], _ s: [UInt8]) -> [UInt8]
        var testDescription: String { name }

        init(_ name: String, _ isValid: Bool = false, _ encode: @escaping @Sendable ([UInt8], [UInt8]) -> [UInt8]) {
            self.name = name
            self.isValid = isValid
            self.encode = encode
        }
    }

    static let encodings = [
        Encoding("DER", true) { DER.sequence(DER.integer($0), DER.integer($1)) },
        // Twice as many signatures fit as were made: the ecosystem accepts both, and nothing here counts signatures.
        Encoding("DER with n - s", true) { DER.sequence(DER.integer($0), DER.integer(subtract(order, $1))) },
        Encoding("raw r and s") { $0 + $1 },
        Encoding("a zero too many before r") { DER.sequence(DER.node(0x02, [0, 0] + $0), DER.integer($1)) },
        Encoding("a zero too many before s") { DER.sequence(DER.integer($0), DER.node(0x02, [0, 0] + $1)) },
        Encoding("no zero before r") { DER.sequence(DER.node(0x02, $0), DER.integer($1)) },
        Encoding("a length in two bytes") {
            let whole = DER.sequence(DER.integer($0), DER.integer($1))
            return [0x30, 0x81] + whole.dropFirst()
        },
        Encoding("a length in three bytes inside") {
            DER.sequence([0x02, 0x81, 33, 0] + $0, DER.integer($1))
        },
        Encoding("an indefinite length") {
            [0x30, 0x80] + DER.integer($0) + DER.integer($1) + [0, 0]
        },
        Encoding("a byte after it") { DER.sequence(DER.integer($0), DER.integer($1)) + [0] },
        Encoding("a byte after it, inside") { DER.sequence(DER.integer($0), DER.integer($1), [0]) },
        Encoding("a third number") { DER.sequence(DER.integer($0), DER.integer($1), DER.integer([1])) },
        Encoding("one number") { r, _ in DER.sequence(DER.integer(r)) },
        Encoding("a SET") { DER.node(0x31, DER.integer($0) + DER.integer($1)) },
        Encoding("octet strings") { DER.sequence(DER.node(0x04, $0), DER.node(0x04, $1)) },
        Encoding("wrapped twice") { DER.sequence(DER.sequence(DER.integer($0), DER.integer($1))) },
        Encoding("in an octet string") { DER.node(0x04, DER.sequence(DER.integer($0), DER.integer($1))) },
        Encoding("r and s exchanged") { DER.sequence(DER.integer($1), DER.integer($0)) },
        Encoding("r = 0") { DER.sequence(DER.node(0x02, [0]), DER.integer($1)) },
        Encoding("s = 0") { r, _ in DER.sequence(DER.integer(r), DER.node(0x02, [0])) },
        Encoding("r = s = 0") { _, _ in DER.sequence(DER.node(0x02, [0]), DER.node(0x02, [0])) },
        Encoding("r empty") { DER.sequence(DER.node(0x02, []), DER.integer($1)) },
        Encoding("s = n") { r, _ in DER.sequence(DER.integer(r), DER.integer(order)) },
        Encoding("r = n") { DER.sequence(DER.integer(order), DER.integer($1)) },
        Encoding("r = s = 1") { _, _ in DER.sequence(DER.integer([1]), DER.integer([1])) },
        Encoding("s + n") { DER.sequence(DER.integer($0), DER.integer(add(order, $1))) },
        Encoding("r + n") { DER.sequence(DER.integer(add(order, $0)), DER.integer($1)) },
        Encoding("r of 1,000 bytes") {
            DER.sequence(DER.integer([1] + [UInt8](repeating: 0, count: 1000)), DER.integer($1))
        },
        Encoding("r negative") { DER.sequence(DER.node(0x02, [0xFF] + $0), DER.integer($1)) },
        Encoding("nothing") { _, _ in [] },
        Encoding("a lone byte") { _, _ in [0x30] },
        Encoding("an empty sequence") { _, _ in DER.sequence() },
        Encoding("a length beyond the end") { _, _ in [0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF] },
    ]

    @Test("which is strict DER", arguments: encodings)
    func isRead(encoding: Encoding) throws {
        let key = P256.Signing.PrivateKey()
        let (r, s) = try numbers(key)
        let signature = encoding.encode(r, s)
        let read = try VerificationKey(pem: key.publicKey.pemRepresentation)
        #expect(read.verifies(signature, over: Self.message) == encoding.isValid)
        #expect(
            try OpenSSLJudge.verify(
                publicKeyPEM: key.publicKey.pemRepresentation, signature: signature, message: Self.message,
                hash: .sha256) == encoding.isValid)
    }

    @Test(
        "and no longer than any key makes: what cannot be a signature is not parsed", arguments: TestKey.Kind.allCases)
    func length(kind: TestKey.Kind) throws {
        let key = try TestKey.shared(kind).verificationKey()
        // Two million empty integers in a sequence.
        let content = [UInt8](repeating: 0, count: 4 << 20).enumerated().map { $0.offset & 1 == 0 ? UInt8(2) : 0 }
        let signature: [UInt8] = [0x30, 0x83, 0x40, 0x00, 0x00] + content
        let elapsed = ContinuousClock().measure { #expect(!key.verifies(signature, over: Self.message)) }
        #expect(elapsed < .seconds(1))
    }

    @Test("and one bit elsewhere is another signature")
    func bits() throws {
        let key = P256.Signing.PrivateKey()
        let signature = Array(try key.signature(for: Self.message).derRepresentation)
        let read = try VerificationKey(pem: key.publicKey.pemRepresentation)
        #expect(read.verifies(signature, over: Self.message))
        for at in signature.indices {
            var changed = signature
            changed[at] ^= 1
            #expect(!read.verifies(changed, over: Self.message), "byte \(at)")
        }
    }
}

/// Big-endian, the same length, without a sign: `a - b` for `a` not below `b`.
private func subtract(_ a: [UInt8], _ b: [UInt8]) -> [UInt8] {
    var borrow = 0
    var result: [UInt8] = []
    for (one, other) in zip(a.reversed(), b.reversed()) {
        let difference = Int(one) - Int(other) - borrow
        borrow = difference < 0 ? 1 : 0
        result.append(UInt8(truncatingIfNeeded: difference))
    }
    return Array(result.reversed().drop { $0 == 0 })
}

/// Big-endian, the same length, one byte longer where it overflows.
private func add(_ a: [UInt8], _ b: [UInt8]) -> [UInt8] {
    var carry = 0
    var result: [UInt8] = []
    for (one, other) in zip(a.reversed(), b.reversed()) {
        let sum = Int(one) + Int(other) + carry
        carry = sum >> 8
        result.append(UInt8(truncatingIfNeeded: sum))
    }
    return (carry > 0 ? [UInt8(carry)] : []) + result.reversed()
}
