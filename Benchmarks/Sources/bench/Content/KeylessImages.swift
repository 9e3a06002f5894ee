// SPDX-License-Identifier: Apache-2.0
import Demo
import OCI
import TestSupport

/// Images whose proofs are bundles of one workflow's certificates, logged in Rekor v1, as cosign 3 makes them.
struct KeylessImages: Sendable {
    let registry: LoopbackRegistry
    /// `127.0.0.1:port`
    let host: String
    private let authority: TestAuthority
    private let signer: TestSigner

    static let cycloneDX = "https://cyclonedx.org/bom"
    static let provenance = "https://slsa.dev/provenance/v1"

    init(in registry: LoopbackRegistry) async throws {
        self.registry = registry
        host = try await registry.host
        authority = try TestAuthority()
        signer = try authority.keylessSigner(.workflow(repository: "octo/app"))
    }

    /// What a verifier has to believe.
    var trustedRoot: [UInt8] { authority.trustedRoot.bytes }

    /// Puts an image with that tag and a signature; answers its digest.
    func add(_ tag: String, in repository: String) throws -> Digest {
        let digest = registry.contents.put(DemoImage(content: "\(repository):\(tag)"), in: repository, tag: tag)
        try attach(StatementTemplate(of: digest), to: digest, in: repository)
        return digest
    }

    /// As `add`, with a bill of materials and a provenance besides.
    func addAttested(_ tag: String, in repository: String) throws -> Digest {
        let digest = try add(tag, in: repository)
        let materials: JSONTree = ["bomFormat": "CycloneDX", "specVersion": "1.6", "components": .array([])]
        let provenance: JSONTree = [
            "buildDefinition": [
                "buildType": "https://example.com/build/v1",
                "externalParameters": ["workflow": ".github/workflows/release.yml"],
            ],
            "runDetails": ["builder": ["id": "https://example.com/builder"]],
        ]
        for (type, predicate) in [(Self.cycloneDX, materials), (Self.provenance, provenance)] {
            try attach(
                StatementTemplate(of: digest, predicateType: type, predicate: predicate), to: digest, in: repository)
        }
        return digest
    }

    private func attach(_ statement: StatementTemplate, to digest: Digest, in repository: String) throws {
        try registry.contents.attach(
            bundle: try authority.bundle(payload: statement.bytes, by: signer).bytes(),
            predicateType: statement.predicateType, to: digest, in: repository,
            referrersAPI: registry.options.referrersAPI)
    }

    // MARK: Policies

    /// A policy that wants the workflow's signature.
    func policy(_ name: String, repository: String) -> String { Self.head(name, "\(host)/\(repository)") }

    /// A policy that wants two attestations of the workflow and reads them with CUE, as published ones do.
    func attestedPolicy(_ name: String, repository: String) -> String {
        Self.head(name, "\(host)/\(repository)") + """
                  attestations:
                    - name: bill-of-materials
                      predicateType: \(Self.cycloneDX)
                      policy:
                        type: cue
                        data: |
                          predicateType: "\(Self.cycloneDX)"
                          predicate: {
                            bomFormat: "CycloneDX"
                          }
                    - name: provenance
                      predicateType: \(Self.provenance)
                      policy:
                        type: cue
                        data: |
                          predicateType: "\(Self.provenance)"
                          predicate: {
                            buildDefinition: {
                              externalParameters: {
                                workflow: =~"^\\\\.github/workflows/[a-z-]+\\\\.yml$"
                              }
                            }
                          }

            """
    }

    private static func head(_ name: String, _ glob: String) -> String {
        """
        apiVersion: policy.sigstore.dev/v1beta1
        kind: ClusterImagePolicy
        metadata:
          name: \(name)
        spec:
          mode: enforce
          images:
            - glob: "\(glob)*"
          authorities:
            - name: workflow
              keyless:
                url: https://fulcio.sigstore.dev
                identities:
                  - issuer: https://token.actions.githubusercontent.com
                    subjectRegExp: ^https://github\\.com/octo/app/\\.github/workflows/release\\.yml@refs/(heads/main|tags/v.*)$

        """
    }
}
