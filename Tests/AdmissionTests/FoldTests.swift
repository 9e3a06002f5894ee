// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import OCI
import Policy
import Testing

@testable import Admission

/// The truth table of the fold.
struct FoldTests {
    enum Expected: String, Sendable {
        case allow, warn, deny
    }

    static func ruling(_ findings: JudgedImage.Finding...) throws -> Ruling {
        let images = findings.enumerated().map {
            JudgedImage(
                reference: pinnedWeb, paths: AtLeastOne("spec.containers[\($0.offset)].image"), finding: $0.element)
        }
        return fold(.images(try #require(AtLeastOne(images))))
    }

    static func ruling(_ finding: ImageVerdict.Finding) throws -> Ruling { try ruling(verdict(finding)) }

    static func verdict(_ finding: ImageVerdict.Finding) throws -> JudgedImage.Finding {
        let reference = try ImageReference(parsing: pinnedWeb)
        return .verdict(ImageVerdict(reference: reference, image: nil, finding: finding, isCached: false))
    }

    static func expect(_ ruling: Ruling, _ expected: Expected) {
        #expect(ruling.isAllowed == (expected != .deny))
        #expect(ruling.warnings.isEmpty == (expected != .warn))
        // Nothing passes unsaid.
        #expect(!ruling.decisions.isEmpty)
    }

    static let one: [(Outcome, EnforcementMode, Expected)] = [
        (.admitted, .enforce, .allow),
        (.admitted, .warn, .allow),
        (.denied, .enforce, .deny),
        (.denied, .warn, .warn),
        (.undecided, .enforce, .deny),
        (.undecided, .warn, .warn),
    ]

    @Test("One policy: what it says, taken through its mode", arguments: one)
    func onePolicy(outcome: Outcome, mode: EnforcementMode, expected: Expected) throws {
        Self.expect(try Self.ruling(.judged(("p", mode, outcome))), expected)
    }

    @Test("Two policies: both must admit, and neither's mode weakens the other", arguments: one, one)
    func twoPolicies(
        first: (Outcome, EnforcementMode, Expected), second: (Outcome, EnforcementMode, Expected)
    ) throws {
        let ruling = try Self.ruling(.judged(("p", first.1, first.0), ("q", second.1, second.0)))
        let each = [first.2, second.2]
        #expect(ruling.isAllowed == !each.contains(.deny))
        #expect(ruling.warnings.count == each.filter { $0 == .warn }.count)
        #expect(ruling.decisions.map(\.policy) == ["p", "q"])
        if case .denied(_, let statements, _) = ruling.outcome {
            #expect(statements.all.count == each.filter { $0 == .deny }.count)
        }
    }

    @Test("Two images: one denial denies, wherever it stands", arguments: one, one)
    func twoImages(
        first: (Outcome, EnforcementMode, Expected), second: (Outcome, EnforcementMode, Expected)
    ) throws {
        let ruling = try Self.ruling(
            Self.verdict(.judged(("p", first.1, first.0))), Self.verdict(.judged(("p", second.1, second.0))))
        #expect(ruling.isAllowed == !(first.2 == .deny || second.2 == .deny))
    }

    @Test(
        "An image that no policy names gets what the operator wants then",
        arguments: [
            (NoMatchAction.deny, Expected.deny), (.warn, .warn), (.allow, .allow),
        ])
    func noMatch(action: NoMatchAction, expected: Expected) throws {
        let ruling = try Self.ruling(.noMatchingPolicy(action))
        Self.expect(ruling, expected)
        #expect(ruling.decisions.map(\.result) == ["no-match"])
    }

    static let modes: [([EnforcementMode], Expected)] = [
        ([.warn], .warn), ([.warn, .warn], .warn), ([.enforce], .deny), ([.warn, .enforce], .deny),
        ([.enforce, .warn], .deny), ([], .deny),
    ]

    @Test("What could not be resolved is a warning only where every policy warns", arguments: modes)
    func unresolved(modes: [EnforcementMode], expected: Expected) throws {
        let reason = DenialReason(.imageNotFound, "there is no such tag")
        Self.expect(try Self.ruling(.unresolved(reason, modes: modes)), expected)
    }

    @Test("An outage before any policy is a warning only where every policy warns", arguments: modes)
    func outage(modes: [EnforcementMode], expected: Expected) throws {
        let outage = Outage(.unreachable, service: "r.io", detail: "it does not answer")
        Self.expect(try Self.ruling(.outage(outage, modes: modes)), expected)
    }

    @Test(
        "A reference without digest is a warning only where every matching policy warns",
        arguments: [
            (PolicyModes.allWarn, Expected.warn), (.enforced, .deny), (.noMatch(.deny), .deny),
            (.noMatch(.warn), .deny),
            (.noMatch(.allow), .deny),
        ])
    func unpinned(modes: PolicyModes, expected: Expected) throws {
        Self.expect(try Self.ruling(.unpinned(cause: "because", modes: modes)), expected)
    }

    @Test("What is no reference is always a denial")
    func invalidReference() throws {
        Self.expect(try Self.ruling(.invalidReference("it is empty")), .deny)
    }

    @Test("A fault denies with its code")
    func fault() {
        let ruling = fold(.fault(.refused(.overloaded(retryAfterSeconds: 3))))
        guard case .denied(let code, _, let retryAfterSeconds) = ruling.outcome else {
            Issue.record("allowed")
            return
        }
        #expect(code == .overloaded)
        #expect(retryAfterSeconds == 3)
    }

    static let codes: [([JudgedImageFinding], StatusCode)] = [
        ([.time], .timeout), ([.time, .time], .timeout), ([.time, .denial], .forbidden), ([.denial], .forbidden),
        ([.unreachable], .forbidden), ([.time, .unreachable], .forbidden),
    ]

    enum JudgedImageFinding: Sendable {
        case time, unreachable, denial

        var finding: ImageVerdict.Finding {
            switch self {
            case .time: .judged(("p", .enforce, .outage(.deadline)))
            case .unreachable: .judged(("p", .enforce, .outage(.unreachable)))
            case .denial: .denied
            }
        }
    }

    @Test("504 says that nothing but time was missing; every other denial is 403", arguments: codes)
    func code(findings: [JudgedImageFinding], expected: StatusCode) throws {
        let images = try findings.map {
            JudgedImage(reference: pinnedWeb, paths: AtLeastOne("p"), finding: try Self.verdict($0.finding))
        }
        let ruling = fold(.images(try #require(AtLeastOne(images))))
        guard case .denied(let code, _, _) = ruling.outcome else {
            Issue.record("allowed")
            return
        }
        #expect(code == expected)
    }

    @Test("Every row of the decisions says who, how strictly, what and why")
    func decisions() throws {
        let ruling = try Self.ruling(
            .judged(("p", .enforce, .admitted), ("q", .warn, .denied), ("r", .enforce, .undecided)))
        #expect(
            ruling.decisions.map { "\($0.policy) \($0.mode) \($0.result) \($0.reason)" } == [
                "p enforce admitted ", "q warn denied no-signatures", "r enforce undecided unreachable",
            ])
    }
}
