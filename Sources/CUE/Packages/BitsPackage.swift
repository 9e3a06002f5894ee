// SPDX-License-Identifier: Apache-2.0

/// `math/bits`, in two's complement, on integers of 64 bits; wider ones are not supported but for their length.
enum BitsPackage {
    static let path = "math/bits"
    static let package = Package(
        path,
        functions: [
            binary("And") { $0 & $1 }, binary("Or") { $0 | $1 }, binary("Xor") { $0 ^ $1 },
            binary("Clear") { $0 & ~$1 }, lsh, rsh, at, set, onesCount, len,
        ])

    /// Bits that a number is shifted up. Ours: about 2,500 decimal digits.
    private static let shiftLimit = 8_192

    private static func word(_ call: BuiltinCall, _ at: Int) throws(BuiltinError) -> Int {
        guard let word = try call.integer(at).int else {
            throw call.unsupported("an integer of more than 64 bits")
        }
        return word
    }

    private static func binary(_ name: String, _ body: @escaping @Sendable (Int, Int) -> Int) -> Builtin {
        Builtin(path, name, [.int, .int], .int) { (call) throws(BuiltinError) in
            .int(body(try word(call, 0), try word(call, 1)))
        }
    }

    private static let lsh = Builtin(path, "Lsh", [.int, .int], .int) { (call) throws(BuiltinError) in
        let (number, bits) = (try call.integer(0), try call.unsigned(1))
        guard bits <= shiftLimit else { throw call.unsupported("a shift by more than \(shiftLimit) bits") }
        var shifted = number.coefficient
        for _ in 0..<(bits / 16) { shifted = shifted.multiplied(by: 1 << 16, adding: 0) }
        shifted = shifted.multiplied(by: 1 << UInt32(bits % 16), adding: 0)
        return .number(
            try call.compute { () throws(NumberError) in
                try Number(isInteger: true, isNegative: number.isNegative, coefficient: shifted, exponent: 0)
            })
    }

    private static let rsh = Builtin(path, "Rsh", [.int, .int], .int) { (call) throws(BuiltinError) in
        let (number, bits) = (try word(call, 0), try call.unsigned(1))
        return .int(number >> min(bits, 63))
    }

    private static let at = Builtin(path, "At", [.int, .int], .int) { (call) throws(BuiltinError) in
        let (number, bit) = (try word(call, 0), try call.unsigned(1))
        guard bit <= Int(Int32.max) else { throw call.failure("bit index too large") }
        return .int(number >> min(bit, 63) & 1)
    }

    private static let set = Builtin(path, "Set", [.int, .int, .int], .int) { (call) throws(BuiltinError) in
        let (number, bit, value) = (try word(call, 0), try call.int(1), try call.unsigned(2))
        guard (0..<62).contains(bit), value <= 1 else {
            throw call.unsupported("a bit beyond the 62nd, or a value other than 0 and 1")
        }
        return .int(value == 1 ? number | 1 << bit : number & ~(1 << bit))
    }

    private static let onesCount = Builtin(path, "OnesCount", [.int], .int) { (call) throws(BuiltinError) in
        .int(try call.integer(0).coefficient.digits(radix: 1 << 30).reduce(0) { $0 + $1.nonzeroBitCount })
    }

    private static let len = Builtin(path, "Len", [.int], .int) { (call) throws(BuiltinError) in
        .int(try call.integer(0).coefficient.bitCount)
    }
}
