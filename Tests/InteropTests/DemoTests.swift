// SPDX-License-Identifier: Apache-2.0
import Demo
import JSON
import OCI
import TestSupport
import Testing

@Suite struct DemoTests {
    @Test("The demo's registry holds every image under its tag, and the moved tag names the unsigned one")
    func content() async throws {
        try await LoopbackRegistry.running { registry in
            let content = try await DemoContent(filling: registry)
            for entry in content.entries {
                let answer = try await CurlClient().get(
                    "http://\(entry.reference.replacing("/demo/", with: "/v2/demo/").replacingTag())")
                #expect(answer["docker-content-digest"] == entry.digest.description, "\(entry.reference)")
            }
            #expect(content.moved.digest != content.beforeMoving)
            let application = DemoContent.application
            #expect(registry.contents.referrers(of: content.beforeMoving, in: application).count == 1)
            #expect(registry.contents.referrers(of: content.moved.digest, in: application).isEmpty)
            #expect(registry.contents.referrers(of: content.unsigned.digest, in: application).isEmpty)
            #expect(registry.contents.manifest("\(content.signedByTag.digest.tagStem).sig", in: application) != nil)
        }
    }

    @Test("The demo's images are all different")
    func digests() async throws {
        try await LoopbackRegistry.running { registry in
            let content = try await DemoContent(filling: registry)
            #expect(Set(content.entries.map(\.digest)).count == content.entries.count)
        }
    }

    @Test("The simple-signing payload has cosign's exact bytes")
    func payload() throws {
        let digest = try Digest("sha256:4d7d2c7c50b3dac34d0aac5712a60e0011897264980be370a9e5c047f08db1cb")
        let payload = SimpleSignature.payload(repository: "example.com/a/b", digest: digest)
        let expected =
            #"{"critical":{"identity":{"docker-reference":"example.com/a/b"},"image":{"docker-manifest-digest":""#
            + digest.description + #""},"type":"cosign container image signature"},"optional":null}"#
        #expect(String(decoding: payload, as: UTF8.self) == expected)
    }

    @Test("The statement of a signature has cosign's exact bytes")
    func statement() throws {
        let digest = try Digest("sha256:4d7d2c7c50b3dac34d0aac5712a60e0011897264980be370a9e5c047f08db1cb")
        let expected =
            #"{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":""# + digest.hex
            + #""},"annotations":{}}],"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{}}"#
        #expect(String(decoding: DemoStatement.signature(of: digest), as: UTF8.self) == expected)
    }

    @Test("A review is JSON that names every image in its place")
    func review() throws {
        let pod = DemoReview.Pod(["a"], initContainers: ["b"], ephemeralContainers: ["c"], imageVolumes: ["d"])
        let body = DemoReview(uid: "u", object: pod).body
        let request = try #require(try JSONDocument(parsing: body).root["request"])
        #expect(request["uid"]?.string == "u")
        #expect(request["oldObject"]?.isNull == true)
        let spec = request["object"]?["spec"]
        #expect(spec?["containers"]?[0]?["image"]?.string == "a")
        #expect(spec?["initContainers"]?[0]?["image"]?.string == "b")
        #expect(spec?["ephemeralContainers"]?[0]?["image"]?.string == "c")
        #expect(spec?["volumes"]?[0]?["image"]?["reference"]?.string == "d")
    }

    @Test("The table lines up, wraps reasons, and lets nothing draw on the terminal")
    func table() {
        let rows = [
            DemoTable.Row(
                request: "create pod app:signed", verdict: "admitted", reasons: ["signed by the release key"],
                cold: .microseconds(12_340), cached: .microseconds(450)),
            DemoTable.Row(
                request: "create pod \u{1B}[2Jx", verdict: "denied",
                reasons: ["no signature was found for this image anywhere"], cold: .microseconds(1_006), cached: nil),
        ]
        let expected = """
            #  request                verdict      cold   cached
            -  ---------------------  --------  -------  -------
            1  create pod app:signed  admitted  12.3 ms  0.45 ms
               signed by the release key
            2  create pod \u{FFFD}[2Jx       denied    1.01 ms        -
               no signature was found for this image
               anywhere

            """
        #expect(DemoTable(rows: rows, width: 42).text == expected)
    }
}

extension String {
    /// `…/app:tag` as the path of its manifest.
    fileprivate func replacingTag() -> String {
        guard let colon = lastIndex(of: ":") else { return self }
        return self[..<colon] + "/manifests/" + self[index(after: colon)...]
    }
}
