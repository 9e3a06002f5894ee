// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// A number that goes up and down, one per combination of label values.
public final class Gauge: MetricFamily {
    let name: String
    let help: String
    let labels: [String]
    var kind: MetricKind { .gauge }
    private let table: Mutex<SeriesTable<Double>>

    init(name: String, help: String, labels: [String]) {
        self.name = name
        self.help = help
        self.labels = labels
        table = Mutex(SeriesTable(labelCount: labels.count))
    }

    /// `values` are in the order of the family's labels; a call with another number of them changes nothing.
    public func set(_ value: Double, _ values: String...) {
        guard values.count == labels.count else { return }
        table.withLock { $0.update(values, fresh: 0) { $0 = value } }
    }

    /// Nil where nothing was set under these values.
    public func value(_ values: String...) -> Double? {
        table.withLock { $0.cells[MetricSeries(values)] }
    }

    func write(to text: inout ExpositionText) {
        let cells = table.withLock { $0.cells }
        for (series, value) in cells.sorted(by: { $0.key.values.lexicographicallyPrecedes($1.key.values) }) {
            text.sample(name, labels, series.values, ExpositionText.number(value))
        }
    }
}
