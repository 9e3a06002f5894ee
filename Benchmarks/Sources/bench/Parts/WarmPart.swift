// SPDX-License-Identifier: Apache-2.0
import Demo

/// `/validate` where every verdict is at hand, beside a webhook that does not look.
struct WarmPart {
    private let settings: Settings
    private let rounds: Int
    private let seconds: Int

    init(_ settings: Settings) {
        self.settings = settings
        rounds = settings.isQuick ? 4 : 24
        seconds = 1
    }

    private static let connections = [1, 4, 16, 64]
    /// What is varied is measured with so many.
    private static let usual = 16

    func run() async throws -> Section {
        try await LoopbackRegistry.running { registry in
            let images = try await SignedImages(in: registry)
            let signed = try images.add(5, in: "shop/checkout")
            let pod = PodReview.usual()
            let review = pod.body(signed)
            let pair = try await Contest(settings, policies: [images.policy()], logLevel: "info", url: settings.url)
            let races = try await pair.races(review, at: Self.connections, rounds: rounds, seconds: seconds)
            let paced = try await pair.paced(
                review, perSecond: (races.map(\.ours.perSecond).max() ?? 0) / 2, connections: Self.usual,
                seconds: seconds * rounds)
            let oneImage = try await pair.races(
                pod.body([signed[0]]), at: [Self.usual], rounds: rounds, seconds: seconds)
            await pair.stop()
            let silent = try await Contest(settings, policies: [images.policy()], logLevel: "warning", url: nil)
            let unlogged = try await silent.races(review, at: [Self.usual], rounds: rounds, seconds: seconds)
            await silent.stop()
            return section(
                races, paced, variants: [("one image in all five fields", oneImage), ("without a log", unlogged)],
                review: "\(pod.origin), \(decimals(Double(review.count))) bytes")
        }
    }

    private func section(
        _ races: [Race], _ paced: Paced, variants: [(String, [Race])], review: String
    ) -> Section {
        var section = Section(part: .warm, title: "Warm: the verdict is at hand")
        let usual = races.first { $0.connections == Self.usual }?.ratio ?? races.map(\.ratio).median
        section.goals = [
            Goal(
                what: "processor time per request beside a null webhook, \(Self.usual) connections", measured: usual,
                limit: 1.5, unit: "", places: 2),
            Goal(
                what: "p99 in the server at half of saturation", measured: paced.review * 1000, limit: 1, unit: "ms",
                places: 2),
        ]
        section.add(
            """
            The review is \(review), whose five images are five signed digests under one policy with one key. The null webhook \
            is the same server with a reviewer that answers every uid with "allowed" and reads nothing else. Each figure is \
            the median of \(rounds) rounds of \(seconds) s in turns; the ratio of processor time is the median of the rounds' \
            own ratios, which need not be the quotient of the columns beside it. wrk uses the same cores.
            """)
        var ratios = Table(
            "connections", "processor time, ratio to null", "µs per request", "null: µs", "requests/s, ratio to null",
            "requests/s", "null: requests/s")
        var latencies = Table("connections", "p50, ms", "p99, ms", "null: p50, ms", "null: p99, ms")
        for race in races {
            ratios.add(
                "\(race.connections)", decimals(race.ratio, 2), decimals(race.ours.microseconds, 1),
                decimals(race.null.microseconds, 1), decimals(race.ours.perSecond / race.null.perSecond, 2),
                decimals(race.ours.perSecond), decimals(race.null.perSecond))
            latencies.add(
                "\(race.connections)", decimals(race.ours.median, 2), decimals(race.ours.percentile99, 2),
                decimals(race.null.median, 2), decimals(race.null.percentile99, 2))
        }
        for (name, races) in variants {
            for race in races {
                ratios.add(
                    "\(race.connections), \(name)", decimals(race.ratio, 2), decimals(race.ours.microseconds, 1),
                    decimals(race.null.microseconds, 1), decimals(race.ours.perSecond / race.null.perSecond, 2),
                    decimals(race.ours.perSecond), decimals(race.null.perSecond))
            }
        }
        section.add(ratios)
        section.add("As the client sees it, at saturation:")
        section.add(latencies)
        section.add(
            """
            At \(decimals(paced.perSecond)) requests per second, half of saturation, the server's own histograms say for p99: \
            reading \(decimals(paced.read * 1000, 2)) ms, judging \(decimals(paced.review * 1000, 2)) ms, writing \
            \(decimals(paced.write * 1000, 2)) ms; the client saw p50 \(decimals(paced.client.median, 2)) ms and p99 \
            \(decimals(paced.client.percentile99, 2)) ms.
            """)
        if races.contains(where: { $0.other != nil }) { section.add(others(races)) }
        section.add(
            BarChart(
                title: "Processor time per request", unit: "µs", series: ["countersign", "null webhook"],
                groups: races.map { ("\($0.connections) connections", [$0.ours.microseconds, $0.null.microseconds]) },
                places: 1), name: "warm-processor-time")
        section.add(
            BarChart(
                title: "Warm reviews", unit: "requests/s", series: ["countersign", "null webhook"],
                groups: races.map { ("\($0.connections) connections", [$0.ours.perSecond, $0.null.perSecond]) }),
            name: "warm-requests")
        return section
    }

    private func others(_ races: [Race]) -> Table {
        var table = Table(
            settings.url ?? "", "requests/s, ours by theirs", "requests/s", "p50, ms", "p99, ms")
        for race in races {
            guard let other = race.other else { continue }
            table.add(
                "\(race.connections) connections", decimals(race.ours.perSecond / other.perSecond, 2),
                decimals(other.perSecond), decimals(other.median, 2), decimals(other.percentile99, 2))
        }
        return table
    }
}
