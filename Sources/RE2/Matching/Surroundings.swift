// SPDX-License-Identifier: Apache-2.0

/// What an assertion can tell of a neighbour: a character of some kind, or none because the text begins or ends there.
enum Neighbour: UInt8, Sendable {
    case none
    case lineFeed
    case word
    case other

    init(_ scalar: UInt32) {
        switch scalar {
        case 0x0A: self = .lineFeed
        case 0x30...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A: self = .word
        default: self = .other
        }
    }
}

/// The place between two neighbours.
struct Surroundings {
    let before: Neighbour
    let after: Neighbour

    func satisfy(_ assertion: Assertion) -> Bool {
        switch assertion {
        case .beginningOfText: before == .none
        case .endOfText: after == .none
        case .beginningOfLine: before == .none || before == .lineFeed
        case .endOfLine: after == .none || after == .lineFeed
        case .wordBoundary: (before == .word) != (after == .word)
        case .noWordBoundary: (before == .word) == (after == .word)
        }
    }
}
