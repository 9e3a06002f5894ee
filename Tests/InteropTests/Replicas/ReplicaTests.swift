// SPDX-License-Identifier: Apache-2.0
import Demo
import FoundationEssentials
import OCI
import TestSupport
import Testing

/// Three processes of the Deployment in `deploy/countersign.yaml` before one API server double, under its roles and with
/// its arguments, while pods are created all the time.
///
/// What is shown for `kill -9`: an API server whose request was on its way to the killed process, or that connects to it
/// before the endpoints are without it, gets no answer; nothing that a webhook does can change that, and the API server
/// does not ask another one (net/http sends a POST again only where nothing of it was written). It refuses such a request,
/// and whoever creates the pod tries again, as controllers do. So for a process that is killed with reviews on their way,
/// the failures have to be those alone, each refused and each judged at the second try; and for one that is killed between
/// two reviews there is none at all: neither connections that are kept nor leadership lead anybody to the dead process.
@Suite("Replicas before an API server", .serialized)
struct ReplicaTests {
    @Test(
        "Three replicas judge each review through a rollout, kills, a change of authority and the API server's absence",
        .timeLimit(.minutes(5)))
    func simulation() async throws {
        guard available(CountersignTool.executable != nil, orSkip: "needs the program; build it first") else { return }
        try await ReplicaBench.running { bench in
            var fleet: [Replica] = []
            for _ in 0..<3 { fleet.append(try await bench.start()) }
            try await bench.server.until("armed, with statuses", within: .seconds(30)) {
                bench.isArmed && bench.statusesAreCurrent
            }
            let stream = ReviewStream(
                bench.server, images: try await bench.images(12), policy: ReplicaBench.policy)
            let handshakes = Handshakes(bench, image: bench.content.signed.pinned)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await stream.run() }
                group.addTask { await handshakes.run() }
                defer {
                    stream.finish()
                    handshakes.finish()
                }
                var simulation = Simulation(bench: bench, stream: stream, handshakes: handshakes, fleet: fleet)
                try await simulation.rollOut()
                try await simulation.killLeader()
                try await simulation.editPolicy()
                try await simulation.awaitLeader()
                try await simulation.killBetweenReviews()
                try await simulation.changeAuthority()
                try await simulation.loseServer()
                try await simulation.editPolicy()
                fleet = simulation.fleet
            }
            let record = LeaderRecord(bench.server.requests, users: bench.users)
            #expect(record.violations.isEmpty, "\(record.violations)")
            #expect(Set(record.leaders).count >= 3, "leaders were \(record.leaders)")
            // Nothing was refused to them that they asked for.
            #expect(bench.lines(with: "forbidden").isEmpty, "\(bench.lines(with: "forbidden"))")
            print("leaders: \(record.leaders), writes: \(record.writes)")
            print("never used of the ClusterRole:", bench.server.unused(of: bench.clusterRole, by: bench.users))
            print(
                "never used of the Role:", bench.server.unused(of: bench.role, by: bench.users, in: "cosign-system"))
            for replica in fleet { try await bench.stop(replica) }
        }
    }
}

/// The steps, each of which leaves three replicas behind and looks at what was judged meanwhile.
private struct Simulation {
    let bench: ReplicaBench
    let stream: ReviewStream
    let handshakes: Handshakes
    var fleet: [Replica]

    /// Expects that every review since the last step was judged, and rightly.
    private func settle(
        _ step: String, atLeast minimum: Int = 50, from sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await bench.server.until("\(minimum) reviews in \(step)", within: .seconds(30)) { stream.count >= minimum }
        let (report, connections) = (stream.take(), handshakes.take())
        print(
            "\(step): \(report.admitted) admitted, \(report.denied) denied, \(connections.count) handshakes,",
            "\(connections.bundles.count) bundles")
        #expect(report.wronglyAdmitted.isEmpty, "\(step): \(report.wronglyAdmitted)", sourceLocation: sourceLocation)
        #expect(report.wronglyDenied.isEmpty, "\(step): \(report.wronglyDenied)", sourceLocation: sourceLocation)
        #expect(report.failures.isEmpty, "\(step): \(report.failures)", sourceLocation: sourceLocation)
        #expect(report.admitted > 0 && report.denied > 0, sourceLocation: sourceLocation)
        #expect(connections.count > 0, sourceLocation: sourceLocation)
        #expect(connections.failures.isEmpty, "\(step): \(connections.failures)", sourceLocation: sourceLocation)
    }

