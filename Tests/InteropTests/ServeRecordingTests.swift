// SPDX-License-Identifier: Apache-2.0
import Demo
import JSON
import TestSupport
import Testing

/// Reviews that an API server sent, and such as it should not send, to the program as it is run.
@Suite struct ServeRecordingTests {
    private static let folder = "captures/admission"

    /// One recorded review.
    private struct Recording: Sendable {
        let name: String
        let path: String
        let uid: String

        var endpoint: String { name.firstRange(of: "-mutate-") == nil ? "validate" : "mutate" }
    }

    private static func recordings() throws -> [Recording] {
        guard let list = SharedFolder.bytes("\(folder)/images.json") else { return [] }
        return try JSONDocument(parsing: list).root.elements.compactMap { entry in
            guard let name = entry["file"]?.string, let uid = entry["uid"]?.string,
                let path = SharedFolder.path("\(folder)/\(name)")
            else { return nil }
            return Recording(name: name, path: path, uid: uid)
        }
    }

    @Test("Every recorded review is answered with 200 and its uid at both paths, over HTTP/1.1 and HTTP/2")
    func recorded() async throws {
        guard ServeBench.isAvailable(),
            available(SharedFolder.root != nil, orSkip: "needs the shared folder's \(Self.folder)")
        else { return }
        let recordings = try Self.recordings()
        try #require(recordings.count > 20)
        try await ServeBench.running { bench in
            for (flag, version) in [("http1.1", "1.1"), ("http2", "2")] {
                for endpoint in ["validate", "mutate"] {
                    try await Self.curl(recordings, bench, endpoint, flag: flag, version: version)
                }
            }
            try await Self.h2load(recordings, bench)
            #expect(try await bench.judge(bench.content.signed.pinned).isAllowed == true)
        }
    }

    /// One curl for all, on a few connections.
    private static func curl(
        _ recordings: [Recording], _ bench: ServeBench, _ endpoint: String, flag: String, version: String
    ) async throws {
        let authority = try bench.folder.write(bench.authority.pem, to: "authority.crt")
        let answers = try TemporaryDirectory()
        let configuration = recordings.map { recording in
            """
            url = "\(bench.webhook)/\(endpoint)?timeout=2s"
            \(flag)
            cacert = "\(authority)"
            header = "Content-Type: application/json"
            data-binary = "@\(recording.path)"
            output = "\(answers.path(recording.name))"
            write-out = "%{http_code} %{http_version}\\n"

            """
        }.joined(separator: "next\n")
        let file = try answers.write(configuration, to: "curl")
        let program = try #require(Tool.find("curl"))
        let result = try await Command(
            program, ["-q", "--noproxy", "*", "-s", "-S", "--parallel", "--parallel-max", "8", "-K", file]
        ).run()
        #expect(result.succeeded, "\(result.errorText)")
        let lines = result.outputText.split(separator: "\n").map(String.init)
        #expect(lines == Array(repeating: "200 \(version)", count: recordings.count))
        for recording in recordings {
            let bytes = try #require(answers.read(recording.name), "\(recording.name)")
            let root = try JSONDocument(parsing: bytes).root
            #expect(root["apiVersion"]?.string == "admission.k8s.io/v1" && root["kind"]?.string == "AdmissionReview")
            let response = try #require(root["response"])
            #expect(response["uid"]?.string == recording.uid, "\(recording.name)")
            let isAllowed = try #require(response["allowed"]?.bool as Bool?, "\(recording.name)")
            #expect(isAllowed == (response["status"]?["code"] == nil), "\(recording.name)")
        }
    }

    /// Each review a few times at once, on HTTP/2 and on HTTP/1.1.
    private static func h2load(_ recordings: [Recording], _ bench: ServeBench) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, recording) in recordings.enumerated() {
                group.addTask {
                    try await ServeLoad.h2load(
                        bench, "\(recording.endpoint)?timeout=2s", file: recording.path, count: 8, connections: 2,
                        streams: 4, isHTTP1: index.isMultiple(of: 4))
                }
                // As many programs at once as a small machine bears.
                if index % 4 == 3 { try await group.waitForAll() }
            }
        }
    }

    // MARK: Reviews that should not come

    @Test("A review of 3 MiB is judged", arguments: [CurlClient.Version.http1, .http2])
    func large(version: CurlClient.Version) async throws {
        guard ServeBench.isAvailable() else { return }
        try await ServeBench.running { bench in
            let review = padded(bench.content.signed.pinned, uid: "large", by: 3 << 20)
            let answer = try await bench.post(review, version: version)
            #expect(answer.status == 200 && answer.uid == "large" && answer.isAllowed == true, "\(answer)")
            #expect(answer.version == version)
            let unsigned = padded(bench.content.unsigned.pinned, uid: "unsigned", by: 3 << 20)
            let denial = try await bench.post(unsigned, version: version)
            #expect(denial.status == 200 && denial.uid == "unsigned" && denial.code == 403, "\(denial)")
        }
    }

    @Test(
        "What is no review is denied by its uid, or refused where there is none; the server lives on",
        arguments: [CurlClient.Version.http1, .http2])
    func misfits(version: CurlClient.Version) async throws {
        guard ServeBench.isAvailable() else { return }
        try await ServeBench.running { bench in
            let good = DemoReview.creation(of: bench.content.signed.pinned, uid: "misfit").body
            func send(_ body: [UInt8], _ contentType: String = "application/json") async throws -> ServeAnswer {
                try await bench.post(body, contentType: contentType, version: version)
            }
            func denied(_ answer: ServeAnswer, _ code: Int) {
                #expect(answer.status == 200 && answer.uid == "misfit", "\(answer)")
                #expect(answer.isAllowed == false && answer.code == code, "\(answer)")
            }
            func refused(_ answer: ServeAnswer, _ status: Int) {
                #expect(answer.status == status && answer.isAllowed == nil, "\(answer)")
            }
            denied(try await send(Array(good.dropLast(100))), 400)
            denied(try await send(good, "text/plain"), 415)
            denied(try await send(padded(bench.content.signed.pinned, uid: "misfit", by: 9 << 20)), 413)
            // An answer without a uid would be no answer, so that HTTP itself has to say no.
            refused(try await send(Array(good.prefix(20))), 400)
            refused(try await send(Array("{}".utf8)), 400)
            refused(try await send([]), 400)
            refused(try await send(Array("{}".utf8), "text/plain"), 415)
            refused(try await send([UInt8](repeating: UInt8(ascii: " "), count: 9 << 20)), 413)
            let answer = try await send(good)
            #expect(answer.status == 200 && answer.uid == "misfit" && answer.isAllowed == true, "\(answer)")
        }
    }

    /// The creation of a pod that carries much that nobody needs.
    private func padded(_ image: String, uid: String, by count: Int) -> [UInt8] {
        let body = DemoReview.creation(of: image, uid: uid).body
        let text = String(decoding: body, as: UTF8.self)
        let padding = String(repeating: "x", count: count)
        return Array(
            text.replacing(#""status":{}"#, with: #""status":{"message":"\#(padding)"}"#, maxReplacements: 1).utf8)
    }
}
