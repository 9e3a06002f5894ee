// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import OCI
import Policy
import Testing

@testable import Admission

@Suite("In the shadow nothing is denied, and everything is said")
struct ShadowTests {
    private static func answer(
        _ text: String, _ verifier: ScriptedVerifier, _ enforcement: Enforcement,
        deadline: Deadline = .after(.seconds(30))
    ) async -> Reply {
        Reply(
            await AdmissionReviewer(
                verifier: verifier, policies: PoliciesInForce(PolicySet(policies: []))
            ).review(
                Array(text.utf8), at: enforcement == .shadow ? .shadow : .validate, deadline: deadline))
    }

    private static let denial = ImageVerdict.Finding.judged(
        AtLeastOne(
            Judgement(
                policy: "signed", mode: .enforce,
                outcome: .denied(AtLeastOne(DenialReason(.noSignatures, "no signatures found"))))))

    @Test("A denial becomes a warning with the same words, and the record tells it")
    func denial() async {
        let text = Review().text
        let enforced = await Self.answer(text, ScriptedVerifier(otherwise: Self.denial), .enforce)
        let shadowed = await Self.answer(text, ScriptedVerifier(otherwise: Self.denial), .shadow)
        #expect(enforced.isAllowed == false)
        #expect(!enforced.answer.record.isShadowed)
        #expect(shadowed.isAllowed == true)
        #expect(shadowed.answer.record.isShadowed)
        #expect(shadowed.warnings.contains { $0.contains("failed policy: signed") })
        #expect(enforced.message.contains("failed policy: signed"))
        // The decisions are those that would have been enforced: the metric counts them as denied.
        #expect(shadowed.answer.record.decisions == enforced.answer.record.decisions)
    }

    @Test("What is admitted is admitted without a word")
    func admission() async {
        let reply = await Self.answer(Review().text, ScriptedVerifier(), .shadow)
        #expect(reply.isAllowed == true)
        #expect(reply.warnings.isEmpty)
        #expect(!reply.answer.record.isShadowed)
    }

    @Test("A tag is judged as what it names now, since nothing pins it")
    func tag() async {
        let verifier = ScriptedVerifier()
        let reply = await Self.answer(Review(object: Review.pod("nginx")).text, verifier, .shadow)
        #expect(reply.isAllowed == true)
        #expect(verifier.calls == ["verdict nginx"])
        let refused = await Self.answer(Review(object: Review.pod("nginx")).text, ScriptedVerifier(), .enforce)
        #expect(refused.isAllowed == false)
    }

    @Test(
        "An outage, a reference that is none and an object that cannot be read are warned of",
        arguments: [
            Review(object: Review.pod("r.io/UPPER")).text, Review(object: "{\"spec\":{\"containers\":7}}").text,
        ])
    func faults(text: String) async {
        let enforced = await Self.answer(text, ScriptedVerifier(), .enforce)
        let shadowed = await Self.answer(text, ScriptedVerifier(), .shadow)
        #expect(enforced.isAllowed == false)
        #expect(shadowed.isAllowed == true)
        #expect(!shadowed.warnings.isEmpty)
        #expect(shadowed.answer.record.isShadowed)
    }

    @Test("A body without uid is no review, in the shadow too")
    func noReview() async {
        let reply = await Self.answer("{}", ScriptedVerifier(), .shadow)
        #expect(reply.answer.httpStatus == 400)
        #expect(!reply.answer.record.isAllowed)
    }
}
