// SPDX-License-Identifier: Apache-2.0
import Demo
import FoundationEssentials
import OCI

/// What the server holds: at rest, with the proofs of many images, and while it reads one large attestation.
struct MemoryPart {
    private let settings: Settings
    /// How many distinct digests are known when memory is looked at.
    private let counts: [Int]
    private let largeBytes: Int

    init(_ settings: Settings) {
        self.settings = settings
        counts = settings.isQuick ? [1_000, 5_000] : [10_000, 100_000]
        largeBytes = settings.isQuick ? 10_000_000 : 100_000_000
    }

    private struct Row {
        let digests: Int
        let resident: Double
        let entries: Double
        /// MiB by the caches' own account, the fullest first.
        let caches: [(label: String, value: Double)]
        /// Of a sample of them asked again, how many needed nothing from the registry.
        let known: Double
    }

    private static let perRepository = 100
    private static let perPod = 10
    private static let sample = 1000

    func run() async throws -> Section {
        let (idle, rows) = try await digests()
        let large = try await largeAttestation()
        return section(idle, rows, large)
    }

    // MARK: Many

    private func digests() async throws -> (idle: Double, rows: [Row]) {
        try await LoopbackRegistry.running { registry in
            let images = try await SignedImages(in: registry)
            let server = try await ServerProcess.countersign(settings, policies: [images.policy()])
            try await Task.sleep(for: .seconds(2))
            let idle = try server.residentMiB()
            say("idle: \(decimals(idle, 1)) MiB")
            var rows: [Row] = []
            var references: [String] = []
            try await WebhookClient.with { client in
                for count in counts {
                    // In thousands, so that the record of requests stays short and a look at what goes on is possible.
                    while references.count < count {
                        let fresh = try stride(from: 0, to: min(1000, count - references.count), by: Self.perRepository)
                            .flatMap { offset in
                                try images.add(
                                    Self.perRepository,
                                    in: "many/app\((references.count + offset) / Self.perRepository)")
                            }
                        try await Self.judge(fresh, server, client)
                        references += fresh
                        registry.faults.forgetRequests()
                        server.emptyLog()
                        if references.count % 10_000 == 0 { say("\(references.count) digests") }
                    }
                    try await Task.sleep(for: .seconds(2))
                    let resident = try server.residentMiB()
                    let known = try await Self.known(references, registry, server, client)
                    let metrics = try await server.metrics()
                    rows.append(
                        Row(
                            digests: references.count, resident: resident,
                            entries: metrics.sum("countersign_cache_entries"),
                            caches: metrics.values("countersign_cache_bytes").filter { $0.value > 0 }
                                .map { ($0.label, $0.value / 1_048_576) }.sorted { $0.value > $1.value },
                            known: known))
                    say(
                        "\(references.count) digests: \(decimals(resident, 1)) MiB, \(decimals(known * 100, 1)) % known"
                    )
                }
            }
            await server.stop()
            return (idle, rows)
        }
    }

    private static func judge(
        _ references: [String], _ server: ServerProcess, _ client: WebhookClient
    ) async throws {
        let pods = stride(from: 0, to: references.count, by: perPod).map {
            Array(references[$0..<min($0 + perPod, references.count)])
        }
        try await concurrently(pods, width: 8) { pod in
            let review = DemoReview(uid: "many", object: DemoReview.Pod(pod))
            try await client.post(review.body, to: server.webhook + "/validate").admitted()
        }
    }

    /// The share of a sample for which the registry was not asked again.
    private static func known(
        _ references: [String], _ registry: LoopbackRegistry, _ server: ServerProcess, _ client: WebhookClient
    ) async throws -> Double {
        // Every so many of them, so that each age is in it; one image per Pod, so that each counts by itself.
        let step = max(1, references.count / sample)
        let chosen = stride(from: 0, to: references.count, by: step).map { references[$0] }
        var known = 0
        for reference in chosen {
            registry.faults.forgetRequests()
            let review = DemoReview.creation(of: reference, uid: "again")
            try await client.post(review.body, to: server.webhook + "/validate").admitted()
            if registry.faults.requests.isEmpty { known += 1 }
        }
        return Double(known) / Double(chosen.count)
    }

    // MARK: Large

    private struct Large {
        let bytes: Int
        let before: Double
        let peak: Double
        let took: Double
    }

