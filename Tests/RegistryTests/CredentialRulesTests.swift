// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import ImageVerification
import OCI
import Policy
import Synchronization
import Testing

@testable import Registry

/// A cluster's Secrets and ServiceAccounts, as a test wrote them down.
final class ScriptedSecrets: PullSecretReading {
    struct State {
        /// By `namespace/name`.
        var secrets: [String: [String: [UInt8]]] = [:]
        var accounts: [String: [String]] = [:]
        var outage: Outage?
        var reads: [String] = []
    }

    let state = Mutex(State())

    func secret(
        _ name: String, in namespace: String, deadline: ContinuousClock.Instant
    ) async throws(Outage) -> [String: [UInt8]]? {
        let (secret, outage) = state.withLock { state in
            state.reads.append("secret \(namespace)/\(name)")
            return (state.secrets["\(namespace)/\(name)"], state.outage)
        }
        if let outage { throw outage }
        return secret
    }

    func pullSecretNames(
        ofServiceAccount name: String, in namespace: String, deadline: ContinuousClock.Instant
    ) async throws(Outage) -> [String]? {
        let (names, outage) = state.withLock { state in
            state.reads.append("account \(namespace)/\(name)")
            return (state.accounts["\(namespace)/\(name)"], state.outage)
        }
        if let outage { throw outage }
        return names
    }

    var reads: [String] { state.withLock { $0.reads } }

    /// A docker config with one user for each key.
    static func config(_ users: [String: String]) -> [UInt8] {
        let entries = users.sorted { $0.key < $1.key }.map { key, user in
            #""\#(key)":{"auth":"\#(Data("\(user):pw".utf8).base64EncodedString())"}"#
        }
        return Array(#"{"auths":{\#(entries.joined(separator: ","))}}"#.utf8)
    }

    /// A Secret with one user for each host.
    func put(_ place: String, _ users: [String: String]) {
        state.withLock { $0.secrets[place] = [".dockerconfigjson": Self.config(users)] }
    }
}

@Suite struct CredentialRulesTests {
    private let secrets = ScriptedSecrets()
    private let deadline = ContinuousClock.now.advanced(by: .seconds(60))
    private let pod = Puller(namespace: "shop", serviceAccount: "default", pullSecrets: ["first", "second"])

