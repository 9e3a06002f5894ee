// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import Policy

/// Does the work for each item, at most `width` at a time, and answers in the items' order. The first outage ends the rest.
func concurrently<Item: Sendable, Output: Sendable>(
    _ items: [Item], width: Int, _ work: @escaping @Sendable (Item) async throws(Outage) -> Output
) async throws(Outage) -> [Output] {
    // One needs no task of its own, which costs a thread's waking when it begins and when it ends.
    if items.count == 1, let only = items.first { return [try await work(only)] }
    let result = await withTaskGroup(of: (Int, Result<Output, Outage>).self) { group in
        var outputs: [Output?] = Array(repeating: nil, count: items.count)
        var waiting = items.enumerated().makeIterator()
        func addNext() {
            guard let (index, item) = waiting.next() else { return }
            group.addTask {
                do throws(Outage) {
                    return (index, .success(try await work(item)))
                } catch {
                    return (index, .failure(error))
                }
            }
        }
        for _ in 0..<max(1, width) { addNext() }
        while let (index, result) = await group.next() {
            switch result {
            case .success(let output):
                outputs[index] = output
                addNext()
            case .failure(let outage):
                group.cancelAll()
                return Result<[Output], Outage>.failure(outage)
            }
        }
        return .success(outputs.compactMap { $0 })
    }
    return try result.get()
}

/// Does the work before the deadline, or throws that time ran out; whatever waits inside is cancelled then.
func within<Output: Sendable>(
    _ deadline: Deadline, service: String, _ work: @escaping @Sendable () async throws(Outage) -> Output
) async throws(Outage) -> Output {
    let result = await withTaskGroup(of: Result<Output, Outage>.self) { group in
        group.addTask {
            do throws(Outage) {
                return .success(try await work())
            } catch {
                return .failure(error)
            }
        }
        group.addTask {
            let isOver = await deadline.wait()
            return .failure(
                Outage(
                    .deadline, service: service,
                    detail: isOver ? "time ran out before it had answered" : "waiting for it was given up"))
        }
        let first = await group.next()
        group.cancelAll()
        return first ?? .failure(Outage(.deadline, service: service, detail: "waiting for it was given up"))
    }
    return try result.get()
}
