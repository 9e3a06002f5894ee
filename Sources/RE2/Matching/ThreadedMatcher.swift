// SPDX-License-Identifier: Apache-2.0

/// Runs all threads of a program side by side, one position after the other (Thompson's simulation with the priorities
/// of Pike's): time is at most program times text, memory the size of the program.
struct ThreadedMatcher {
    private struct Thread {
        /// The instruction to go on with.
        var index: UInt32
        /// The byte at which the match would begin.
        var start: Int
    }

    private let program: Program
    private var closure: Closure

    init(program: Program) {
        self.program = program
        closure = Closure(size: program.instructions.count)
    }

    /// How many instructions were followed so far.
    var steps: Int { closure.steps }

    /// Whether any part of the text matches.
    mutating func matches(_ text: Span<UInt8>) -> Bool { run(text, untilAnyMatch: true) != nil }

    /// The leftmost match and, of those that begin there, the preferred one.
    mutating func firstMatch(in text: Span<UInt8>) -> Range<Int>? { run(text, untilAnyMatch: false) }

    private mutating func run(_ text: Span<UInt8>, untilAnyMatch: Bool) -> Range<Int>? {
        // Those that wait for the next position, the preferred first, and those at this one after all that consumes
        // nothing.
        var waiting: [Thread] = []
        var arrived: [Thread] = []
        var found: Range<Int>?
        var before = Neighbour.none
        var position = 0
        while true {
            let isEnd = position == text.count
            let (scalar, width) = isEnd ? (0, 0) : ScalarReader.scalar(in: text, at: position)
            let surroundings = Surroundings(before: before, after: isEnd ? .none : Neighbour(scalar))
            arrived.removeAll(keepingCapacity: true)
            closure.begin()
            for thread in waiting {
                closure.follow(from: thread.index, in: program.instructions, at: surroundings) {
                    arrived.append(Thread(index: $0, start: thread.start))
                }
            }
            // A match further left is always preferred to one that begins here.
            if found == nil && (position == 0 || !program.beginsAtBeginning) {
                closure.follow(from: 0, in: program.instructions, at: surroundings) {
                    arrived.append(Thread(index: $0, start: position))
                }
            }
            waiting.removeAll(keepingCapacity: true)
            for thread in arrived {
                if case .consume(let set) = program.instructions[Int(thread.index)] {
                    guard !isEnd, program.set(set, contains: scalar) else { continue }
                    waiting.append(Thread(index: thread.index + 1, start: thread.start))
                } else {
                    // The threads after this one are less preferred.
                    found = thread.start..<position
                    break
                }
            }
            if found != nil && untilAnyMatch { return found }
            if isEnd || (waiting.isEmpty && (found != nil || program.beginsAtBeginning)) { return found }
            before = Neighbour(scalar)
            position += width
        }
    }
}
