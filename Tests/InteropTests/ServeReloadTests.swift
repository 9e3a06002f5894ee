// SPDX-License-Identifier: Apache-2.0
import Demo
import FoundationEssentials
import TestSupport
import Testing

/// The running program's files change, and it is asked to end.
@Suite struct ServeReloadTests {
    @Test("The edit of a policy acts within a second")
    func edit() async throws {
        guard ServeBench.isAvailable() else { return }
        try await ServeBench.running { bench in
            let image = bench.content.signed.pinned
            let trusted = ServeBench.applicationPolicy(bench.content)
            var other = trusted
            other.publicKeyPEM = bench.content.stranger.publicKeyPEM
            #expect(try await bench.judge(image).isAllowed == true)
            var times: [Duration] = []
            for policy in [other, trusted, other, trusted] {
                let expected = policy.publicKeyPEM == trusted.publicKeyPEM
                let start = ContinuousClock.now
                try bench.folder.write(policy.text, to: "policies/application.yaml")
                try await bench.process.waitUntil { try await bench.judge(image).isAllowed == expected ? true : nil }
                times.append(.now - start)
            }
            print("reload: the edits acted after \(times)")
            // One of them may have met a machine that was busy with something else.
            #expect(times.sorted()[2] < .seconds(1), "\(times)")
        }
    }

    @Test("A broken document keeps its last good version, a broken new one denies what it names, and a lost directory")
    func broken() async throws {
        guard ServeBench.isAvailable() else { return }
        try await ServeBench.running { bench in
            let content = bench.content
            let policy = ServeBench.applicationPolicy(content)
            func verdicts() async throws -> [Bool?] {
                var verdicts: [Bool?] = []
                for entry in [content.signed, content.unsigned, content.tool] {
                    verdicts.append(try await bench.judge(entry.pinned).isAllowed)
                }
                return verdicts
            }
            let usual: [Bool?] = [true, false, true]
            #expect(try await verdicts() == usual)

            try bench.folder.write(policy.text + "  surprise: true\n", to: "policies/application.yaml")
            try await bench.wait("countersign_policies_broken", "", is: 1)
            #expect(try await verdicts() == usual)
            #expect(try await bench.probe("/readyz").status == 200)
            try bench.folder.write(policy.text, to: "policies/application.yaml")
            try await bench.wait("countersign_policies_broken", "", is: 0)

            var second = policy
            second.name = "second"
            try bench.folder.write(second.text + "  surprise: true\n", to: "policies/second.yaml")
            try await bench.wait("countersign_policies_without_last_good", "", is: 1)
            let denial = try await bench.judge(content.signed.pinned)
            #expect(denial.isAllowed == false && denial.code == 403, "\(denial)")
            #expect(denial.message.firstRange(of: "second") != nil, "\(denial)")
            // What it does not name is not its business.
            #expect(try await bench.judge(content.tool.pinned).isAllowed == true)
            try FileManager.default.removeItem(atPath: bench.folder.path("policies/second.yaml"))
            try await bench.wait("countersign_policies_without_last_good", "", is: 0)
            #expect(try await verdicts() == usual)

            let policies = bench.folder.path("policies")
            try FileManager.default.moveItem(atPath: policies, toPath: policies + ".away")
            try await bench.wait("countersign_policy_sources_lost", "", is: 1)
            #expect(try await verdicts() == usual)
            #expect(try await bench.metric("countersign_policies") == 2)
            try FileManager.default.moveItem(atPath: policies + ".away", toPath: policies)
            try await bench.wait("countersign_policy_sources_lost", "", is: 0)
            #expect(try await verdicts() == usual)
        }
    }

    @Test("A certificate of another authority is shown to new connections, and a pair that does not fit never is")
    func certificate() async throws {
        guard ServeBench.isAvailable() else { return }
        try await ServeBench.running { bench in
            let image = bench.content.signed.pinned
            let review = DemoReview.creation(of: image, uid: "tls").body
            let other = try await ServeAuthority()
            let url = bench.webhook + "/validate"
            await #expect(throws: CurlFailure.self) { try await CurlClient(caPEM: other.pem).post(url, body: review) }

            try bench.folder.write(try await other.issue().certificate, to: "tls.crt")
            try await bench.wait("countersign_certificate_reloads_total", #"result="failed""#, is: 1)
            #expect(try await bench.judge(image).isAllowed == true)

            try await bench.replaceCertificate(by: other)
            #expect(try await CurlClient(caPEM: other.pem).post(url, body: review).status == 200)
            await #expect(throws: CurlFailure.self) { try await bench.judge(image) }
        }
    }

    @Test("Health, readiness and metrics are answered, and decisions are counted by policy, mode and reason")
    func health() async throws {
        guard ServeBench.isAvailable() else { return }
        try await ServeBench.running { bench in
            for path in ["/livez", "/readyz"] { #expect(try await bench.probe(path).status == 200, "\(path)") }
            let content = bench.content
            for entry in [content.signed, content.signed, content.unsigned, content.otherKey, content.tool] {
                _ = try await bench.judge(entry.pinned)
            }
            let family = "countersign_decisions_total"
            let application = #"policy="application-is-signed",mode="enforce""#
            let tools = #"policy="tools-should-be-signed",mode="warn""#
            #expect(try await bench.metric(family, application, #"result="admitted",reason="""#) == 2)
            #expect(try await bench.metric(family, application, #"result="denied",reason="no-signatures""#) == 1)
            #expect(
                try await bench.metric(family, application, #"result="denied",reason="no-matching-signatures""#) == 1)
            #expect(try await bench.metric(family, tools, #"result="denied",reason="no-signatures""#) == 1)
            #expect(try await bench.metric(family) == 5)
            #expect(try await bench.metric("countersign_reviews_total", #"allowed="true""#) == 3)
        }
    }

    @Test("SIGTERM with reviews in flight: not ready, every one is answered, and the end is 0")
    func drain() async throws {
        guard ServeBench.isAvailable() else { return }
        try await ServeBench.running { bench in
            let count = 20
            let image = try await bench.push("slow", signed: true)
            bench.registry.faults.inject(RegistryFault(.delay(.seconds(2)), target: "/referrers/"))
            try await withThrowingTaskGroup(of: ServeAnswer.self) { group in
                for number in 0..<count {
                    let version: CurlClient.Version = number.isMultiple(of: 2) ? .http1 : .http2
                    group.addTask {
                        try await bench.post(
                            DemoReview.creation(of: image, uid: "drain-\(number)").body, version: version)
                    }
                }
                try await bench.wait("countersign_reviews_in_flight", "", is: count)
                bench.process.send(RunningProcess.terminate)
                try await bench.process.waitUntil { try await bench.probe("/readyz").status == 503 ? true : nil }
                var answers: [ServeAnswer] = []
                for try await answer in group { answers.append(answer) }
                #expect(answers.allSatisfy { $0.status == 200 && $0.isAllowed == true }, "\(answers)")
                #expect(Set(answers.map(\.uid)).count == count)
                #expect(answers.allSatisfy { $0.version == .http2 || $0.isClosing }, "\(answers)")
            }
            #expect(await bench.process.waitForEnd() == .exited(0))
        }
    }
}
