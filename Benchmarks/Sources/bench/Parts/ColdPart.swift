// SPDX-License-Identifier: Apache-2.0
import Demo
import FoundationEssentials
import OCI

/// Verifications that nothing is known for, with a registry so far away.
struct ColdPart {
    private let settings: Settings
    private let images: Int
    private let deployments: Int

    init(_ settings: Settings) {
        self.settings = settings
        images = settings.isQuick ? 5 : 31
        deployments = settings.isQuick ? 2 : 5
    }

    /// Milliseconds that the registry waits before each answer.
    private static let latencies = [0, 5, 50]

    /// One kind of verification at one distance.
    private struct Row {
        let name: String
        let latency: Int
        /// Requests of which each needs the answer of the one before.
        let roundTrips: Int
        /// What these take one after the other, in milliseconds, for a client that does nothing else.
        let necessary: Double
        /// What the webhook takes for a request for nothing; `nil` where it is not counted.
        let review: Double?
        let wall: Double
        let requests: Double
        let processorTime: Double

        var beyond: Double { wall - necessary }
    }

    func run() async throws -> Section {
        var rows: [Row] = []
        for latency in Self.latencies {
            rows += try await LoopbackRegistry.running { registry in
                if latency > 0 { registry.faults.inject(RegistryFault(.delay(.milliseconds(latency)))) }
                return try await WebhookClient.with { client in
                    let single = try await single(registry, client, latency)
                    return single + [try await deployment(registry, client, latency)]
                }
            }
        }
        return section(rows, try await sharing())
    }

    // MARK: One image

    /// Distinct images one after the other before one server; the first of each kind opens connections and is not counted.
    private func single(
        _ registry: LoopbackRegistry, _ client: WebhookClient, _ latency: Int
    ) async throws -> [Row] {
        let byKey = try await SignedImages(in: registry)
        let keyless = try await KeylessImages(in: registry)
        let tagged = try byKey.add(images, in: "key/app")
        let bundled = try (0..<images).map { number -> String in
            "\(keyless.host)/keyless/app@\(try keyless.add("v\(number)", in: "keyless/app"))"
        }
        let server = try await ServerProcess.countersign(
            settings,
            policies: [
                byKey.policy("by-key", glob: "\(byKey.host)/key/**"),
                keyless.policy("keyless", repository: "keyless/"),
            ], trustedRoot: keyless.trustedRoot)
        try await client.connect(1, to: server)
        let review = try await self.roundTrip(server.webhook, client)
        var rows: [Row] = []
        for (name, roundTrips, inVain, references) in [
            ("key signature, tag `.sig`", 2, "/referrers/", tagged), ("keyless bundle, referrers", 3, ".sig", bundled),
        ] {
            var walls: [Double] = []
            var necessary: [Double] = []
            var requests: [Double] = []
            var times: [Double] = []
            for reference in references {
                registry.faults.forgetRequests()
                let start = try server.processorTime()
                let answer = try await client.post(
                    DemoReview.creation(of: reference, uid: "cold").body, to: server.webhook + "/validate"
                ).admitted()
                walls.append(answer.took.milliseconds)
                // Requests that nobody waited for may still come.
                try await Task.sleep(for: .milliseconds(2 * latency + 10))
                times.append(try server.processorTime() - start)
                let asked = registry.faults.requests.map(\.target)
                requests.append(Double(asked.count))
                let answered = asked.filter { $0.firstRange(of: inVain) == nil }
                guard answered.count == roundTrips else { throw Failure("other requests than expected: \(asked)") }
                var sum = 0.0
                for target in answered {
                    sum += try await client.roundTrip("http://\(byKey.host)\(target)").milliseconds
                }
                necessary.append(sum)
            }
            let row = Row(
                name: name, latency: latency, roundTrips: roundTrips, necessary: Array(necessary.dropFirst()).median,
                review: review,
                wall: Array(walls.dropFirst()).median, requests: Array(requests.dropFirst()).median,
                processorTime: Array(times.dropFirst()).median * 1000)
            say("\(name), \(latency) ms: \(decimals(row.wall, 1)) ms, \(decimals(row.requests)) requests")
            rows.append(row)
        }
        await server.stop()
        return rows
    }

