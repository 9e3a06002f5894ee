// SPDX-License-Identifier: Apache-2.0
import OCI
import Policy
import Sigstore
import Synchronization
import TestSupport
import Testing

@testable import ImageVerification

/// A trust root that is good for a time, and all that was remembered while it was.
@Suite("A trust window that ends while everything is remembered")
struct TrustWindowTests {
    private static let start = Instant(seconds: TestUpdateRepository.time) ?? .earliest
    private static let lastSecond = Instant(rfc3339: "2026-06-01T23:59:59Z")
    private static let end = Instant(rfc3339: "2026-06-02T00:00:00Z")

    private let image = reference("app", digest: digest("image"))

    /// A policy that believes one trust root alone, and that root: a repository whose role expires then.
    private func documents(
        _ authority: TestAuthority, _ role: TestUpdateRepository.Role, expires: String = "2026-06-02T00:00:00Z"
    ) throws -> [String: [UInt8]] {
        var repository = try TestUpdateRepository()
        repository.targets["trusted_root.json"] = .init(authority.trustedRoot.bytes)
        repository[role].expires = expires
        if role == .root { try repository.publishRoot() }
        let root: JSONTree = [
            "apiVersion": "policy.sigstore.dev/v1alpha1", "kind": "TrustRoot", "metadata": ["name": "mine"],
            "spec": [
                "repository": [
                    "root": .base64(repository.firstRoot),
                    "mirrorFS": .base64(storedGzip(TarWriter.archive(try repository.files()))), "targets": "targets",
                ]
            ],
        ]
        let policy = """
            apiVersion: policy.sigstore.dev/v1beta1
            kind: ClusterImagePolicy
            metadata: {name: rooted}
            spec:
              images: [{glob: 'registry.example.com/**'}]
              authorities:
              - name: only
                keyless:
                  trustRootRef: mine
                  identities: [{issuer: 'https://issuer.example', subject: 'a@example.com'}]
                ctlog: {trustRootRef: mine}
            """
        return ["policy.yaml": Array(policy.utf8), "root.json": root.bytes]
    }

    private func proof(_ authority: TestAuthority) throws -> UnverifiedBundle {
        Notary().bundle(
            try authority.imageBundle(
                digest("image"), .email("a@example.com", issuer: "https://issuer.example")))
    }

    /// As whoever watches the files does on their clock.
    private func lookAtClock(_ state: borrowing Mutex<PolicyFilesState>, _ now: Instant?, _ bench: CacheBench) throws {
        let now = try #require(now)
        let set = state.withLock { state in
            state.update(now: now)
            return state.set
        }
        bench.policies.replace(with: set)
    }

    @Test(
        "What was admitted by it is denied at once when it ends, and admitted again by a current copy",
        arguments: [true, false], TestUpdateRepository.Role.allCases)
    func windowEnds(looksAtClock: Bool, role: TestUpdateRepository.Role) async throws {
        let authority = try TestAuthority()
        let proof = try proof(authority)
        let state = Mutex(try PolicyFilesState(try documents(authority, role), now: Self.start))
        try await CacheBench.running(state.withLock { $0.set }) { bench in
            bench.source.state.withLock { $0.proofs[digest("image")] = [proof] }
            #expect(await bench.isAdmittedForLong(image))
            let terms = try #require(bench.remembered(image)?.terms)
            let listings = bench.source.listings

            // The clock alone changes no verdict, and nobody is asked again.
            try lookAtClock(state, Self.lastSecond, bench)
            #expect(await bench.isAdmittedForLong(image))
            #expect(bench.source.listings == listings)

            // Verdicts, proofs and evidence are all there still, and without a look at the clock they admit. A policy that
            // names what has expired has another hash, and reads no repository any more: each has it asked anew.
            if looksAtClock { try lookAtClock(state, Self.end, bench) }
            #expect(!bench.verifier.holds(terms))
            for _ in 0..<2 { #expect(await bench.isAdmitted(image) == !looksAtClock) }
            #expect(bench.source.listings == listings)
            if looksAtClock {
                let verdict = await bench.verifier.verdict(on: image, for: nil, deadline: .after(.seconds(60)))
                #expect(verdict.refusal?.code == .notYetChecked, "\(verdict.finding)")
                #expect(verdict.refusal?.sentence.contains("has expired, at 2026-06-02T00:00:00Z") == true)
            }

            let current = try documents(authority, role, expires: "2030-01-01T00:00:00Z")
            state.withLock { $0.update(current, now: Self.end) }
            bench.policies.replace(with: state.withLock { $0.set })
            #expect(await bench.isAdmittedForLong(image))
        }
    }

    @Test("It does not stand in for an outage either, however long old admissions may")
    func stale() async throws {
        let authority = try TestAuthority()
        let proof = try proof(authority)
        let state = Mutex(try PolicyFilesState(try documents(authority, .timestamp), now: Self.start))
        var limits = CacheLimits.default
        limits.staleLife = .seconds(3600)
        limits.sufficientLife = .milliseconds(20)
        limits.candidateLife = .zero
        try await CacheBench.running(state.withLock { $0.set }, limits: limits) { bench in
            bench.source.state.withLock { $0.proofs[digest("image")] = [proof] }
            #expect(await bench.isAdmitted(image))
            bench.source.state.withLock {
                $0.outage = Outage(.unreachable, service: "registry.example.com", detail: "gone")
            }
            try await Task.sleep(for: .milliseconds(30))
            // Before the end an old admission does.
            #expect(await bench.isAdmitted(image))
            try lookAtClock(state, Self.end, bench)
            #expect(await !bench.isAdmitted(image))
        }
    }
}
