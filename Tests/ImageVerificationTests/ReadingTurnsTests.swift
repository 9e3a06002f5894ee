// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ImageVerification

@Suite("Turns to read large proofs")
struct ReadingTurnsTests {
    /// Whether somebody gets a turn while others hold theirs.
    private func isIn(_ share: WorkShare, beside held: [WorkShare]) async -> Bool {
        let turns = ReadingTurns()
        let soon = Deadline.after(.milliseconds(300))
        return await withTaskGroup(of: Void.self) { group in
            let (entered, continuation) = AsyncStream.makeStream(of: Void.self)
            for share in held {
                group.addTask {
                    _ = await turns.value(of: share, until: .after(.seconds(30))) {
                        continuation.yield()
                        try? await Task.sleep(for: .seconds(30))
                    }
                }
            }
            var iterator = entered.makeAsyncIterator()
            for _ in held { await iterator.next() }
            let answer = await turns.value(of: share, until: soon) { true }
            group.cancelAll()
            return answer ?? false
        }
    }

    @Test("One registry has a quarter of them, and so has one namespace")
    func quarters() async {
        func share(_ service: Int, _ namespace: Int) -> WorkShare {
            WorkShare(service: "registry-\(service)", namespace: "team-\(namespace)")
        }
        #expect(await isIn(share(1, 1), beside: [share(1, 1)]))
        #expect(await !isIn(share(1, 3), beside: [share(1, 1), share(1, 2)]))
        #expect(await !isIn(share(3, 1), beside: [share(1, 1), share(2, 1)]))
        #expect(await isIn(share(3, 3), beside: [share(1, 1), share(1, 2), share(2, 1), share(2, 2)]))
    }

    @Test("A turn that is given back goes to whoever waits")
    func givenBack() async {
        let turns = ReadingTurns()
        let share = WorkShare(service: "registry", namespace: "team")
        let done = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 {
                group.addTask { await turns.value(of: share, until: .after(.seconds(30))) { true } ?? false }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(done == 20)
    }
}
