// SPDX-License-Identifier: Apache-2.0
import Demo
import FoundationEssentials
import ImageVerification
import OCI
import Policy
import Sigstore
import Synchronization
import Testing

@Suite("One image under its policies")
struct ImageVerifierTests {
    private let notary = Notary()
    private let image = reference("app", digest: digest("image"))

    private func key(_ notary: Notary, attestations: [AttestationRequirement] = []) throws -> Authority {
        Authority(name: "key", check: .signer(try notary.options()), attestations: attestations)
    }

    private func outcome(_ verdict: ImageVerdict) throws -> Outcome {
        guard case .judged(let judgements) = verdict.finding else {
            Issue.record("not judged: \(verdict.finding)")
            throw Outage(.malfunction, service: "test", detail: "not judged")
        }
        return judgements.first.outcome
    }

    private func codes(_ outcome: Outcome) -> [DenialReason.Code] {
        if case .denied(let reasons) = outcome { reasons.all.map(\.code) } else { [] }
    }

    private func deadline() -> Deadline { .after(.seconds(60)) }

    @Test("a signature by the policy's key admits, and one by another key does not")
    func signedAndForeign() async throws {
        let source = ScriptedSource()
        let stranger = Notary()
        source.state.withLock { [notary] state in
            state.proofs[digest("image")] = [try? notary.signature(of: digest("image"))].compactMap { $0 }
            state.proofs[digest("foreign")] = [try? stranger.signature(of: digest("foreign"))].compactMap { $0 }
        }
        try await verifying(source, [try policy([key(notary)])]) { verifier in
            let signed = try outcome(await verifier.verdict(on: image, for: nil, deadline: deadline()))
            guard case .admitted = signed else { throw Unexpected(signed) }
            let other = reference("app", digest: digest("foreign"))
            let foreign = try outcome(await verifier.verdict(on: other, for: nil, deadline: deadline()))
            #expect(codes(foreign) == [.noMatchingSignatures])
        }
    }

    @Test("a signature that was copied from another image denies")
    func copied() async throws {
        let source = ScriptedSource()
        let copy = try notary.signature(of: digest("another"))
        source.state.withLock { $0.proofs[digest("image")] = [copy] }
        try await verifying(source, [try policy([key(notary)])]) { verifier in
            let found = try outcome(await verifier.verdict(on: image, for: nil, deadline: deadline()))
            #expect(codes(found) == [.noMatchingSignatures])
        }
    }

    @Test("no proof denies, and an outage leaves it undecided: never the other way round")
    func absenceIsNotOutage() async throws {
        let source = ScriptedSource()
        let outage = Outage(.malfunction, service: "registry.example.com", detail: "answered 500")
        try await verifying(source, [try policy([key(notary)])]) { verifier in
            let absent = try outcome(await verifier.verdict(on: image, for: nil, deadline: deadline()))
            #expect(codes(absent) == [.noSignatures])
            source.state.withLock { $0.outage = outage }
            let other = reference("app", digest: digest("unseen"))
            let unknown = try outcome(await verifier.verdict(on: other, for: nil, deadline: deadline()))
            #expect(unknown == .undecided(AtLeastOne(outage), also: []))
        }
    }

    @Test("what sufficed once is not listed again, not even in an outage; what did not is")
    func remembersWhatSuffices() async throws {
        let source = ScriptedSource()
        let good = try notary.signature(of: digest("image"))
        source.state.withLock { $0.proofs[digest("image")] = [good] }
        var limits = CacheLimits.default
        limits.candidateLife = .zero
        limits.absenceLife = .zero
        try await verifying(source, [try policy([key(notary)])], limits: limits) { verifier in
            for _ in 0..<10 { _ = await verifier.verdict(on: image, for: nil, deadline: deadline()) }
            #expect(source.listings == 1)
            source.state.withLock { $0.outage = Outage(.unreachable, service: "registry.example.com", detail: "gone") }
            let cached = await verifier.verdict(on: image, for: nil, deadline: deadline())
            guard case .admitted = try outcome(cached) else { throw Unexpected(try outcome(cached)) }
            #expect(cached.isCached)
            let unsigned = reference("app", digest: digest("unsigned"))
            for _ in 0..<3 { _ = await verifier.verdict(on: unsigned, for: nil, deadline: deadline()) }
            #expect(source.listings == 4)
        }
    }

