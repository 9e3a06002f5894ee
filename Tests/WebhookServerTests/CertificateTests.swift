// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Logging
import TestSupport
import Testing

@testable import WebhookServer

@Suite("The serving certificate")
struct CertificateTests {
    private func load(_ certificate: String, _ key: String) throws -> ServingCertificate {
        try ServingCertificate.files(certificate: certificate, key: key, metrics: ServerMetrics(), logger: .silent)
    }

    @Test("A pair that belongs together is taken; anything else is an error at start that says why")
    func atStart() async throws {
        let folder = try TemporaryDirectory()
        let one = try await TestCertificate.make("one", in: folder)
        let two = try await TestCertificate.make("two", in: folder)
        #expect(try load(one.certificatePath, one.keyPath).authorityPEM == nil)
        let junk = try folder.write("junk", to: "junk.pem")
        let huge = try folder.write([UInt8](repeating: 0x0A, count: (1 << 20) + 1), to: "huge.pem")
        for (certificate, key, reason) in [
            (one.certificatePath, two.keyPath, "does not belong"),
            (folder.path("none"), one.keyPath, "cannot read"),
            (one.certificatePath, folder.path("none"), "cannot read"),
            (one.keyPath, one.keyPath, "no PEM block CERTIFICATE"),
            (one.certificatePath, one.certificatePath, "no PEM block PRIVATE KEY"),
            (junk, one.keyPath, ""), (huge, one.keyPath, "larger than"), (folder.path, one.keyPath, "cannot read"),
        ] {
            let failure = #expect(throws: ServingCertificate.Failure.self) { try load(certificate, key) }
            #expect(failure?.description.contains(reason) == true, "\(failure?.description ?? "") \(reason)")
        }
    }

    @Test("A key with the curve's name before it is taken, as OpenSSL writes one")
    func parametersFirst() async throws {
        let folder = try TemporaryDirectory()
        let one = try await TestCertificate.make("one", in: folder)
        let key = String(decoding: try #require(folder.read("one.key")), as: UTF8.self)
        let parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
        let both = try folder.write(parameters + key, to: "both.key")
        #expect(try load(one.certificatePath, both).authorityPEM == nil)
    }

    @Test("A self-signed certificate is trusted by its authority for each of its names, and no other")
    func selfSigned() async throws {
        try await RunningServer.run { server in
            let client = server.client()
            for host in ["127.0.0.1", "localhost"] {
                let url = "https://\(host):\(server.ports.webhook)/validate"
                #expect(try await client.post(url, body: reviewBody()).status == 200, "\(host)")
            }
            let other = try ServingCertificate.selfSigned(metrics: ServerMetrics(), logger: .silent)
            let stranger = CurlClient(caPEM: other.authorityPEM)
            await #expect(throws: CurlFailure.self) { try await stranger.post(server.url("/validate"), body: []) }
        }
    }

    @Test("Names for a self-signed certificate are DNS names or addresses")
    func names() throws {
        for name in ["countersign.example.svc", "*.example.com", "10.0.0.1", "fd00::1", "a"] {
            let certificate = try ServingCertificate.selfSigned(
                names: [name], metrics: ServerMetrics(), logger: .silent)
            #expect(certificate.authorityPEM?.hasPrefix("-----BEGIN CERTIFICATE-----") == true)
        }
        for name in ["", "a b", "-a", "a..b", "*", "a_b", "a.*.b", String(repeating: "a", count: 64), "x\n"] {
            #expect(throws: ServingCertificate.Failure.unusableName(name)) {
                try ServingCertificate.selfSigned(names: [name], metrics: ServerMetrics(), logger: .silent)
            }
        }
    }

    @Test("Versions below TLS 1.2 are refused")
    func oldVersions() async throws {
        try await RunningServer.run { server in
            for (option, succeeds) in [("-tls1_1", false), ("-tls1_2", true), ("-tls1_3", true)] {
                let result = try await Command(
                    "/usr/bin/openssl",
                    [
                        "s_client", option, "-cipher", "DEFAULT:@SECLEVEL=0", "-connect",
                        "127.0.0.1:\(server.ports.webhook)", "-no_ign_eof",
                    ]
                ).run(timeout: .seconds(10))
                #expect(result.succeeded == succeeds, "\(option): \(result.errorText)")
            }
        }
    }

