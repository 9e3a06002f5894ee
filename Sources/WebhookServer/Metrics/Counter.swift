// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// A number that only grows, one per combination of label values.
public final class Counter: MetricFamily {
    let name: String
    let help: String
    let labels: [String]
    var kind: MetricKind { .counter }
    private let table: Mutex<SeriesTable<UInt64>>

    init(name: String, help: String, labels: [String]) {
        self.name = name
        self.help = help
        self.labels = labels
        table = Mutex(SeriesTable(labelCount: labels.count))
    }

    /// `values` are in the order of the family's labels; a call with another number of them is not counted.
    public func increment(_ values: String..., by amount: UInt64 = 1) {
        increment(values, by: amount)
    }

    public func increment(_ values: [String], by amount: UInt64 = 1) {
        guard values.count == labels.count else { return }
        table.withLock { $0.update(values, fresh: 0) { $0 &+= amount } }
    }

    /// The count so far; 0 where nothing was counted under these values.
    public func value(_ values: String...) -> UInt64 {
        table.withLock { $0.cells[MetricSeries(values)] ?? 0 }
    }

    func write(to text: inout ExpositionText) {
        let cells = table.withLock { $0.cells }
        for (series, count) in cells.sorted(by: { $0.key.values.lexicographicallyPrecedes($1.key.values) }) {
            text.sample(name, labels, series.values, String(count))
        }
    }
}
