// SPDX-License-Identifier: Apache-2.0
import OCI
import Testing

@testable import Policy

@Suite("The judgement of one policy")
struct JudgeTests {
    enum Kind: CaseIterable, Sendable {
        case satisfied, refused, outage, outageAndRefused
    }

    /// Every list of up to three authorities: 1 + 4 + 16 + 64.
    static let combinations: [[Kind]] = (0...3).flatMap { count in
        (0..<count).reduce(into: [[Kind]()]) { lists, _ in
            lists = lists.flatMap { list in Kind.allCases.map { list + [$0] } }
        }
    }

    private let policy = ClusterImagePolicy(
        name: "sample", mode: .warn, images: [], match: [], authorities: [], documentHash: Digest(of: []))
    private let refusal = DenialReason(.noSignatures, "no signatures found")

    private func finding(_ index: Int, _ kind: Kind) -> AuthorityFinding {
        let name = "authority-\(index)"
        let outage = AtLeastOne(Outage(.unreachable, service: name, detail: "no connection"))
        let result: AuthorityFinding.Result =
            switch kind {
            case .satisfied: .satisfied(AuthorityMatch(authority: name, evidence: .staticPass, summary: ""))
            case .refused: .refused(AtLeastOne(refusal))
            case .outage: .outage(outage, also: [])
            case .outageAndRefused: .outage(outage, also: [refusal])
            }
        return AuthorityFinding(authority: name, result: result)
    }

    @Test("any satisfied authority admits, else any outage leaves it open, else it is denied", arguments: combinations)
    func truthTable(_ kinds: [Kind]) {
        let judgement = policy.judge(findings: kinds.enumerated().map { finding($0.offset, $0.element) })
        #expect(judgement.policy == "sample")
        #expect(judgement.mode == .warn)
        let satisfied = kinds.indices.filter { kinds[$0] == .satisfied }
        let out = kinds.indices.filter { kinds[$0] == .outage || kinds[$0] == .outageAndRefused }
        let refused = kinds.count { $0 == .refused || $0 == .outageAndRefused }
        switch judgement.outcome {
        case .admitted(let matches):
            #expect(!satisfied.isEmpty)
            #expect(matches.all.map(\.authority) == satisfied.map { "authority-\($0)" })
        case .undecided(let outages, let also):
            #expect(satisfied.isEmpty && !out.isEmpty)
            #expect(outages.all.map(\.service) == out.map { "authority-\($0)" })
            #expect(also.count == refused)
        case .denied(let reasons):
            #expect(satisfied.isEmpty && out.isEmpty)
            #expect(reasons.all.map(\.code) == (kinds.isEmpty ? [.noAuthorities] : kinds.map { _ in .noSignatures }))
        }
    }

    @Test("the nearest miss is told first, and equals in the order of the document")
    func nearestFirst() throws {
        let reasons = [
            DenialReason(.staticFail, "a"), DenialReason(.notYetChecked, "b"), DenialReason(.noSignatures, "c"),
            DenialReason(.noMatchingSignatures, "d"), DenialReason(.noMatchingAttestations, "e"),
        ]
        let findings = reasons.map { AuthorityFinding(authority: "x", result: .refused(AtLeastOne($0))) }
        guard case .denied(let told) = policy.judge(findings: findings).outcome else {
            Issue.record("not denied")
            return
        }
        #expect(told.all.map(\.sentence) == ["d", "e", "c", "b", "a"])
    }

    @Test("a program is not satisfied while an authority could not be asked")
    func unaskedAuthority() {
        let outage = AtLeastOne(Outage(.unreachable, service: "authority-1", detail: "no connection"))
        let judged = ClusterImagePolicy(
            name: "sample", mode: .enforce, images: [], match: [], authorities: [],
            program: PolicyProgram(language: .cue, body: .unavailable("unused")), documentHash: Digest(of: []))
        let half = [finding(0, .satisfied), finding(1, .outage)]
        #expect(judged.judge(findings: half) { _ in .satisfied }.outcome == .undecided(outage, also: []))
        #expect(judged.judge(findings: half) { _ in .refused(refusal) }.outcome == .denied(AtLeastOne(refusal)))
        for findings in [[finding(0, .satisfied)], [finding(0, .satisfied), finding(1, .refused)]] {
            guard case .admitted = judged.judge(findings: findings, program: { _ in .satisfied }).outcome else {
                Issue.record("not admitted")
                return
            }
        }
    }
}