    /// The median of what somebody takes for nothing.
    private func roundTrip(_ origin: String, _ client: WebhookClient) async throws -> Double {
        var times: [Double] = []
        for _ in 0..<16 { times.append(try await client.roundTrip("\(origin)/v2/").milliseconds) }
        return Array(times.dropFirst()).median
    }

    // MARK: A Deployment

    /// A Deployment of a tagged image and its three Pods, each pinned and then judged, before a server that has just started.
    private func deployment(
        _ registry: LoopbackRegistry, _ client: WebhookClient, _ latency: Int
    ) async throws -> Row {
        let images = try await KeylessImages(in: registry)
        let roundTrip = try await roundTrip("http://\(images.host)", client)
        var walls: [Double] = []
        var requests: [Double] = []
        var times: [Double] = []
        for number in 0..<deployments {
            let repository = "octo/app\(latency)"
            let digest = try images.addAttested("v\(number)", in: repository)
            let server = try await ServerProcess.countersign(
                settings, policies: [images.attestedPolicy("attested", repository: repository)],
                trustedRoot: images.trustedRoot)
            try await client.connect(3, to: server)
            registry.faults.forgetRequests()
            let processorTime = try server.processorTime()
            let start = ContinuousClock.now
            try await Self.deploy("\(images.host)/\(repository):v\(number)", digest, server, client)
            walls.append((.now - start).milliseconds)
            try await Task.sleep(for: .milliseconds(2 * latency + 10))
            times.append(try server.processorTime() - processorTime)
            requests.append(Double(registry.faults.requests.count))
            if number == 0 {
                for request in registry.faults.requests { say("  \(request.method) \(request.target.suffix(110))") }
            }
            await server.stop()
        }
        let row = Row(
            name: "Deployment of 3 Pods, three proofs", latency: latency, roundTrips: 4, necessary: 4 * roundTrip,
            review: nil,
            wall: walls.median, requests: requests.median, processorTime: times.median * 1000)
        say("\(row.name), \(latency) ms: \(decimals(row.wall, 1)) ms, \(decimals(row.requests)) requests")
        return row
    }

    private static func deploy(
        _ image: String, _ digest: Digest, _ server: ServerProcess, _ client: WebhookClient
    ) async throws {
        let answer = try await client.post(
            DeploymentReview.body(image, uid: "deployment"), to: server.webhook + "/mutate"
        ).admitted()
        let patch = answer.patch.flatMap { Data(base64Encoded: $0) }.map { String(decoding: $0, as: UTF8.self) } ?? ""
        guard patch.firstRange(of: "\(digest)") != nil else { throw Failure("the tag was not pinned: \(patch)") }
        let pinned = "\(image)@\(digest)"
        try await client.post(
            DeploymentReview.body(pinned, uid: "deployment"), to: server.webhook + "/validate"
        ).admitted()
        try await concurrently(Array(0..<3), width: 3) { number in
            let review = DemoReview.creation(of: pinned, uid: "pod-\(number)").body
            for path in ["/mutate", "/validate"] {
                try await client.post(review, to: server.webhook + path).admitted()
            }
        }
    }

    // MARK: Sharing

    /// What images of one repository share: connections after the first and after the last, tokens of all.
    private struct Shared {
        let images: Int
        let tokens: Int
        let connections: (first: Int, last: Int)
    }

