// SPDX-License-Identifier: Apache-2.0
import Demo
import ImageVerification
import OCI
import TestSupport
import Testing

/// The program under lasting load, while its certificate and its policies change.
@Suite struct ServeSoakTests {
    /// From here on every cache is warm, and memory ought to stay as it is.
    private static let warm = 2_000
    private static let total = 10_000
    /// Growth between the two.
    private static let toleratedKiB = 8 << 10

    @Test("10,000 mixed reviews with reloads in between: none fails, memory stays, each digest is verified once")
    func soak() async throws {
        guard ServeBench.isAvailable() else { return }
        try await ServeBench.running { bench in
            let start = ContinuousClock.now
            let artifact = DemoImage(artifactType: "application/vnd.example.model.v1", content: Array("model".utf8))
            let index = DemoImage(index: [
                ("amd64", DemoImage(content: "soak", architecture: "amd64")),
                ("arm64", DemoImage(content: "soak", architecture: "arm64")),
            ])
            let model = try await Self.signed(artifact, bench)
            let platforms = try await Self.signed(index, bench)
            let content = bench.content
            let load = try ServeLoad.wrk(
                bench, Self.reviews(content, model: model.pinned, platforms: platforms.pinned), connections: 16)

            var atWarm: Int?
            var certificates = 0
            var edits = 0
            var answered = 0
            while answered < Self.total {
                // The load is what is waited for; its pace is not ours.
                try await Task.sleep(for: .milliseconds(50))
                guard load.end == nil, start.duration(to: .now) < .seconds(240) else {
                    throw BenchFailure("\(answered) answers only; wrk: \(load.output)")
                }
                answered = try await bench.metric("countersign_reviews_total")
                if atWarm == nil, answered >= Self.warm { atWarm = try bench.residentKiB() }
                // The first pair is changed before memory is looked at, since the first handshakes fill pools.
                if answered >= (certificates + 1) * 1_500, answered < Self.total {
                    try await bench.replaceCertificate(by: bench.authority)
                    certificates += 1
                    try Self.edit(bench, edits)
                    edits += 1
                    // A connection that is made now is served by the new pair.
                    #expect(try await bench.judge(content.signed.pinned).isAllowed == true)
                }
            }
            let before = try #require(atWarm)
            let after = try bench.residentKiB()
            let report = try await ServeLoad.finish(load)
            let elapsed = start.duration(to: .now)

            print("soak: \(report); \(certificates) certificates, \(edits) edits, \(elapsed)")
            print("soak: resident \(before) KiB after \(Self.warm) reviews, \(after) KiB after \(answered)")
            #expect(report.failures == 0 && report.wrong == 0, "\(report)")
            #expect(certificates >= 3, "the load ended before the certificate had changed often")
            #expect(after - before < Self.toleratedKiB, "from \(before) KiB to \(after) KiB")
            #expect(
                try await bench.metric("countersign_certificate_reloads_total", #"result="loaded""#) == certificates)
            #expect(try await bench.metric("countersign_policies_broken") == 0)

            for digest in [content.signed.digest, content.signedByTag.digest, model.digest, platforms.digest] {
                let asked = bench.proofRequests(digest)
                #expect(asked == (1, 1), "\(digest) was asked for \(asked) times")
            }
            // What does not satisfy is looked for again, but not before its time.
            let lives = CacheLimits.default
            for (digest, life) in [
                (content.unsigned.digest, lives.absenceLife), (content.tool.digest, lives.absenceLife),
                (content.otherKey.digest, lives.candidateLife),
            ] {
                let asked = bench.proofRequests(digest)
                print("soak: asked \(asked) times for proofs that do not satisfy, each good for \(life)")
                #expect(asked.referrers <= Int(elapsed / life) + 1 && asked.tag <= Int(elapsed / life) + 1)
                #expect(asked.referrers >= 1)
            }
            let resolutions = bench.registry.faults.count(target: "/\(DemoContent.application)/manifests/signed")
            #expect(resolutions >= 1)
            // Two tags begin with that name.
            #expect(resolutions <= 2 * (Int(elapsed / lives.tagLife) + 1))
        }
    }

    private static func signed(_ image: DemoImage, _ bench: ServeBench) async throws -> (pinned: String, digest: Digest)
    {
        let repository = DemoContent.application
        let digest = bench.registry.contents.put(image, in: repository)
        try await bench.registry.sign(digest, in: repository, with: bench.content.signer)
        return ("\(bench.content.host)/\(repository)@\(digest)", digest)
    }

    private static func reviews(_ content: DemoContent, model: String, platforms: String) -> [ServeLoad.Review] {
        func pod(_ images: String..., volumes: [String] = []) -> (String) -> [UInt8] {
            { DemoReview(uid: $0, object: DemoReview.Pod(images, imageVolumes: volumes)).body }
        }
        return [
            .init(.allowed, pod(content.signed.pinned)),
            .init(.allowed, pod(content.signedByTag.pinned)),
            .init(.denied, pod(content.unsigned.pinned)),
            .init(.denied, pod(content.otherKey.pinned)),
            .init(.denied, pod(content.signed.pinned, content.unsigned.pinned)),
            .init(.warned, pod(content.tool.pinned)),
            .init(.pinned, at: "mutate", pod(content.signed.reference)),
            .init(.pinned, at: "mutate", pod(content.signedByTag.reference, content.signed.pinned)),
            .init(.denied, pod(content.signed.reference)),
            .init(.allowed, pod(content.signed.pinned, volumes: [model])),
            .init(.allowed, pod(platforms)),
            .init(.allowed, { deployment(content.signed.pinned, uid: $0) }),
            .init(.denied, { deployment(content.moved.pinned, uid: $0) }),
        ]
    }

    /// An edit that changes no verdict here: another policy comes, changes and goes, and a comment is added.
    private static func edit(_ bench: ServeBench, _ count: Int) throws {
        let policy = ServeBench.applicationPolicy(bench.content).text
        try bench.folder.write("# edited \(count) times\n" + policy, to: "policies/application.yaml")
        let other = ServePolicy(
            name: "elsewhere", glob: "registry.example.com/\(count)/**", publicKeyPEM: DemoSigner().publicKeyPEM)
        try bench.folder.write(other.text, to: "policies/elsewhere.yaml")
    }

    private static func deployment(_ image: String, uid: String) -> [UInt8] {
        let type = #""group":"apps","version":"v1""#
        let containers = #"{"containers":[{"name":"main","image":"\#(image)"}]}"#
        let object = """
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"default"},\
            "spec":{"replicas":2,"selector":{"matchLabels":{"app":"web"}},\
            "template":{"metadata":{"labels":{"app":"web"}},"spec":\(containers)}}}
            """
        return Array(
            """
            {"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"\(uid)",\
            "kind":{\(type),"kind":"Deployment"},"resource":{\(type),"resource":"deployments"},"name":"web",\
            "namespace":"default","operation":"CREATE","userInfo":{"username":"demo"},"object":\(object),\
            "oldObject":null,"dryRun":false,"options":null}}
            """.utf8)
    }
}
