// SPDX-License-Identifier: Apache-2.0

/// A pattern of literal bytes, `*` and `**`, matched against a whole name in time linear in the name times the
/// pattern's wildcard part; there is nothing to back out of.
struct GlobPattern: Hashable, Sendable {
    enum Token: Hashable, Sendable {
        case byte(UInt8)
        /// `*`: any run without `/`.
        case segment
        /// `**`: any run.
        case anything
    }

    /// The bytes before the first wildcard: most names are refused by them alone.
    let prefix: [UInt8]
    /// From the first wildcard on.
    let rest: [Token]

    /// Reads from the left, two stars before one: `***` is `**` and then `*`.
    init(_ pattern: String) {
        let bytes = Array(pattern.utf8)
        var tokens: [Token] = []
        var at = 0
        while at < bytes.count {
            if bytes[at] != UInt8(ascii: "*") {
                tokens.append(.byte(bytes[at]))
                at += 1
            } else if at + 1 < bytes.count, bytes[at + 1] == UInt8(ascii: "*") {
                tokens.append(.anything)
                at += 2
            } else {
                tokens.append(.segment)
                at += 1
            }
        }
        let firstWildcard = tokens.firstIndex { if case .byte = $0 { false } else { true } } ?? tokens.count
        prefix = Array(bytes.prefix(firstWildcard))
        rest = Array(tokens[firstWildcard...])
    }

    /// In a name: whichever hex digit suits the pattern. No name and no pattern has this byte.
    static let someHexDigit: UInt8 = 0xFF
    /// In a name: all hex digits at once, which only a wildcard takes. No name and no pattern has this byte.
    static let everyHexDigit: UInt8 = 0xFE

    private static func accepts(_ literal: UInt8, _ byte: UInt8) -> Bool {
        if literal == byte { return true }
        guard byte == someHexDigit else { return false }
        return UInt8(ascii: "0")...UInt8(ascii: "9") ~= literal || UInt8(ascii: "a")...UInt8(ascii: "f") ~= literal
    }

    var tokens: [Token] { prefix.map { .byte($0) } + rest }

    func matches(_ name: [UInt8]) -> Bool {
        guard name.starts(with: prefix, by: { Self.accepts($1, $0) }) else { return false }
        let tail = name[prefix.count...]
        // What nearly every pattern ends in needs no simulation.
        switch rest {
        case []: return tail.isEmpty
        case [.anything]: return true
        case [.segment]: return !tail.contains(UInt8(ascii: "/"))
        default: return simulate(tail)
        }
    }

    /// Follows every way to match at once: `live[i]` says that the name so far may have used up the first `i` tokens.
    private func simulate(_ name: ArraySlice<UInt8>) -> Bool {
        var live = [Bool](repeating: false, count: rest.count + 1)
        live[0] = true
        skipWildcards(&live)
        for byte in name {
            var isAlive = false
            live[rest.count] = false
            // From the right, so that each place is read before the place on its left writes to it.
            for index in rest.indices.reversed() where live[index] {
                switch rest[index] {
                case .byte(let literal):
                    live[index] = false
                    guard Self.accepts(literal, byte) else { continue }
                    live[index + 1] = true
                case .segment where byte == UInt8(ascii: "/"):
                    live[index] = false
                    continue
                case .segment, .anything: break
                }
                isAlive = true
            }
            guard isAlive else { return false }
            skipWildcards(&live)
        }
        return live[rest.count]
    }

    /// A wildcard may stand for nothing.
    private func skipWildcards(_ live: inout [Bool]) {
        for (index, token) in rest.enumerated() where live[index] {
            if case .byte = token { continue }
            live[index + 1] = true
        }
    }
}
