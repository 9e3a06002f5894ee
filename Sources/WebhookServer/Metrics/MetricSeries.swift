// SPDX-License-Identifier: Apache-2.0

/// The label values of one series, made safe to keep and to count.
struct MetricSeries: Hashable, Sendable {
    /// Bytes of UTF-8 kept of one label value: the longest names that Kubernetes allows have 253.
    static let maximumValueBytes = 256

    /// What stands for every label of the series that came after a family was full.
    static let overflowValue = "other"

    let values: [String]

    init(_ values: [String]) {
        self.values = values.map(Self.shortened)
    }

    static func overflow(labelCount: Int) -> MetricSeries {
        MetricSeries(Array(repeating: overflowValue, count: labelCount))
    }

    private static func shortened(_ value: String) -> String {
        guard value.utf8.count > maximumValueBytes else { return value }
        var kept = ""
        var length = 0
        for scalar in value.unicodeScalars {
            let width = UTF8.width(scalar)
            if length + width > maximumValueBytes { break }
            kept.unicodeScalars.append(scalar)
            length += width
        }
        return kept
    }
}

/// The cells of one family by label values. Once full, whatever is new is counted under `other`, so that nothing from
/// outside can grow the process through its metrics.
struct SeriesTable<Cell: Sendable>: Sendable {
    /// Series per family. A cluster with 100 policies, two modes and ten outcomes stays well below; Prometheus itself
    /// advises against more than this for one instance.
    static var maximumSeries: Int { 4096 }

    private(set) var cells: [MetricSeries: Cell] = [:]
    let labelCount: Int

    init(labelCount: Int) {
        self.labelCount = labelCount
    }

    mutating func update(_ values: [String], fresh: @autoclosure () -> Cell, _ change: (inout Cell) -> Void) {
        var series = MetricSeries(values)
        if cells[series] == nil, cells.count >= Self.maximumSeries {
            series = .overflow(labelCount: labelCount)
        }
        change(&cells[series, default: fresh()])
    }
}
