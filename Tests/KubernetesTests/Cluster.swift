// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import Policy
import Sigstore
import Synchronization
import TestSupport
import Testing

@testable import Kubernetes

/// Waits until a condition holds, looking again and again; throws where it does not in time.
func eventually(_ what: String, within limit: Duration = .seconds(10), _ condition: () -> Bool) async throws {
    let end = ContinuousClock.now + limit
    while !condition() {
        guard ContinuousClock.now < end else { throw NotInTime(what: what, limit: limit) }
        try await Task.sleep(for: .milliseconds(5))
    }
}

struct NotInTime: Error, CustomStringConvertible {
    let what: String
    let limit: Duration
    var description: String { "not within \(limit): \(what)" }
}

/// Something that tasks write and tests read.
final class Recorded<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])
    func add(_ element: Element) { elements.withLock { $0.append(element) } }
    func add(_ more: [Element]) { elements.withLock { $0 += more } }
    var all: [Element] { elements.withLock { $0 } }
}

/// The clock of tests, which stands still.
let testTime = Instant(rfc3339: "2026-11-21T12:00:00Z") ?? .earliest

/// One that goes, as renewals need it.
func runningTime() -> Instant {
    let (seconds, attoseconds) = began.duration(to: .now).components
    return Instant(seconds: testTime.seconds + seconds, nanoseconds: UInt32(attoseconds / 1_000_000_000)) ?? testTime
}

private let began = ContinuousClock.now

extension Backoff {
    static let short = Backoff(first: .milliseconds(10), longest: .milliseconds(40))
}

/// Runs a client of the double for as long as `body` does.
func withClient<R: Sendable>(
    of server: APIServerDouble, _ credential: APIServerDouble.Credential = .token("test-token"),
    now: @escaping @Sendable () -> Instant = { testTime }, _ body: (APIServer) async throws -> R
) async throws -> R {
    let text = try server.kubeconfig(credential)
    let client = try APIServer(try Kubeconfig(text: Array(text.utf8)).access(), now: now)
    let result: Result<R, any Error>
    do { result = .success(try await body(client)) } catch { result = .failure(error) }
    await client.shutDown()
    return try result.get()
}

/// Runs `work` beside `body`, and cancels it when that has ended.
func beside<R: Sendable>(
    _ work: @escaping @Sendable () async -> Void, _ body: () async throws -> R
) async throws -> R {
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await work() }
        let result: Result<R, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        group.cancelAll()
        return try result.get()
    }
}

/// Objects that tests store.
enum Example {
    static let namespace = "cosign-system"

    static func policy(
        _ name: String, glob: String = "a.example/**", authorities: JSONTree = [["static": ["action": "pass"]]],
        mode: String = "enforce"
    ) -> JSONTree {
        [
            "apiVersion": "policy.sigstore.dev/v1alpha1", "kind": "ClusterImagePolicy",
            "metadata": ["name": .string(name)],
            "spec": ["images": [["glob": .string(glob)]], "authorities": authorities, "mode": .string(mode)],
        ]
    }

    /// Of nobody's making: it has two authorities' members at once.
    static let brokenAuthorities: JSONTree = [["static": ["action": "perhaps"]]]

    static let keyInSecret: JSONTree = [["key": ["secretRef": ["name": "keys"]]]]

    static func secret(_ name: String, _ data: [String: String]) -> JSONTree {
        object("Secret", name, data.mapValues { MintedText.base64(Array($0.utf8)) })
    }

    static func configMap(_ name: String, _ data: [String: String]) -> JSONTree { object("ConfigMap", name, data) }

    static func settings(_ data: [String: String]) -> JSONTree { configMap("config-policy-controller", data) }

