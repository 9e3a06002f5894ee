// SPDX-License-Identifier: Apache-2.0
import Demo
import ImageVerification
import OCI
import Policy
import Sigstore
import Testing

@testable import Registry

/// How many requests a verdict costs that nobody has asked for before.
@Suite("The cold path") struct ColdPathTests {
    private let deadline = Deadline.after(.seconds(60))

    @Test("Two attestations beside a signature, a Deployment by tag and its 3 Pods: 7 requests in all")
    func sevenRequests() async throws {
        try await ColdBench.running { bench in
            let image = bench.push("app", tag: "v1")
            try await bench.attest(image, ColdBench.materials)
            try await bench.attest(image, ColdBench.provenance)
            try await bench.sign(image)
            let verifier = bench.verifier(try bench.policy(ColdBench.materials, ColdBench.provenance))
            // The Deployment: /mutate pins its tag, /validate judges the digest.
            let written = bench.reference(tag: "v1")
            guard case .resolved(let resolved) = try await verifier.resolve(written, for: .one, deadline: deadline)
            else {
                Issue.record("not resolved")
                return
            }
            #expect(resolved.digest == image)
            let pinned = bench.reference(tag: "v1", image)
            #expect(await verifier.verdict(on: pinned, for: .pod, deadline: deadline).isAdmitted)
            // Its Pods, all at once.
            await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        let lookup = try? await verifier.resolve(
                            pinned, for: .one, deadline: deadline)
                        guard case .resolved? = lookup else { return false }
                        return await verifier.verdict(on: pinned, for: .pod, deadline: deadline).isAdmitted
                    }
                }
                for await isAdmitted in group { #expect(isAdmitted) }
            }
            #expect(
                bench.asked == [
                    "blobs/sha256", "blobs/sha256", "manifests/sha256", "manifests/sha256",
                    "manifests/\(image.tagStem).att", "manifests/v1", "referrers/sha256",
                ])
        }
    }

    @Test("What was left out is opened where what is likely does not satisfy: a wrong annotation costs no verdict")
    func wrongAnnotation() async throws {
        try await ColdBench.running { bench in
            let image = bench.push("app")
            try bench.attest(image, ColdBench.materials, annotated: "https://example.com/other")
            let verifier = bench.verifier(try bench.policy(ColdBench.materials))
            #expect(await verifier.verdict(on: bench.reference(image), for: nil, deadline: deadline).isAdmitted)
            // The tag and the list are remembered for the moment between the two looks.
            #expect(
                bench.asked == [
                    "blobs/sha256", "manifests/sha256", "manifests/\(image.tagStem).att", "referrers/sha256",
                ])
        }
    }

    @Test(
        "An annotation never makes a proof: what is announced and is not there is denied, in the words of all there is")
    func lyingAnnotation() async throws {
        try await ColdBench.running { bench in
            let image = bench.push("app")
            try bench.attest(image, "https://example.com/other", annotated: ColdBench.materials)
            try await bench.sign(image)
            let policy = try bench.policy(ColdBench.materials)
            let verdict = await bench.verifier(policy).verdict(on: bench.reference(image), for: nil, deadline: deadline)
            #expect(verdict.isDenied)
            let told = await bench.verifier(policy, looksAtAll: true)
                .verdict(on: bench.reference(image), for: nil, deadline: deadline)
            #expect(verdict.sentences == told.sentences)
            #expect(
                verdict.sentences.first?.contains(
                    #""https://example.com/other,https://sigstore.dev/cosign/sign/v1""#) == true,
                "\(verdict.sentences)")
        }
    }

    @Test("Whoever looks at all opens every referrer")
    func looksAtAll() async throws {
        for (looksAtAll, opened) in [(false, 1), (true, 3)] {
            try await ColdBench.running { bench in
                let image = bench.push("app")
                try await bench.sign(image)
                try await bench.attest(image, ColdBench.materials)
                try await bench.attest(image, ColdBench.provenance)
                let verifier = bench.verifier(try bench.policy(), looksAtAll: looksAtAll)
                #expect(
                    await verifier.verdict(on: bench.reference(image), for: nil, deadline: deadline).isAdmitted)
                #expect(bench.registry.faults.count(target: "/manifests/sha256:") == opened)
                #expect(bench.registry.faults.count(target: "/blobs/") == opened)
            }
        }
    }

    @Test("A signature and attestations of one authority, and of several policies, share the list and what it names")
    func sharing() async throws {
        for referrersAPI in [true, false] {
            try await ColdBench.running(LoopbackOptions(referrersAPI: referrersAPI)) { bench in
                let image = bench.push("app")
                try await bench.sign(image)
                try await bench.attest(image, ColdBench.materials)
                let verifier = bench.verifier(
                    try bench.policy(ColdBench.materials, requiresSignature: true, name: "both"),
                    try bench.policy(name: "signed"), try bench.policy(ColdBench.materials, name: "attested"))
                #expect(
                    await verifier.verdict(on: bench.reference(image), for: nil, deadline: deadline).isAdmitted)
                let faults = bench.registry.faults
                #expect(faults.count(target: "/referrers/") == 1)
                #expect(faults.count(target: "/manifests/sha256:") == 2)
                #expect(faults.count(target: "/blobs/") == 2)
                #expect(faults.count(target: ".sig") == 1)
                #expect(faults.count(target: ".att") == 1)
                #expect(faults.requests.count == (referrersAPI ? 7 : 8))
            }
        }
    }

    @Test("Images of one repository share one token and the connections")
    func tokensAndConnections() async throws {
        let access = LoopbackAccess.token(LoopbackCredentials(user: "u", password: "p"), lifetime: .seconds(600))
        try await ColdBench.running(
            LoopbackOptions(access: access), credential: .basic(username: "u", password: "p")
        ) { bench in
            let images = (0..<20).map { bench.push("app \($0)") }
            for image in images { try await bench.sign(image) }
            let verifier = bench.verifier(try bench.policy())
            await withTaskGroup(of: Bool.self) { group in
                for image in images {
                    group.addTask {
                        await verifier.verdict(on: bench.reference(image), for: nil, deadline: deadline).isAdmitted
                    }
                }
                for await isAdmitted in group { #expect(isAdmitted) }
            }
            #expect(bench.registry.faults.count(target: "/token") == 1)
            #expect(bench.registry.connections <= RegistryLimits().width)
        }
    }
}

extension Puller {
    fileprivate static var one: Puller { Puller(namespace: "n") }
}

extension WorkloadFacts {
    fileprivate static var pod: WorkloadFacts {
        WorkloadFacts(group: "", version: "v1", resource: "pods", labels: [:], puller: .one)
    }
}
