// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import JSON
import OCI
import Policy
import Testing

@testable import Admission

/// `/mutate`: tags are written with their digests, and nothing is ever denied for what the world does not answer.
struct MutateTests {
    static func digest(_ manifest: String) -> String { "\(Digest(of: Array(manifest.utf8)))" }

    static let tags: [String: ScriptedVerifier.Tag] = [
        "nginx": .manifest("n"), "nginx:1.27": .manifest("n127"), "ghcr.io/a/b:v1": .manifest("b"),
        "R.io:5000/c": .manifest("c"), "down.io/x": .outage(Outage(.unreachable, service: "down.io", detail: "no")),
    ]

    static let pins: [(String, String?)] = [
        ("nginx", "index.docker.io/library/nginx:latest@\(digest("n"))"),
        ("nginx:1.27", "index.docker.io/library/nginx:1.27@\(digest("n127"))"),
        ("ghcr.io/a/b:v1", "ghcr.io/a/b:v1@\(digest("b"))"),
        ("R.io:5000/c", "R.io:5000/c:latest@\(digest("c"))"),
        (pinnedWeb, nil),
        ("nginx:1.27@\(AdmissionTests.digest)", nil),
        ("down.io/x", nil),
        ("gone", nil),
        ("r.io/NOT", nil),
    ]

    @Test("A tag gets its digest; what has one, or cannot have one, stays", arguments: pins)
    func pin(image: String, expected: String?) async {
        let reply = await review(
            Review(object: Review.pod(image)).text, at: .mutate, ScriptedVerifier(tags: Self.tags))
        #expect(reply.isAllowed == true)
        #expect(reply.uid == "u-1")
        #expect(reply.operations == expected.map { ["replace /spec/containers/0/image \($0)"] })
        if expected == nil {
            #expect(reply.response?["patch"] == nil)
            #expect(reply.response?["patchType"] == nil)
        }
    }

    @Test("Every kind of container is pinned, and an equal tag is asked for once")
    func everywhere() async {
        let object = """
            {"spec":{"initContainers":[{"image":"nginx"}],"containers":[{"image":"\(pinnedWeb)"},{"image":"nginx"}],\
            "ephemeralContainers":[{"image":"nginx:1.27"}],"volumes":[{"emptyDir":{}},{"image":{"reference":"nginx"}}]}}
            """
        let verifier = ScriptedVerifier(tags: Self.tags)
        let reply = await review(Review(object: object).text, at: .mutate, verifier)
        let latest = "index.docker.io/library/nginx:latest@\(Self.digest("n"))"
        #expect(
            reply.operations == [
                "replace /spec/initContainers/0/image \(latest)",
                "replace /spec/containers/1/image \(latest)",
                "replace /spec/ephemeralContainers/0/image index.docker.io/library/nginx:1.27@\(Self.digest("n127"))",
                "replace /spec/volumes/1/image/reference \(latest)",
            ])
        #expect(verifier.calls == ["resolve nginx", "resolve nginx:1.27"])
    }

    @Test("What is pinned, `/validate` reads as the same repository and that digest", arguments: pins)
    func roundTrip(image: String, expected: String?) throws {
        guard let expected else { return }
        let before = try ImageReference(parsing: image)
        let after = try ImageReference(parsing: expected)
        #expect(after.repository == before.repository)
        #expect(after.digest != nil)
    }

    @Test("On update only what was not there before is pinned, wherever it stood")
    func update() async {
        let review = Review.deployment(
            "UPDATE", new: Review.workload("nginx:1.27", "nginx"), old: Review.workload("nginx"))
        let verifier = ScriptedVerifier(tags: Self.tags)
        let reply = await AdmissionTests.review(review.text, at: .mutate, verifier)
        #expect(verifier.calls == ["resolve nginx:1.27"])
        #expect(reply.operations?.count == 1)
        #expect(reply.operations?.first?.hasPrefix("replace /spec/template/spec/containers/0/image ") == true)
    }

    static let left: [Review] = [
        Review(operation: "DELETE", object: nil),
        Review(group: "x.io", resource: "widgets", kind: "Widget"),
        Review(object: #"{"spec":{"containers":{}}}"#),
        Review(object: #"{"spec":{"containers":[{"image":1},{"image":"nginx"}]}}"#),
        Review(object: "[]"),
        .deployment("UPDATE", new: "{}", subresource: "scale"),
        .deployment("UPDATE", new: Review.workload("nginx"), old: Review.workload("x"), subresource: "status"),
    ]

    @Test("What cannot be read is left to `/validate`", arguments: left)
    func leaves(review: Review) async {
        let verifier = ScriptedVerifier(tags: Self.tags)
        let reply = await AdmissionTests.review(review.text, at: .mutate, verifier)
        #expect(reply.isAllowed == true)
        #expect(reply.operations == nil)
        #expect(verifier.calls.isEmpty)
    }

    @Test("A registry that hangs holds nothing up", .timeLimit(.minutes(1)))
    func hanging() async {
        let reply = await review(
            Review(object: Review.pod("nginx")).text, at: .mutate, ScriptedVerifier(hangs: true),
            deadline: .after(.milliseconds(50)))
        #expect(reply.isAllowed == true)
        #expect(reply.operations == nil)
    }

    @Test("A digest of another repository is not written down")
    func otherRepository() async {
        struct Confused: ImageVerifying {
            func verdict(
                on reference: ImageReference, for workload: WorkloadFacts?, deadline: Deadline
            ) async -> ImageVerdict {
                ImageVerdict(reference: reference, image: nil, finding: .noMatchingPolicy(.deny), isCached: false)
            }

            func resolve(
                _ reference: ImageReference, for puller: Puller?, deadline: Deadline
            ) async throws(Outage) -> ResolutionLookup {
                guard let other = try? ImageReference(parsing: "evil.io/x"),
                    let image = ResolvedImage(reference: other, manifest: [])
                else { return .notFound }
                return .resolved(image)
            }

            func modes(for reference: ImageReference, workload: WorkloadFacts?) -> PolicyModes { .enforced }
        }
        let answer = await AdmissionReviewer(verifier: Confused()).review(
            Array(Review(object: Review.pod("nginx")).text.utf8), at: .mutate, deadline: .after(.seconds(9)))
        #expect(Reply(answer).operations == nil)
    }
}
