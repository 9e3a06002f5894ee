// SPDX-License-Identifier: Apache-2.0

/// A whole number from 0 up, in limbs of nine decimal digits: CUE rounds, prints and counts decimal digits, all of
/// which are cheap in this base. It sets no bound of its own; those who make one do (`NumberLimits`).
struct Magnitude: Hashable, Sendable {
    /// 10^9: the largest power of ten whose square fits 64 bits.
    static let base: UInt64 = 1_000_000_000
    /// Decimal digits of a limb.
    static let limbDigits = 9

    /// Least significant first, each under `base`; the last is not 0, and none stand for 0.
    private(set) var limbs: [UInt32]

    init(limbs: [UInt32]) {
        self.limbs = limbs
        trim()
    }

    init(_ value: UInt64) {
        var rest = value
        var limbs: [UInt32] = []
        while rest > 0 {
            limbs.append(UInt32(truncatingIfNeeded: rest % Self.base))
            rest /= Self.base
        }
        self.limbs = limbs
    }

    static let zero = Magnitude(limbs: [])

    /// Reads ASCII digits; `nil` where another byte is among them or there are none.
    init?(digits: some Collection<UInt8>) {
        guard !digits.isEmpty else { return nil }
        var limbs: [UInt32] = []
        limbs.reserveCapacity(digits.count / Self.limbDigits + 1)
        var limb: UInt32 = 0
        var missing = digits.count % Self.limbDigits
        if missing == 0 { missing = Self.limbDigits }
        for byte in digits {
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { return nil }
            limb = limb * 10 + UInt32(byte - UInt8(ascii: "0"))
            missing -= 1
            if missing == 0 {
                limbs.append(limb)
                limb = 0
                missing = Self.limbDigits
            }
        }
        self.init(limbs: limbs.reversed())
    }

    private mutating func trim() {
        while limbs.last == 0 { limbs.removeLast() }
    }

    var isZero: Bool { limbs.isEmpty }
    var isOdd: Bool { limbs.first.map { $0 & 1 == 1 } ?? false }

    /// Decimal digits; 1 for 0.
    var digitCount: Int {
        guard let last = limbs.last else { return 1 }
        return (limbs.count - 1) * Self.limbDigits + Self.digitCount(last)
    }

    private static func digitCount(_ limb: UInt32) -> Int {
        var count = 1
        var bound: UInt64 = 10
        while UInt64(limb) >= bound {
            bound *= 10
            count += 1
        }
        return count
    }

    /// How often 10 divides it; 0 for 0.
    var trailingZeros: Int {
        guard let at = limbs.firstIndex(where: { $0 != 0 }) else { return 0 }
        var count = at * Self.limbDigits
        var limb = limbs[at]
        while limb % 10 == 0 {
            limb /= 10
            count += 1
        }
        return count
    }

    /// `nil` from 2^64 on.
    var word: UInt64? {
        guard limbs.count <= 3 else { return nil }
        var value: UInt64 = 0
        for limb in limbs.reversed() {
            let (scaled, over) = value.multipliedReportingOverflow(by: Self.base)
            let (sum, carried) = scaled.addingReportingOverflow(UInt64(limb))
            if over || carried { return nil }
            value = sum
        }
        return value
    }

    /// The decimal digits; "0" for 0.
    var text: String {
        guard let last = limbs.last else { return "0" }
        var text = String(last)
        for limb in limbs.dropLast().reversed() {
            let digits = String(limb)
            text += String(repeating: "0", count: Self.limbDigits - digits.count) + digits
        }
        return text
    }
}

extension Magnitude: Comparable {
    static func < (left: Magnitude, right: Magnitude) -> Bool {
        guard left.limbs.count == right.limbs.count else { return left.limbs.count < right.limbs.count }
        return left.limbs.reversed().lexicographicallyPrecedes(right.limbs.reversed())
    }
}

extension Magnitude {
    func adding(_ other: Magnitude) -> Magnitude {
        let (long, short) = limbs.count >= other.limbs.count ? (limbs, other.limbs) : (other.limbs, limbs)
        var sum: [UInt32] = []
        sum.reserveCapacity(long.count + 1)
        var carry: UInt64 = 0
        for at in long.indices {
            let value = UInt64(long[at]) + (at < short.count ? UInt64(short[at]) : 0) + carry
            sum.append(UInt32(truncatingIfNeeded: value % Self.base))
            carry = value / Self.base
        }
        if carry > 0 { sum.append(UInt32(truncatingIfNeeded: carry)) }
        return Magnitude(limbs: sum)
    }

    /// The distance between the two.
    func difference(from other: Magnitude) -> Magnitude {
        let (long, short) = self >= other ? (limbs, other.limbs) : (other.limbs, limbs)
        var rest: [UInt32] = []
        rest.reserveCapacity(long.count)
        var borrow: UInt64 = 0
        for at in long.indices {
            let subtrahend = (at < short.count ? UInt64(short[at]) : 0) + borrow
            let value = UInt64(long[at])
            borrow = value < subtrahend ? 1 : 0
            rest.append(UInt32(truncatingIfNeeded: value + borrow * Self.base - subtrahend))
        }
        return Magnitude(limbs: rest)
    }

    /// By the method of schools: quadratic, and quick at the lengths that `NumberLimits` admits.
    func multiplied(by other: Magnitude) -> Magnitude {
        if isZero || other.isZero { return .zero }
        var product = [UInt32](repeating: 0, count: limbs.count + other.limbs.count)
        for (at, limb) in limbs.enumerated() where limb != 0 {
            var carry: UInt64 = 0
            for (offset, factor) in other.limbs.enumerated() {
                let value = UInt64(limb) * UInt64(factor) + UInt64(product[at + offset]) + carry
                product[at + offset] = UInt32(truncatingIfNeeded: value % Self.base)
                carry = value / Self.base
            }
            product[at + other.limbs.count] = UInt32(truncatingIfNeeded: carry)
        }
        return Magnitude(limbs: product)
    }

    /// `self * factor + summand`; for reading digits of another base.
    func multiplied(by factor: UInt32, adding summand: UInt32) -> Magnitude {
        var result: [UInt32] = []
        result.reserveCapacity(limbs.count + 2)
        var carry = UInt64(summand)
        for limb in limbs {
            let value = UInt64(limb) * UInt64(factor) + carry
            result.append(UInt32(truncatingIfNeeded: value % Self.base))
            carry = value / Self.base
        }
        while carry > 0 {
            result.append(UInt32(truncatingIfNeeded: carry % Self.base))
            carry /= Self.base
        }
        return Magnitude(limbs: result)
    }

    /// `self * 10^power`; `power` is not negative and bounded by the caller.
    func shifted(left power: Int) -> Magnitude {
        if isZero || power <= 0 { return self }
        let small = power % Self.limbDigits
        let scaled = small == 0 ? self : multiplied(by: Self.powerOfTen(small), adding: 0)
        return Magnitude(limbs: [UInt32](repeating: 0, count: power / Self.limbDigits) + scaled.limbs)
    }

    static func powerOfTen(_ power: Int) -> UInt32 {
        (0..<min(max(power, 0), limbDigits)).reduce(1) { value, _ in value * 10 }
    }
}
