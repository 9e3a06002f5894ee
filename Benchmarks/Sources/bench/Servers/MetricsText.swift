// SPDX-License-Identifier: Apache-2.0

/// A scrape in Prometheus' text format.
struct MetricsText: Sendable {
    private let lines: [(series: Substring, value: Double)]

    init(_ text: String) {
        lines = text.split(separator: "\n").compactMap { line in
            guard !line.hasPrefix("#"), let space = line.lastIndex(of: " "),
                let value = Double(line[line.index(after: space)...])
            else { return nil }
            return (line[..<space], value)
        }
    }

    /// The sum of all series of that family that carry these labels.
    func sum(_ family: String, _ labels: String...) -> Double {
        lines.reduce(0) { sum, line in
            let isFamily = line.series == family || line.series.hasPrefix(family + "{")
            return isFamily && labels.allSatisfy { line.series.firstRange(of: $0) != nil } ? sum + line.value : sum
        }
    }

    /// The values of a family with one label, by that label.
    func values(_ family: String) -> [(label: String, value: Double)] {
        lines.compactMap { line in
            guard line.series.hasPrefix(family + "{") else { return nil }
            let words = line.series.split(separator: "\"")
            return words.count > 1 ? (String(words[1]), line.value) : nil
        }
    }

    /// The upper bounds of a histogram's buckets in seconds, with how many observations were not above each.
    func buckets(_ family: String, _ label: String) -> [(bound: Double, count: Double)] {
        lines.compactMap { line in
            guard line.series.hasPrefix(family + "_bucket{"), line.series.firstRange(of: label) != nil,
                let le = line.series.firstRange(of: "le=\"")
            else { return nil }
            let text = line.series[le.upperBound...].prefix { $0 != "\"" }
            return (text == "+Inf" ? .infinity : Double(text) ?? .infinity, line.value)
        }.sorted { $0.bound < $1.bound }
    }
}

/// The quantile of what a histogram has seen between two scrapes, in seconds; within a bucket as Prometheus guesses it.
func quantile(
    _ share: Double, of family: String, _ label: String, from before: MetricsText, to after: MetricsText
) -> Double {
    let old = before.buckets(family, label)
    let counts = after.buckets(family, label).enumerated().map { index, bucket in
        (bucket.bound, bucket.count - (index < old.count ? old[index].count : 0))
    }
    guard let total = counts.last?.1, total > 0 else { return 0 }
    var lower = (bound: 0.0, count: 0.0)
    for (bound, count) in counts {
        if count >= share * total {
            guard bound.isFinite, count > lower.count else { return lower.bound }
            return lower.bound + (bound - lower.bound) * (share * total - lower.count) / (count - lower.count)
        }
        lower = (bound, count)
    }
    return lower.bound
}