    /// Ours for every host of these tests; `a.io` is listed for workloads' images.
    private func rules(
        separates: Bool = true, own: [String: String] = ["a.io": "own", "b.io": "own"]
    ) throws -> CredentialRules {
        CredentialRules(
            own: try DockerConfig(parsing: ScriptedSecrets.config(own)), separatesWorkloads: separates,
            ownHosts: [try #require(RepositoryPattern("a.io"))],
            pullSecrets: PullSecrets(secrets, policyNamespace: "policies"))
    }

    private func user(
        _ rules: CredentialRules, _ name: String, for puller: Puller?, place: ((Repository) -> ProofPlace)? = nil
    ) async throws -> String? {
        let repository = try ImageReference(parsing: name).repository
        let access =
            place.map { RepositoryAccess($0(repository), for: puller) }
            ?? RepositoryAccess(repository, for: puller)
        let before = rules.known(for: access)
        let credential = try await rules.credential(for: access, deadline: deadline)
        // Where nobody has to be asked the same is known; and now nobody has to be, but for what is past its life.
        if case .known(let known) = before { #expect(known == credential, "\(name)") }
        let after = rules.known(for: access)
        let isStale = secrets.state.withLock { $0.outage != nil } && after == .unknown
        #expect(after == .known(credential) || isStale, "\(name)")
        switch credential {
        case .basic(let user, _): return user
        case nil: return nil
        default: return "other"
        }
    }

    @Test("The Pod's Secrets count in their order, then its ServiceAccount's, and the first that fits")
    func order() async throws {
        secrets.put("shop/first", ["c.io": "first"])
        secrets.put("shop/second", ["c.io": "second", "d.io": "second"])
        secrets.put("shop/third", ["d.io": "third", "e.io": "third"])
        secrets.put("other/fourth", ["f.io": "fourth"])
        secrets.state.withLock { $0.accounts["shop/default"] = ["second", "third", "fourth", "gone"] }
        let rules = try rules()
        for (name, expected) in [
            ("c.io/x", "first"), ("d.io/x", "second"), ("e.io/x", "third"), ("f.io/x", nil),
        ] as [(String, String?)] {
            #expect(try await user(rules, name, for: pod) == expected, "\(name)")
        }
        // Each is read once for all of this, and nothing of another namespace.
        #expect(
            secrets.reads.sorted() == [
                "account shop/default", "secret shop/first", "secret shop/fourth", "secret shop/gone",
                "secret shop/second", "secret shop/third",
            ])
        let stranger = Puller(namespace: "other", serviceAccount: "default", pullSecrets: ["first"])
        #expect(try await user(rules, "c.io/x", for: stranger) == nil)
        #expect(try await user(rules, "c.io/x", for: Puller(namespace: nil, pullSecrets: ["first"])) == nil)
    }

    @Test("Our own are shown for a workload's image only where the host is listed, and where it has none itself")
    func ownForWorkloads() async throws {
        let rules = try rules()
        #expect(try await user(rules, "a.io/x", for: pod) == "own")
        #expect(try await user(rules, "b.io/x", for: pod) == nil)
        #expect(try await user(rules, "b.io/x", for: nil) == "own")
        #expect(try await user(try self.rules(separates: false), "b.io/x", for: pod) == "own")
        secrets.put("shop/first", ["a.io": "theirs"])
        #expect(try await user(try self.rules(), "a.io/x", for: pod) == "theirs")
    }

    @Test("At a place that a policy names our own are shown, and a workload's where we have none")
    func ownForPlaces() async throws {
        secrets.put("shop/first", ["b.io": "theirs", "c.io": "theirs"])
        let rules = try rules()
        func place(_ isNamed: Bool) -> (Repository) -> ProofPlace {
            { ProofPlace(repository: $0, isNamedByPolicy: isNamed) }
        }
        #expect(try await user(rules, "b.io/x", for: pod, place: place(true)) == "own")
        #expect(try await user(rules, "b.io/x", for: pod, place: place(false)) == "theirs")
        #expect(try await user(rules, "c.io/x", for: pod, place: place(true)) == "theirs")
        #expect(try await user(rules, "d.io/x", for: pod, place: place(true)) == nil)
    }

    @Test(
        "The Secrets that a policy names go before all others: in hand, in the policies' namespace, in the workload's")
    func policySecrets() async throws {
        secrets.put("policies/proofs", ["b.io": "policy"])
        secrets.put("shop/proofs", ["b.io": "shop", "c.io": "shop"])
        secrets.put("shop/more", ["c.io": "more"])
        secrets.put("shop/first", ["b.io": "pod"])
        let inHand = try DockerConfig(parsing: ScriptedSecrets.config(["d.io": "in-hand"]))
        func place(_ names: [String]) -> (Repository) -> ProofPlace {
            { ProofPlace(repository: $0, pullSecrets: names, credentials: [inHand], isNamedByPolicy: true) }
        }
        for separates in [true, false] {
            let rules = try rules(separates: separates)
            #expect(try await user(rules, "b.io/x", for: pod, place: place(["proofs"])) == "policy")
            #expect(try await user(rules, "b.io/x", for: nil, place: place(["proofs"])) == "policy")
            // One of that name in the policies' namespace is the one that is meant.
            #expect(try await user(rules, "c.io/x", for: pod, place: place(["proofs"])) == nil)
            #expect(try await user(rules, "c.io/x", for: pod, place: place(["proofs", "more"])) == "more")
            #expect(try await user(rules, "d.io/x", for: pod, place: place(["proofs"])) == "in-hand")
            #expect(try await user(rules, "b.io/x", for: pod, place: place(["gone"])) == "own")
        }
    }

    @Test("A Secret that nobody can read is an outage; one that is not there, or of another type, is passed over")
    func outages() async throws {
        secrets.state.withLock { $0.secrets["shop/first"] = ["token": [1]] }
        #expect(try await user(try rules(), "a.io/x", for: pod) == "own")
        let outage = Outage(.unreachable, service: "the API server", detail: "no answer")
        secrets.state.withLock { $0.outage = outage }
        let rules = try rules()
        await #expect(throws: outage) { try await user(rules, "a.io/x", for: pod) }
        // Where nobody has to be asked, nobody is.
        #expect(try await user(rules, "a.io/x", for: nil) == "own")
        secrets.state.withLock { $0.outage = nil }
        #expect(try await user(rules, "a.io/x", for: pod) == "own")
    }

    @Test("What was read last stands in while nobody answers, for a while, and what never was read does not")
    func stale() async throws {
        secrets.put("shop/first", ["c.io": "first"])
        let lives = PullSecrets.Lives(present: .milliseconds(1), absent: .milliseconds(1), stale: .milliseconds(400))
        let rules = CredentialRules(
            own: DockerCredentials(.empty), separatesWorkloads: true,
            pullSecrets: PullSecrets(secrets, policyNamespace: "policies", lives: lives))
        let one = Puller(namespace: "shop", pullSecrets: ["first"])
        #expect(try await user(rules, "c.io/x", for: one) == "first")
        let read = ContinuousClock.now
        secrets.state.withLock { $0.outage = Outage(.unreachable, service: "the API server", detail: "gone") }
        try await Task.sleep(for: .milliseconds(5))
        #expect(try await user(rules, "c.io/x", for: one) == "first")
        await #expect(throws: Outage.self) {
            try await user(rules, "c.io/x", for: Puller(namespace: "shop", pullSecrets: ["other"]))
        }
        // It is asked each time: what was replaced meanwhile counts as soon as it can be read.
        #expect(secrets.reads.count { $0 == "secret shop/first" } == 2)
        secrets.put("shop/first", ["c.io": "second"])
        secrets.state.withLock { $0.outage = nil }
        try await Task.sleep(for: .milliseconds(5))
        #expect(try await user(rules, "c.io/x", for: one) == "second")
        secrets.state.withLock { $0.outage = Outage(.unreachable, service: "the API server", detail: "gone") }
        try await Task.sleep(until: read + .milliseconds(1000), clock: .continuous)
        await #expect(throws: Outage.self) { try await user(rules, "c.io/x", for: one) }
    }

