// SPDX-License-Identifier: Apache-2.0
public import OCI

/// What may be asked of a Rekor v1 log about a proof that brings no entry: cosign 1 and 2 could leave it out and look for
/// it when they verified.
///
/// An answer is put where cosign would have put it, and is then checked like any other: the log's word for which entry is
/// meant is not taken.
extension UnverifiedBundle {
    /// The hash under which the log would have this proof; `nil` where the proof brings an entry, or is of a form whose
    /// entry always comes along.
    public var contentToSearch: Digest? {
        switch content {
        case .simpleSigning(let payload, let annotations):
            annotations.rekorBundle == nil ? Digest(of: payload) : nil
        case .envelope(let text, let annotations): annotations.rekorBundle == nil ? Digest(of: text) : nil
        case .read(let proof, let annotations): annotations.rekorBundle == nil ? proof.textDigest : nil
        // What has not been read is asked about when it has been.
        case .bundle, .large, .unreadable: nil
        }
    }

    /// This proof with an entry beside it, as cosign's bundle annotation has it; unchanged where `contentToSearch` is
    /// `nil`.
    public func adding(_ entry: LogSearchResult) -> UnverifiedBundle {
        switch content {
        case .simpleSigning(let payload, let annotations) where annotations.rekorBundle == nil:
            UnverifiedBundle(
                .simpleSigning(payload: payload, annotations: annotations.with(entry.annotation)), origin: origin)
        case .envelope(let text, let annotations) where annotations.rekorBundle == nil:
            UnverifiedBundle(.envelope(text, annotations: annotations.with(entry.annotation)), origin: origin)
        case .read(let proof, let annotations) where annotations.rekorBundle == nil && proof.textDigest != nil:
            UnverifiedBundle(.read(proof, annotations: annotations.with(entry.annotation)), origin: origin)
        default: self
        }
    }
}

extension CosignAnnotations {
    fileprivate func with(_ rekorBundle: String) -> CosignAnnotations {
        CosignAnnotations(
            signature: signature, certificate: certificate, chain: chain, rekorBundle: rekorBundle,
            timestamp: timestamp)
    }
}
