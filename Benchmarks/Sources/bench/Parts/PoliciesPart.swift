// SPDX-License-Identifier: Apache-2.0
import Demo

/// A thousand policies, and a hundred containers in one review.
struct PoliciesPart {
    private let settings: Settings
    private let policies: Int
    private let containers: Int
    private let repeats: Int

    init(_ settings: Settings) {
        self.settings = settings
        policies = settings.isQuick ? 200 : 1000
        containers = settings.isQuick ? 20 : 100
        repeats = settings.isQuick ? 5 : 20
    }

    private struct Row {
        let name: String
        /// In milliseconds: the first review, and the median of those that follow.
        let first: Double
        let warm: Double
        let processorTime: Double
    }

    func run() async throws -> Section {
        var rows: [Row] = []
        rows.append(
            try await row("one policy, one container", containers: 1) { images in [images.policy()] })
        rows.append(
            try await row("one policy, \(containers) containers", containers: containers) { images in [images.policy()]
            })
        rows.append(
            try await row("\(policies) policies, of which one names each image", containers: containers) { images in
                (0..<policies).map { images.policy("team-\($0)", glob: "\(images.host)/team-\($0)/**") }
            })
        rows.append(
            try await row("\(policies) policies, and all name each image", containers: containers) { images in
                (0..<policies).map { images.policy("team-\($0)") }
            })
        var section = Section(part: .policies, title: "Many policies, many containers")
        section.add(
            """
            One review of a Pod with \(containers) containers, each with an image of its own, before a server that has just \
            started, and then the same review \(repeats) times on a connection that is open. Every policy wants a signature by the \
            same key.
            """)
        var table = Table(
            "policies and containers", "warm, ratio to the first row", "warm, ms", "warm, processor time, ms",
            "first, ms")
        for row in rows {
            table.add(
                row.name, decimals(row.warm / rows[0].warm, 1), decimals(row.warm, 2), decimals(row.processorTime, 2),
                decimals(row.first, 1))
        }
        section.add(table)
        section.add(
            BarChart(
                title: "One warm review", unit: "ms", series: ["wall", "processor time"],
                groups: [
                    ("1 × 1", rows[0]), ("1 × \(containers)", rows[1]), ("\(policies) × \(containers)", rows[2]),
                    ("\(policies) × \(containers), all apply", rows[3]),
                ].map { ($0.0, [$0.1.warm, $0.1.processorTime]) }, places: 2), name: "policies")
        return section
    }

    private func row(
        _ name: String, containers: Int, _ policies: @escaping @Sendable (SignedImages) -> [String]
    ) async throws -> Row {
        try await LoopbackRegistry.running { registry in
            let images = try await SignedImages(in: registry)
            let references = try (0..<containers).map { try images.add("\($0)", in: "team-\($0)/app") }
            let server = try await ServerProcess.countersign(settings, policies: policies(images))
            let review = DemoReview(uid: "policies", object: DemoReview.Pod(references)).body
            let row = try await WebhookClient.with { client in
                try await client.connect(1, to: server)
                func judge() async throws -> Double {
                    try await client.post(
                        review, to: server.webhook + "/validate", timeout: .seconds(30)
                    ).admitted().took.milliseconds
                }
                let first = try await judge()
                _ = try await judge()
                let start = try server.processorTime()
                var times: [Double] = []
                for _ in 0..<repeats { times.append(try await judge()) }
                return Row(
                    name: name, first: first, warm: times.median,
                    processorTime: (try server.processorTime() - start) / Double(repeats) * 1000)
            }
            say("\(name): first \(decimals(row.first, 1)) ms, warm \(decimals(row.warm, 2)) ms")
            await server.stop()
            return row
        }
    }
}
