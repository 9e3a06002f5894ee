// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import Policy
import Sigstore
import Synchronization
import Testing

@testable import ImageVerification

/// Nothing that is learned with one workload's credential answers for another's.
@Suite("Whose credentials")
struct PullerTests {
    private let notary = Notary()
    private let image = reference("app", digest: digest("image"))
    private let deadline = Deadline.after(.seconds(60))

    private func workload(_ namespace: String) -> WorkloadFacts {
        WorkloadFacts(
            group: "", version: "v1", resource: "pods", labels: [:],
            puller: Puller(namespace: namespace, serviceAccount: "default"))
    }

    private func signed() throws -> ClusterImagePolicy {
        try policy([Authority(name: "key", check: .signer(try notary.options()))])
    }

    /// A source with one signed image and the tag `v1` of it.
    private func source() throws -> ScriptedSource {
        let source = ScriptedSource()
        let signature = try notary.signature(of: digest("image"))
        source.state.withLock { state in
            state.proofs[digest("image")] = [signature]
            state.tags["v1"] = digest("image")
            // `three` has the same credential as `one`.
            state.credentials = ["one": "a", "two": "b", "three": "a"]
        }
        return source
    }

    private func isAdmitted(_ verdict: ImageVerdict) -> Bool {
        guard case .judged(let judgements) = verdict.finding, case .admitted = judgements.first.outcome else {
            return false
        }
        return true
    }

    @Test("Proofs that one credential showed are asked for again with another, and shared where it is the same")
    func proofs() async throws {
        let source = try source()
        try await verifying(source, [try signed()]) { verifier in
            #expect(isAdmitted(await verifier.verdict(on: image, for: workload("one"), deadline: deadline)))
            #expect(source.listings == 1)
            #expect(isAdmitted(await verifier.verdict(on: image, for: workload("three"), deadline: deadline)))
            #expect(source.listings == 1)
            #expect(isAdmitted(await verifier.verdict(on: image, for: workload("two"), deadline: deadline)))
            #expect(source.listings == 2)
            #expect(isAdmitted(await verifier.verdict(on: image, for: nil, deadline: deadline)))
            #expect(source.listings == 3)
        }
    }

    @Test("A workload whose credential gives no access is not admitted by what another's has shown")
    func noAccess() async throws {
        let source = try source()
        try await verifying(source, [try signed()]) { verifier in
            #expect(isAdmitted(await verifier.verdict(on: image, for: workload("one"), deadline: deadline)))
            source.state.withLock {
                $0.outage = Outage(.unauthorized, service: "registry.example.com", detail: "no access")
            }
            #expect(!isAdmitted(await verifier.verdict(on: image, for: workload("two"), deadline: deadline)))
            #expect(isAdmitted(await verifier.verdict(on: image, for: workload("one"), deadline: deadline)))
        }
    }

    @Test("That one credential shows no proofs says nothing to another")
    func absence() async throws {
        let source = try source()
        try await verifying(source, [try signed()]) { verifier in
            let proofs = source.state.withLock { state in
                let proofs = state.proofs
                state.proofs = [:]
                return proofs
            }
            #expect(!isAdmitted(await verifier.verdict(on: image, for: workload("one"), deadline: deadline)))
            source.state.withLock { $0.proofs = proofs }
            #expect(isAdmitted(await verifier.verdict(on: image, for: workload("two"), deadline: deadline)))
            // Believed for a moment by whoever was told it.
            #expect(!isAdmitted(await verifier.verdict(on: image, for: workload("one"), deadline: deadline)))
        }
    }

    @Test("A tag is resolved anew with another credential")
    func tags() async throws {
        let source = try source()
        let tag = reference("app", tag: "v1")
        try await verifying(source, [try signed()]) { verifier in
            for (namespace, resolutions) in [("one", 1), ("three", 1), ("two", 2)] {
                _ = try await verifier.resolve(tag, for: workload(namespace).puller, deadline: deadline)
                #expect(source.resolutions == resolutions)
            }
            // The verdict meets what pinning has learned.
            _ = await verifier.verdict(on: tag, for: workload("two"), deadline: deadline)
            #expect(source.resolutions == 2)
        }
    }

