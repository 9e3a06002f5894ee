// SPDX-License-Identifier: Apache-2.0
import Demo
import OCI
import TestSupport
import Testing

/// The real cosign and our program at a registry that offers the referrers API, which docker-registry does not.
@Suite struct ReferrersTests {
    @Test("cosign's bundle is found through the referrers API, behind others on another page", arguments: [nil, 1])
    func bundle(pageSize: Int?) async throws {
        guard CosignTool.isAvailable() else { return }
        let cosign = try await CosignTool()
        let countersign = try CountersignTool()
        let key = try await cosign.generateKey()
        try await LoopbackRegistry.running(LoopbackOptions(pageSize: pageSize)) { registry in
            let digest = registry.contents.put(DemoImage(content: "referred"), in: "team/app", tag: "v1")
            let reference = "\(try await registry.host)/team/app@\(digest)"
            for _ in 0..<2 { try await registry.sign(digest, in: "team/app", with: DemoSigner()) }
            let before = try await countersign.verify(reference, publicKeyPEM: key.publicKeyPEM)
            #expect(before.exitCode == 1, "\(before)")
            #expect(before.words.contains("not made by key"), "\(before)")

            try await cosign.sign(reference, with: key, form: .bundle)
            #expect(registry.contents.manifest(digest.tagStem, in: "team/app") == nil, "no fallback tag is needed")
            registry.faults.forgetRequests()
            let after = try await countersign.verify(reference, publicKeyPEM: key.publicKeyPEM)
            #expect(after.exitCode == 0, "\(after)")
            #expect(registry.faults.count(method: "GET", target: "/referrers/") == (pageSize == nil ? 1 : 3))
        }
    }

    @Test(
        "A registry that fails is an outage, whatever it held", arguments: [401, 403, 429, 500, 503])
    func outage(status: Int) async throws {
        let countersign = try CountersignTool()
        let signer = DemoSigner()
        try await LoopbackRegistry.running { registry in
            let digest = registry.contents.put(DemoImage(content: "failing"), in: "team/app", tag: "v1")
            try await registry.sign(digest, in: "team/app", with: DemoSigner())
            let reference = "\(try await registry.host)/team/app@\(digest)"
            registry.faults.inject(RegistryFault(.status(status), target: "/referrers/"))
            let answer = try await countersign.verify(reference, publicKeyPEM: signer.publicKeyPEM)
            #expect(answer.exitCode == 2, "\(answer)")
            registry.faults.removeAll()
            let healed = try await countersign.verify(reference, publicKeyPEM: signer.publicKeyPEM)
            #expect(healed.exitCode == 1, "\(healed)")
        }
    }

    @Test("An answer that says that the API is not offered leads to the fallback tag", arguments: [400, 404, 405, 406])
    func notOffered(status: Int) async throws {
        let countersign = try CountersignTool()
        let signer = DemoSigner()
        try await LoopbackRegistry.running(LoopbackOptions(referrersAPI: false)) { registry in
            let digest = registry.contents.put(DemoImage(content: "fallback"), in: "team/app", tag: "v1")
            try await registry.sign(digest, in: "team/app", with: signer)
            let reference = "\(try await registry.host)/team/app@\(digest)"
            registry.faults.inject(RegistryFault(.status(status), target: "/referrers/"))
            let good = try await countersign.verify(reference, publicKeyPEM: signer.publicKeyPEM)
            #expect(good.exitCode == 0, "\(good)")
            let bad = try await countersign.verify(reference, publicKeyPEM: DemoSigner().publicKeyPEM)
            #expect(bad.exitCode == 1, "\(bad)")
        }
    }

    @Test("A token is fetched for a registry that asks for one")
    func token() async throws {
        let countersign = try CountersignTool()
        let signer = DemoSigner()
        let options = LoopbackOptions(access: .token(nil, lifetime: .seconds(300)))
        try await LoopbackRegistry.running(options) { registry in
            let digest = registry.contents.put(DemoImage(content: "token"), in: "team/app", tag: "v1")
            try await registry.sign(digest, in: "team/app", with: signer)
            let answer = try await countersign.verify(
                "\(try await registry.host)/team/app:v1", publicKeyPEM: signer.publicKeyPEM)
            #expect(answer.exitCode == 0, "\(answer)")
            #expect(registry.faults.count(target: "/token") == 1)
        }
    }
}