    @Test("candidates that do not satisfy are listed anew, so that a new signature is found")
    func listsAnew() async throws {
        let source = ScriptedSource()
        let foreign = try Notary().signature(of: digest("image"))
        let good = try notary.signature(of: digest("image"))
        source.state.withLock { $0.proofs[digest("image")] = [foreign] }
        var limits = CacheLimits.default
        limits.candidateLife = .zero
        try await verifying(source, [try policy([key(notary)])], limits: limits) { verifier in
            let before = try outcome(await verifier.verdict(on: image, for: nil, deadline: deadline()))
            #expect(codes(before) == [.noMatchingSignatures])
            source.state.withLock { $0.proofs[digest("image")] = [foreign, good] }
            let after = try outcome(await verifier.verdict(on: image, for: nil, deadline: deadline()))
            guard case .admitted = after else { throw Unexpected(after) }
        }
    }

    @Test("nothing learned with one credential answers for another")
    func credentialsAreApart() async throws {
        let source = ScriptedSource()
        let good = try notary.signature(of: digest("image"))
        source.state.withLock { $0.proofs[digest("image")] = [good] }
        try await verifying(source, [try policy([key(notary)])]) { verifier in
            _ = await verifier.verdict(on: image, for: nil, deadline: deadline())
            source.state.withLock { state in
                state.credential = "somebody else"
                state.outage = Outage(.unauthorized, service: "registry.example.com", detail: "answered 401")
            }
            guard case .undecided = try outcome(await verifier.verdict(on: image, for: nil, deadline: deadline()))
            else { throw Unexpected(.denied(AtLeastOne(DenialReason(.noSignatures, "")))) }
        }
    }

    @Test("a moved tag is judged by the digest that it names now, and a tag that is gone denies")
    func movedTag() async throws {
        let source = ScriptedSource()
        let good = try notary.signature(of: digest("image"))
        source.state.withLock { state in
            state.proofs[digest("image")] = [good]
            state.tags["v1"] = digest("image")
        }
        var limits = CacheLimits.default
        limits.tagLife = .zero
        try await verifying(source, [try policy([key(notary)])], limits: limits) { verifier in
            let tagged = reference("app", tag: "v1")
            guard case .admitted = try outcome(await verifier.verdict(on: tagged, for: nil, deadline: deadline()))
            else { throw Unexpected(.denied(AtLeastOne(DenialReason(.noSignatures, "")))) }
            source.state.withLock { $0.tags["v1"] = digest("unsigned") }
            let moved = try outcome(await verifier.verdict(on: tagged, for: nil, deadline: deadline()))
            #expect(codes(moved) == [.noSignatures])
            source.state.withLock { $0.tags["v1"] = nil }
            let gone = await verifier.verdict(on: tagged, for: nil, deadline: deadline())
            guard case .unresolved(let reason, let modes) = gone.finding else { throw Unexpected(moved) }
            #expect(reason.code == .imageNotFound)
            #expect(modes == [.enforce])
        }
    }

    @Test("an attestation of the required type admits; of another type, or of a stranger, it does not")
    func attestations() async throws {
        let source = ScriptedSource()
        let statement = DemoStatement.attestation(
            of: digest("image"), repository: "registry.example.com/app", predicateType: "https://spdx.dev/Document",
            predicate: Array("{}".utf8))
        let good = notary.bundle(try notary.signer.bundle(statement))
        let foreign = notary.bundle(try DemoSigner().bundle(statement))
        source.state.withLock { $0.proofs[digest("image")] = [foreign] }
        var limits = CacheLimits.default
        limits.candidateLife = .zero
        let spdx = AttestationRequirement(name: "sbom", predicateType: "https://spdx.dev/Document")
        let vex = AttestationRequirement(name: "vex", predicateType: "https://openvex.dev/ns")
        try await verifying(source, [try policy([key(notary, attestations: [spdx])])], limits: limits) { verifier in
            let stranger = try outcome(await verifier.verdict(on: image, for: nil, deadline: deadline()))
            #expect(codes(stranger) == [.noMatchingAttestations])
            source.state.withLock { $0.proofs[digest("image")] = [foreign, good] }
            let attested = try outcome(await verifier.verdict(on: image, for: nil, deadline: deadline()))
            guard case .admitted(let matches) = attested else { throw Unexpected(attested) }
            #expect(matches.first.notes.contains { $0.contains("signature-not-checked") })
        }
        try await verifying(source, [try policy([key(notary, attestations: [spdx, vex])])]) { verifier in
            let both = try outcome(await verifier.verdict(on: image, for: nil, deadline: deadline()))
            #expect(codes(both) == [.noMatchingAttestations], "one of two requirements is not enough")
        }
    }

