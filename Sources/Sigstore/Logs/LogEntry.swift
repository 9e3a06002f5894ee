// SPDX-License-Identifier: Apache-2.0

/// A log entry as a proof carries it: read, and not checked. sigstore/protobuf-specs, TransparencyLogEntry; cosign's
/// bundle annotation has the same without a proof.
struct LogEntry {
    /// Position in the whole log, over all its shards; part of what a signed entry timestamp signs.
    let index: Int64
    let logID: [UInt8]
    /// What the bundle says the body is; `nil` in cosign's annotation. The body has to agree.
    let kind: (name: String, version: String)?
    /// Seconds since 1970; `nil` where the entry has none or zero, as every entry of a Rekor v2 log.
    let integratedTime: Int64?
    let signedEntryTimestamp: [UInt8]?
    let inclusionProof: InclusionProof?
    /// The canonical JSON that was logged.
    let body: [UInt8]
}

/// A leaf's path to the root of a log: read, and not checked. RFC 6962 §2.1.1.
struct InclusionProof {
    /// Position in this tree, from 0; not the log-wide index of a sharded log.
    let leafIndex: Int64
    let treeSize: Int64
    let rootHash: [UInt8]
    /// Lowest sibling first; at most 63, one per level of a tree under 2^63 leaves.
    let siblings: [[UInt8]]
    /// The signed note over the tree's size and root.
    let checkpoint: String
}

/// What a log entry has to be about: one signature, by one signer, over one content.
struct LoggedSignature {
    enum Signer {
        case key(PublicKey)
        case certificate(Certificate)
    }

    enum Content {
        /// A payload under a detached signature: an artifact, or simple-signing JSON.
        case message(SignedMessage)
        /// An envelope; `text` is its JSON as it was logged, where it is still there: a bundle has lost it. Of a large one
        /// it is in `envelopeText` alone.
        case envelope(Envelope, text: [UInt8]?)

        /// The envelope's JSON as it was logged; `nil` where a bundle has lost it.
        var envelopeText: SignedMessage? {
            guard case .envelope(let envelope, let text) = self else { return nil }
            if case .large(let large) = envelope.payload { return large.text.map { .digests($0) } }
            return text.map { .bytes($0) }
        }
    }

    let signature: [UInt8]
    let signer: Signer
    let content: Content
    private let known = PartHashes()
}

extension LoggedSignature {
    /// A part of the content that entries name by a hash.
    enum Part: String, Hashable {
        case message, envelope, payload
        /// What an envelope's signature is over.
        case encoding
    }

    /// The hash of a part that is `message`; `nil` where only others are known. Each is made once, however many entries ask
    /// for it: a proof may bring 32 entries about an envelope of tens of megabytes.
    func hash(
        _ algorithm: HashAlgorithm, of part: Part, _ message: @autoclosure () -> SignedMessage
    ) -> [UInt8]? {
        known.hash(algorithm, of: part, message)
    }
}

/// Hashes that were made already, by what they are of.
private final class PartHashes {
    private struct Name: Hashable {
        let part: LoggedSignature.Part
        let algorithm: HashAlgorithm
    }

    private var found: [Name: [UInt8]] = [:]

    func hash(
        _ algorithm: HashAlgorithm, of part: LoggedSignature.Part, _ message: () -> SignedMessage
    ) -> [UInt8]? {
        let name = Name(part: part, algorithm: algorithm)
        if let known = found[name] { return known }
        let hash = message().hash(algorithm)
        found[name] = hash
        return hash
    }
}
