// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import Policy

/// Does one piece of work for each item, at most `width` at a time, in one task group that the deadline cancels; the
/// results are in the order of the items.
///
/// Every child is waited for, so the work must heed cancellation: the verifier's calls return an outage at once then.
/// A result that comes after the deadline is as true as any other and is used. `otherwise` stands for an item without
/// result, so that none can go missing.
func concurrently<Item: Sendable, Result: Sendable>(
    _ items: AtLeastOne<Item>, until deadline: Deadline, width: Int = 32, otherwise: (Item) async -> Result,
    _ work: @escaping @Sendable (Item) async -> Result
) async -> AtLeastOne<Result> {
    let all = items.all
    let results = await withTaskGroup(of: (Int, Result)?.self) { group in
        var results: [Int: Result] = [:]
        var waiting = all.enumerated().makeIterator()
        func start() {
            guard let (index, item) = waiting.next() else { return }
            group.addTask { (index, await work(item)) }
        }
        group.addTask {
            await deadline.wait()
            return nil
        }
        for _ in 0..<max(1, width) { start() }
        while results.count < all.count, let next = await group.next() {
            if let (index, result) = next {
                results[index] = result
                start()
            } else {
                group.cancelAll()
            }
        }
        group.cancelAll()
        return results
    }
    var inOrder: [Result] = []
    for (index, item) in all.enumerated() {
        if let result = results[index] { inOrder.append(result) } else { inOrder.append(await otherwise(item)) }
    }
    if let all = AtLeastOne(inOrder) { return all }
    return AtLeastOne(await otherwise(items.first))
}

/// One reference, and every field that names it.
struct DistinctReference: Sendable {
    let text: String
    let fields: AtLeastOne<ImageField>

    /// In the order in which each is first named. An object has a few, 256 at most, so that each is compared with those
    /// before it.
    static func among(_ fields: AtLeastOne<ImageField>) -> AtLeastOne<DistinctReference> {
        var first = DistinctReference(text: fields.first.reference, fields: AtLeastOne(fields.first))
        var others: [DistinctReference] = []
        for field in fields.rest {
            let text = field.reference
            if first.isNamed(text) {
                first = first.adding(field)
            } else if let index = others.firstIndex(where: { $0.isNamed(text) }) {
                others[index] = others[index].adding(field)
            } else {
                others.append(DistinctReference(text: text, fields: AtLeastOne(field)))
            }
        }
        return AtLeastOne(first, others)
    }

    /// As comparing the keys, without making them.
    private func isNamed(_ other: String) -> Bool {
        text.utf8.count == other.utf8.count && text.utf8.elementsEqual(other.utf8)
    }

    private func adding(_ field: ImageField) -> DistinctReference {
        DistinctReference(text: text, fields: AtLeastOne(fields.first, fields.rest + [field]))
    }
}
