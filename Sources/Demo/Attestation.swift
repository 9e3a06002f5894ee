// SPDX-License-Identifier: Apache-2.0
import JSON
public import OCI

/// An in-toto statement's bytes, as cosign writes them.
public enum DemoStatement {
    /// What `cosign sign` of version 3 signs: the digest, an empty predicate, and no name. in-toto Statement v1.
    public static let signPredicate = "https://sigstore.dev/cosign/sign/v1"

    public static func signature(of digest: Digest, annotations: [(String, String)] = []) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("_type", "https://in-toto.io/Statement/v1")
            writer.member(
                "subject",
                array: { writer in
                    writer.object { writer in
                        writer.member("digest", object: { $0.member(digest.algorithm.rawValue, digest.hex) })
                        writer.member(
                            "annotations",
                            object: { writer in
                                for (name, value) in annotations { writer.member(name, value) }
                            })
                    }
                })
            writer.member("predicateType", signPredicate)
            writer.member("predicate", object: { _ in })
        }
        return writer.bytes
    }

    /// What `cosign attest` signs; `predicate` is JSON text. in-toto Statement v0.1.
    public static func attestation(
        of digest: Digest, repository: String, predicateType: String, predicate: [UInt8]
    ) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("_type", "https://in-toto.io/Statement/v0.1")
            writer.member(
                "subject",
                array: { writer in
                    writer.object { writer in
                        writer.member("name", repository)
                        writer.member("digest", object: { $0.member(digest.algorithm.rawValue, digest.hex) })
                    }
                })
            writer.member("predicateType", predicateType)
            writer.name("predicate")
            writer.raw(predicate)
        }
        return writer.bytes
    }
}

extension DemoSigner {
    /// A DSSE envelope around a payload, members in cosign 3's order.
    public func envelope(_ payload: [UInt8], payloadType: String = "application/vnd.in-toto+json") throws -> [UInt8] {
        var writer = JSONWriter()
        try write(&writer, payload: payload, payloadType: payloadType)
        return writer.bytes
    }

    /// A Sigstore bundle v0.3 around a payload: key material only, no log entry, no timestamp.
    public func bundle(_ payload: [UInt8], payloadType: String = "application/vnd.in-toto+json") throws -> [UInt8] {
        var writer = JSONWriter()
        try writer.object { writer in
            writer.member("mediaType", MediaType.bundle)
            writer.member(
                "verificationMaterial", object: { $0.member("publicKey", object: { $0.member("hint", hint) }) })
            writer.name("dsseEnvelope")
            try write(&writer, payload: payload, payloadType: payloadType)
        }
        return writer.bytes
    }

    private func write(_ writer: inout JSONWriter, payload: [UInt8], payloadType: String) throws {
        let signature = base64(try sign(Self.preAuthentication(payload, payloadType)))
        writer.object { writer in
            writer.member("payload", base64(payload))
            writer.member("payloadType", payloadType)
            writer.member("signatures", array: { $0.object { $0.member("sig", signature) } })
        }
    }

    /// What a DSSE signature covers. DSSE protocol.md, "PAE".
    private static func preAuthentication(_ payload: [UInt8], _ type: String) -> [UInt8] {
        Array("DSSEv1 \(type.utf8.count) \(type) \(payload.count) ".utf8) + payload
    }
}
