// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import JSON
import OCI
import Policy
import Testing

@testable import Admission

/// `/validate`, from bytes to bytes.
struct ValidateTests {
    @Test("A Pod whose image is admitted is allowed, and a denied twin is not")
    func verdicts() async {
        let admitted = await review(Review().text)
        #expect(admitted.isAllowed == true)
        #expect(admitted.uid == "u-1")
        #expect(admitted.response?["status"] == nil)
        #expect(admitted.warnings.isEmpty)

        let denied = await review(Review().text, ScriptedVerifier(otherwise: .denied))
        #expect(denied.isAllowed == false)
        #expect(denied.uid == "u-1")
        #expect(denied.answer.httpStatus == 200)
        #expect(denied.code == 403)
        #expect(denied.reason == "Forbidden")
        #expect(
            denied.message
                == "validation failed: failed policy: p: spec.containers[0].image\n\(pinnedWeb) no signatures found")
        #expect(denied.answer.record.code == 403)
    }

    @Test("Equal images are judged once, and named together")
    func distinct() async {
        let object = """
            {"spec":{"initContainers":[{"image":"\(pinnedWeb)"}],"containers":[{"image":"\(pinnedWeb)"},\
            {"image":"\(pinnedAPI)"}]}}
            """
        let verifier = ScriptedVerifier(otherwise: .denied)
        let reply = await review(Review(object: object).text, verifier)
        #expect(verifier.calls == ["verdict \(pinnedAPI)", "verdict \(pinnedWeb)"])
        #expect(
            reply.message.hasPrefix(
                "validation failed: failed policy: p: spec.containers[0].image, spec.initContainers[0].image\n"))
        #expect(reply.message.contains("\nfailed policy: p: spec.containers[1].image\n\(pinnedAPI) "))
    }

    @Test("Order is the object's, whoever answers first", arguments: 0..<3)
    func order(round: Int) async {
        let images = (0..<60).map { "r.io/i\($0)@\(digest)" }
        let object = "{\"spec\":{\"containers\":\(Review.containers(images))}}"
        let reply = await review(Review(object: object).text, ScriptedVerifier(otherwise: .denied))
        #expect(reply.answer.record.decisions.map(\.image) == images)
    }

    @Test("Policies are asked about the workload that was sent")
    func facts() async {
        let verifier = ScriptedVerifier()
        let object = Review.workload(pinnedWeb, metadata: #"{"name":"api","labels":{"app":"web","x":""}}"#)
        _ = await review(Review.deployment(new: object).text, verifier)
        let workload = verifier.lastWorkload
        #expect(
            [workload?.group, workload?.version, workload?.resource] == ["apps", "v1", "deployments"])
        #expect(workload?.labels == ["app": "web", "x": ""])
        #expect(workload?.object?.specification?.isEmpty == false)
        #expect(workload?.object?.metadata?.isEmpty == false)
    }

    @Test(
        "Labels that are no labels are refused, as a policy could hang on them",
        arguments: [#"{"labels":[]}"#, #"{"labels":{"a":1}}"#, "7"])
    func labels(metadata: String) async {
        let reply = await review(Review(object: Review.pod(pinnedWeb, metadata: metadata)).text)
        #expect(reply.isAllowed == false)
        #expect(reply.code == 400)
    }

    @Test("A warning policy's denial is a line for the headline and one for each reason")
    func warning() async {
        let reply = await review(
            Review().text, ScriptedVerifier(otherwise: .judged(("w", .warn, .denied), ("p", .enforce, .admitted))))
        #expect(reply.isAllowed == true)
        #expect(
            reply.warnings == ["failed policy: w: spec.containers[0].image", "\(pinnedWeb) no signatures found"])
        #expect(reply.response?["auditAnnotations"]?["decision"]?.string == "warned")
        #expect(reply.response?["auditAnnotations"]?["warned-policies"]?.string == "w")
    }

    @Test("A denial keeps the warnings of other policies apart")
    func denialAndWarning() async {
        let reply = await review(
            Review().text, ScriptedVerifier(otherwise: .judged(("p", .enforce, .denied), ("w", .warn, .undecided))))
        #expect(reply.isAllowed == false)
        #expect(reply.message.contains("failed policy: p: "))
        #expect(!reply.message.contains("failed policy: w"))
        #expect(reply.warnings.first == "failed policy: w: spec.containers[0].image")
    }

    @Test("An outage is told as such, and how it ends")
    func outage() async {
        let reply = await review(
            Review().text, ScriptedVerifier(otherwise: .judged(("p", .enforce, .undecided))))
        #expect(reply.code == 403)
        #expect(
            reply.message.contains(
                "could not be decided: r.io: it does not answer; nothing is admitted until it answers"))
    }

    @Test("No matching policy has the words that scripts look for", arguments: [NoMatchAction.deny, .warn])
    func noMatch(action: NoMatchAction) async {
        let reply = await review(Review().text, ScriptedVerifier(otherwise: .noMatchingPolicy(action)))
        let headline = "no matching policies: spec.containers[0].image"
        #expect(reply.isAllowed == (action == .warn))
        #expect(reply.message.hasPrefix("validation failed: \(headline)\n\(pinnedWeb) ") == (action == .deny))
        #expect(reply.warnings.contains(headline) == (action == .warn))
    }

    // MARK: Tags

    static let causes: [(ScriptedVerifier.Tag, String)] = [
        (.manifest("m"), "it was not pinned"),
        (.notFound, "the registry has no such image"),
        (.outage(Outage(.rateLimited, service: "r.io", detail: "429")), "could not be pinned: r.io: 429"),
    ]

    @Test("A tag is denied with the cause, in every kind", arguments: causes)
    func tag(tag: ScriptedVerifier.Tag, cause: String) async {
        for review in [Review(object: Review.pod("nginx")), .deployment(new: Review.workload("nginx"))] {
            let verifier = ScriptedVerifier(tags: ["nginx": tag])
            let reply = await AdmissionTests.review(review.text, verifier)
            #expect(reply.isAllowed == false)
            #expect(reply.code == 403)
            #expect(reply.message.contains("invalid value: nginx must be an image digest: spec."))
            #expect(reply.message.contains(cause))
            #expect(verifier.calls == ["resolve nginx"])
            #expect(reply.answer.record.decisions.map(\.reason) == ["not-a-digest"])
        }
    }

    @Test("A tag in an ephemeral container and in an image volume is denied too")
    func tagElsewhere() async {
        let object = """
            {"spec":{"containers":[],"ephemeralContainers":[{"image":"busybox:1"}],\
            "volumes":[{"image":{"reference":"r.io/model:7b"}}]}}
            """
        let reply = await review(Review(object: object).text)
        #expect(reply.message.contains("busybox:1 must be an image digest: spec.ephemeralContainers[0].image"))
        #expect(reply.message.contains("r.io/model:7b must be an image digest: spec.volumes[0].image.reference"))
    }

    @Test(
        "A tag is a warning only where every matching policy warns",
        arguments: [
            (PolicyModes.allWarn, true), (.enforced, false), (.noMatch(.allow), false),
        ])
    func tagModes(modes: PolicyModes, isAllowed: Bool) async {
        let reply = await review(Review(object: Review.pod("nginx")).text, ScriptedVerifier(modes: modes))
        #expect(reply.isAllowed == isAllowed)
        #expect(reply.warnings.isEmpty == !isAllowed)
    }

    /// A verifier without registry whose modes are those of real policies.
    private struct PolicyVerifier: ImageVerifying {
        let set: PolicySet

        func verdict(
            on reference: ImageReference, for workload: WorkloadFacts?, deadline: Deadline
        ) async -> ImageVerdict {
            ImageVerdict(
                reference: reference, image: nil, finding: .outage(Self.unreachable, modes: [.enforce]), isCached: false
            )
        }

        func resolve(
            _ reference: ImageReference, for puller: Puller?, deadline: Deadline
        ) async throws(Outage) -> ResolutionLookup {
            throw Self.unreachable
        }

        func modes(for reference: ImageReference, workload: WorkloadFacts?) -> PolicyModes {
            let modes = set.modesOfAnyDigest(of: reference, workload: workload)
            if modes.isEmpty { return .noMatch(.allow) }
            return modes.allSatisfy { $0 == .warn } ? .allWarn : .enforced
        }

        private static let unreachable = Outage(.unreachable, service: "r.io", detail: "it does not answer")
    }

    @Test(
        "Whether a tag is a warning hangs on the policies of what it may become, not of the tag",
        arguments: [
            ([("r.io/acme/**", EnforcementMode.warn)], true),
            ([("r.io/acme/**", .warn), ("r.io/acme/app@*", .enforce)], false),
            ([("r.io/acme/**", .warn), ("r.io/acme/other@*", .enforce)], true),
            ([("r.io/acme/app:v1", .warn)], false),
        ])
    func tagOfPolicies(rules: [(String, EnforcementMode)], isAllowed: Bool) async throws {
        let policies = try rules.enumerated().map { index, rule in
            ClusterImagePolicy(
                name: "p\(index)", mode: rule.1, images: [try Glob(rule.0)], match: [], authorities: [],
                documentHash: Digest(of: [UInt8(index)]))
        }
        let reviewer = AdmissionReviewer(verifier: PolicyVerifier(set: PolicySet(policies: policies)))
        let text = Review(object: Review.pod("r.io/acme/app:v1")).text
        let reply = Reply(await reviewer.review(Array(text.utf8), at: .validate, deadline: .after(.seconds(30))))
        #expect(reply.isAllowed == isAllowed)
        #expect(reply.warnings.isEmpty == !isAllowed)
    }

    @Test(
        "A tag that nobody had time to ask about is denied where no policy names it", arguments: NoMatchAction.allCases)
    func lateTag(action: NoMatchAction) async {
        let verifier = ScriptedVerifier(modes: .noMatch(action))
        let reply = await review(Review(object: Review.pod("nginx")).text, verifier, deadline: Deadline(.now))
        #expect(reply.isAllowed == false)
        #expect(verifier.calls.isEmpty)
    }

    @Test("A command line that only tells has tags judged")
    func tagsResolved() async {
        let verifier = ScriptedVerifier()
        let reply = await review(Review(object: Review.pod("nginx")).text, verifier, tags: .resolved)
        #expect(reply.isAllowed == true)
        #expect(verifier.calls == ["verdict nginx"])
    }

    @Test(
        "What is no reference is denied with the rule that it breaks",
        arguments: ["", "r.io/UPPER", "a b", "-", "r.io/a@sha256:12"])
    func invalidReference(text: String) async {
        let verifier = ScriptedVerifier(modes: .allWarn)
        let reply = await review(Review(object: Review.pod(text)).text, verifier)
        #expect(reply.isAllowed == false)
        #expect(reply.message.contains("could not parse reference: \(text): spec.containers[0].image"))
        #expect(verifier.calls.isEmpty)
    }

    // MARK: Time

    @Test("At the deadline the answer is ours, and in time", .timeLimit(.minutes(1)))
    func deadline() async {
        let started = ContinuousClock.now
        let reply = await review(
            Review(object: Review.pod(pinnedWeb, "nginx")).text, ScriptedVerifier(hangs: true),
            deadline: .after(.milliseconds(300)))
        #expect(started.duration(to: .now) < .seconds(20))
        #expect(reply.isAllowed == false)
        #expect(reply.uid == "u-1")
        // Asked and cancelled, or, on a machine this busy, not asked any more.
        #expect(reply.message.contains("no answer in time") || reply.message.contains("was over"))
        #expect(reply.answer.record.decisions.map(\.result) == ["undecided", "denied"])
    }

    @Test(
        "What nobody had time to ask is undecided, through its policies' modes",
        arguments: [
            (PolicyModes.enforced, Int64?.some(504), 0), (.allWarn, nil, 2), (.noMatch(.deny), 403, 0),
            (.noMatch(.warn), nil, 2), (.noMatch(.allow), nil, 0),
        ])
    func late(modes: PolicyModes, code: Int64?, warnings: Int) async {
        let verifier = ScriptedVerifier(modes: modes)
        let reply = await review(Review().text, verifier, deadline: Deadline(.now))
        #expect(reply.code == code)
        #expect(reply.isAllowed == (code == nil))
        #expect(reply.warnings.count == warnings)
        #expect(verifier.calls.isEmpty)
        if code == 504 { #expect(reply.reason == "Timeout") }
    }

    @Test("A caller that goes away leaves nothing hanging", .timeLimit(.minutes(1)))
    func cancelled() async {
        let reply = await withTaskGroup(of: Reply.self) { group in
            group.addTask {
                await review(Review().text, ScriptedVerifier(hangs: true), deadline: .after(.seconds(50)))
            }
            group.cancelAll()
            return await group.next()
        }
        #expect(reply?.isAllowed == false)
    }
}
