// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import TestSupport
import Testing

@testable import WebhookServer

@Suite("The serving authority")
struct ServingAuthorityTests {
    private static let name = "webhook.cosign-system.svc"
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)

    private func issue(
        _ authority: ServingAuthority, _ names: [String] = [name], now: Date = now
    ) throws -> ServingAuthority.Issued { try authority.issue(names: names, now: now) }

    @Test("What an authority issues serves under its names for whoever trusts it, and under or for no other")
    func issuing() throws {
        let authority = try ServingAuthority.make(now: Self.now)
        let other = try ServingAuthority.make(now: Self.now)
        let issued = try issue(authority, [Self.name, "webhook", "127.0.0.1"])
        let served = try #require(
            ServedCertificate(certificatePEM: issued.certificatePEM, keyPEM: issued.keyPEM))
        let trusted = ServedCertificate.authorities(in: authority.certificatePEM)
        for name in [Self.name, "WEBHOOK.cosign-system.svc", "webhook", "127.0.0.1"] {
            #expect(served.serves(name, under: trusted))
            #expect(served.serves(name, under: ServedCertificate.authorities(in: other.certificatePEM) + trusted))
            #expect(!served.serves(name, under: ServedCertificate.authorities(in: other.certificatePEM)))
        }
        for name in ["webhook.other.svc", "127.0.0.2", "", "svc"] { #expect(!served.serves(name, under: trusted)) }
        #expect(served.notAfter == Self.now.addingTimeInterval(ServingAuthority.servingLifetime))
        #expect(ServedCertificate(certificatePEM: issued.certificatePEM, keyPEM: other.keyPEM) == nil)
    }

    @Test("An authority that was kept issues as before; another's key, a serving certificate and junk are refused")
    func keeping() throws {
        let authority = try ServingAuthority.make(now: Self.now)
        let issued = try issue(authority)
        let kept = try ServingAuthority(certificatePEM: authority.certificatePEM, keyPEM: authority.keyPEM)
        #expect(kept.notAfter == authority.notAfter)
        _ = try issue(kept)
        let other = try ServingAuthority.make(now: Self.now)
        #expect(throws: ServingAuthority.Failure.mismatch) {
            try ServingAuthority(certificatePEM: authority.certificatePEM, keyPEM: other.keyPEM)
        }
        #expect(throws: ServingAuthority.Failure.noAuthority) {
            try ServingAuthority(certificatePEM: issued.certificatePEM, keyPEM: issued.keyPEM)
        }
        for junk in ["", "junk", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            #expect(throws: ServingAuthority.Failure.self) {
                try ServingAuthority(certificatePEM: Array(junk.utf8), keyPEM: authority.keyPEM)
            }
            #expect(ServedCertificate.authorities(in: Array(junk.utf8)).isEmpty)
        }
    }

    @Test("A certificate ends with its authority at the latest, and none is issued after that")
    func ends() throws {
        let authority = try ServingAuthority.make(lifetime: 86_400, now: Self.now)
        let issued = try issue(authority)
        let served = try #require(ServedCertificate(certificatePEM: issued.certificatePEM, keyPEM: issued.keyPEM))
        #expect(served.notAfter == authority.notAfter)
        #expect(throws: ServingAuthority.Failure.expired) {
            try issue(authority, now: Self.now.addingTimeInterval(86_400))
        }
        #expect(throws: ServingAuthority.Failure.unusableName("a b")) { try issue(authority, ["a b"]) }
    }

    @Test("A bundle is read certificate by certificate, in its order")
    func bundles() throws {
        let authorities = try (0..<3).map { _ in try ServingAuthority.make(now: Self.now) }
        let found = ServedCertificate.authorities(in: authorities.flatMap(\.certificatePEM))
        #expect(found.map(\.pem) == authorities.map(\.certificatePEM))
    }

    @Test("OpenSSL takes what is issued for a server of that name")
    func openSSL() async throws {
        let folder = try TemporaryDirectory()
        let authority = try ServingAuthority.make(now: .now)
        let issued = try issue(authority, now: .now)
        let bundle = try folder.write(authority.certificatePEM, to: "ca.pem")
        let leaf = try folder.write(issued.certificatePEM, to: "leaf.pem")
        for (name, succeeds) in [(Self.name, true), ("other.cosign-system.svc", false)] {
            let result = try await Command(
                "/usr/bin/openssl",
                [
                    "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", name, "-CAfile", bundle,
                    leaf,
                ]
            ).run()
            #expect(result.succeeded == succeeds, "\(name): \(result.errorText)")
        }
    }
}

