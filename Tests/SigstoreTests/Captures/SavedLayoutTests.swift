// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import TestSupport
import Testing

@testable import Sigstore

/// Images of other projects as `cosign save` wrote them, with their real provenance, and images of whole private instances.
@Suite(
    "Saved layouts of other projects",
    .enabled(if: available(SharedFolder.path("data/oci-layouts") != nil, orSkip: "no shared/data/oci-layouts")))
struct SavedLayoutTests {
    static let folder = "data/oci-layouts"
    static let provenance = "https://slsa.dev/provenance/v0.2"
    static let releases = SharedFolder.names(in: "\(folder)/slsa-generic-container")
    static let instances = SharedFolder.names(in: "\(folder)/private-sigstore")
    static let github = "https://token.actions.githubusercontent.com"
    static let cluster = "https://kubernetes.default.svc.cluster.local"
    static let account = "https://kubernetes.io/namespaces/default/serviceaccounts/default"

    /// The workflow of slsa-github-generator that made the provenance of a release.
    static func builder(_ release: String) -> String {
        "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/"
            + "generator_container_slsa3.yml@refs/tags/\(release)"
    }

    /// What lies in a layout, and the image it is about.
    private func saved(_ folder: String) throws -> (image: Digest, proofs: [UnverifiedBundle]) {
        let layout = Layout(folder: folder)
        let image = try layout.savedImage()
        return (image, try layout.proofs(of: image))
    }

    /// An instance's trusted root where its TUF repository has one, and the keys that lie there one by one.
    private func trust(_ instance: String) throws -> (root: TrustMaterial?, keys: TrustMaterial) {
        let targets = "\(Self.folder)/private-sigstore/\(instance)/tuf/targets"
        func target(_ name: String) -> [UInt8]? {
            // With consistent snapshots a file's hash stands before its name.
            let file = SharedFolder.names(in: targets).first { $0 == name || $0.hasSuffix(".\(name)") }
            return file.flatMap { SharedFolder.bytes("\(targets)/\($0)") }
        }
        func text(_ name: String) -> String? { target(name).map { String(decoding: $0, as: UTF8.self) } }
        var keys = OperatorKeys()
        keys.logKeys = [try #require(text("rekor.pub"))]
        keys.certificateLogKeys = [try #require(text("ctfe.pub"))]
        let roots = try #require(text("fulcio_v1.crt.pem"))
        keys.roots = roots
        return (
            try target("trusted_root.json").map { try TrustMaterial(trustedRoot: $0) },
            try TrustMaterial.none.replacing(with: keys)
        )
    }

    @Test("are there, and log entries of both kinds of attestation with them")
    func count() throws {
        var kinds: Set<String> = []
        for release in Self.releases {
            for proof in try saved("\(Self.folder)/slsa-generic-container/\(release)").proofs {
                guard case .envelope(_, let annotations) = proof.content else { continue }
                let bundle = try JSONDocument(parsing: Array(#require(annotations.rekorBundle).utf8)).root
                let body = try #require(bundle["Payload"]?["body"]?.string.flatMap { Base64.decode($0) })
                kinds.insert(try EntryBody(body).kind.rawValue)
            }
        }
        #expect(kinds == ["intoto 0.0.1", "dsse 0.0.1"])
        #expect(Self.instances.count >= 2)
    }

    @Test("with provenance by slsa-github-generator verify against the embedded root", arguments: releases)
    func provenance(release: String) throws {
        let (image, proofs) = try saved("\(Self.folder)/slsa-generic-container/\(release)")
        let trust = try TrustMaterial.publicGood()
        let builder = Self.builder(release)
        for identity in try [CertificateIdentity.exactly(builder, Self.github), .pattern(builder, Self.github)] {
            let verifier = Verifier(trust, identity)
            let statements = proofs.compactMap { try? verifier.statement(in: $0, of: image) }
            #expect(
                statements.map(\.predicateType) == [Self.provenance],
                "\(proofs.map { verifier.refusal(asStatement: $0, of: image)?.description ?? "-" })")
            // Provenance is no signature.
            #expect(
                proofs.map { verifier.refusal(asSignature: $0, of: image)?.code } == ["attestation-is-no-signature"])
            #expect(proofs.map { verifier.refusal(asStatement: $0, of: Digest(of: []))?.code } == ["wrong-image"])
        }
        for other in try OtherIdentity.all(builder, Self.github) {
            let verifier = Verifier(trust, other.identity)
            #expect(
                proofs.map { verifier.refusal(asStatement: $0, of: image)?.code } == ["wrong-identity"], "\(other.name)"
            )
        }
    }

    @Test("of private instances verify by the instance's own root or keys, and by no others", arguments: instances)
    func privateInstance(instance: String) throws {
        let (image, proofs) = try saved("\(Self.folder)/private-sigstore/\(instance)/layout")
        let (root, keys) = try trust(instance)
        let own = try CertificateIdentity.exactly(Self.account, Self.cluster)
        for trust in [root, keys].compactMap({ $0 }) {
            let verifier = Verifier(trust, own)
            let signatures = proofs.filter { $0.origin.carrier == .signatureTag }
            let attestations = proofs.filter { $0.origin.carrier == .attestationTag }
            #expect(!signatures.isEmpty)
            #expect(!attestations.isEmpty)
            for proof in signatures { #expect(verifier.refusal(asSignature: proof, of: image) == nil) }
            for proof in attestations {
                #expect(verifier.refusal(asStatement: proof, of: image) == nil)
                #expect(try verifier.statement(in: proof, of: image).predicateType == Self.provenance)
            }
            for other in try OtherIdentity.all(Self.account, Self.cluster) {
                let verifier = Verifier(trust, other.identity)
                #expect(
                    signatures.allSatisfy {
                        verifier.refusal(asSignature: $0, of: image)?.code == "wrong-identity"
                    }, "\(other.name)")
                #expect(
                    attestations.allSatisfy {
                        verifier.refusal(asStatement: $0, of: image)?.code == "wrong-identity"
                    }, "\(other.name)")
            }
        }
        let strangers = try [.publicGood()] + Self.instances.filter { $0 != instance }.map { try self.trust($0).keys }
        for trust in strangers {
            let verifier = Verifier(trust, own)
            for proof in proofs {
                #expect(verifier.refusal(asSignature: proof, of: image)?.code == "not-enough-log-entries")
                #expect((try? verifier.statement(in: proof, of: image)) == nil)
            }
        }
    }
}
