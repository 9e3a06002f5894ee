// SPDX-License-Identifier: Apache-2.0
import OCI
import Policy
import Sigstore
import Synchronization
import Testing

@testable import ImageVerification

/// A Secret is replaced while a registry is being asked with it.
@Suite("A credential that changes during an examination")
struct CredentialChangeTests {
    private let notary = Notary()
    private let image = reference("app", digest: digest("image"))

    /// Nothing is forgotten.
    private var limits: CacheLimits {
        var limits = CacheLimits.default
        (limits.candidateLife, limits.absenceLife) = (.seconds(3600), .seconds(3600))
        return limits
    }

    @Test(
        "What was learned with one answers for no other, however they follow each other",
        arguments: [nil, VerdictInput.credentials],
        [["blind", "sees"], ["blind", "sees", "blind"], ["sees", "blind"], ["sees", "blind", "sees"]])
    func replaced(ignored: VerdictInput?, inTurn: [String]) async throws {
        let proof = try notary.signature(of: digest("image"))
        let set = PolicySet(policies: [try policy([Authority(name: "key", check: .signer(try notary.options()))])])
        try await CacheBench.running(set, limits: limits, ignoring: ignored) { bench in
            // The registry shows the proof to one of them alone. Each look finds the next: what the question is
            // remembered by, what it is asked with, and what is found when it has been answered.
            bench.source.state.withLock { state in
                state.proofsShownTo["sees"] = [digest("image"): [proof]]
                state.credentialsInTurn = inTurn
            }
            _ = await bench.verifier.verdict(on: image, for: nil, deadline: .after(.seconds(60)))
            var isRight = true
            for credential in ["blind", "sees"] {
                bench.source.state.withLock { state in
                    state.credentialsInTurn = []
                    state.credential = credential
                }
                let isAdmitted = await bench.isAdmitted(image)
                isRight = isRight && isAdmitted == (credential == "sees")
            }
            #expect(isRight == (ignored == nil))
        }
    }

    @Test("An examination shows what its question is remembered by, and looks for nothing else")
    func chosenOnce() async throws {
        let proof = try notary.signature(of: digest("image"))
        var inputs = PolicyInputs()
        inputs.configuration = true
        let program = PolicyProgram(
            language: .cue, body: PolicyProgram.body(of: Array("{...}".utf8), in: .cue), inputs: inputs)
        let set = PolicySet(policies: [
            try policy([Authority(name: "key", check: .signer(try notary.options()))], program: program)
        ])
        try await CacheBench.running(set, limits: limits) { bench in
            bench.source.state.withLock { $0.proofs[digest("image")] = [proof] }
            _ = await bench.verifier.verdict(on: image, for: nil, deadline: .after(.seconds(60)))
            #expect(bench.source.configurationLookups == 1)
            // Proofs and configuration are read in the same repository.
            #expect(bench.source.state.withLock { $0.accesses.count } == 1)
        }
    }
}
