// SPDX-License-Identifier: Apache-2.0
import Policy
import Sigstore
import TestSupport
import Testing

@testable import Kubernetes

/// A trust root of the cluster that is good for a time; nothing of the cluster changes when it ends.
@Suite("A trust window of the cluster that ends")
struct TrustWindowTests {
    private static let start = Instant(seconds: TestUpdateRepository.time) ?? .earliest
    private static let end = Instant(rfc3339: "2026-06-02T00:00:00Z") ?? .earliest

    private func contents() throws -> ClusterView.Contents {
        var repository = try TestUpdateRepository()
        repository.targets["trusted_root.json"] = .init(try TestAuthority().trustedRoot.bytes)
        repository[.timestamp].expires = "2026-06-02T00:00:00Z"
        let root: JSONTree = [
            "apiVersion": "policy.sigstore.dev/v1alpha1", "kind": "TrustRoot", "metadata": ["name": "mine"],
            "spec": [
                "repository": [
                    "root": .base64(repository.firstRoot),
                    "mirrorFS": .base64(storedGzip(TarWriter.archive(try repository.files()))), "targets": "targets",
                ]
            ],
        ]
        let identities: JSONTree = [["issuer": "https://issuer.example", "subject": "a@example.com"]]
        let policy = Example.policy(
            "p",
            authorities: [
                [
                    "keyless": ["trustRootRef": "mine", "identities": identities],
                    "ctlog": ["trustRootRef": "mine"],
                ]
            ])
        var contents = ClusterView.Contents()
        for resource in PolicyResource.allCases { contents.copies[resource] = .init(objects: [:]) }
        for (resource, object) in [(PolicyResource.policies, policy), (.trustRoots, root)] {
            let object = try KubernetesObject(parsing: object.bytes)
            contents.copies[resource] = .init(objects: [object.key: object])
        }
        return contents
    }

    private func unusable(_ compilation: PolicyCompilation) -> String {
        compilation.set.policies.first?.unusableAuthorities.first ?? ""
    }

    @Test("A look that is held against the clock ends it, and one that is not leaves it", arguments: [true, false])
    func expires(looks: Bool) throws {
        var compilation = PolicyCompilation(PolicySettings(), settingsConfigMap: "config-policy-controller")
        let contents = try contents()
        _ = compilation.take(contents, now: Self.start, expires: false)
        let before = try #require(compilation.set.policies.first)
        #expect(before.unusableAuthorities.isEmpty)
        // Remembered verdicts are found by this; a look at the clock alone changes none.
        let same = compilation.take(contents, now: Self.start, expires: true)
        #expect(same.isAnything && compilation.set.policies.first?.documentHash == before.documentHash)

        let changes = compilation.take(contents, now: Self.end, expires: looks)
        #expect(changes.isAnything == looks)
        #expect(unusable(compilation).contains("has expired, at 2026-06-02T00:00:00Z") == looks)
        #expect((compilation.set.policies.first?.documentHash != before.documentHash) == looks)
    }

    @Test("Whatever else changes has the clock looked at too")
    func otherChange() throws {
        var compilation = PolicyCompilation(PolicySettings(), settingsConfigMap: "config-policy-controller")
        var contents = try contents()
        _ = compilation.take(contents, now: Self.start, expires: false)
        let other = try KubernetesObject(parsing: Example.policy("q").bytes)
        contents.copies[.policies]?.objects?[other.key] = other
        _ = compilation.take(contents, now: Self.end, expires: false)
        #expect(unusable(compilation).contains("has expired"))
    }
}
