// SPDX-License-Identifier: Apache-2.0
import Logging
import ServiceLifecycle
import TestSupport
import Testing

@testable import Kubernetes

@Suite("Leader election")
struct LeaderElectionTests {
    private static let lease = "countersign-leader"

    private static var times: LeaderElection.Times {
        var times = LeaderElection.Times()
        times.duration = .milliseconds(600)
        times.renewDeadline = .milliseconds(400)
        times.retry = .milliseconds(50)
        return times
    }

    /// One replica that wants to lead, and when it did.
    private struct Candidate: Sendable {
        let election: LeaderElection
        let work = Recorded<(isBegin: Bool, at: ContinuousClock.Instant)>()

        init(_ name: String, _ client: APIServer, _ times: LeaderElection.Times = LeaderElectionTests.times) {
            election = LeaderElection(client, lease: lease, in: Example.namespace, identity: name, times: times)
        }

        func run() async {
            await election.run {
                work.add((true, .now))
                while !Task.isCancelled { try? await Task.sleep(for: .seconds(60)) }
                work.add((false, .now))
            }
        }

        var isWorking: Bool { work.all.last?.isBegin ?? false }
    }

    private static func holder(_ server: APIServerDouble) -> String? {
        server.object("leases", lease, in: Example.namespace)?["spec"]["holderIdentity"].text
    }

    private static func with(_ body: (APIServerDouble, APIServer) async throws -> Void) async throws {
        try await APIServerDouble.withServer { server in
            try await withClient(of: server, now: runningTime) { try await body(server, $0) }
        }
    }

    @Test("Of two one leads, and keeps leading")
    func one() async throws {
        try await Self.with { server, client in
            let (first, second) = (Candidate("first", client), Candidate("second", client))
            try await beside({ await first.run() }) {
                try await eventually("leads") { first.isWorking }
                try await beside({ await second.run() }) {
                    try await Task.sleep(for: .seconds(1))
                    #expect(first.isWorking && first.work.all.count == 1)
                    #expect(second.work.all.isEmpty && !second.election.isLeader)
                    #expect(Self.holder(server) == "first")
                }
            }
        }
    }

    @Test("A leader that is shut down gives the Lease up; the other one need not wait")
    func released() async throws {
        try await Self.with { server, client in
            var patient = Self.times
            patient.duration = .seconds(60)
            let (first, second) = (Candidate("first", client, patient), Candidate("second", client, patient))
            let group = ServiceGroup(
                configuration: .init(services: [Running(work: { await first.run() })], logger: Logger(label: "test")))
            try await beside({ try? await group.run() }) {
                try await eventually("first leads") { first.isWorking }
                try await beside({ await second.run() }) {
                    await group.triggerGracefulShutdown()
                    try await eventually("second leads") { second.isWorking }
                    #expect(first.work.all.map(\.isBegin) == [true, false])
                }
            }
            let lease = try #require(server.object("leases", Self.lease, in: Example.namespace))
            #expect(lease["spec"]["renewTime"].text.count == "2026-11-21T12:00:00.000000Z".count)
        }
    }

    private struct Running: Service {
        let work: @Sendable () async -> Void
        func run() async { await work() }
    }

    @Test("A leader that cannot renew has stopped before another begins")
    func lostServer() async throws {
        try await APIServerDouble.withServer { server in
            server.accept(token: "one", user: "one")
            server.accept(token: "two", user: "two")
            try await withClient(of: server, .token("one"), now: runningTime) { one in
                try await withClient(of: server, .token("two"), now: runningTime) { two in
                    let (first, second) = (Candidate("first", one), Candidate("second", two))
                    try await beside({ await first.run() }) {
                        try await eventually("leads") { first.isWorking }
                        try await beside({ await second.run() }) {
                            // Its calls hang; the other's do not.
                            server.stall { $0.header("authorization") == "Bearer one" }
                            try await eventually("the other leads") { second.isWorking }
                            #expect(!first.isWorking && !first.election.isLeader)
                            let stopped = try #require(first.work.all.last)
                            let began = try #require(second.work.all.first)
                            #expect(!stopped.isBegin && stopped.at < began.at)
                            server.behave()
                            try await Task.sleep(for: .milliseconds(300))
                            #expect(!first.isWorking && second.isWorking)
                        }
                    }
                }
            }
        }
    }

    @Test("Whoever finds another's name in the Lease leads no more")
    func stolen() async throws {
        try await Self.with { server, client in
            let first = Candidate("first", client)
            try await beside({ await first.run() }) {
                try await eventually("leads") { first.isWorking }
                server.edit("leases", Self.lease, in: Example.namespace) {
                    $0["spec"]["holderIdentity"] = "somebody"
                    $0["spec"]["renewTime"] = "2099-01-01T00:00:00.000000Z"
                }
                try await eventually("stopped") { !first.isWorking && !first.election.isLeader }
                // Its holder renews no more: whatever time it wrote, our own clock counts.
                try await eventually("leads again") { first.isWorking }
                #expect(Self.holder(server) == "first")
                let lease = try #require(server.object("leases", Self.lease, in: Example.namespace))
                #expect(lease["spec"]["leaseTransitions"] == 1)
            }
        }
    }

    @Test("A conflict of writes is no loss of the Lease")
    func conflict() async throws {
        try await Self.with { server, client in
            let first = Candidate("first", client)
            try await beside({ await first.run() }) {
                try await eventually("leads") { first.isWorking }
                for round in 0..<10 {
                    server.edit("leases", Self.lease, in: Example.namespace) {
                        $0.metadata["labels"] = ["round": .string("\(round)")]
                    }
                    try await Task.sleep(for: .milliseconds(60))
                }
                #expect(first.work.all.count == 1)
            }
        }
    }

    @Test("Work that ends by itself is begun again")
    func workEnds() async throws {
        try await Self.with { server, client in
            let election = LeaderElection(
                client, lease: Self.lease, in: Example.namespace, identity: "first", times: Self.times)
            let begun = Recorded<Int>()
            try await beside({ await election.run { begun.add(1) } }) {
                try await eventually("twice") { begun.all.count == 2 }
            }
        }
    }
}