    // MARK: Replicas come and go

    /// One after the other, each replaced before it leaves, as the Deployment asks for.
    mutating func rollOut() async throws {
        let old = fleet
        for replica in old {
            fleet.append(try await bench.start())
            fleet.removeAll { $0 === replica }
            try await bench.stop(replica)
        }
        try await settle("rollout")
        // The API server's connections stay where they are, so that a new replica may wait long for its first from there.
        try await bench.server.until("a review by each replica") {
            fleet.allSatisfy { handshakes.replicas.contains($0.name) }
        }
    }

    private static let kill: Int32 = 9

    private func leader() throws -> Replica {
        guard let leader = fleet.first(where: { $0.name == bench.leaseHolder }) else {
            throw BenchFailure("the Lease is held by '\(bench.leaseHolder)'")
        }
        return leader
    }

    /// The leader, while reviews are on their way to it.
    mutating func killLeader() async throws {
        // The one before gave its Lease up; whoever waits takes it at the next look.
        try await bench.server.until("a leader after the rollout") { (try? leader()) != nil }
        try await settle("before the kill")
        bench.server.forgetAdmissionCalls()
        let victim = try leader()
        fleet.removeAll { $0 === victim }
        bench.endpoints.remove(victim)
        victim.process.send(Self.kill)
        let killed = ContinuousClock.now
        #expect(await victim.process.waitForEnd() == .killed(signal: Self.kill))
        try await bench.server.until("the endpoints without it") { stream.count >= 50 }
        fleet.append(try await bench.start())

        let report = stream.take()
        let calls = bench.server.admissionCalls
        print("kill under load: \(report.count) judged, \(report.failures.count) without an answer: \(report.failures)")
        #expect(report.wronglyAdmitted.isEmpty && report.wronglyDenied.isEmpty)
        // A review asks twice, to mutate and to validate; either may be the one that had no answer.
        let gone = killed + ServiceEndpoints.delay + .milliseconds(100)
        for failure in report.failures {
            let call = calls.first {
                if case .failed = $0.outcome { $0.name == failure.pod } else { false }
            }
            // `nil` where no connection came about: that is said with the address instead.
            let isVictims =
                call.map { $0.address == victim.address } == true
                || failure.message.contains("127.0.0.1:\(victim.address.port)")
            #expect(isVictims && (call?.started ?? .now) < gone, "\(failure)")
            // Whoever wanted the pod asks again.
            #expect(await stream.submit(failure.image, name: failure.pod) == nil)
        }
        try await settle("second tries", atLeast: 10)
    }

    /// A Lease that nobody gave up runs out; what came in meanwhile gets its status then.
    func awaitLeader() async throws {
        bench.server.store(Brake(bench, "kept").policy("pass"))
        try await bench.server.until("another leader", within: .seconds(40)) { (try? leader()) != nil }
        try await settle("without a leader")
        try await bench.server.until("statuses by the next leader", within: .seconds(15)) { bench.statusesAreCurrent }
    }

    /// Another replica, at a moment at which nothing is on its way to it.
    mutating func killBetweenReviews() async throws {
        let leader = try leader()
        guard let victim = fleet.first(where: { $0 !== leader }) else { throw BenchFailure("there is one replica") }
        fleet.removeAll { $0 === victim }
        try await stream.between {
            bench.endpoints.remove(victim, after: .zero)
            victim.process.send(Self.kill)
            #expect(await victim.process.waitForEnd() == .killed(signal: Self.kill))
        }
        fleet.append(try await bench.start())
        try await settle("kill between reviews")
    }

    // MARK: What is kept in the API server changes

