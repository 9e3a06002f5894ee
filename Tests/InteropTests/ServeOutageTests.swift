// SPDX-License-Identifier: Apache-2.0
import Demo
import OCI
import TestSupport
import Testing

/// The program while the registry is away, hangs, or many ask for the same, and while callers do not stay.
@Suite struct ServeOutageTests {
    @Test(
        "With the registry gone what was verified stays admitted, and what is unknown is denied in time and explained")
    func gone() async throws {
        guard ServeBench.isAvailable() else { return }
        let (bench, unknown) = try await LoopbackRegistry.running { registry in
            let bench = try await ServeBench(registry)
            #expect(try await bench.judge(bench.content.signed.pinned).isAllowed == true)
            #expect(try await bench.judge(bench.content.signedByTag.pinned).isAllowed == true)
            return (bench, try await bench.push("never seen", signed: true))
        }
        for entry in [bench.content.signed, bench.content.signedByTag] {
            #expect(try await bench.judge(entry.pinned, timeout: "2s").isAllowed == true)
        }
        for image in [unknown, bench.content.unsigned.pinned] {
            let answer = try await bench.judge(image, timeout: "2s")
            #expect(answer.isAllowed == false && answer.took < .seconds(2), "\(answer)")
            #expect(answer.message.firstRange(of: bench.content.host) != nil, "\(answer)")
        }
        // Its policy only warns.
        let tool = try await bench.judge(bench.content.tool.pinned, timeout: "2s")
        #expect(tool.isAllowed == true && !tool.warnings.isEmpty, "\(tool)")
        // A mutation is never refused for an outage; what it cannot pin is denied when it is judged.
        let review = DemoReview.creation(of: bench.content.moved.reference, uid: "pin").body
        let mutation = try await bench.post(review, to: "/mutate?timeout=2s")
        #expect(mutation.isAllowed == true && !mutation.hasPatch && mutation.took < .seconds(2), "\(mutation)")
        #expect(try await bench.metric("countersign_decisions_total", #"result="undecided""#) >= 3)
        try await bench.stop()
    }

    @Test("A registry that answers with errors leaves images undecided; its recovery is seen by the next review")
    func erring() async throws {
        guard ServeBench.isAvailable() else { return }
        try await ServeBench.running { bench in
            for status in [401, 403, 429, 500, 503] {
                let image = try await bench.push("erring \(status)", signed: true)
                bench.registry.faults.inject(RegistryFault(.status(status)))
                let answer = try await bench.judge(image, timeout: "2s")
                #expect(answer.isAllowed == false && answer.took < .seconds(2), "\(status): \(answer)")
                bench.registry.faults.removeAll()
                try await bench.process.waitUntil { try await bench.judge(image).isAllowed == true ? true : nil }
            }
        }
    }

    @Test("While the registry hangs, the answer is our own 504 before the caller's time is over")
    func hanging() async throws {
        guard ServeBench.isAvailable() else { return }
        try await ServeBench.running { bench in
            let image = try await bench.push("hanging", signed: true)
            bench.registry.faults.inject(RegistryFault(.delay(.seconds(4)), target: "/referrers/"))
            for _ in 0..<2 {
                let answer = try await bench.judge(image, timeout: "1s")
                #expect(answer.isAllowed == false && answer.code == 504, "\(answer)")
                #expect(answer.took < .seconds(1), "\(answer)")
            }
            // Whoever gave up had asked for something; it is there for those who come later, without asking again.
            bench.registry.faults.removeAll()
            try await bench.process.waitUntil {
                try await bench.judge(image, timeout: "1s").isAllowed == true ? true : nil
            }
            let digest = try #require(ImageReference(parsing: image).digest)
            #expect(bench.proofRequests(digest) == (1, 1))
        }
    }

    @Test("500 reviews of one new digest at once are one look-up")
    func once() async throws {
        guard ServeBench.isAvailable() else { return }
        try await ServeBench.running { bench in
            let image = try await bench.push("asked for by many", signed: true)
            let digest = try #require(ImageReference(parsing: image).digest)
            bench.registry.faults.inject(RegistryFault(.delay(.milliseconds(500)), target: "/referrers/"))
            let file = try bench.folder.write(DemoReview.creation(of: image, uid: "many").body, to: "many.json")
            try await ServeLoad.h2load(
                bench, "validate?timeout=10s", file: file, count: 500, connections: 5, streams: 100)
            #expect(bench.proofRequests(digest) == (1, 1))
            #expect(try await bench.metric("countersign_reviews_total", #"allowed="true""#) == 500)
        }
    }

    @Test("200 callers that leave before their answer harm nobody who comes later")
    func leaving() async throws {
        guard ServeBench.isAvailable() else { return }
        try await ServeBench.running { bench in
            var images: [String] = []
            for number in 0..<20 { images.append(try await bench.push("left \(number)", signed: true)) }
            bench.registry.faults.inject(RegistryFault(.delay(.seconds(1)), target: "/referrers/"))
            let reviews = images.map { image in
                ServeLoad.Review(.allowed) { DemoReview.creation(of: image, uid: $0).body }
            }
            for round in 0..<2 {
                let callers = try ServeLoad.wrk(bench, reviews, connections: 200, name: "leaving-\(round)")
                try await bench.process.waitUntil {
                    try await bench.metric("countersign_reviews_in_flight") >= 100 ? true : nil
                }
                // Every socket is closed at once, with a review on nearly each.
                await callers.stop(signal: 9)
            }
            bench.registry.faults.removeAll()
            try await bench.wait("countersign_reviews_in_flight", "", is: 0)
            try await bench.wait("countersign_body_bytes_in_flight", "", is: 0)
            for image in images {
                #expect(try await bench.judge(image).isAllowed == true)
                let digest = try #require(ImageReference(parsing: image).digest)
                #expect(bench.proofRequests(digest) == (1, 1))
            }
            #expect(try await bench.judge(bench.content.unsigned.pinned).isAllowed == false)
        }
    }
}
