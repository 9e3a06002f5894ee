// SPDX-License-Identifier: Apache-2.0
import TestSupport

/// Medians over rounds.
struct Pace: Sendable {
    let perSecond: Double
    /// Client side, in milliseconds.
    let median: Double
    let percentile99: Double
    /// Processor time of the server per request; `nan` where the server is not ours to look at.
    let microseconds: Double

    fileprivate init(_ rounds: [(report: Wrk.Report, processorTime: Double)]) {
        perSecond = rounds.map(\.report.perSecond).median
        median = rounds.map(\.report.median).median
        percentile99 = rounds.map(\.report.percentile99).median
        microseconds = rounds.map { $0.processorTime * 1e6 / $0.report.requests }.median
    }
}

/// All contestants with the same number of connections.
struct Race: Sendable {
    let connections: Int
    let ours: Pace
    let null: Pace
    let other: Pace?

    /// Of processor time per request: the median of the rounds' own ratios, whose two sides follow each other. The speed of a
    /// shared machine drifts by more from round to round than within one.
    let ratio: Double
}

/// What the server's histograms say at a fixed rate: 99th percentiles in seconds.
struct Paced: Sendable {
    let perSecond: Double
    let read: Double
    let review: Double
    let write: Double
    let client: Wrk.Report
}

/// Our webhook, the null webhook and perhaps somebody's, all running; they are asked in turns.
struct Contest: Sendable {
    private let ours: ServerProcess
    private let null: ServerProcess
    private let other: String?

    init(_ settings: Settings, policies: [String], logLevel: String, url: String?) async throws {
        ours = try await .countersign(settings, policies: policies, more: ["--log-level", logLevel])
        null = try await .null(settings, logLevel: logLevel)
        other = url
    }

    func stop() async {
        await ours.stop()
        await null.stop()
    }

    private var urls: [String] { [ours, null].map { $0.webhook + "/validate" } + (other.map { [$0] } ?? []) }

    func races(_ review: [UInt8], at connections: [Int], rounds: Int, seconds: Int) async throws -> [Race] {
        try await WebhookClient.with { client in
            for url in urls { try await client.post(review, to: url).admitted() }
        }
        let wrk = try Wrk(review)
        // Pools fill and code is paged in.
        for url in urls { _ = try await wrk.run(url + "?timeout=10s", connections: 16, seconds: 1) }
        var races: [Race] = []
        for count in connections {
            var runs: [[(report: Wrk.Report, processorTime: Double)]] = [[], [], []]
            for round in 0..<rounds {
                // Each is first as often as the other.
                let first = round % 2
                for side in [first, 1 - first] {
                    runs[side].append(try await timed(side == 0 ? null : ours, wrk, count, seconds))
                }
                if let other {
                    let report = try await wrk.run(other + "?timeout=10s", connections: count, seconds: seconds)
                    runs[2].append((report, .nan))
                }
            }
            let ratios = zip(runs[1], runs[0]).map { ours, null in
                (ours.processorTime / ours.report.requests) / (null.processorTime / null.report.requests)
            }
            let race = Race(
                connections: count, ours: Pace(runs[1]), null: Pace(runs[0]), other: other == nil ? nil : Pace(runs[2]),
                ratio: ratios.median)
            say(
                "\(count) connections: ratio \(decimals(race.ratio, 2)), ours \(decimals(race.ours.microseconds, 1)) µs "
                    + "\(decimals(race.ours.perSecond))/s, null \(decimals(race.null.microseconds, 1)) µs "
                    + "\(decimals(race.null.perSecond))/s")
            races.append(race)
        }
        return races
    }

    /// One round; throws unless the server admitted every request.
    private func timed(
        _ server: ServerProcess, _ wrk: Wrk, _ connections: Int, _ seconds: Int
    ) async throws -> (report: Wrk.Report, processorTime: Double) {
        let before = try await server.metrics()
        let start = try server.processorTime()
        let report = try await wrk.run(
            server.webhook + "/validate?timeout=10s", connections: connections, seconds: seconds)
        let processorTime = try server.processorTime() - start
        let after = try await server.metrics()
        server.emptyLog()
        func reviews(_ labels: String) -> Double {
            after.sum("countersign_reviews_total", labels) - before.sum("countersign_reviews_total", labels)
        }
        guard report.failures == 0, reviews(#"allowed="false""#) == 0, reviews(#"allowed="true""#) >= report.requests
        else { throw Failure("not all of \(report) was admitted; the server said: \(server.lastWords)") }
        return (report, processorTime)
    }

    func paced(
        _ review: [UInt8], perSecond: Double, connections: Int, seconds: Int
    ) async throws -> Paced {
        let wrk = try Wrk(review)
        let before = try await ours.metrics()
        let report = try await wrk.run(
            ours.webhook + "/validate?timeout=10s", connections: connections, seconds: seconds, pace: perSecond)
        let after = try await ours.metrics()
        ours.emptyLog()
        func percentile(_ stage: String) -> Double {
            quantile(0.99, of: "countersign_stage_seconds", "stage=\"\(stage)\"", from: before, to: after)
        }
        say("half of saturation: asked for \(decimals(perSecond))/s, sent \(decimals(report.perSecond))/s")
        return Paced(
            perSecond: report.perSecond, read: percentile("read"), review: percentile("review"),
            write: percentile("write"), client: report)
    }
}
