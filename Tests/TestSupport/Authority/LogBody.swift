// SPDX-License-Identifier: Apache-2.0

/// What a log keeps of a signature. `tree` may be changed before the entry is made.
public struct LogBody: Sendable {
    /// What the entry's `kindVersion` says.
    public var kind: String
    /// What the entry's `kindVersion` says.
    public var version: String
    /// The document that the log keeps.
    public var tree: JSONTree

    /// A body of any kind: `{"apiVersion", "kind", "spec"}`.
    public init(kind: String, version: String, spec: JSONTree) {
        self.kind = kind
        self.version = version
        tree = ["apiVersion": .string(version), "kind": .string(kind), "spec": spec]
    }

    /// The canonical JSON.
    public var bytes: [UInt8] { tree.canonicalBytes }

    /// Rekor v1, image and message signatures. `verifier` is PEM: a certificate or a public key.
    public static func hashedrekord001(
        hash: MintedHash = .sha256, digest: [UInt8], signature: [UInt8], verifier: String
    ) -> LogBody {
        LogBody(
            kind: "hashedrekord", version: "0.0.1",
            spec: [
                "data": ["hash": hashed(hash, digest)],
                "signature": [
                    "content": .base64(signature), "publicKey": ["content": .base64(Array(verifier.utf8))],
                ],
            ])
    }

    /// Rekor v1, the oldest kind: as hashedrekord, with the format named.
    public static func rekord001(digest: [UInt8], signature: [UInt8], verifier: String) -> LogBody {
        LogBody(
            kind: "rekord", version: "0.0.1",
            spec: [
                "data": ["hash": hashed(.sha256, digest)],
                "signature": [
                    "content": .base64(signature), "format": "x509",
                    "publicKey": ["content": .base64(Array(verifier.utf8))],
                ],
            ])
    }

    /// Rekor v1, envelopes. `envelope` is the JSON that was uploaded.
    public static func dsse001(
        envelope: [UInt8], payload: [UInt8], signatures: [[UInt8]], verifier: String
    ) -> LogBody {
        LogBody(
            kind: "dsse", version: "0.0.1",
            spec: [
                "envelopeHash": hashed(.sha256, MintedHash.sha256(envelope)),
                "payloadHash": hashed(.sha256, MintedHash.sha256(payload)),
                "signatures": .array(
                    signatures.map {
                        ["signature": .base64($0), "verifier": .base64(Array(verifier.utf8))]
                    }),
            ])
    }

    /// Rekor v1, envelopes of cosign until 2.1: the hash of the envelope, and no signature.
    public static func intoto001(envelope: [UInt8], payload: [UInt8]?, verifier: String) -> LogBody {
        var content: JSONTree = ["hash": hashed(.sha256, MintedHash.sha256(envelope))]
        if let payload { content["payloadHash"] = hashed(.sha256, MintedHash.sha256(payload)) }
        return LogBody(
            kind: "intoto", version: "0.0.1",
            spec: ["content": content, "publicKey": .base64(Array(verifier.utf8))])
    }

    /// Rekor v1, envelopes of other clients; signatures are base64 twice over.
    public static func intoto002(
        envelope: [UInt8], payload: [UInt8], payloadType: String, signatures: [[UInt8]], verifier: String
    ) -> LogBody {
        let signed = signatures.map { signature -> JSONTree in
            [
                "publicKey": .base64(Array(verifier.utf8)),
                "sig": .base64(Array(MintedText.base64(signature).utf8)),
            ]
        }
        return LogBody(
            kind: "intoto", version: "0.0.2",
            spec: [
                "content": [
                    "envelope": ["payloadType": .string(payloadType), "signatures": .array(signed)],
                    "hash": hashed(.sha256, MintedHash.sha256(envelope)),
                    "payloadHash": hashed(.sha256, MintedHash.sha256(payload)),
                ]
            ])
    }

    /// Rekor v2. `digest` is of the message, or of the envelope's pre-authentication encoding.
    public static func hashedrekord002(
        hash: MintedHash, digest: [UInt8], signature: [UInt8], verifier: JSONTree
    ) -> LogBody {
        LogBody(
            kind: "hashedrekord", version: "0.0.2",
            spec: [
                "hashedRekordV002": [
                    "data": ["algorithm": .string(hash.sigstoreName), "digest": .base64(digest)],
                    "signature": ["content": .base64(signature), "verifier": verifier],
                ]
            ])
    }

    /// Rekor v2, envelopes of cosign 2.6 to 3.0.
    public static func dsse002(payload: [UInt8], signatures: [[UInt8]], verifier: JSONTree) -> LogBody {
        LogBody(
            kind: "dsse", version: "0.0.2",
            spec: [
                "dsseV002": [
                    "payloadHash": [
                        "algorithm": "SHA2_256", "digest": .base64(MintedHash.sha256(payload)),
                    ],
                    "signatures": .array(signatures.map { ["content": .base64($0), "verifier": verifier] }),
                ]
            ])
    }

    /// The verifier of a Rekor v2 entry that is a certificate.
    public static func verifier(certificate: [UInt8], keyDetails: String) -> JSONTree {
        ["keyDetails": .string(keyDetails), "x509Certificate": ["rawBytes": .base64(certificate)]]
    }

    /// The verifier of a Rekor v2 entry that is a bare key.
    public static func verifier(publicKey: [UInt8], keyDetails: String) -> JSONTree {
        ["keyDetails": .string(keyDetails), "publicKey": ["rawBytes": .base64(publicKey)]]
    }

    private static func hashed(_ hash: MintedHash, _ digest: [UInt8]) -> JSONTree {
        ["algorithm": .string(hash.rawValue), "value": .string(MintedText.hex(digest))]
    }
}
