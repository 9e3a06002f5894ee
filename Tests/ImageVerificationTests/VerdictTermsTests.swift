// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import Policy
import Sigstore
import Synchronization
import Testing

@testable import ImageVerification

/// On what something may rest that is made of remembered verdicts, and when it does no longer.
@Suite("Terms of remembered verdicts")
struct VerdictTermsTests {
    private let notary = Notary()
    private let image = reference("app", digest: digest("image"))

    private func signed(_ inputs: PolicyInputs? = nil, name: String = "signed") throws -> ClusterImagePolicy {
        let program = inputs.map {
            PolicyProgram(
                language: .cue, body: PolicyProgram.body(of: Array("{...}".utf8), in: .cue), inputs: $0)
        }
        return try policy(
            [Authority(name: "key", check: .signer(try notary.options()))], name: name, program: program)
    }

    private func running(
        _ policies: [ClusterImagePolicy], limits: CacheLimits = .default,
        _ body: @Sendable (CacheBench, VerdictTerms?) async throws -> Void
    ) async throws {
        let proof = try notary.signature(of: digest("image"))
        try await CacheBench.running(PolicySet(policies: policies), limits: limits) { bench in
            bench.source.state.withLock { state in
                state.proofs[digest("image")] = [proof]
                state.tags["v1"] = digest("image")
                let configuration = try? JSONDocument(
                    parsing: Array(#"{"os":"linux","architecture":"amd64"}"#.utf8))
                state.configurations = .success(
                    configuration.map { [digest("image"): ImageConfiguration($0)] } ?? [:])
            }
            #expect(await bench.isAdmitted(image, for: try workload()))
            let known = try #require(bench.remembered(image, for: try workload()))
            try await body(bench, known.terms)
        }
    }

    private func workload() throws -> WorkloadFacts {
        let object = try JSONDocument(parsing: Array(#"{"metadata":{"name":"a"},"spec":{}}"#.utf8))
        return WorkloadFacts(
            group: "", version: "v1", resource: "pods", labels: [:],
            object: WorkloadObject(kind: "Pod", object: object.root), puller: Puller(namespace: "one"))
    }

    @Test("A program that reads the object leaves none, and one that reads the image's configuration does")
    func programs() async throws {
        var readers = [PolicyInputs](repeating: PolicyInputs(), count: 4)
        readers[0].specification = true
        readers[1].metadata = true
        readers[2].type = true
        readers[3].configuration = true
        for inputs in readers {
            let hasTerms = inputs.configuration
            // Beside one that reads nothing, in both orders.
            for name in ["a", "z"] {
                try await running([try signed(inputs, name: name), try signed(name: "m")]) { _, terms in
                    #expect((terms != nil) == hasTerms)
                }
            }
        }
    }

    @Test("A tag leaves none, also beside a digest")
    func tags() async throws {
        try await running([try signed()]) { bench, terms in
            #expect(terms != nil)
            let tag = reference("app", tag: "v1")
            #expect(await bench.isAdmitted(tag, for: try workload()))
            let facts = try workload()
            #expect(bench.verifier.remembered(on: [tag], for: facts, atMost: .max)?.terms == nil)
            #expect(bench.verifier.remembered(on: [tag, image], for: facts, atMost: .max)?.verdicts.count == 2)
            #expect(bench.verifier.remembered(on: [image, tag], for: facts, atMost: .max)?.terms == nil)
        }
    }

    @Test("They end with the policies, the trust, and the credential, whatever these become")
    func changes() async throws {
        let policy = try signed()
        try await running([policy]) { bench, terms in
            let terms = try #require(terms)
            #expect(bench.verifier.holds(terms))
            bench.source.state.withLock { $0.credentials["one"] = "b" }
            #expect(!bench.verifier.holds(terms))
            bench.source.state.withLock { $0.credentials = [:] }
            #expect(bench.verifier.holds(terms))
            bench.source.state.withLock { $0.knowsCredentials = false }
            #expect(!bench.verifier.holds(terms))
            bench.source.state.withLock { $0.knowsCredentials = true }
            bench.trust.replace(with: try .publicGood())
            #expect(!bench.verifier.holds(terms))
            bench.trust.replace(with: .none)
            #expect(bench.verifier.holds(terms))
            // Settings are part of the moment, and so is an equal set that was put in force again.
            bench.policies.replace(with: PolicySet(policies: [policy]))
            #expect(!bench.verifier.holds(terms))
        }
    }

    @Test("They end a second after they were made, and no later than any verdict that they rest on")
    func ends() async throws {
        try await running([try signed()]) { _, terms in
            let terms = try #require(terms)
            #expect(terms.end <= .now.advanced(by: .seconds(1)))
        }
        var limits = CacheLimits.default
        limits.sufficientLife = .milliseconds(250)
        try await running([try signed()], limits: limits) { bench, terms in
            let terms = try #require(terms)
            #expect(terms.end <= .now.advanced(by: .milliseconds(250)))
            try await Task.sleep(until: terms.end)
            #expect(!bench.verifier.holds(terms))
        }
    }
}
