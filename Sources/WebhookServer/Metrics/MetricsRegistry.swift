// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Everything that `/metrics` shows: the families made here, and what other rooms report when asked.
public final class MetricsRegistry: Sendable {
    public typealias Collector = @Sendable () -> [MetricSample]

    private struct State {
        var families: [String: any MetricFamily] = [:]
        var collectors: [Collector] = []
    }

    private let state = Mutex(State())

    public init() {}

    /// The counter of this name; the same object each time that it is asked for with the same labels.
    public func counter(_ name: String, help: String, labels: [String] = []) -> Counter {
        family(name, labels) { Counter(name: name, help: help, labels: labels) }
    }

    public func gauge(_ name: String, help: String, labels: [String] = []) -> Gauge {
        family(name, labels) { Gauge(name: name, help: help, labels: labels) }
    }

    /// `bounds` are upper bounds in seconds, rising.
    public func histogram(
        _ name: String, help: String, labels: [String] = [], bounds: [Double] = Histogram.latencyBuckets
    ) -> Histogram {
        family(name, labels) { Histogram(name: name, help: help, labels: labels, bounds: bounds) }
    }

    /// `collector` is called at every scrape, on the thread of the scrape: it reads numbers and does no I/O that waits.
    public func addCollector(_ collector: @escaping Collector) {
        state.withLock { $0.collectors.append(collector) }
    }

    private func family<Family: MetricFamily>(_ name: String, _ labels: [String], _ make: () -> Family) -> Family {
        precondition(
            ExpositionText.isName(name) && labels.allSatisfy(ExpositionText.isName),
            "metric and label names are constants of this program, and Prometheus would refuse these")
        return state.withLock { state in
            if let known = state.families[name] {
                guard let same = known as? Family, same.labels == labels else {
                    preconditionFailure("a metric name has one kind and one list of labels")
                }
                return same
            }
            let made = make()
            state.families[name] = made
            return made
        }
    }

    /// The whole of `/metrics`, families in the order of their names.
    public func exposition() -> [UInt8] {
        let (families, collectors) = state.withLock { ($0.families, $0.collectors) }
        var text = ExpositionText()
        var collected: [String: [MetricSample]] = [:]
        for sample in collectors.flatMap({ $0() }) where Self.isPrintable(sample) && families[sample.name] == nil {
            collected[sample.name, default: []].append(sample)
        }
        for name in Array(families.keys).sorted() + collected.keys.sorted() {
            if let family = families[name] {
                text.header(name, help: family.help, kind: family.kind)
                family.write(to: &text)
            } else if let samples = collected[name], let first = samples.first {
                text.header(name, help: first.help, kind: first.kind)
                Self.write(samples, like: first, to: &text)
            }
        }
        return text.bytes
    }

    private static func isPrintable(_ sample: MetricSample) -> Bool {
        sample.kind != .histogram && ExpositionText.isName(sample.name)
            && sample.labels.allSatisfy { ExpositionText.isName($0.name) }
    }

    /// A series may appear once and a family has one kind: what breaks that is left out, so that one faulty reader does
    /// not make Prometheus refuse the whole scrape.
    private static func write(_ samples: [MetricSample], like first: MetricSample, to text: inout ExpositionText) {
        var seen: Set<[MetricSample.Label]> = []
        for sample in samples.prefix(SeriesTable<Double>.maximumSeries)
        where sample.kind == first.kind && seen.insert(sample.labels).inserted {
            text.sample(
                sample.name, sample.labels.map(\.name), MetricSeries(sample.labels.map(\.value)).values,
                ExpositionText.number(sample.value))
        }
    }
}
