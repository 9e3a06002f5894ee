// SPDX-License-Identifier: Apache-2.0
import Admission
import Synchronization
import TestSupport
import Testing

@testable import WebhookServer

@Suite("The webhook's port")
struct RoutingTests {
    static let versions: [CurlClient.Version] = [.http1, .http2]

    @Test(
        "Each path leads to its endpoint, over both HTTP versions", arguments: versions,
        [
            ("/validate", ReviewEndpoint.validate), ("/validations", .validate), ("/mutate", .mutate),
            ("/shadow/validations", .shadow),
            ("/mutations", .mutate), ("/validating", .validate), ("/defaulting", .mutate),
        ])
    func paths(version: CurlClient.Version, path: (String, ReviewEndpoint)) async throws {
        let reviewer = FakeReviewer()
        try await RunningServer.run(reviewer) { server in
            let response = try await server.client(version).post(
                server.url(path.0 + "?timeout=10s"), body: reviewBody(uid: "u-7"))
            #expect(response.version == version)
            #expect(response.status == 200)
            #expect(response["content-type"] == "application/json")
            #expect(response["content-length"] == String(response.body.count))
            #expect(response.text == #"{"response":{"uid":"u-7","allowed":true,"code":200}}"#)
            #expect(reviewer.seen.endpoints == [path.1])
            let budget = try #require(reviewer.seen.budgets.first)
            #expect(budget <= .milliseconds(9500) && budget > .seconds(8))
            #expect(
                server.metrics.reviews.value(path.1.rawValue, "true", "200") == 1)
            #expect(server.metrics.decisions.value("signed", "enforce", "admitted", "") == 1)
        }
    }

    @Test("Other methods are 405, other paths 404; the server lives on", arguments: versions)
    func wrongMethodAndPath(version: CurlClient.Version) async throws {
        let reviewer = FakeReviewer()
        try await RunningServer.run(reviewer) { server in
            let client = server.client(version)
            for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"] {
                let response = try await client.send(method, server.url("/validate"))
                #expect(response.status == 405, "\(method)")
                #expect(response["allow"] == "POST")
            }
            for path in ["/", "/validate/", "/Validate", "/metrics", "/validate/x", "//validate"] {
                #expect(try await client.post(server.url(path), body: reviewBody()).status == 404, "\(path)")
            }
            #expect(reviewer.seen.bodies.isEmpty)
            #expect(try await client.post(server.url("/validate"), body: reviewBody()).status == 200)
        }
    }

    @Test(
        "A content type that is not JSON is refused with the uid",
        arguments: [
            nil, "text/plain", "application/jsonx", "application/json, text/plain", "application/x-json", "json",
        ])
    func wrongContentType(type: String?) async throws {
        let reviewer = FakeReviewer()
        try await RunningServer.run(reviewer) { server in
            let response = try await server.client().post(
                server.url("/validate"), body: reviewBody(uid: "u-9"), headers: [("Content-Type", type ?? "")])
            #expect(response.status == 200)
            #expect(response.text == #"{"response":{"uid":"u-9","allowed":false,"code":415}}"#)
            #expect(reviewer.seen.refusals == [.unsupportedContentType])
            let none = try await server.client().post(
                server.url("/validate"), body: Array("{}".utf8), headers: [("Content-Type", "text/plain")])
            #expect(none.status == 415)
            #expect(server.metrics.refusals.value("content-type") == 2)
        }
    }

    @Test(
        "JSON may be declared in any case and with parameters",
        arguments: [
            "application/json", "Application/JSON; charset=utf-8", "application/json;x=y", "application/json ;a=b",
        ])
    func contentTypes(type: String) {
        #expect(WebhookResponder.isJSON(type))
        #expect(!WebhookResponder.isJSON("x" + type))
    }

    @Test("Kubelet probes are answered on the webhook's own port", arguments: versions)
    func probes(version: CurlClient.Version) async throws {
        try await RunningServer.run { server in
            let client = server.client(version)
            let headers = [("User-Agent", "kube-probe/1.34")]
            #expect(try await client.get(server.url("/"), headers: headers).status == 200)
            #expect(try await client.get(server.url("/"), headers: [("User-Agent", "curl")]).status == 404)
            let post = try await client.post(
                server.url("/"), body: [], headers: headers + [("Content-Type", "application/json")])
            #expect(post.status == 404)
        }
    }

    @Test("One line is logged per review, and the body is not in it")
    func oneLogLine() async throws {
        try await RunningServer.run { server in
            _ = try await server.client().post(server.url("/mutate"), body: reviewBody(uid: "u-3", size: 5000))
            #expect(await eventually { server.log.all.count { $0.contains(#""message":"review""#) } == 1 })
            let line = try #require(server.log.all.first { $0.contains(#""message":"review""#) })
            #expect(line.contains(#""uid":"u-3""#) && line.contains(#""endpoint":"mutate""#))
            #expect(line.contains(#""allowed":true"#) && !line.contains("xxxx"))
        }
    }
}

@Suite("The health port")
struct HealthTests {
    @Test("Alive always, ready without reasons, metrics well-formed")
    func health() async throws {
        let reasons = Reasons()
        try await RunningServer.run(readiness: { reasons.all }) { server in
            let client = CurlClient()
            #expect(try await client.get(server.health("/livez")).status == 200)
            #expect(try await client.get(server.health("/readyz")).status == 200)
            reasons.all = ["no policies loaded", "no trust root"]
            let unready = try await client.get(server.health("/readyz"))
            #expect(unready.status == 503)
            #expect(unready.text == "no policies loaded\nno trust root\n")
            #expect(try await client.get(server.health("/livez")).status == 200)

            _ = try await server.client().post(server.url("/validate"), body: reviewBody())
            // The answer is there before whoever wrote it has counted that.
            #expect(
                await eventually {
                    (try? await client.get(server.health("/metrics")).text)?
                        .contains("countersign_body_bytes_in_flight 0\n") ?? false
                })
            let metrics = try await client.get(server.health("/metrics"))
            #expect(metrics.status == 200)
            #expect(metrics["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
            #expect(ExpositionChecker.faults(in: metrics.text) == [])
            for stage in ["read", "review", "write"] {
                #expect(metrics.text.contains(#"countersign_stage_seconds_count{stage="\#(stage)"} 1"#), "\(stage)")
            }
            #expect(
                metrics.text.contains("countersign_certificate_expiry_timestamp_seconds 1")
                    || metrics.text.contains("countersign_certificate_expiry_timestamp_seconds 2"))
            #expect(metrics.text.contains("countersign_reviews_in_flight 0\n"))
            #expect(metrics.text.contains("countersign_body_bytes_in_flight 0\n"))
        }
    }

    @Test("Only what there is can be read, and nothing can be sent")
    func limits() async throws {
        try await RunningServer.run { (server) async throws in
            let client = CurlClient()
            #expect(try await client.get(server.health("/")).status == 404)
            #expect(try await client.get(server.health("/validate")).status == 404)
            #expect(try await client.post(server.health("/metrics"), body: reviewBody(size: 100_000)).status == 405)
            #expect(try await client.send("HEAD", server.health("/livez")).status == 200)
        }
    }
}

private final class Reasons: Sendable {
    private let list = Mutex<[String]>([])
    var all: [String] {
        get { list.withLock { $0 } }
        set { list.withLock { $0 = newValue } }
    }
}
