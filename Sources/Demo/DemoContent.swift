// SPDX-License-Identifier: Apache-2.0
public import OCI

/// What `countersign demo` shows: a registry filled with images in every state that matters, and the keys.
public struct DemoContent: Sendable {
    /// Repository of the images that a strict policy governs.
    public static let application = "demo/app"
    /// Repository of an image that a warning policy governs.
    public static let tools = "demo/tools"

    /// One tag of the demo.
    public struct Entry: Hashable, Sendable {
        /// `127.0.0.1:port/demo/app:signed`
        public let reference: String
        public let digest: Digest
        /// What there is to know about it, in a few words.
        public let story: String

        /// `127.0.0.1:port/demo/app:signed@sha256:…`, as `/mutate` pins it.
        public var pinned: String { "\(reference)@\(digest)" }
    }

    /// The key that the policies trust.
    public let signer: DemoSigner
    /// A key that they do not trust.
    public let stranger: DemoSigner
    /// `127.0.0.1:port`
    public let host: String

    public let signed: Entry
    public let signedByTag: Entry
    public let unsigned: Entry
    public let otherKey: Entry
    /// The tag named a signed image once, and names an unsigned one now.
    public let moved: Entry
    /// The signed digest that `moved` named before.
    public let beforeMoving: Digest
    /// Unsigned, in the repository of the warning policy.
    public let tool: Entry

    public var entries: [Entry] { [signed, signedByTag, unsigned, otherKey, moved, tool] }

    /// Fills the registry; it must be running, since references name its port.
    public init(filling registry: LoopbackRegistry) async throws {
        let host = try await registry.host
        let signer = DemoSigner()
        let stranger = DemoSigner()
        let application = Self.application

        func entry(_ tag: String, _ story: String, repository: String = application) -> Entry {
            let digest = registry.contents.put(
                DemoImage(content: "\(repository):\(tag)\n"), in: repository, tag: tag)
            return Entry(reference: "\(host)/\(repository):\(tag)", digest: digest, story: story)
        }

        signed = entry("signed", "signed, in a bundle beside the image")
        try await registry.sign(signed.digest, in: application, with: signer)
        signedByTag = entry("signed-by-tag", "signed, under cosign's .sig tag")
        try await registry.sign(signedByTag.digest, in: application, with: signer, form: .tag)
        unsigned = entry("unsigned", "not signed")
        otherKey = entry("other-key", "signed, by a key that the policy does not name")
        try await registry.sign(otherKey.digest, in: application, with: stranger)

        let first = entry("moved", "")
        try await registry.sign(first.digest, in: application, with: signer)
        beforeMoving = first.digest
        let second = registry.contents.put(
            DemoImage(content: "\(application):moved, pushed again\n"), in: application, tag: "moved")
        moved = Entry(
            reference: first.reference, digest: second, story: "signed once; the tag was moved to an unsigned image")
        tool = entry("unsigned", "not signed; its policy only warns", repository: Self.tools)

        self.host = host
        self.signer = signer
        self.stranger = stranger
    }

    /// The demo's two policies as YAML documents: the application's images must be signed, the tools' should be.
    public var policies: String {
        Self.policy(
            name: "application-is-signed", glob: "\(host)/\(Self.application)*", mode: "enforce",
            key: signer.publicKeyPEM)
            + "---\n"
            + Self.policy(
                name: "tools-should-be-signed", glob: "\(host)/\(Self.tools)*", mode: "warn",
                key: signer.publicKeyPEM)
    }

    private static func policy(name: String, glob: String, mode: String, key: String) -> String {
        let indented = key.split(separator: "\n").map { "          \($0)\n" }.joined()
        return """
            apiVersion: policy.sigstore.dev/v1beta1
            kind: ClusterImagePolicy
            metadata:
              name: \(name)
            spec:
              mode: \(mode)
              images:
                - glob: "\(glob)"
              authorities:
                - name: release-key
                  key:
                    hashAlgorithm: sha256
                    data: |
            \(indented)
            """
    }
}
