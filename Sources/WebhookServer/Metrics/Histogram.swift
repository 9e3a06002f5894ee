// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// How long something took, in seconds, sorted into buckets; one row of buckets per combination of label values.
public final class Histogram: MetricFamily {
    /// From half a millisecond, what a cached verdict takes, to 30 s, the longest timeout of a webhook.
    public static let latencyBuckets: [Double] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
    ]

    private struct Cell: Sendable {
        /// One per bound, then one for whatever is above the last; not cumulative.
        var counts: [UInt64]
        var sum: Double
    }

    let name: String
    let help: String
    let labels: [String]
    var kind: MetricKind { .histogram }
    /// Upper bounds in seconds, rising.
    private let bounds: [Double]
    private let table: Mutex<SeriesTable<Cell>>

    init(name: String, help: String, labels: [String], bounds: [Double]) {
        self.name = name
        self.help = help
        self.labels = labels
        self.bounds = bounds
        table = Mutex(SeriesTable(labelCount: labels.count))
    }

    /// `values` are in the order of the family's labels; a call with another number of them is not counted.
    public func observe(_ duration: Duration, _ values: String...) {
        guard values.count == labels.count else { return }
        let seconds = max(0, duration / .seconds(1))
        let bucket = bounds.firstIndex { seconds <= $0 } ?? bounds.count
        let fresh = Cell(counts: Array(repeating: 0, count: bounds.count + 1), sum: 0)
        table.withLock {
            $0.update(values, fresh: fresh) { cell in
                cell.counts[bucket] &+= 1
                cell.sum += seconds
            }
        }
    }

    /// How many observations there were under these values.
    public func count(_ values: String...) -> UInt64 {
        table.withLock { $0.cells[MetricSeries(values)]?.counts.reduce(0, &+) ?? 0 }
    }

    func write(to text: inout ExpositionText) {
        let cells = table.withLock { $0.cells }
        for (series, cell) in cells.sorted(by: { $0.key.values.lexicographicallyPrecedes($1.key.values) }) {
            var total: UInt64 = 0
            for (bound, count) in zip(bounds.map(ExpositionText.number) + ["+Inf"], cell.counts) {
                total &+= count
                text.sample(name + "_bucket", labels + ["le"], series.values + [bound], String(total))
            }
            text.sample(name + "_sum", labels, series.values, ExpositionText.number(cell.sum))
            text.sample(name + "_count", labels, series.values, String(total))
        }
    }
}
