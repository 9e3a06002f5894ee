import OCI
import Policy
import Sigstore
import Synchronization

@testable import Admission
// SPDX-License-Identifier: Apache-2.0
@testable import ImageVerification

/// A verifier that says what a test wrote down, and remembers what it was asked.
final class ScriptedVerifier: ImageVerifying {
    enum Tag: Sendable {
        /// Resolves to the digest of these bytes.
        case manifest(String)
        case notFound
        case outage(Outage)
    }

    private let findings: [String: ImageVerdict.Finding]
    private let fallback: ImageVerdict.Finding
    private let tags: [String: Tag]
    private let policyModes: PolicyModes
    /// Answers nothing until it is cancelled.
    let hangs: Bool
    private let asked = Mutex<[String]>([])
    private let workload = Mutex<WorkloadFacts?>(nil)
    private let puller = Mutex<Puller?>(nil)

    init(
        _ findings: [String: ImageVerdict.Finding] = [:], otherwise: ImageVerdict.Finding = .admitted,
        tags: [String: Tag] = [:], modes: PolicyModes = .enforced, hangs: Bool = false
    ) {
        self.findings = findings
        fallback = otherwise
        self.tags = tags
        policyModes = modes
        self.hangs = hangs
    }

    /// `verdict nginx@…`, `resolve nginx`; sorted, since the calls run side by side.
    var calls: [String] { asked.withLock { $0.sorted() } }
    var lastWorkload: WorkloadFacts? { workload.withLock { $0 } }
    /// Of the last resolution.
    var lastPuller: Puller? { puller.withLock { $0 } }

    func verdict(
        on reference: ImageReference, for workload: WorkloadFacts?, deadline: Deadline
    ) async -> ImageVerdict {
        asked.withLock { $0.append("verdict \(reference.asWritten)") }
        self.workload.withLock { $0 = workload }
        var finding = findings[reference.asWritten] ?? fallback
        if hangs {
            try? await Task.sleep(for: .seconds(60))
            let modes: [EnforcementMode] = policyModes == .allWarn ? [.warn] : [.enforce]
            finding = .outage(Outage(.deadline, service: "r.io", detail: "no answer in time"), modes: modes)
        }
        return ImageVerdict(
            reference: reference, image: ResolvedImage(pinned: reference), finding: finding, isCached: false)
    }

    func resolve(
        _ reference: ImageReference, for puller: Puller?, deadline: Deadline
    ) async throws(Outage) -> ResolutionLookup {
        self.puller.withLock { $0 = puller }
        asked.withLock { $0.append("resolve \(reference.asWritten)") }
        if hangs {
            try? await Task.sleep(for: .seconds(60))
            throw Outage(.deadline, service: "r.io", detail: "no answer in time")
        }
        return try lookup(reference)
    }

    func finding(on reference: ImageReference) -> ImageVerdict.Finding {
        findings[reference.asWritten] ?? fallback
    }

    func lookup(_ reference: ImageReference) throws(Outage) -> ResolutionLookup {
        switch tags[reference.asWritten] ?? .notFound {
        case .manifest(let bytes):
            guard let image = ResolvedImage(reference: reference, manifest: Array(bytes.utf8)) else { return .notFound }
            return .resolved(image)
        case .notFound: return .notFound
        case .outage(let outage): throw outage
        }
    }

    func modes(for reference: ImageReference, workload: WorkloadFacts?) -> PolicyModes { policyModes }
}

/// One that has heard all of a script before.
struct RememberingVerifier: ImageVerifying {
    let script: ScriptedVerifier

    func remembered(
        on references: [ImageReference], for workload: WorkloadFacts?, atMost most: Int
    ) -> RememberedVerdicts? {
        var verdicts: [ImageVerdict] = []
        for reference in references {
            guard let image = rememberedImage(reference, for: workload?.puller) else { return nil }
            verdicts.append(
                ImageVerdict(
                    reference: reference, image: reference.digest == nil ? nil : image,
                    finding: script.finding(on: reference), isCached: false))
        }
        return RememberedVerdicts(
            verdicts: verdicts,
            terms: VerdictTerms(
                policies: 0, trust: TrustMaterial.none.generation, shown: [], end: .now.advanced(by: .seconds(60))))
    }

    func holds(_ terms: VerdictTerms) -> Bool { true }

    func rememberedImage(_ reference: ImageReference, for puller: Puller?) -> ResolvedImage? {
        if let pinned = ResolvedImage(pinned: reference) { return pinned }
        guard case .resolved(let image)? = try? script.lookup(reference) else { return nil }
        return image
    }

    func verdict(
        on reference: ImageReference, for workload: WorkloadFacts?, deadline: Deadline
    ) async -> ImageVerdict {
        await script.verdict(on: reference, for: workload, deadline: deadline)
    }

    func resolve(
        _ reference: ImageReference, for puller: Puller?, deadline: Deadline
    ) async throws(Outage) -> ResolutionLookup {
        try await script.resolve(reference, for: puller, deadline: deadline)
    }

    func modes(for reference: ImageReference, workload: WorkloadFacts?) -> PolicyModes {
        script.modes(for: reference, workload: workload)
    }
}

extension Outcome {
    static let admitted = Outcome.admitted(
        AtLeastOne(AuthorityMatch(authority: "authority-0", evidence: .staticPass, summary: "a key")))
    static let denied = Outcome.denied(AtLeastOne(DenialReason(.noSignatures, "no signatures found")))
    static let undecided = outage(.unreachable)

    static func outage(_ kind: Outage.Kind) -> Outcome {
        .undecided(AtLeastOne(Outage(kind, service: "r.io", detail: "it does not answer")), also: [])
    }
}

extension ImageVerdict.Finding {
    static let admitted = judged(("p", .enforce, .admitted))
    static let denied = judged(("p", .enforce, .denied))

    static func judged(
        _ first: (String, EnforcementMode, Outcome), _ rest: (String, EnforcementMode, Outcome)...
    ) -> ImageVerdict.Finding {
        .judged(
            AtLeastOne(
                Judgement(policy: first.0, mode: first.1, outcome: first.2),
                rest.map { Judgement(policy: $0.0, mode: $0.1, outcome: $0.2) }))
    }
}