    private func largeAttestation() async throws -> Large {
        try await LoopbackRegistry.running { registry in
            let images = try await SignedImages(in: registry)
            let repository = "large/app"
            let digest = registry.contents.put(DemoImage(content: "large"), in: repository)
            // A blob of that size: base64 makes four bytes of three.
            let predicate = Self.materials(bytes: largeBytes / 4 * 3)
            try await registry.attest(
                digest, in: repository, with: images.signer, predicateType: KeylessImages.cycloneDX,
                predicate: predicate)
            let server = try await ServerProcess.countersign(settings, policies: [Self.policy(images)])
            try await Task.sleep(for: .seconds(2))
            return try await WebhookClient.with { client in
                try await client.connect(1, to: server)
                let before = try server.residentMiB()
                try server.forgetPeak()
                let review = DemoReview.creation(of: "\(images.host)/\(repository)@\(digest)", uid: "large")
                let answer = try await client.post(
                    review.body, to: server.webhook + "/validate", timeout: .seconds(30))
                let peak = try server.peakMiB()
                say(
                    "attestation of \(largeBytes) bytes: \(decimals(before, 1)) MiB, peak \(decimals(peak, 1)) MiB, "
                        + "\(answer.isAllowed ? "admitted" : "denied: \(answer.message.prefix(300))")")
                await server.stop()
                // A refusal takes no memory, and shows nothing.
                return Large(
                    bytes: largeBytes, before: before, peak: answer.isAllowed ? peak : .infinity,
                    took: answer.took.milliseconds)
            }
        }
    }

    /// A bill of materials of about so many bytes.
    private static func materials(bytes: Int) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(bytes + 512)
        text += #"{"bomFormat":"CycloneDX","specVersion":"1.6","components":["#.utf8
        var number = 0
        while text.count < bytes - 512 {
            if number > 0 { text.append(UInt8(ascii: ",")) }
            text += #"{"type":"library","bom-ref":"pkg-\#(number)","name":"package-\#(number)","#.utf8
            text += #""version":"1.\#(number % 90)","#.utf8
            text += #""purl":"pkg:deb/debian/package-\#(number)@1.\#(number % 90)?arch=amd64","licenses":["#.utf8
            text += #"{"license":{"id":"Apache-2.0"}}],"supplier":{"name":"example \#(number % 13)"}}"#.utf8
            number += 1
        }
        text += "]}".utf8
        return text
    }

    private static func policy(_ images: SignedImages) -> String {
        images.policy() + """
                  attestations:
                    - name: bill-of-materials
                      predicateType: \(KeylessImages.cycloneDX)
                      policy:
                        type: cue
                        data: |
                          predicateType: "\(KeylessImages.cycloneDX)"
                          predicate: {
                            bomFormat: "CycloneDX"
                          }

            """
    }

    // MARK: The page

    private func section(_ idle: Double, _ rows: [Row], _ large: Large) -> Section {
        var section = Section(part: .memory, title: "Memory")
        section.goals = [Goal(what: "idle", measured: idle, limit: 40, unit: "MiB", places: 1)]
        if let last = rows.last {
            section.goals.append(
                Goal(
                    what: "\(decimals(Double(last.digests))) cached digests, more than idle",
                    measured: last.resident - idle, limit: 64, unit: "MiB", places: 1))
        }
        section.goals.append(
            Goal(
                what: "attestation of \(large.bytes / 1_000_000) MB, peak above what was held before",
                measured: large.peak - large.before, limit: 48, unit: "MiB", places: 1))
        section.add(
            """
            Resident memory of the process. Each digest is an image of its own with a signature by a key, judged in Pods of \
            \(Self.perPod); \(Self.perRepository) lie in each repository. Known are those of a sample of \(Self.sample) for which \
            the registry was not asked when they came again: what had to make room in the caches is verified anew. The \
            attestation is a bill of materials of which the policy reads one field; of a server that has just started the \
            greatest amount held until the verdict counts, \(decimals(large.took)) ms after the review.
            """)
        if !large.peak.isFinite {
            section.add("The attestation was refused, so that there is no figure for it and the goal counts as missed.")
        }
        var table = Table("state", "more than idle, MiB", "resident, MiB", "entries in caches", "known again, %")
        table.add("idle", "", decimals(idle, 1), "", "")
        for row in rows {
            table.add(
                "\(decimals(Double(row.digests))) digests", decimals(row.resident - idle, 1), decimals(row.resident, 1),
                decimals(row.entries), decimals(row.known * 100, 1))
        }
        table.add(
            "attestation of \(large.bytes / 1_000_000) MB, peak", decimals(large.peak - large.before, 1),
            decimals(large.peak, 1), "", "")
        section.add(table)
        if let caches = rows.last?.caches {
            section.add(
                "Of these, by the caches' own account in MiB: "
                    + caches.map { "\($0.label) \(decimals($0.value, 1))" }.joined(separator: ", ") + ".")
        }
        section.add(
            BarChart(
                title: "Resident memory", unit: "MiB", series: ["resident"],
                groups: [("idle", [idle])]
                    + rows.map { ("\(decimals(Double($0.digests))) digests", [$0.resident]) }
                    + [("large attestation, peak", [large.peak.isFinite ? large.peak : nil])],
                places: 1), name: "memory")
        return section
    }
}
