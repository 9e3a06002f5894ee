// SPDX-License-Identifier: Apache-2.0

/// The states of a deterministic automaton, made when a text first leads to them. A state is the set of instructions
/// that wait for a character and what came before; whether assertions hold is found out with the character after, so
/// a match shows one symbol late. The symbol after the last is the end of the text.
///
/// It is bounded: full, it is emptied, and after `PatternLimits.cacheFlushes` of that within one text it gives up.
struct StateCache {
    private struct State: Hashable {
        var before: Neighbour
        var waiting: [UInt32]
    }

    /// Entries of the table that lead to no state. State 0 does not exist.
    private enum Outcome {
        static let unknown: Int32 = 0
        static let noMatch: Int32 = -1
        static let match: Int32 = -2
    }

    /// Symbols, and one for the end of the text.
    private let width: Int
    /// For each state and symbol the state after it, or an outcome.
    private var table: [Int32] = []
    private var states: [State] = []
    private var numbers: [State: Int32] = [:]
    private var closure: Closure?
    /// What the cache holds, about: its table, and each set of instructions.
    private(set) var bytes = 0

    init(symbols: Int) {
        width = symbols + 1
    }

    /// Nil if the states were too many.
    mutating func matches(_ text: Span<UInt8>, program: Program, symbols: SymbolClasses) -> Bool? {
        var flushes = 0
        let beginning = State(before: .none, waiting: [])
        guard var state = number(of: beginning, flushes: &flushes) else { return nil }
        let ascii = symbols.ascii
        var position = 0
        while true {
            var symbol = width - 1
            var step = 0
            if position < text.count {
                let byte = text[position]
                if byte < 0x80 {
                    symbol = Int(ascii[Int(byte)])
                    step = 1
                } else {
                    let (scalar, scalarWidth) = ScalarReader.scalar(in: text, at: position)
                    symbol = symbols.symbol(of: scalar)
                    step = scalarWidth
                }
            }
            var next = table[Int(state) &* width &+ symbol]
            if next <= 0 {
                if next == Outcome.unknown {
                    guard
                        let made = makeTransition(
                            from: state, on: symbol, program: program, symbols: symbols, flushes: &flushes)
                    else { return nil }
                    next = made
                }
                if next == Outcome.match { return true }
                if next == Outcome.noMatch { return false }
            }
            state = next
            position &+= step
        }
    }

    private mutating func makeTransition(
        from number: Int32, on symbol: Int, program: Program, symbols: SymbolClasses, flushes: inout Int
    ) -> Int32? {
        let state = states[Int(number)]
        let isEnd = symbol == width - 1
        let scalar = isEnd ? 0 : symbols.representatives[symbol]
        let after = isEnd ? .none : Neighbour(scalar)
        let surroundings = Surroundings(before: state.before, after: after)
        var waiting: [UInt32] = []
        var isMatch = false
        var closure = self.closure.take() ?? Closure(size: program.instructions.count)
        closure.begin()
        func reach(_ index: UInt32) {
            if case .consume(let set) = program.instructions[Int(index)] {
                if !isEnd, program.set(set, contains: scalar) { waiting.append(index + 1) }
            } else {
                isMatch = true
            }
        }
        for index in state.waiting {
            closure.follow(from: index, in: program.instructions, at: surroundings, reached: reach)
        }
        if state.before == .none || !program.beginsAtBeginning {
            closure.follow(from: 0, in: program.instructions, at: surroundings, reached: reach)
        }
        self.closure = closure

        let flushesBefore = flushes
        let next: Int32
        if isMatch {
            next = Outcome.match
        } else if isEnd || (waiting.isEmpty && program.beginsAtBeginning) {
            next = Outcome.noMatch
        } else {
            waiting.sort()
            let before: Neighbour =
                switch after {
                case .word where program.usesWords: .word
                case .lineFeed where program.usesLines: .lineFeed
                default: .other
                }
            guard let made = self.number(of: State(before: before, waiting: waiting), flushes: &flushes) else {
                return nil
            }
            next = made
        }
        // After a flush the state that we came from is no more.
        if flushes == flushesBefore { table[Int(number) * width + symbol] = next }
        return next
    }

    private mutating func number(of state: State, flushes: inout Int) -> Int32? {
        if let known = numbers[state] { return known }
        // The row of the table, the instructions, and what an array and a dictionary need besides.
        let cost = width * 4 + state.waiting.count * 4 + 160
        if bytes + cost > PatternLimits.cachedBytes {
            flushes += 1
            guard flushes <= PatternLimits.cacheFlushes, cost <= PatternLimits.cachedBytes / 4 else { return nil }
            table = []
            states = []
            numbers = [:]
            bytes = 0
        }
        if states.isEmpty {
            // The number 0 stands for an unknown outcome.
            states.append(State(before: .none, waiting: []))
            table.append(contentsOf: repeatElement(Outcome.unknown, count: width))
            bytes += width * 4 + 160
        }
        let number = Int32(truncatingIfNeeded: states.count)
        states.append(state)
        table.append(contentsOf: repeatElement(Outcome.unknown, count: width))
        numbers[state] = number
        bytes += cost
        return number
    }
}
