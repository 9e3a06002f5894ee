// SPDX-License-Identifier: Apache-2.0
import Sigstore
import TestSupport
import Testing

@testable import Kubernetes
@testable import countersign

@Suite("The certificate keeper", .timeLimit(.minutes(1)))
struct CertificateKeeperTests {
    private static let secret = "webhook-certs"
    private static let maker = CertificateMaker()

    private func record(_ server: APIServerDouble) throws -> CertificateRecord? {
        try server.object("secrets", Self.secret, in: "cosign-system").map {
            CertificateRecord(try KubernetesObject(parsing: $0.bytes))
        }
    }

    private func bundles(_ server: APIServerDouble) -> Set<String> {
        Set(
            ["validatingwebhookconfigurations", "mutatingwebhookconfigurations"].flatMap { server.objects(of: $0) }
                .map { $0["webhooks"][0]["clientConfig"]["caBundle"].text })
    }

    private func registered(_ server: APIServerDouble) throws -> Bool {
        guard let record = try record(server) else { return false }
        return bundles(server) == [JSONTree.base64(record.bundle).text]
    }

    @Test("Three replicas that begin at once serve one certificate, and it is what configurations trust")
    func agreement() async throws {
        try await APIServerDouble.withServer { server async throws in
            let replicas = try (0..<3).map { try ReplicaKeepers(server, isLeader: $0 == 0) }
            try await ReplicaKeepers.run(replicas) {
                try await server.until("registered") {
                    (try? registered(server)) == true && replicas.allSatisfy { !$0.pairs.isEmpty }
                }
                let kept = try #require(try record(server)?.serving)
                #expect(replicas.allSatisfy { $0.pairs == [kept] })
                #expect(server.objects(of: "secrets").count == 1)
            }
        }
    }

    @Test("A change of authority serves nothing that any configuration does not trust, at any moment")
    func rotation() async throws {
        try await APIServerDouble.withServer { server async throws in
            let replicas = try (0..<2).map { try ReplicaKeepers(server, isLeader: $0 == 0, overlap: .zero) }
            try await ReplicaKeepers.run(replicas) {
                try await server.until("registered") { (try? registered(server)) == true && bundles(server).count == 1 }
                try await server.until("served") { replicas.allSatisfy { !$0.pairs.isEmpty } }
                let first = try #require(try record(server))
                server.edit("secrets", Self.secret, in: "cosign-system") {
                    $0.metadata["annotations"][CertificateRecord.wantedAnnotation] = "once"
                }
                try await server.until("changed") {
                    guard let now = try? record(server) else { return false }
                    // Whatever is served at this moment is trusted by every configuration.
                    let before = bundles(server)
                    let shown = replicas.map { $0.pairs.last }
                    // Looked at one after the other, they belong together if nothing moved meanwhile.
                    for bundle in before where before == bundles(server) {
                        let pem = JSONTree.decoded(bundle)
                        // The old authority goes after a day, or here at once: before the other replica may have heard.
                        guard pem == first.bundle || Self.maker.authorities(in: pem).count > 1 else { continue }
                        for pair in shown.compactMap(\.self) {
                            let validity = Self.maker.validity(
                                of: pair, for: CertificatePlanTests.name, under: Self.maker.authorities(in: pem))
                            if validity == nil { Issue.record("a certificate is served that is not trusted") }
                        }
                    }
                    return now.phase == .steady && now.serving != first.serving
                        && replicas.allSatisfy { $0.pairs.last == now.serving } && (try? registered(server)) == true
                }
                let last = try #require(try record(server))
                #expect(last.rotationBegun == "once" && Self.maker.authorities(in: last.bundle).count == 1)
                #expect(replicas.allSatisfy { $0.pairs == [first.serving, last.serving] })
            }
        }
    }

    @Test("A Secret that is deleted while replicas run comes back with what is served and trusted")
    func deletion() async throws {
        try await APIServerDouble.withServer { server async throws in
            let replicas = try (0..<2).map { try ReplicaKeepers(server, isLeader: $0 == 0, isReady: false) }
            try await ReplicaKeepers.run(replicas) {
                try await server.until("served") { replicas.allSatisfy { !$0.pairs.isEmpty } }
                let first = try #require(try record(server))
                server.remove("secrets", Self.secret, in: "cosign-system")
                try await server.until("back") { (try? record(server))?.flatMap { $0 } != nil }
                let back = try #require(try record(server))
                #expect(back.bundle.starts(with: first.bundle) && back.bundle.count > first.bundle.count)
            }
        }
    }

    @Test("What another controller left is served as it is, and members that are not ours stay")
    func adoption() async throws {
        let authority = try Self.maker.makeAuthority(now: CertificatePlanTests.start)
        let pair = try Self.maker.issue([CertificatePlanTests.name], by: authority, now: CertificatePlanTests.start)
        try await APIServerDouble.withServer { server async throws in
            server.store([
                "apiVersion": "v1", "kind": "Secret",
                "metadata": ["name": .string(Self.secret), "namespace": "cosign-system", "labels": ["a": "b"]],
                "data": [
                    "server-key.pem": .base64(pair.key), "server-cert.pem": .base64(pair.certificate),
                    "ca-cert.pem": .base64(authority.certificate), "other": "QUJD",
                ],
            ])
            let replica = try ReplicaKeepers(server)
            try await ReplicaKeepers.run([replica]) {
                try await server.until("ours") { (try? record(server))??.signingKey.isEmpty == false }
                try await server.until("shown") { replica.pairs.count == 2 }
                #expect(replica.pairs.first == pair)
                let kept = try #require(try record(server))
                #expect(Self.maker.authorities(in: kept.bundle).contains { $0.certificate == authority.certificate })
                let object = try #require(server.object("secrets", Self.secret, in: "cosign-system"))
                #expect(object["data"]["other"] == "QUJD" && object.metadata["labels"] == ["a": "b"])
            }
        }
    }

    @Test("An empty Secret, as a chart brings it, is filled")
    func filling() async throws {
        try await APIServerDouble.withServer { server async throws in
            server.store([
                "apiVersion": "v1", "kind": "Secret",
                "metadata": ["name": .string(Self.secret), "namespace": "cosign-system"],
            ])
            let replicas = try (0..<3).map { try ReplicaKeepers(server, isLeader: $0 == 0) }
            try await ReplicaKeepers.run(replicas) {
                try await server.until("served") { replicas.allSatisfy { !$0.pairs.isEmpty } }
                #expect(Set(replicas.map(\.pairs)).count == 1)
            }
        }
    }
}

extension JSONTree {
    /// The bytes of a text in base64.
    static func decoded(_ text: String) -> [UInt8] {
        CertificateRecord.decoded(text)
    }
}
