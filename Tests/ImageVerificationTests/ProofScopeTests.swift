// SPDX-License-Identifier: Apache-2.0
import OCI
import Policy
import Sigstore
import Synchronization
import Testing

@testable import ImageVerification

/// What is likely is looked at first; what a list says may cost a second look and never a verdict.
@Suite("Two looks")
struct ProofScopeTests {
    private let notary = Notary()
    private let image = reference("app", digest: digest("image"))
    private let deadline = Deadline.after(.seconds(60))
    private let materials = "https://cyclonedx.org/bom"

    private func signed(_ name: String = "signed", program: PolicyProgram? = nil) throws -> ClusterImagePolicy {
        try policy([Authority(name: "key", check: .signer(try notary.options()))], name: name, program: program)
    }

    private func attested(_ types: String..., requiresSignature: Bool = false) throws -> ClusterImagePolicy {
        try policy([
            Authority(
                name: "key", check: .signer(try notary.options()),
                attestations: types.map { AttestationRequirement(name: $0, predicateType: $0) },
                requiresSignature: requiresSignature)
        ])
    }

    private func outcome(_ verdict: ImageVerdict) -> Outcome? {
        if case .judged(let judgements) = verdict.finding { judgements.first.outcome } else { nil }
    }

    private func isAdmitted(_ verdict: ImageVerdict) -> Bool {
        if case .admitted? = outcome(verdict) { true } else { false }
    }

    private func words(_ verdict: ImageVerdict) -> [String] {
        if case .denied(let reasons)? = outcome(verdict) { reasons.all.map(\.sentence) } else { [] }
    }

    @Test("What a list says includes the wanted types in every spelling, and whatever has no type")
    func likelyProofs() throws {
        let custom = LikelyProofs(
            predicateTypes: AtLeastOne(PredicateType.uri("custom"), [PredicateType.uri("cyclonedx")]))
        for (listed, isIncluded) in [
            (nil, true), ("", true), ("https://cosign.sigstore.dev/attestation/v1", true),
            ("cosign.sigstore.dev/attestation/v1", true), ("https://cyclonedx.org/bom", true),
            ("https://cyclonedx.org/BOM", false), ("https://cyclonedx.org/bom/", false),
            ("https://sigstore.dev/cosign/sign/v1", false),
        ] as [(String?, Bool)] {
            #expect(custom.includes(listed: listed) == isIncluded, "\(listed ?? "none")")
        }
        #expect(LikelyProofs.signatures.includes(listed: "https://sigstore.dev/cosign/sign/v1"))
        #expect(!LikelyProofs.signatures.includes(listed: materials))
        let turned = LikelyProofs(
            predicateTypes: AtLeastOne(PredicateType.uri("cyclonedx"), [PredicateType.uri("custom")]))
        #expect(turned == custom)
    }

    @Test("What suffices ends the search, whatever was left out")
    func oneLook() async throws {
        let source = ScriptedSource()
        let (signature, other) = (
            try notary.signature(of: digest("image")), try notary.attestation(of: digest("image"), materials)
        )
        source.state.withLock { state in
            state.proofs[digest("image")] = [signature]
            state.unlikely[digest("image")] = [other]
            state.outageOfAll = Outage(.malfunction, service: "registry.example.com", detail: "never asked")
        }
        try await verifying(source, [try signed()]) { verifier in
            #expect(isAdmitted(await verifier.verdict(on: image, for: nil, deadline: deadline)))
            #expect(source.state.withLock { $0.scopes } == [.likely(.signatures)])
        }
    }

    @Test("A wrong list costs a second look, and the proof that it hid admits")
    func secondLook() async throws {
        let source = ScriptedSource()
        let attestation = try notary.attestation(of: digest("image"), materials)
        source.state.withLock { $0.unlikely[digest("image")] = [attestation] }
        try await verifying(source, [try attested(materials)]) { verifier in
            #expect(isAdmitted(await verifier.verdict(on: image, for: nil, deadline: deadline)))
            let likely = ProofScope.likely(LikelyProofs(predicateTypes: AtLeastOne(materials)))
            #expect(source.state.withLock { $0.scopes } == [likely, .all])
        }
    }

