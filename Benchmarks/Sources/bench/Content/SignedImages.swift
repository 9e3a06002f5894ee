// SPDX-License-Identifier: Apache-2.0
import Demo
import JSON
import OCI

/// Images in a loopback registry, each signed by one key.
struct SignedImages: Sendable {
    let registry: LoopbackRegistry
    /// `127.0.0.1:port`
    let host: String
    let signer = DemoSigner()

    init(in registry: LoopbackRegistry) async throws {
        self.registry = registry
        host = try await registry.host
    }

    /// Puts an image, and its signature as cosign before version 3 does, under the tag `sha256-….sig`; answers
    /// `host/repository@digest`. The image is a manifest alone: nobody reads further.
    func add(_ name: String, in repository: String) throws -> String {
        let digest = registry.contents.put(
            manifest: Self.manifest(name), mediaType: "application/vnd.oci.image.manifest.v1+json", in: repository)
        let reference = "\(host)/\(repository)"
        registry.contents.append(
            try signer.simpleSignature(of: digest, repository: reference), of: digest, in: repository)
        return "\(reference)@\(digest)"
    }

    func add(_ count: Int, in repository: String) throws -> [String] {
        try (0..<count).map { try add("\(repository) \($0)", in: repository) }
    }

    /// A policy that wants this key's signature on everything that the glob names.
    func policy(_ name: String = "signed", glob: String? = nil) -> String {
        let key = signer.publicKeyPEM.split(separator: "\n").map { "          \($0)\n" }.joined()
        return """
            apiVersion: policy.sigstore.dev/v1beta1
            kind: ClusterImagePolicy
            metadata:
              name: \(name)
            spec:
              mode: enforce
              images:
                - glob: "\(glob ?? "\(host)/**")"
              authorities:
                - name: release-key
                  key:
                    data: |
            \(key)
            """
    }

    private static func manifest(_ name: String) -> [UInt8] {
        let config = Digest(of: Array("{}".utf8)).description
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("schemaVersion", 2)
            writer.member("mediaType", "application/vnd.oci.image.manifest.v1+json")
            writer.member(
                "config",
                object: { writer in
                    writer.member("mediaType", "application/vnd.oci.image.config.v1+json")
                    writer.member("size", 2)
                    writer.member("digest", config)
                })
            writer.member("layers", array: { _ in })
            writer.member("annotations", object: { $0.member("org.opencontainers.image.title", name) })
        }
        return writer.bytes
    }
}
