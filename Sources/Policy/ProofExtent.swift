// SPDX-License-Identifier: Apache-2.0
import CUE
public import JSON

/// How much of each proof is read for one authority of a policy.
public struct ProofExtent: Hashable, Sendable {
    /// Bytes of one proof that are read where a policy does not say; an attestation of 100 MB is within it.
    public static let defaultBytes = 128 << 20
    /// What `spec.maximumAttestationSize` may say. Ours: a proof of a KiB holds no statement, and one of more than a GiB
    /// takes longer to read than an API server waits.
    public static let allowedBytes = (1 << 10)...(1 << 30)

    /// Parts of the statements that are read of proofs too large to be held.
    public let parts: JSONParts
    /// Bytes of one proof; a larger one is an unreadable candidate.
    public let maximumBytes: Int

    public init(parts: JSONParts, maximumBytes: Int = defaultBytes) {
        self.parts = parts
        self.maximumBytes = maximumBytes
    }
}

extension AttestationRequirement {
    /// What of a statement has to be there to say which kind it is and what it is about.
    static let alwaysRead = JSONParts.members(["_type": .all, "subject": .all, "predicateType": .all])

    /// The parts of a statement that decide whether it satisfies this.
    public var reads: JSONParts {
        // A statement of one of these has to have its type's shape, whatever the program reads.
        if TypedPredicate.isTyped(writtenType) { return .all }
        switch program?.body {
        case .cue(let policy): return Self.alwaysRead.union(policy.reads)
        // These are not evaluated on anything.
        case nil, .elsewhere, .unavailable: return Self.alwaysRead
        }
    }
}

extension Authority {
    /// The parts of statements that any of its attestations reads.
    public var reads: JSONParts {
        attestations.reduce(AttestationRequirement.alwaysRead) { $0.union($1.reads) }
    }
}

extension ClusterImagePolicy {
    /// How proofs are read for one of its authorities. What a program over all of them sees are whole statements.
    public func reading(for authority: Authority) -> ProofExtent {
        ProofExtent(parts: program == nil ? authority.reads : .all, maximumBytes: maximumProofBytes)
    }
}