    /// Another authority, asked for by a person's annotation.
    func changeAuthority() async throws {
        let before = bench.registeredBundle ?? ""
        let serving = bench.certificateSecret["data"]["server-cert.pem"]
        bench.server.edit("secrets", "webhook-certs", in: "cosign-system") {
            $0.metadata["annotations"]["countersign.dev/rotate"] = "now"
        }
        try await bench.server.until("the change of authority", within: .seconds(40)) {
            let secret = bench.certificateSecret
            return secret.metadata["annotations"]["countersign.dev/rotated"] == "now"
                && secret.metadata["annotations"].member("countersign.dev/ca-rotation") == nil
                && secret["data"]["ca-cert.pem"].string == bench.registeredBundle && bench.isArmed
        }
        let after = bench.registeredBundle ?? ""
        // Not a byte of the old authority is left, and both were trusted in between.
        #expect(!after.isEmpty && after != before)
        #expect(bench.certificateSecret["data"]["server-cert.pem"] != serving)
        // Until the one that hears late has heard of the last bundle.
        try await Task.sleep(for: Handshakes.lag + .milliseconds(400))
        try await settle("change of authority")
    }

    /// The replicas cannot reach it for longer than a Lease is renewed; it still reaches them. Meanwhile a policy changes.
    func loseServer() async throws {
        var leading = 0
        for replica in fleet where try await replica.isLeader() { leading += 1 }
        #expect(leading == 1)
        await bench.server.stop()
        let end = ContinuousClock.now + .seconds(12)
        let lost = Brake(bench, "lost")
        bench.server.store(lost.policy("pass"))
        while ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(100)) }
        // By their metrics nobody leads who could not renew.
        for replica in fleet { #expect(try await !replica.isLeader(), "\(replica.name) leads without a Lease") }
        try await settle("the API server's absence")
        try await bench.server.start()
        try await bench.server.until("statuses afterwards", within: .seconds(40)) { bench.statusesAreCurrent }
        try await bench.server.until("one leader") { (try? leader()) != nil }
        // Each replica looks again after a pause of its own, 15 s at most.
        let bundle = try lost.bundle()
        for replica in fleet {
            try await replica.process.waitUntil { try await replica.allows(lost.image, trusting: bundle) ? true : nil }
        }
        #expect(bench.server.objects(of: "clusterimagepolicies").count { $0["status"].isObject } == 3)
        bench.server.remove("clusterimagepolicies", "lost")
        try await settle("the API server's return", atLeast: 10)
    }

    /// An emergency brake, released and pulled: each replica is asked again and again until it acts on it. No review that
    /// begins a second after the edit may be judged by what was before.
    func editPolicy() async throws {
        let brake = Brake(bench, "brake")
        let replicas = bench.endpoints.serving
        #expect(replicas.count == 3)
        for action in ["pass", "fail", "pass", "fail"] {
            bench.server.store(brake.policy(action))
            let stored = ContinuousClock.now
            let bundle = try brake.bundle()
            let times = try await withThrowingTaskGroup(of: Duration.self) { group in
                for replica in replicas {
                    group.addTask {
                        var lastStale = Duration.zero
                        while true {
                            let began = ContinuousClock.now - stored
                            if try await replica.allows(brake.image, trusting: bundle) == (action == "pass") {
                                return lastStale
                            }
                            lastStale = began
                            guard began < .seconds(20) else { return began }
                            try await Task.sleep(for: .milliseconds(20))
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            print("\(action): the last review judged by the policy before began after \(times)")
            #expect(times.allSatisfy { $0 < .seconds(1) }, "\(action): \(times)")
        }
        bench.server.remove("clusterimagepolicies", "brake")
    }
}

/// A policy that lets an image pass, or not, by itself.
private struct Brake {
    private let bench: ReplicaBench
    private let name: String
    /// The image that it governs, which no other policy names.
    let image: String

    init(_ bench: ReplicaBench, _ name: String) {
        self.bench = bench
        self.name = name
        let digest = bench.registry.contents.put(DemoImage(content: name), in: "\(name)/app", tag: "1")
        image = "\(bench.content.host)/\(name)/app:1@\(digest)"
    }

    /// - Parameter action: `pass` or `fail`.
    func policy(_ action: String) -> JSONTree {
        [
            "apiVersion": "policy.sigstore.dev/v1beta1", "kind": "ClusterImagePolicy",
            "metadata": ["name": .string(name)],
            "spec": [
                "images": [["glob": .string("\(bench.content.host)/\(name)/**")]],
                "authorities": [["name": "all", "static": ["action": .string(action)]]],
            ],
        ]
    }

    func bundle() throws -> String {
        guard let pem = Data(base64Encoded: bench.certificateSecret["data"]["ca-cert.pem"].text) else {
            throw BenchFailure("the Secret holds no authority")
        }
        return String(decoding: pem, as: UTF8.self)
    }
}