    @Test("A changed pair is shown to new connections; a broken one changes nothing and is reported once")
    func reload() async throws {
        let folder = try TemporaryDirectory()
        let one = try await TestCertificate.make("one", in: folder)
        let two = try await TestCertificate.make("two", in: folder)
        let served = try folder.serve(one)
        try await RunningServer.run(certificateFiles: served) { server in
            #expect(try await server.client().post(server.url("/validate"), body: reviewBody()).status == 200)

            try folder.swap(certificate: one.certificatePath, key: two.keyPath)
            #expect(await eventually { server.metrics.certificateReloads.value("failed") == 1 })
            #expect(try await server.client().post(server.url("/validate"), body: reviewBody()).status == 200)

            try folder.swap(certificate: two.certificatePath, key: two.keyPath)
            let trustsTwo = CurlClient(caPEM: two.certificatePEM)
            #expect(
                await eventually {
                    try await trustsTwo.post(server.url("/validate"), body: reviewBody()).status == 200
                })
            await #expect(throws: CurlFailure.self) {
                try await server.client().post(server.url("/validate"), body: reviewBody())
            }
            #expect(server.metrics.certificateReloads.value("failed") == 1)
            #expect(server.metrics.certificateReloads.value("loaded") == 1)
            #expect(server.log.all.contains { $0.contains("not reloaded") && $0.contains("does not belong") })
        }
    }

    @Test("The certificate changes under load and no request fails", arguments: [CurlClient.Version.http1, .http2])
    func reloadUnderLoad(version: CurlClient.Version) async throws {
        let folder = try TemporaryDirectory()
        let one = try await TestCertificate.make("one", in: folder)
        let two = try await TestCertificate.make("two", in: folder)
        let served = try folder.serve(one)
        try await RunningServer.run(certificateFiles: served) { server in
            let client = CurlClient(version: version, caPEM: one.certificatePEM + two.certificatePEM)
            let isDone = Flag()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        // Each request is a connection, and so a handshake, of its own.
                        while !isDone.isRaised {
                            let response = try await client.post(server.url("/validate"), body: reviewBody())
                            #expect(response.status == 200)
                        }
                    }
                }
                for round in 1...6 {
                    let next = round.isMultiple(of: 2) ? one : two
                    try folder.swap(certificate: next.certificatePath, key: next.keyPath)
                    #expect(await eventually { server.metrics.certificateReloads.value("loaded") == round })
                }
                isDone.raise()
                try await group.waitForAll()
            }
            #expect(server.metrics.certificateReloads.value("failed") == 0)
        }
    }
}

extension Logger {
    static var silent: Logger { Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() } }
}

extension RunningServer {
    var certificateLogger: Logger { .silent }
}

extension TemporaryDirectory {
    /// As the kubelet mounts a Secret: files that are links into `..data`, itself a link to the folder of one version.
    func serve(_ certificate: TestCertificate) throws -> TestCertificate {
        try swap(certificate: certificate.certificatePath, key: certificate.keyPath)
        for name in ["tls.crt", "tls.key"] {
            try FileManager.default.createSymbolicLink(
                atPath: path(name), withDestinationPath: path("..data/\(name)"))
        }
        return TestCertificate(
            certificatePath: path("tls.crt"), keyPath: path("tls.key"), certificatePEM: certificate.certificatePEM)
    }

    func swap(certificate: String, key: String) throws {
        let version = "version-\(UInt32.random(in: .min ... .max))"
        for (name, source) in [("tls.crt", certificate), ("tls.key", key)] {
            try write(FileManager.default.contents(atPath: source).map { Array($0) } ?? [], to: "\(version)/\(name)")
        }
        try FileManager.default.createSymbolicLink(atPath: path("..new"), withDestinationPath: path(version))
        // One rename, so that nobody sees half of it; FileManager would refuse to replace.
        guard renamed("..new", to: "..data") else { throw TestCertificate.ProcessOutput("cannot rename") }
    }
}
