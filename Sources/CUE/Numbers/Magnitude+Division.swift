// SPDX-License-Identifier: Apache-2.0

extension Magnitude {
    /// What is dropped of a quotient by a power of ten, as far as rounding wants to know.
    struct Dropped: Hashable, Sendable {
        /// The first digit dropped, 0 to 9.
        var digit: UInt32
        /// Whether any digit after it is not 0.
        var hasRest: Bool

        var isZero: Bool { digit == 0 && !hasRest }
    }

    /// `self / 10^power`, downwards, and what that drops.
    func shifted(right power: Int) -> (quotient: Magnitude, dropped: Dropped) {
        guard power > 0, !isZero else { return (self, Dropped(digit: 0, hasRest: false)) }
        guard power <= digitCount else { return (.zero, Dropped(digit: 0, hasRest: true)) }
        // All but the last of the digits first, so that the last is seen by itself.
        let whole = (power - 1) / Self.limbDigits
        let (head, belowHead) = Magnitude(limbs: Array(limbs.dropFirst(whole)))
            .divided(by: Self.powerOfTen((power - 1) % Self.limbDigits))
        let hasRest = belowHead != 0 || limbs.prefix(whole).contains { $0 != 0 }
        let (quotient, digit) = head.divided(by: 10)
        return (quotient, Dropped(digit: digit, hasRest: hasRest))
    }

    /// `divisor` is from 1 to `base`; by 0 the answer is 0.
    func divided(by divisor: UInt32) -> (quotient: Magnitude, remainder: UInt32) {
        guard divisor > 1 else { return (divisor == 1 ? self : .zero, 0) }
        var quotient = limbs
        var remainder: UInt64 = 0
        for at in limbs.indices.reversed() {
            let value = remainder * Self.base + UInt64(limbs[at])
            quotient[at] = UInt32(truncatingIfNeeded: value / UInt64(divisor))
            remainder = value % UInt64(divisor)
        }
        return (Magnitude(limbs: quotient), UInt32(truncatingIfNeeded: remainder))
    }

    /// Long division (Knuth, The Art of Computer Programming 4.3.1, algorithm D); by 0 the answer is 0.
    func divided(by divisor: Magnitude) -> (quotient: Magnitude, remainder: Magnitude) {
        guard let top = divisor.limbs.last else { return (.zero, .zero) }
        if self < divisor { return (.zero, self) }
        if divisor.limbs.count == 1 {
            let (quotient, remainder) = divided(by: top)
            return (quotient, Magnitude(UInt64(remainder)))
        }
        // Scaled so that the divisor's first limb is at least half the base: an estimate is then at most 2 too large.
        let scale = UInt32(truncatingIfNeeded: Self.base / (UInt64(top) + 1))
        var rest = multiplied(by: scale, adding: 0).limbs
        let under = divisor.multiplied(by: scale, adding: 0).limbs
        let length = under.count
        while rest.count <= limbs.count { rest.append(0) }
        let first = UInt64(under[length - 1])
        let second = UInt64(under[length - 2])
        var quotient = [UInt32](repeating: 0, count: rest.count - length)

        for at in quotient.indices.reversed() {
            let head = UInt64(rest[at + length]) * Self.base + UInt64(rest[at + length - 1])
            var estimate = head / first
            var left = head % first
            while estimate >= Self.base || estimate * second > left * Self.base + UInt64(rest[at + length - 2]) {
                estimate -= 1
                left += first
                if left >= Self.base { break }
            }
            if Self.subtract(under, times: estimate, from: &rest, at: at) {
                estimate -= 1
                Self.add(under, to: &rest, at: at)
            }
            quotient[at] = UInt32(truncatingIfNeeded: estimate)
        }
        let remainder = Magnitude(limbs: Array(rest.prefix(length))).divided(by: scale).quotient
        return (Magnitude(limbs: quotient), remainder)
    }

    /// Whether it went below zero, by one multiple of the base's power.
    private static func subtract(
        _ under: [UInt32], times factor: UInt64, from rest: inout [UInt32], at offset: Int
    ) -> Bool {
        var carry: UInt64 = 0
        var borrow: UInt64 = 0
        for at in 0...under.count {
            let product = (at < under.count ? UInt64(under[at]) * factor : 0) + carry
            carry = product / base
            let subtrahend = product % base + borrow
            let value = UInt64(rest[offset + at])
            borrow = value < subtrahend ? 1 : 0
            rest[offset + at] = UInt32(truncatingIfNeeded: value + borrow * base - subtrahend)
        }
        return borrow == 1
    }

    private static func add(_ under: [UInt32], to rest: inout [UInt32], at offset: Int) {
        var carry: UInt64 = 0
        for at in 0...under.count {
            let value = UInt64(rest[offset + at]) + (at < under.count ? UInt64(under[at]) : 0) + carry
            rest[offset + at] = UInt32(truncatingIfNeeded: value % base)
            carry = value / base
        }
    }

    /// The digits in another base, least significant first; none for 0. `radix` is from 2 to 2^30.
    func digits(radix: UInt32) -> [UInt32] {
        var digits: [UInt32] = []
        var rest = self
        while !rest.isZero {
            let (quotient, digit) = rest.divided(by: max(radix, 2))
            digits.append(digit)
            rest = quotient
        }
        return digits
    }

    /// Of the shortest binary form; 0 for 0.
    var bitCount: Int {
        let words = digits(radix: 1 << 30)
        guard let last = words.last else { return 0 }
        return (words.count - 1) * 30 + (32 - last.leadingZeroBitCount)
    }
}
