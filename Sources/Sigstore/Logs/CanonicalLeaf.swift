// SPDX-License-Identifier: Apache-2.0
import JSON

/// The leaf of a Rekor v2 log written anew from what was signed. RFC 8785: members sorted, no white space.
///
/// A log of tiles hands out a proof and no more; that the leaf is about this signature is shown by writing what the log
/// must have hashed. A body that differs in a single byte is refused even where it says the same.
enum CanonicalLeaf {
    /// `body` is already bound to the signature, so its own values are the ones that were signed.
    static func check(_ body: EntryBody, signer: PublicKey, is bytes: [UInt8]) throws(LogError) {
        guard let details = body.keyDetails else { throw .notCanonical }
        guard
            let known = KeyDetails.allowed(for: signer, in: body.kind).first(where: { $0.rawValue.isExactly(details) })
        else { throw .keyDetails(found: excerpt(details)) }
        guard let signature = body.signature else { throw .notCanonical }
        var writer = JSONWriter()
        switch body.subject {
        case .signed(let hash):
            guard hash.algorithm == known.hash else { throw .hashNotKnown(hash.algorithm.rawValue) }
            write("hashedrekord", "hashedRekordV002", to: &writer) { entry in
                entry.member("data", object: { write(hash, to: &$0) })
                entry.member("signature", object: { write(signature, known, body.signer, to: &$0) })
            }
        case .payload(let hash, _):
            // cosign 2.6 hashes every payload with SHA-256, whatever the key.
            guard hash.algorithm == .sha256 else { throw .hashNotKnown(hash.algorithm.rawValue) }
            write("dsse", "dsseV002", to: &writer) { entry in
                entry.member("payloadHash", object: { write(hash, to: &$0) })
                entry.member("signatures", array: { $0.object { write(signature, known, body.signer, to: &$0) } })
            }
        case .envelope, .text: throw .notCanonical
        }
        guard writer.bytes == bytes else { throw .notCanonical }
    }

    private static func write(
        _ kind: String, _ member: String, to writer: inout JSONWriter, _ entry: (inout JSONWriter) -> Void
    ) {
        writer.object {
            $0.member("apiVersion", "0.0.2")
            $0.member("kind", kind)
            $0.member("spec", object: { $0.member(member, object: entry) })
        }
    }

    private static func write(_ hash: EntryBody.Hash, to writer: inout JSONWriter) {
        writer.member("algorithm", hash.algorithm.sigstoreName)
        writer.member("digest", Base64.encode(hash.value))
    }

    private static func write(
        _ signature: [UInt8], _ details: KeyDetails, _ signer: EntryBody.Signer, to writer: inout JSONWriter
    ) {
        writer.member("content", Base64.encode(signature))
        let (name, der) =
            switch signer {
            case .key(let der): ("publicKey", der)
            case .certificate(let der): ("x509Certificate", der)
            }
        writer.member(
            "verifier",
            object: { verifier in
                verifier.member("keyDetails", details.rawValue)
                verifier.member(name, object: { $0.member("rawBytes", Base64.encode(der)) })
            })
    }
}