    private static func object(_ kind: String, _ name: String, _ data: [String: String]) -> JSONTree {
        [
            "apiVersion": "v1", "kind": .string(kind),
            "metadata": ["name": .string(name), "namespace": .string(namespace)],
            "data": .object(data.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) }),
        ]
    }

    static func trustRoot(_ name: String, _ authority: TestAuthority, isWhole: Bool = true) -> JSONTree {
        func base64(_ text: String) -> JSONTree { .base64(Array(text.utf8)) }
        return [
            "apiVersion": "policy.sigstore.dev/v1alpha1", "kind": "TrustRoot", "metadata": ["name": .string(name)],
            "spec": [
                "sigstoreKeys": [
                    "certificateAuthorities": [
                        [
                            "subject": ["organization": "acme", "commonName": "ca"], "uri": "https://ca.example",
                            "certChain": isWhole ? base64(authority.certificateAuthority.chainPEM) : "%%%",
                        ]
                    ],
                    "tLogs": [
                        [
                            "baseURL": "https://log.example", "hashAlgorithm": "sha-256",
                            "publicKey": base64(authority.log.key.publicKeyPEM),
                        ]
                    ],
                    "ctLogs": [
                        [
                            "baseURL": "https://ct.example", "hashAlgorithm": "sha-256",
                            "publicKey": base64(authority.log.key.publicKeyPEM),
                        ]
                    ],
                ]
            ],
        ]
    }

    /// Public keys made for these tests; nobody has their private halves.
    static let key = """
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEizjT8zdTWAaq6+ytQk3ebcUGR7H/
        BUEzE7orQKetgIP4l/HIpUSmO29P34phzCBrAQLMQughGh75Ofh+5kb9eg==
        -----END PUBLIC KEY-----

        """
    static let otherKey = """
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAExUpxcSTJOc1FDEmQsD/cP0FBx/tM
        HDXwYV/iTSrLRuD4847A0fDfQ+/X8s6OGxTo6BlAfb5GwjM4c5qnWpFxdQ==
        -----END PUBLIC KEY-----

        """
}

/// A cluster with the policies of it being followed.
struct Cluster: Sendable {
    let double: APIServerDouble
    let client: APIServer
    let policies: ClusterPolicies
    let events: Recorded<ClusterPolicies.Event>
    /// Sources that were asked to be fetched.
    let fetched: Recorded<PolicyTextSource>

    var set: PolicySet { policies.inForce.current }
    var names: [String] { self.set.policies.map(\.name) }
    var health: PolicyHealth { policies.inForce.health }
    var settings: PolicySettings { policies.inForce.settings }

    /// The globs that a policy in force names.
    func globs(_ name: String) -> [String] {
        set.policies.first { $0.name == name }?.images.map(\.pattern) ?? []
    }

    static func with(
        _ objects: [JSONTree] = [], configuration: (inout ClusterPolicies.Configuration) -> Void = { _ in },
        fetch: @escaping @Sendable (PolicyTextSource) -> Result<[UInt8], UnusableResource> = { _ in
            .failure(UnusableResource("there is no web in tests"))
        },
        waitsUntilReady: Bool = true, _ body: (Cluster) async throws -> Void
    ) async throws {
        try await APIServerDouble.withServer { double in
            for object in objects { double.store(object) }
            try await withClient(of: double, now: runningTime) { client in
                var settings = ClusterPolicies.Configuration(namespace: Example.namespace)
                settings.backoff = .short
                configuration(&settings)
                let events = Recorded<ClusterPolicies.Event>()
                let fetched = Recorded<PolicyTextSource>()
                let policies = ClusterPolicies(
                    client, settings, now: { testTime },
                    fetch: { sources in
                        fetched.add(sources)
                        return sources.reduce(into: [:]) { $0[$1] = fetch($1) }
                    }, onEvents: { events.add($0) })
                let cluster = Cluster(
                    double: double, client: client, policies: policies, events: events, fetched: fetched)
                try await beside({ await policies.run() }) {
                    if waitsUntilReady {
                        try await eventually("ready: \(policies.readiness())") { policies.readiness().isEmpty }
                        try await eventually("watched") { double.watched.count >= 4 }
                    }
                    try await body(cluster)
                }
            }
        }
    }
}