    @Test("A denial is told in the words of all that there is, and asks for it once")
    func denial() async throws {
        let source = ScriptedSource()
        let other = try notary.attestation(of: digest("image"), "https://example.com/other")
        source.state.withLock { $0.unlikely[digest("image")] = [other] }
        var said: [[String]] = []
        for looksAtAll in [false, true] {
            try await verifying(source, [try attested(materials)], looksAtAll: looksAtAll) { verifier in
                let verdict = await verifier.verdict(on: image, for: nil, deadline: deadline)
                told.withLock { $0.append(words(verdict)) }
            }
            said = told.withLock { $0 }
        }
        #expect(said.count == 2 && said[0] == said[1])
        #expect(said[0].first?.contains("checked the following predicateTypes: \"https://example.com/other\"") == true)
        let scopes = source.state.withLock { $0.scopes }
        // The likely ones, all, and the tag for bills of materials; then all at once.
        #expect(scopes.count == 5 && scopes.dropFirst().allSatisfy { $0 == .all }, "\(scopes)")
    }

    private let told = Told()

    private final class Told: Sendable {
        private let words = Mutex<[[String]]>([])

        func withLock<R: Sendable>(_ body: (inout [[String]]) -> R) -> R { words.withLock { body(&$0) } }
    }

    @Test("Where the second look fails it is undecided, and never denied")
    func outage() async throws {
        let source = ScriptedSource()
        let attestation = try notary.attestation(of: digest("image"), materials)
        let outage = Outage(.malfunction, service: "registry.example.com", detail: "answered 500")
        source.state.withLock { state in
            state.unlikely[digest("image")] = [attestation]
            state.outageOfAll = outage
        }
        try await verifying(source, [try attested(materials)]) { verifier in
            guard
                case .undecided(let outages, _)? = outcome(
                    await verifier.verdict(on: image, for: nil, deadline: deadline))
            else {
                Issue.record("decided")
                return
            }
            #expect(outages.all == [outage])
        }
    }

    @Test("Whoever reports what there is looks at all at once")
    func looksAtAll() async throws {
        let source = ScriptedSource()
        let (signature, other) = (
            try notary.signature(of: digest("image")), try notary.signature(of: digest("image"))
        )
        source.state.withLock { state in
            state.proofs[digest("image")] = [signature]
            state.unlikely[digest("image")] = [other]
        }
        try await verifying(source, [try signed()], looksAtAll: true) { verifier in
            let verdict = await verifier.verdict(on: image, for: nil, deadline: deadline)
            guard case .admitted(let matches)? = outcome(verdict) else {
                Issue.record("not admitted")
                return
            }
            #expect(matches.first.signatures.count == 2)
            #expect(source.state.withLock { $0.scopes } == [.all])
        }
    }

    @Test("All that there is answers a narrower question too, and the other way round it does not")
    func listings() async throws {
        for isWholeFirst in [true, false] {
            let source = ScriptedSource()
            let (signature, other) = (
                try notary.signature(of: digest("image")), try notary.attestation(of: digest("image"), materials)
            )
            source.state.withLock { state in
                state.proofs[digest("image")] = [signature]
                state.unlikely[digest("image")] = [other]
            }
            let work = SharedWork()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await work.run() }
                let store = EvidenceStore(source: source, trust: TrustInForce(.none), work: work)
                let image = try #require(ResolvedImage(pinned: image))
                let place = ReadablePlace(place: ProofPlace(repository: image.repository), shown: .none)
                let scopes: [ProofScope] = [.all, .likely(.signatures)]
                for scope in isWholeFirst ? scopes : scopes.reversed() {
                    _ = try await store.proofs(of: image, kind: .signature, scope: scope, at: place)
                }
                #expect(source.listings == (isWholeFirst ? 1 : 2))
                work.finish()
                group.cancelAll()
            }
        }
    }
}