@Suite("A certificate from outside")
struct ManagedCertificateTests {
    @Test("The first pair that is handed over ends the wait; a broken one changes nothing")
    func installing() async throws {
        let certificate = try ServingCertificate.managed(metrics: ServerMetrics(), logger: .silent)
        #expect(!certificate.isInstalled && certificate.authorityPEM == nil)
        let authority = try ServingAuthority.make(now: .now)
        let one = try authority.issue(names: ["localhost"], now: .now)
        let two = try authority.issue(names: ["localhost"], now: .now)
        #expect(throws: ServingCertificate.Failure.self) {
            try certificate.install(certificatePEM: one.certificatePEM, keyPEM: two.keyPEM)
        }
        #expect(!certificate.isInstalled)
        try certificate.install(certificatePEM: one.certificatePEM, keyPEM: one.keyPEM)
        await certificate.untilInstalled()
        #expect(certificate.isInstalled)
        try certificate.install(certificatePEM: two.certificatePEM, keyPEM: two.keyPEM)
    }
}

@Suite("Certificates of clients")
struct ClientVerificationTests {
    @Test("Without a certificate of that authority, or without one of the names, nothing is answered")
    func verification() async throws {
        try await APIServerDouble.withServer { double async throws in
            let good = try double.clientCertificate(user: "kube-apiserver")
            let otherName = try double.clientCertificate(user: "somebody")
            let stranger = try await APIServerDouble.withServer { try $0.clientCertificate(user: "kube-apiserver") }
            let clients = try ClientVerification(
                authorities: Array(double.authorityPEM.utf8), names: ["kube-apiserver", "other"])
            try await RunningServer.run(clients: clients) { server async throws in
                for version in [CurlClient.Version.http1, .http2] {
                    var client = server.client(version)
                    client.identity = good
                    #expect(try await client.post(server.url("/validate"), body: reviewBody()).status == 200)
                    for identity in [nil, otherName, stranger] {
                        client.identity = identity
                        await #expect(throws: CurlFailure.self) {
                            try await client.post(server.url("/validate"), body: reviewBody())
                        }
                    }
                }
                // The health port asks for none.
                #expect(try await CurlClient().get(server.health("/livez")).status == 200)
                #expect(server.metrics.reviews.value("validate", "true", "200") == 2)
            }
            let anyName = try ClientVerification(authorities: Array(double.authorityPEM.utf8))
            try await RunningServer.run(clients: anyName) { server async throws in
                var client = server.client()
                client.identity = otherName
                #expect(try await client.post(server.url("/validate"), body: reviewBody()).status == 200)
                client.identity = nil
                await #expect(throws: CurlFailure.self) {
                    try await client.post(server.url("/validate"), body: reviewBody())
                }
            }
        }
    }

    @Test("An authority that is none, and an empty name, are errors at start")
    func unusable() throws {
        let authority = try ServingAuthority.make(now: .now)
        let leaf = try authority.issue(names: ["localhost"], now: .now)
        #expect(try ClientVerification(authorities: authority.certificatePEM).names.isEmpty)
        for bytes in [[], Array("junk".utf8), leaf.certificatePEM, authority.keyPEM] {
            #expect(throws: ClientVerification.Failure.self) { try ClientVerification(authorities: bytes) }
        }
        #expect(throws: ClientVerification.Failure.self) {
            try ClientVerification(authorities: authority.certificatePEM, names: [""])
        }
        #expect(throws: ClientVerification.Failure.self) { try ClientVerification(file: "/nonexistent") }
    }
}
