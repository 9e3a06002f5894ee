// SPDX-License-Identifier: Apache-2.0

/// Bounds and lives of what is remembered.
public struct CacheLimits: Hashable, Sendable {
    /// Bytes of blobs and manifests, by digest.
    public var blobBytes: Int
    /// Bytes of verdicts.
    public var verdictBytes: Int
    /// How long past its life an admission may stand in where nobody could be asked again; zero where it may not.
    public var staleLife: Duration
    /// Bytes of candidate proofs, evidence and tags together, each its share.
    public var evidenceBytes: Int
    /// How long a tag's digest is believed; a tag is for pinning only and never evidence.
    public var tagLife: Duration
    /// How long a listing of an image's candidate proofs is believed complete: somebody may be signing.
    public var candidateLife: Duration
    /// How long "none published" is believed: the time from `cosign sign` to the next try of whoever was refused.
    public var absenceLife: Duration
    /// How long proofs that sufficed are kept; the trust generation and the policy are part of what is looked up, so
    /// that a change of either acts at once.
    public var sufficientLife: Duration

    public static let `default` = CacheLimits(
        blobBytes: 4 << 20, evidenceBytes: 16 << 20, tagLife: .seconds(10), candidateLife: .seconds(5),
        absenceLife: .seconds(2), sufficientLife: .seconds(24 * 3600))

    public init(
        blobBytes: Int, evidenceBytes: Int, tagLife: Duration, candidateLife: Duration, absenceLife: Duration,
        sufficientLife: Duration, verdictBytes: Int = 40 << 20, staleLife: Duration = .zero
    ) {
        self.verdictBytes = verdictBytes
        self.staleLife = staleLife
        self.blobBytes = blobBytes
        self.evidenceBytes = evidenceBytes
        self.tagLife = tagLife
        self.candidateLife = candidateLife
        self.absenceLife = absenceLife
        self.sufficientLife = sufficientLife
    }
}
