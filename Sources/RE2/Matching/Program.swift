// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// One step of a compiled pattern.
enum Instruction: Sendable {
    /// Takes one character of the set with this number and goes on with the next instruction.
    case consume(UInt32)
    /// Goes on at both places and prefers the first.
    case split(UInt32, UInt32)
    case jump(UInt32)
    /// Goes on with the next instruction where the assertion holds.
    case assert(Assertion)
    case match
}

/// A compiled pattern: its instructions, its sets, and a cache of states that grows with use.
///
/// The cache is the only thing that changes. It is tried, never waited for: whoever finds it in use matches without it,
/// so a long text holds up no one.
final class Program: Sendable {
    let instructions: [Instruction]
    /// The ranges of all sets, one set after the other.
    private let ranges: [ScalarRange]
    /// Where the ranges of each set begin, and in the end how many there are.
    private let bounds: [Int]
    /// A match can only begin at the beginning of the text.
    let beginsAtBeginning: Bool
    let usesLines: Bool
    let usesWords: Bool
    /// Nil where there are too many to be worth it; then there is no cache either.
    let symbols: SymbolClasses?
    private let cache: Mutex<StateCache>

    init(root: Node, sets: [ScalarSet]) {
        var compiler = Compiler()
        compiler.emit(root)
        compiler.instructions.append(.match)
        instructions = compiler.instructions
        ranges = sets.flatMap(\.ranges)
        bounds = sets.reduce(into: [0]) { bounds, set in bounds.append((bounds.last ?? 0) + set.ranges.count) }
        beginsAtBeginning = root.hasFixedBeginning
        usesLines = compiler.usesLines
        usesWords = compiler.usesWords
        let symbols = SymbolClasses(sets: sets, usesLines: compiler.usesLines, usesWords: compiler.usesWords)
        self.symbols = symbols
        cache = Mutex(StateCache(symbols: symbols?.count ?? 0))
    }

    var cachedBytes: Int { cache.withLock { $0.bytes } }

    func matches(_ text: Span<UInt8>) -> Bool {
        if let symbols {
            let answer = cache.withLockIfAvailable { cache in cache.matches(text, program: self, symbols: symbols) }
            if let answer, let answer { return answer }
        }
        var matcher = ThreadedMatcher(program: self)
        return matcher.matches(text)
    }

    func set(_ number: UInt32, contains scalar: UInt32) -> Bool {
        var low = bounds[Int(number)]
        var high = bounds[Int(number) + 1]
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].last < scalar { low = middle + 1 } else { high = middle }
        }
        return low < bounds[Int(number) + 1] && ranges[low].first <= scalar
    }
}
