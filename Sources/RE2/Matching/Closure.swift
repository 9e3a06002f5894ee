// SPDX-License-Identifier: Apache-2.0

/// Follows instructions that consume nothing, each at most once, so that what one position costs is bounded by the size
/// of the program.
struct Closure {
    /// Instructions followed since the beginning.
    private(set) var steps = 0
    private var visits: [UInt32]
    private var round: UInt32 = 0
    private var pending: [UInt32] = []

    init(size: Int) {
        visits = Array(repeating: 0, count: size)
    }

    /// Begins a new position: nothing has been visited there.
    mutating func begin() {
        round &+= 1
        if round == 0 {
            // After four thousand million positions the marks of old ones would count again.
            for index in visits.indices { visits[index] = 0 }
            round = 1
        }
    }

    /// Calls `reached` with the index of each consuming or matching instruction that `start` leads to and that was not
    /// visited yet, in the order of preference.
    @inline(__always)
    mutating func follow(
        from start: UInt32, in instructions: [Instruction], at surroundings: Surroundings,
        reached: (UInt32) -> Void
    ) {
        pending.append(start)
        while let index = pending.popLast() {
            guard visits[Int(index)] != round else { continue }
            visits[Int(index)] = round
            steps &+= 1
            switch instructions[Int(index)] {
            case .consume, .match: reached(index)
            case .jump(let target): pending.append(target)
            case .split(let preferred, let other):
                pending.append(other)
                pending.append(preferred)
            case .assert(let assertion): if surroundings.satisfy(assertion) { pending.append(index + 1) }
            }
        }
    }
}
