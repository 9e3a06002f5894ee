// SPDX-License-Identifier: Apache-2.0

/// SplitMix64: the same numbers in every run, so that a failure can be found again.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

extension [UInt8] {
    /// One small damage: a bit, a byte, something left out, doubled, inserted, cut off or moved.
    mutating func damage(_ random: inout SeededRandom) {
        guard !isEmpty else { return append(UInt8.random(in: .min ... .max, using: &random)) }
        let at = Int.random(in: indices, using: &random)
        switch Int.random(in: 0..<8, using: &random) {
        case 0: self[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: self[at] = .random(in: .min ... .max, using: &random)
        case 2: remove(at: at)
        case 3: insert(.random(in: .min ... .max, using: &random), at: at)
        case 4: insert(self[at], at: at)
        case 5: removeLast(count - at)
        case 6: swapAt(at, Int.random(in: indices, using: &random))
        default:
            let end = Swift.min(count, at + Int.random(in: 1...16, using: &random))
            insert(contentsOf: Array(self[at..<end]), at: Int.random(in: indices, using: &random))
        }
    }
}