    @Test("A Secret that is no docker config is an outage that names it, and tells nothing of it")
    func malformed() async throws {
        secrets.state.withLock {
            $0.secrets["shop/first"] = [".dockerconfigjson": Array(#"{"auths":{"a.io":"s3cr3t"}}"#.utf8)]
        }
        let rules = try rules()
        do {
            _ = try await user(rules, "a.io/x", for: pod)
            Issue.record("no outage")
        } catch let outage as Outage {
            #expect(outage.service == "pull secret shop/first")
            #expect(!"\(outage)".contains("s3cr3t"))
        }
    }

    @Test("A Secret never runs a helper, whatever it names")
    func noHelpers() async throws {
        secrets.state.withLock {
            $0.secrets["shop/first"] = [
                ".dockerconfigjson": Array(#"{"credsStore":"evil","credHelpers":{"a.io":"evil"}}"#.utf8)
            ]
        }
        #expect(try await user(try rules(), "a.io/x", for: pod) == "own")
    }

    @Test(
        "What is no name is asked of nobody",
        arguments: ["../x", "a/b", "A", "", "-a", "a.", String(repeating: "a", count: 254)])
    func names(name: String) async throws {
        _ = try await user(try rules(), "c.io/x", for: Puller(namespace: "shop", pullSecrets: [name]))
        _ = try await user(try rules(), "c.io/x", for: Puller(namespace: name, pullSecrets: ["first"]))
        _ = try await user(try rules(), "c.io/x", for: Puller(namespace: "shop", serviceAccount: name))
        #expect(secrets.reads.isEmpty)
    }

    @Test("Different credentials have different fingerprints, and so have their absence and their kinds")
    func fingerprints() async throws {
        try await withTransport { http in
            secrets.put("shop/first", ["c.io": "one"])
            secrets.put("bar/first", ["c.io": "two"])
            secrets.put("baz/first", ["c.io": "one"])
            let client = RegistryClient(http: http, rules: try rules())
            let repository = try ImageReference(parsing: "c.io/x").repository
            func fingerprint(_ namespace: String) async throws -> CredentialFingerprint {
                let puller = Puller(namespace: namespace, pullSecrets: ["first"])
                return try await client.credential(
                    for: RepositoryAccess(repository, for: puller), deadline: Deadline(deadline)
                ).fingerprint
            }
            let one = try await fingerprint("shop")
            #expect(try await fingerprint("baz") == one)
            #expect(try await fingerprint("bar") != one)
            #expect(try await fingerprint("none") != one)
        }
    }
}