    @Test("every attestation of a required type is evidence, each once, and none of another type")
    func allAttestations() async throws {
        let source = ScriptedSource()
        func attestation(_ type: String, _ predicate: String) throws -> UnverifiedBundle {
            notary.bundle(
                try notary.signer.bundle(
                    DemoStatement.attestation(
                        of: digest("image"), repository: "registry.example.com/app", predicateType: type,
                        predicate: Array(predicate.utf8))))
        }
        let spdx = AttestationRequirement(name: "sbom", predicateType: "https://spdx.dev/Document")
        let again = AttestationRequirement(name: "again", predicateType: "https://spdx.dev/Document")
        let one = try attestation(spdx.predicateType, #"{"a":1}"#)
        let two = try attestation(spdx.predicateType, #"{"a":2}"#)
        let other = try attestation("https://openvex.dev/ns", "{}")
        let foreign = try DemoSigner().bundle(
            DemoStatement.attestation(
                of: digest("image"), repository: "registry.example.com/app", predicateType: spdx.predicateType,
                predicate: Array("{}".utf8)))
        source.state.withLock { $0.proofs[digest("image")] = [one, other, notary.bundle(foreign), two, one] }
        try await verifying(source, [try policy([key(notary, attestations: [spdx, again])])]) { verifier in
            for _ in 0..<2 {
                let attested = try outcome(await verifier.verdict(on: image, for: nil, deadline: deadline()))
                guard case .admitted(let matches) = attested else { throw Unexpected(attested) }
                #expect(matches.first.statements.map(\.origin.blob) == [one.origin.blob, two.origin.blob])
            }
        }
        #expect(source.listings == 1)
    }

    @Test("a log entry that is asked for and not there never passes")
    func logEntryThatIsNotThere() async throws {
        let source = ScriptedSource()
        let good = try notary.signature(of: digest("image"))
        source.state.withLock { $0.proofs[digest("image")] = [good] }
        let authority = Authority(name: "key", check: .signer(try notary.options(requiresLogEntry: true)))
        try await verifying(source, [try policy([authority])]) { verifier in
            let found = try outcome(await verifier.verdict(on: image, for: nil, deadline: deadline()))
            #expect(codes(found) == [.noMatchingSignatures])
        }
    }

    @Test("without an action of its own, a verifier takes the one in force, for each image anew")
    func liveNoMatch() async throws {
        let inForce = PoliciesInForce(PolicySet(policies: []))
        let work = SharedWork()
        let store = EvidenceStore(
            source: ScriptedSource(), trust: TrustInForce(.none), limits: .default, work: work)
        let verifier = ImageVerifier(policies: inForce, store: store)
        for action in NoMatchAction.allCases {
            inForce.replace(with: PolicySet(policies: []), health: .whole, settings: PolicySettings(noMatch: action))
            let verdict = await verifier.verdict(on: image, for: nil, deadline: deadline())
            guard case .noMatchingPolicy(action) = verdict.finding else {
                throw Unexpected(.denied(AtLeastOne(DenialReason(.noMatchingPolicy, "\(verdict.finding)"))))
            }
            guard case .noMatch(action) = verifier.modes(for: image, workload: nil) else {
                throw Unexpected(.denied(AtLeastOne(DenialReason(.noMatchingPolicy, "\(action)"))))
            }
        }
    }

    @Test(
        "without a matching policy the operator's action is told, and nothing is asked of a registry",
        arguments: NoMatchAction.allCases)
    func noMatch(action: NoMatchAction) async throws {
        let source = ScriptedSource()
        try await verifying(source, [], noMatch: action) { verifier in
            let verdict = await verifier.verdict(on: image, for: nil, deadline: deadline())
            guard case .noMatchingPolicy(action) = verdict.finding else {
                throw Unexpected(.denied(AtLeastOne(DenialReason(.noMatchingPolicy, "\(verdict.finding)"))))
            }
            #expect(source.listings == 0)
            #expect(verifier.modes(for: image, workload: nil) == .noMatch(action))
        }
    }

    @Test("what a lookup finds is kept even when whoever asked has gone")
    func landsWithoutWaiters() async throws {
        let source = ScriptedSource()
        let good = try notary.signature(of: digest("image"))
        source.state.withLock { state in
            state.proofs[digest("image")] = [good]
            state.delay = .milliseconds(300)
        }
        try await verifying(source, [try policy([key(notary)])]) { verifier in
            let hasty = await verifier.verdict(on: image, for: nil, deadline: .after(.milliseconds(50)))
            guard case .undecided = try outcome(hasty) else { throw Unexpected(try outcome(hasty)) }
            let patient = try outcome(await verifier.verdict(on: image, for: nil, deadline: deadline()))
            guard case .admitted = patient else { throw Unexpected(patient) }
            #expect(source.listings == 1)
        }
    }

    @Test("an answer comes at the deadline, however long the registry takes")
    func answersInTime() async throws {
        let source = ScriptedSource()
        source.state.withLock { $0.delay = .seconds(20) }
        try await verifying(source, [try policy([key(notary)])]) { verifier in
            let start = ContinuousClock.now
            let late = await verifier.verdict(on: image, for: nil, deadline: .after(.milliseconds(200)))
            #expect(start.duration(to: .now) < .seconds(10))
            guard case .undecided(let outages, _) = try outcome(late) else { throw Unexpected(try outcome(late)) }
            #expect(outages.first.kind == .deadline)
        }
    }

    @Test("a twin of a signature that only looks the same does not hide it, whichever is looked at first")
    func canonicalTwin() async throws {
        // U+212A is canonically equal to K, so that Swift's == on strings takes one for the other.
        var payload: [UInt8] = []
        var text = ""
        repeat {
            payload = SimpleSignature.payload(
                digest("image"), reference: "registry.example.com/app", salt: payload.count)
            text = Base64Text.encode(try notary.signer.sign(payload))
        } while !text.contains("K")
        let twin = String(text.map { $0 == "K" ? "\u{212A}" : $0 })
        #expect(twin == text)
        func bundle(_ signature: String) -> UnverifiedBundle {
            UnverifiedBundle(
                .simpleSigning(
                    payload: payload,
                    annotations: CosignAnnotations(["dev.cosignproject.cosign/signature": signature])),
                origin: ProofOrigin(carrier: .signatureTag, manifest: digest("manifest"), blob: Digest(of: payload)))
        }
        for order in [[twin, text], [text, twin]] {
            let source = ScriptedSource()
            source.state.withLock { $0.proofs[digest("image")] = order.map(bundle) }
            try await verifying(source, [try policy([key(notary)])]) { verifier in
                let found = try outcome(await verifier.verdict(on: image, for: nil, deadline: deadline()))
                guard case .admitted = found else { throw Unexpected(found) }
            }
        }
    }

    @Test("after the deadline nothing is asked and nothing is admitted")
    func deadlinePassed() async throws {
        let source = ScriptedSource()
        let good = try notary.signature(of: digest("image"))
        source.state.withLock { $0.proofs[digest("image")] = [good] }
        try await verifying(source, [try policy([key(notary)])]) { verifier in
            let late = await verifier.verdict(on: image, for: nil, deadline: .after(.zero))
            guard case .outage(let outage, _) = late.finding else {
                throw Unexpected(.denied(AtLeastOne(DenialReason(.noSignatures, ""))))
            }
            #expect(outage.kind == .deadline)
            #expect(source.listings == 0)
        }
    }
}

private enum SimpleSignature {
    /// A payload as cosign writes it; `salt` makes each one another.
    static func payload(_ image: Digest, reference: String, salt: Int) -> [UInt8] {
        Array(
            """
            {"critical":{"identity":{"docker-reference":"\(reference)"},"image":{"docker-manifest-digest":"\(image)"},\
            "type":"cosign container image signature"},"optional":{"salt":"\(salt)"}}
            """.utf8)
    }
}

private enum Base64Text {
    static func encode(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
}

/// An outcome that the test did not foresee.
struct Unexpected: Error {
    let outcome: Outcome

    init(_ outcome: Outcome) { self.outcome = outcome }
}
