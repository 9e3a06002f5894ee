// SPDX-License-Identifier: Apache-2.0

/// Writes the instructions of a tree, each part falling through to the next. Recursion goes as deep as the tree, which
/// `PatternLimits.height` bounds; the number of instructions is bounded by the size that the parser has checked.
struct Compiler {
    var instructions: [Instruction] = []
    private(set) var usesLines = false
    private(set) var usesWords = false

    private var here: UInt32 { UInt32(truncatingIfNeeded: instructions.count) }

    mutating func emit(_ node: Node) {
        switch node.kind {
        case .empty: break
        case .set(let number, _): instructions.append(.consume(UInt32(truncatingIfNeeded: number)))
        case .assertion(let assertion):
            switch assertion {
            case .beginningOfLine, .endOfLine: usesLines = true
            case .wordBoundary, .noWordBoundary: usesWords = true
            case .beginningOfText, .endOfText: break
            }
            instructions.append(.assert(assertion))
        case .group(let inner): emit(inner)
        case .concatenation(let items): for item in items { emit(item) }
        case .alternation(let items):
            var jumps: [Int] = []
            for (index, item) in items.enumerated() {
                guard index + 1 < items.count else {
                    emit(item)
                    break
                }
                let split = instructions.count
                instructions.append(.match)
                emit(item)
                jumps.append(instructions.count)
                instructions.append(.match)
                instructions[split] = .split(UInt32(truncatingIfNeeded: split) + 1, here)
            }
            for jump in jumps { instructions[jump] = .jump(here) }
        case .repetition(let inner, let minimum, let maximum, let isGreedy):
            for _ in 0..<max(0, maximum == nil ? minimum - 1 : minimum) { emit(inner) }
            if let maximum {
                emitOptional(inner, count: maximum - minimum, isGreedy: isGreedy)
            } else {
                emitLoop(inner, isOptional: minimum == 0, isGreedy: isGreedy)
            }
        }
    }

    /// `(x(x(x)?)?)?`: every way out leads to the same place.
    private mutating func emitOptional(_ inner: Node, count: Int, isGreedy: Bool) {
        var splits: [Int] = []
        for _ in 0..<max(0, count) {
            splits.append(instructions.count)
            instructions.append(.match)
            emit(inner)
        }
        for split in splits { instructions[split] = Self.split(split + 1, Int(here), isGreedy) }
    }

    /// `x+`, or `(x+)?` for `x*`: where `x` can be empty, that is what makes it take part once before the way out.
    private mutating func emitLoop(_ inner: Node, isOptional: Bool, isGreedy: Bool) {
        let way = instructions.count
        if isOptional { instructions.append(.match) }
        let body = instructions.count
        emit(inner)
        let end = instructions.count
        if isOptional && !inner.canBeEmpty {
            instructions.append(.jump(UInt32(truncatingIfNeeded: way)))
        } else {
            instructions.append(Self.split(body, end + 1, isGreedy))
        }
        if isOptional { instructions[way] = Self.split(body, end + 1, isGreedy) }
    }

    private static func split(_ body: Int, _ out: Int, _ isGreedy: Bool) -> Instruction {
        let body = UInt32(truncatingIfNeeded: body)
        let out = UInt32(truncatingIfNeeded: out)
        return isGreedy ? .split(body, out) : .split(out, body)
    }
}