    private func sharing() async throws -> Shared {
        let options = LoopbackOptions(access: .token(nil, lifetime: .seconds(300)))
        return try await LoopbackRegistry.running(options) { registry in
            let keyless = try await KeylessImages(in: registry)
            registry.faults.inject(RegistryFault(.delay(.milliseconds(5))))
            let server = try await ServerProcess.countersign(
                settings, policies: [keyless.policy("keyless", repository: "keyless/")],
                trustedRoot: keyless.trustedRoot)
            let port = keyless.host.split(separator: ":").last.flatMap { Int($0) } ?? 0
            var open: [Int] = []
            try await WebhookClient.with { client in
                for number in 0..<10 {
                    let digest = try keyless.add("v\(number)", in: "keyless/app")
                    let review = DemoReview.creation(of: "\(keyless.host)/keyless/app@\(digest)", uid: "shared")
                    try await client.post(review.body, to: server.webhook + "/validate").admitted()
                    open.append(openConnections(toPort: port))
                }
            }
            await server.stop()
            return Shared(
                images: 10, tokens: registry.faults.count(target: "/token"),
                connections: (open.first ?? 0, open.last ?? 0))
        }
    }

    // MARK: The page

    private func section(_ rows: [Row], _ shared: Shared) -> Section {
        var section = Section(part: .cold, title: "Cold: nothing is known yet")
        section.goals = rows.filter { $0.name.hasPrefix("keyless") }.map {
            Goal(
                what: "keyless, registry \($0.latency) ms away: beyond the necessary round trips", measured: $0.beyond,
                limit: 5, unit: "ms", places: 1)
        }
        for row in rows where row.latency == 50 && row.name.hasPrefix("Deployment") {
            section.goals += [
                Goal(
                    what: "Deployment of 3 Pods, three proofs, 50 ms: first review to last verdict", measured: row.wall,
                    limit: 250, unit: "ms"),
                Goal(what: "the same: registry requests in all", measured: row.requests, limit: 7, unit: ""),
            ]
        }
        section.goals += [
            Goal(
                what: "\(shared.images) images of a repository: tokens fetched", measured: Double(shared.tokens),
                limit: 1,
                unit: ""),
            Goal(
                what: "the same: connections opened after the first image",
                measured: Double(max(0, shared.connections.last - shared.connections.first)), limit: 0, unit: ""),
        ]
        section.add(
            """
            Necessary are the requests of which each needs the answer of the one before: for a signature under cosign's tag its \
            manifest and its payload, for a bundle the list of referrers, its manifest and its blob, for the Deployment the tag \
            and then the same. Each image's were sent once more after it, one after the other, by a client that does nothing \
            else; the Deployment's count as four requests for nothing. The review's own way to the webhook and back, what \
            the webhook takes for a request for nothing, is not among them and stands beside them. Medians of \(images - 1) \
            distinct images on connections that are open, and of \(deployments) Deployments, each before a server that has just \
            started; its Pods come at once, and each review is pinned by `/mutate` and then judged by `/validate`.
            """)
        var table = Table(
            "verification", "registry away, ms", "wall by necessary", "wall, ms", "necessary, ms",
            "necessary round trips", "the review's own, ms", "requests", "processor time, ms")
        for row in rows {
            table.add(
                row.name, "\(row.latency)", decimals(row.wall / row.necessary, 2), decimals(row.wall, 1),
                decimals(row.necessary, 1), "\(row.roundTrips)", row.review.map { decimals($0, 1) } ?? "",
                decimals(row.requests),
                decimals(row.processorTime, 1))
        }
        section.add(table)
        for latency in Self.latencies where latency > 0 {
            section.add(
                BarChart(
                    title: "Cold, registry \(latency) ms away", unit: "ms", series: ["wall", "necessary round trips"],
                    groups: rows.filter { $0.latency == latency }.map {
                        (
                            $0.name.replacing("`", with: "").split(separator: ",").first.map(String.init) ?? "",
                            [$0.wall, $0.necessary]
                        )
                    }, goal: latency == 50 ? ("goal for the Deployment: 250", 250) : nil), name: "cold-\(latency)")
        }
        return section
    }
}
