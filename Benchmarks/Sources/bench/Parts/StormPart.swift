// SPDX-License-Identifier: Apache-2.0
import Demo
import OCI

/// Five hundred pods at once, and a registry that has had enough.
struct StormPart {
    private let settings: Settings
    private let pods: Int

    init(_ settings: Settings) {
        self.settings = settings
        pods = settings.isQuick ? 100 : 500
    }

    /// One storm: how many answers of each kind, what the registry was asked, and how long the last pod waited.
    private struct Row {
        let name: String
        var admitted = 0
        var denied = 0
        var undecided = 0
        /// Signed and denied as if it were not, or not signed and admitted.
        var wrong = 0
        var requests = 0
        var verifications = 0
        var wall = 0.0
    }

    /// How the registry is while a storm blows.
    private enum Weather: Sendable {
        case fair
        /// 429 with `Retry-After: 1` to everything, for so long.
        case refusing(Duration)
    }

    /// A Pod's image, and whether it is signed.
    private struct Pod: Sendable {
        let image: String
        let isSigned: Bool
    }

    func run() async throws -> Section {
        var rows: [Row] = []
        rows.append(try await storm("one image", .fair) { images in try Self.one(images, pods) })
        rows.append(try await storm("distinct images", .fair) { images in try Self.distinct(images, pods) })
        rows.append(
            try await storm("one image, 429 for 2 s", .refusing(.seconds(2))) { images in try Self.one(images, pods) })
        rows.append(
            try await storm("distinct images, 429 for 2 s", .refusing(.seconds(2))) { images in
                try Self.distinct(images, pods)
            })
        rows.append(
            try await storm("distinct images, 429 throughout", .refusing(.seconds(60))) { images in
                try Self.distinct(images, pods)
            })
        return section(rows)
    }

    private static func one(_ images: KeylessImages, _ count: Int) throws -> [Pod] {
        let digest = try images.add("v1", in: "storm/app")
        return Array(
            repeating: Pod(image: "\(images.host)/storm/app@\(digest)", isSigned: true), count: count)
    }

    /// In ten repositories; one in ten is not signed.
    private static func distinct(_ images: KeylessImages, _ count: Int) throws -> [Pod] {
        try (0..<count).map { number in
            let repository = "storm/app\(number % 10)"
            let isSigned = number / 10 % 10 != 0
            let digest =
                isSigned
                ? try images.add("v\(number)", in: repository)
                : images.registry.contents.put(DemoImage(content: "unsigned \(number)"), in: repository)
            return Pod(image: "\(images.host)/\(repository)@\(digest)", isSigned: isSigned)
        }
    }

    private func storm(
        _ name: String, _ weather: Weather, _ pods: @escaping @Sendable (KeylessImages) throws -> [Pod]
    ) async throws -> Row {
        try await LoopbackRegistry.running { registry in
            let images = try await KeylessImages(in: registry)
            let pods = try pods(images)
            let delay = RegistryFault(.delay(.milliseconds(20)))
            registry.faults.inject(delay)
            let server = try await ServerProcess.countersign(
                settings, policies: [images.policy("keyless", repository: "storm/")],
                trustedRoot: images.trustedRoot)
            var row = Row(name: name)
            try await WebhookClient.with { client in
                try await client.connect(pods.count, to: server)
                registry.faults.forgetRequests()
                if case .refusing = weather {
                    registry.faults.inject(RegistryFault(.status(429, headers: [("Retry-After", "1")])))
                }
                let clearing = Task {
                    guard case .refusing(let duration) = weather else { return }
                    try await Task.sleep(for: duration)
                    registry.faults.removeAll()
                    registry.faults.inject(delay)
                }
                let before = try await server.metrics()
                let start = ContinuousClock.now
                let answers = try await concurrently(Array(pods.enumerated()), width: pods.count) { number, pod in
                    let review = DemoReview.creation(of: pod.image, uid: "storm-\(number)")
                    return (pod, try await client.post(review.body, to: server.webhook + "/validate"))
                }
                row.wall = (.now - start).milliseconds
                clearing.cancel()
                for (pod, answer) in answers {
                    if answer.isUndecided {
                        row.undecided += 1
                    } else {
                        row.admitted += answer.isAllowed ? 1 : 0
                        row.denied += answer.isAllowed ? 0 : 1
                        row.wrong += answer.isAllowed == pod.isSigned ? 0 : 1
                    }
                }
                let after = try await server.metrics()
                row.verifications = Self.verifications(before, after)
            }
            row.requests = registry.faults.requests.count
            say("\(name): \(row)")
            await server.stop()
            return row
        }
    }

    /// Every verification of a proof begins with a look into the cache of evidence that finds nothing.
    private static func verifications(_ before: MetricsText, _ after: MetricsText) -> Int {
        func misses(_ text: MetricsText) -> Double {
            text.sum("countersign_cache_lookups_total", #"cache="signatures""#, #"result="miss""#)
        }
        return Int(misses(after) - misses(before))
    }

    private func section(_ rows: [Row]) -> Section {
        var section = Section(part: .storm, title: "Storm: \(pods) pods at once")
        section.goals = [
            Goal(
                what: "\(pods) pods of one image: verifications", measured: Double(rows[0].verifications), limit: 1,
                unit: ""),
            Goal(
                what: "the same: registry requests", measured: Double(rows[0].requests), limit: 5, unit: ""),
            Goal(
                what: "wrong verdicts in all storms", measured: Double(rows.map(\.wrong).reduce(0, +)), limit: 0,
                unit: ""),
            Goal(
                what: "429 throughout: requests of \(pods) distinct images in 10 s",
                measured: Double(rows.last?.requests ?? 0), limit: Double(Self.allowance), unit: ""),
        ]
        section.add(
            """
            All reviews are sent at the same moment on connections that are open, each for a Pod of its own with the image by its \
            digest and 10 s of time; the registry is 20 ms away. Of the distinct images, in ten repositories, one in ten is not \
            signed. Refusing, the registry answers everything with 429 and `Retry-After: 1`. Undecided pods are not admitted, and \
            are told of an outage, not of a missing signature.
            """)
        var table = Table(
            "storm", "registry requests per pod", "registry requests", "verifications", "admitted", "denied",
            "undecided",
            "wrong", "last verdict, ms")
        for row in rows {
            table.add(
                row.name, decimals(Double(row.requests) / Double(pods), 2), decimals(Double(row.requests)),
                "\(row.verifications)", "\(row.admitted)", "\(row.denied)", "\(row.undecided)", "\(row.wrong)",
                decimals(row.wall))
        }
        section.add(table)
        section.add(
            BarChart(
                title: "Registry requests for \(pods) pods", unit: "count", series: ["requests"],
                groups: rows.map { ($0.name, [Double($0.requests)]) }), name: "storm")
        return section
    }

    /// What may be asked of a registry that answers nothing but "later, in a second" for the ten seconds of a review.
    private static let allowance = 100
}
