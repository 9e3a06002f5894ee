// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebhookServer

@Suite("Metrics")
struct MetricsTests {
    @Test("Counters, gauges and histograms are written in Prometheus' text format")
    func exposition() throws {
        let registry = MetricsRegistry()
        let counter = registry.counter("c_total", help: "Counts.", labels: ["a", "b"])
        counter.increment("x", "y")
        counter.increment("x", "y", by: 2)
        registry.gauge("g", help: "Level.").set(-1.5)
        let histogram = registry.histogram("h_seconds", help: "Time.", bounds: [0.1, 1])
        for milliseconds in [50, 100, 500, 5000] { histogram.observe(.milliseconds(milliseconds)) }
        let text = String(decoding: registry.exposition(), as: UTF8.self)
        #expect(
            text == """
                # HELP c_total Counts.
                # TYPE c_total counter
                c_total{a="x",b="y"} 3
                # HELP g Level.
                # TYPE g gauge
                g -1.5
                # HELP h_seconds Time.
                # TYPE h_seconds histogram
                h_seconds_bucket{le="0.1"} 2
                h_seconds_bucket{le="1"} 3
                h_seconds_bucket{le="+Inf"} 4
                h_seconds_sum 5.65
                h_seconds_count 4

                """)
        #expect(ExpositionChecker.faults(in: text) == [])
    }

    @Test("Label values and help texts are escaped")
    func escaping() {
        let registry = MetricsRegistry()
        registry.counter("c_total", help: "Back\\slash\nand \"quotes\".", labels: ["v"])
            .increment("a\"b\\c\nd}")
        let text = String(decoding: registry.exposition(), as: UTF8.self)
        #expect(text.contains(#"# HELP c_total Back\\slash\nand "quotes"."# + "\n"))
        #expect(text.contains(#"c_total{v="a\"b\\c\nd}"} 1"# + "\n"))
        #expect(ExpositionChecker.faults(in: text) == [])
    }

    @Test("A family that is full counts what is new as other")
    func cardinality() {
        let counter = MetricsRegistry().counter("c_total", help: "", labels: ["v", "w"])
        for index in 0..<SeriesTable<UInt64>.maximumSeries + 10 { counter.increment("\(index)", "x") }
        #expect(counter.value("other", "other") == 10)
        #expect(counter.value("0", "x") == 1)
        counter.increment("0", "x")
        #expect(counter.value("0", "x") == 2)
    }

    @Test("A long label value is cut on a character's border")
    func longValues() {
        let series = MetricSeries([String(repeating: "é", count: 500)])
        #expect(series.values == [String(repeating: "é", count: MetricSeries.maximumValueBytes / 2)])
    }

    @Test("What others count is shown at a scrape; what would spoil the scrape is left out")
    func collectors() {
        let registry = MetricsRegistry()
        _ = registry.counter("own_total", help: "")
        registry.addCollector {
            [
                MetricSample("cache_bytes", help: "Held.", kind: .gauge, labels: [.init("cache", "blobs")], value: 12),
                MetricSample("cache_bytes", help: "Held.", kind: .gauge, labels: [.init("cache", "blobs")], value: 13),
                MetricSample("cache_bytes", help: "Held.", kind: .counter, labels: [.init("cache", "x")], value: 1),
                MetricSample("own_total", help: "", kind: .counter, value: 1),
                MetricSample("bad-name", help: "", kind: .gauge, value: 1),
                MetricSample("bad_label", help: "", kind: .gauge, labels: [.init("a=b", "")], value: 1),
                MetricSample("bad_kind", help: "", kind: .histogram, value: 1),
            ]
        }
        registry.addCollector {
            [MetricSample("cache_bytes", help: "Held.", kind: .gauge, labels: [.init("cache", "tags")], value: 3)]
        }
        let text = String(decoding: registry.exposition(), as: UTF8.self)
        #expect(
            text == """
                # HELP own_total \n# TYPE own_total counter
                # HELP cache_bytes Held.
                # TYPE cache_bytes gauge
                cache_bytes{cache="blobs"} 12
                cache_bytes{cache="tags"} 3

                """)
    }

    @Test("A wrong number of label values counts nothing")
    func arity() {
        let counter = MetricsRegistry().counter("c_total", help: "", labels: ["v"])
        counter.increment("a", "b")
        counter.increment()
        #expect(counter.value("a", "b") == 0)
        #expect(counter.value() == 0)
    }

    @Test("The same name gives the same family")
    func sameFamily() {
        let registry = MetricsRegistry()
        registry.counter("c_total", help: "", labels: ["v"]).increment("a")
        #expect(registry.counter("c_total", help: "", labels: ["v"]).value("a") == 1)
    }

    @Test("The server's own metrics, with the process's, are well-formed")
    func serverMetrics() {
        let metrics = ServerMetrics(version: "1.2.3", revision: "abc")
        metrics.observe(.milliseconds(3), stage: "verify")
        let text = String(decoding: metrics.registry.exposition(), as: UTF8.self)
        #expect(ExpositionChecker.faults(in: text) == [])
        #expect(text.contains(#"countersign_build_info{version="1.2.3",revision="abc"} 1"#))
        #expect(text.contains(#"countersign_stage_seconds_count{stage="verify"} 1"#))
        for name in ["resident_memory_bytes", "start_time_seconds", "cpu_seconds_total", "open_fds"] {
            #expect(text.contains("\nprocess_\(name) "), "\(name)")
        }
    }

    @Test(
        "The checker itself sees faults",
        arguments: ["a 1", "# TYPE a counter\na{b=\"c} 1\n", "# TYPE a counter\na{b=\"c\"} x\n", "a 1\n"])
    func checker(text: String) {
        #expect(ExpositionChecker.faults(in: text) != [])
    }
}
