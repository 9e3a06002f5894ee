// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import OCI
import Policy
import Sigstore
import Testing

@testable import Registry

/// A registry that shows an image to one user alone, asked on behalf of several workloads.
@Suite struct WorkloadAccessTests {
    private static let user = "Basic b25lOnB3"

    @Test("Each workload is shown what its own credential opens, before and after another's has opened more")
    func separation() async throws {
        let secrets = ScriptedSecrets()
        let script = RegistryScript.holding("manifest")
        try await ScriptedServer.running { request in
            guard request.authorization == Self.user else {
                return ScriptedAnswer(401, headers: [("WWW-Authenticate", "Basic realm=\"r\"")], "")
            }
            return script.answer(request)
        } _: { server in
            secrets.put("one/pull", [server.host: "one"])
            secrets.put("two/pull", [server.host: "two"])
            try await withTransport { http in
                var policy = RetryPolicy()
                policy.retries = 0
                let rules = CredentialRules(
                    own: try DockerConfig(parsing: ScriptedSecrets.config([server.host: "one"])),
                    separatesWorkloads: true, pullSecrets: PullSecrets(secrets, policyNamespace: "policies"))
                let client = RegistryClient(http: http, rules: rules, retries: policy)
                let work = SharedWork()
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { await work.run() }
                    let verifier = ImageVerifier(
                        policies: PoliciesInForce(PolicySet(policies: [])), noMatch: .deny,
                        store: EvidenceStore(source: client, trust: TrustInForce(.none), work: work))
                    let reference = ImageReference(
                        asWritten: "x", repository: Repository(host: server.host, path: "team/app"), tag: "v1",
                        digest: nil)
                    func resolved(_ namespace: String, _ secret: String = "pull") async -> ResolutionLookup? {
                        do throws(Outage) {
                            return try await verifier.resolve(
                                reference, for: Puller(namespace: namespace, pullSecrets: [secret]),
                                deadline: .after(.seconds(60)))
                        } catch {
                            #expect(error.kind == .unauthorized)
                            return nil
                        }
                    }
                    #expect(await resolved("two") == nil)
                    #expect(await resolved("one") != nil)
                    // Now every cache is warm for the one who may.
                    #expect(await resolved("two") == nil)
                    #expect(await resolved("two", "none") == nil)
                    #expect(await resolved("one") != nil)
                    work.finish()
                    group.cancelAll()
                }
            }
        }
    }
}

extension RegistryScript {
    /// A script that holds one manifest as `v1`.
    fileprivate static func holding(_ text: String) -> RegistryScript {
        var script = RegistryScript()
        script.manifest(TestManifest.image(layers: []), tags: "v1")
        return script
    }
}
