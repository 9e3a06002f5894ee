// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import JSON
import OCI
import Policy
import Sigstore
import Synchronization
import Testing

@Suite("What a policy's own program reads")
struct ProgramInputsTests {
    private let notary = Notary()
    private let image = reference("app", digest: digest("image"))

    /// A program that nothing satisfies: what is told of it says how far it came.
    private func program(readsConfiguration: Bool) -> PolicyProgram {
        var inputs = PolicyInputs()
        inputs.configuration = readsConfiguration
        return PolicyProgram(language: .cue, body: .unavailable("it was asked"), inputs: inputs)
    }

    private func outcome(
        _ source: ScriptedSource, _ authorities: [Authority], readsConfiguration: Bool = true
    ) async throws -> Outcome {
        let policy = try policy(authorities, program: program(readsConfiguration: readsConfiguration))
        let found = Holder()
        try await verifying(source, [policy]) { verifier in
            let verdict = await verifier.verdict(on: image, for: nil, deadline: .after(.seconds(60)))
            if case .judged(let judgements) = verdict.finding { await found.hold(judgements.first.outcome) }
        }
        return try #require(await found.outcome)
    }

    private actor Holder {
        private(set) var outcome: Outcome?
        func hold(_ outcome: Outcome) { self.outcome = outcome }
    }

    private func signed() throws -> ScriptedSource {
        let source = ScriptedSource()
        let good = try notary.signature(of: digest("image"))
        source.state.withLock { $0.proofs[digest("image")] = [good] }
        return source
    }

    private func key() throws -> Authority { Authority(name: "key", check: .signer(try notary.options())) }

    private func reasons(_ outcome: Outcome) -> [DenialReason] {
        if case .denied(let reasons) = outcome { reasons.all } else { [] }
    }

    @Test("the configuration is asked for where an authority is satisfied, and the program then decides")
    func asked() async throws {
        let source = try signed()
        let document = try JSONDocument(parsing: Array(#"{"os":"linux","architecture":"amd64"}"#.utf8))
        source.state.withLock { $0.configurations = .success([digest("image"): ImageConfiguration(document)]) }
        let reasons = reasons(try await outcome(source, [key()]))
        #expect(reasons.map(\.code) == [.policyNotEvaluated])
        #expect(reasons.first?.sentence.contains("it was asked") == true)
        #expect(source.configurationLookups == 1)
    }

    @Test("it is not asked for where no authority is satisfied, or the program does not read it")
    func notAsked() async throws {
        let outage = Outage(.malfunction, service: "registry.example.com", detail: "answered 500")
        let unsigned = ScriptedSource()
        unsigned.state.withLock { $0.configurations = .failure(outage) }
        #expect(reasons(try await outcome(unsigned, [key()])).map(\.code) == [.noSignatures])
        #expect(unsigned.configurationLookups == 0)
        let source = try signed()
        source.state.withLock { $0.configurations = .failure(outage) }
        let told = reasons(try await outcome(source, [key()], readsConfiguration: false))
        #expect(told.map(\.code) == [.policyNotEvaluated])
        #expect(source.configurationLookups == 0)
    }

    @Test("an outage of it leaves the policy undecided, and its absence denies: never the other way round")
    func outage() async throws {
        let source = try signed()
        let outage = Outage(.malfunction, service: "registry.example.com", detail: "answered 500")
        source.state.withLock { $0.configurations = .failure(outage) }
        #expect(try await outcome(source, [key()]) == .undecided(AtLeastOne(outage), also: []))
        source.state.withLock { $0.configurations = .success([:]) }
        let told = reasons(try await outcome(source, [key()]))
        #expect(told.map(\.code) == [.noConfiguration])
        let words = "failed to get a ConfigFile: [the script has no configuration]"
        #expect(told.first?.sentence.contains(words) == true)
    }

    @Test("a program that reads the workload is not satisfied where there is none")
    func noWorkload() async throws {
        for (path, isAdmitted) in [(\PolicyInputs.specification, false), (\.metadata, false), (\.type, false)] {
            var inputs = PolicyInputs()
            inputs[keyPath: path] = true
            for (inputs, isAdmitted) in [(inputs, isAdmitted), (PolicyInputs(), true)] {
                let program = PolicyProgram(
                    language: .cue, body: PolicyProgram.body(of: Array("a: 1".utf8), in: .cue), inputs: inputs)
                let policy = try policy([key()], program: program)
                let found = Holder()
                try await verifying(signed(), [policy]) { verifier in
                    let verdict = await verifier.verdict(on: image, for: nil, deadline: .after(.seconds(60)))
                    if case .judged(let judgements) = verdict.finding { await found.hold(judgements.first.outcome) }
                }
                let outcome = try #require(await found.outcome)
                if case .admitted = outcome {
                    #expect(isAdmitted)
                } else {
                    #expect(!isAdmitted && reasons(outcome).map(\.code) == [.policyNotEvaluated])
                }
            }
        }
    }

    @Test("a program sees every proof that there is now, also where fewer have sufficed before")
    func everyProof() async throws {
        let source = try signed()
        let program = PolicyProgram(
            language: .cue,
            body: PolicyProgram.body(of: Array("authorityMatches: key: signatures: [_, _, ...]".utf8), in: .cue))
        let policy = try policy([key()], program: program)
        let second = try notary.signature(of: digest("image"))
        let limits = CacheLimits(
            blobBytes: 1 << 20, evidenceBytes: 8 << 20, tagLife: .zero, candidateLife: .zero, absenceLife: .zero,
            sufficientLife: .seconds(60))
        try await verifying(source, [policy], limits: limits) { verifier in
            func isAdmitted() async -> Bool {
                let verdict = await verifier.verdict(on: image, for: nil, deadline: .after(.seconds(60)))
                guard case .judged(let judgements) = verdict.finding, case .admitted = judgements.first.outcome
                else { return false }
                return true
            }
            #expect(await !isAdmitted())
            source.state.withLock { $0.proofs[digest("image")]?.append(second) }
            #expect(await isAdmitted())
        }
    }
}