    @Test("A configuration is asked for again with another credential")
    func configurations() async throws {
        let source = try source()
        let store = SharedWork()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await store.run() }
            let evidence = EvidenceStore(source: source, trust: TrustInForce(.none), work: store)
            let configuration = try ImageConfiguration(
                JSONDocument(parsing: Array(#"{"os":"linux","architecture":"a"}"#.utf8)))
            source.state.withLock { $0.configurations = .success([digest("image"): configuration]) }
            let resolved = try #require(ResolvedImage(pinned: image))
            for (namespace, lookups) in [("one", 1), ("three", 1), ("two", 2)] {
                _ = try await evidence.configurations(of: resolved, for: Puller(namespace: namespace))
                #expect(source.configurationLookups == lookups)
            }
            store.finish()
            group.cancelAll()
        }
    }

    @Test("Equal questions with different credentials are two questions, also while both are under way")
    func flights() async throws {
        let source = try source()
        source.state.withLock { $0.delay = .milliseconds(200) }
        try await verifying(source, [try signed()]) { verifier in
            await withTaskGroup(of: Void.self) { group in
                for namespace in ["one", "two", "one", "two"] {
                    group.addTask {
                        _ = await verifier.verdict(on: image, for: workload(namespace), deadline: deadline)
                    }
                }
            }
            #expect(source.listings == 2)
        }
    }

    @Test("Credentials that cannot be read leave it undecided, whatever another workload was shown")
    func credentialOutage() async throws {
        let source = try source()
        try await verifying(source, [try signed()]) { verifier in
            #expect(isAdmitted(await verifier.verdict(on: image, for: workload("one"), deadline: deadline)))
            let outage = Outage(.unreachable, service: "the API server", detail: "no answer")
            source.state.withLock { $0.credentialOutage = outage }
            let verdict = await verifier.verdict(on: image, for: workload("one"), deadline: deadline)
            guard case .judged(let judgements) = verdict.finding,
                case .undecided(let outages, _) = judgements.first.outcome
            else {
                Issue.record("\(verdict.finding)")
                return
            }
            #expect(outages.all == [outage])
            await #expect(throws: outage) {
                try await verifier.resolve(reference("app", tag: "v1"), for: nil, deadline: deadline)
            }
        }
    }

    @Test("A place says whose word it is: the policy's where it names another repository, and its Secrets go along")
    func places() async throws {
        let source = try source()
        let elsewhere = Repository(host: "proofs.example.com", path: "p")
        let sources = [
            ProofSource(repository: nil, tagPrefix: "a", pullSecrets: ["s"]),
            ProofSource(repository: elsewhere, tagPrefix: ""),
            ProofSource(repository: image.repository, tagPrefix: "b"),
        ]
        let authority = Authority(name: "key", check: .signer(try notary.options()), sources: sources)
        try await verifying(source, [try policy([authority])]) { verifier in
            _ = await verifier.verdict(on: image, for: workload("one"), deadline: deadline)
            let accesses = source.state.withLock { $0.accesses }
            #expect(accesses.map(\.isNamedByPolicy) == [false, true, false])
            #expect(accesses.map(\.pullSecrets) == [["s"], [], []])
            #expect(accesses.map(\.repository) == [image.repository, elsewhere, image.repository])
            #expect(accesses.allSatisfy { $0.puller?.namespace == "one" })
        }
    }

    @Test("A puller holds each Secret once, none without name, and no more than are read")
    func bounds() {
        let puller = Puller(namespace: "", serviceAccount: "", pullSecrets: ["a", "", "b", "a"])
        #expect(puller.pullSecrets == ["a", "b"])
        #expect(puller.namespace == nil)
        #expect(puller.serviceAccount == nil)
        let many = Puller(namespace: "n", pullSecrets: (0..<100).map { "s\($0)" })
        #expect(many.pullSecrets == (0..<Puller.maximumPullSecrets).map { "s\($0)" })
    }
}
