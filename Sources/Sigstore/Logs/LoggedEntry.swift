// SPDX-License-Identifier: Apache-2.0

/// Proof that a believed log holds an entry about one signature.
struct LoggedEntry: Sendable {
    private let proven: Proven

    private struct Proven: Sendable {
        let log: TransparencyLog
        let periods: [ValidityPeriod]
        let index: Int64?
        let integratedTime: Instant?
        let isIncluded: Bool
    }

    /// The id of the log, 32 bytes; several entries of one log count once.
    var logID: [UInt8] { proven.log.id }
    /// Who runs the log; empty where trust material does not say.
    var operatorName: String { proven.log.operatorName }
    /// Where the log is.
    var logURL: String { proven.log.baseURL }
    /// While that log is believed, which may be in several periods: a time that is proven otherwise can be held against
    /// them.
    var logPeriods: [ValidityPeriod] { proven.periods }
    var logValidity: ValidityPeriod { proven.log.validity }
    /// Position in the whole log; `nil` where nothing that was checked says it, in an entry of Rekor v1 with no more
    /// than an inclusion proof.
    var index: Int64? { proven.index }
    /// When the log took the entry; only where a signed entry timestamp says so, since an inclusion proof proves no
    /// time (sigstore-js #1659).
    var integratedTime: Instant? { proven.integratedTime }
    /// Whether a path to a signed root was checked, and not only the log's promise.
    var isIncluded: Bool { proven.isIncluded }

    fileprivate init(log: TransparencyLog, index: Int64?, integratedTime: Instant?, isIncluded: Bool) {
        proven = Proven(
            log: log, periods: [log.validity], index: index, integratedTime: integratedTime, isIncluded: isIncluded)
    }

    /// The same, where nothing says which of the log's entries in trust material was meant: those that differ in their
    /// periods alone bear it out as well.
    fileprivate func inPeriods(of logs: [TransparencyLog]) -> LoggedEntry {
        let same = logs.filter {
            $0.key == proven.log.key && $0.scheme == proven.log.scheme && $0.baseURL.isExactly(proven.log.baseURL)
                && $0.checkpointKeyID == proven.log.checkpointKeyID
        }
        return LoggedEntry(
            proven: Proven(
                log: proven.log, periods: same.map(\.validity), index: index, integratedTime: integratedTime,
                isIncluded: isIncluded))
    }

    private init(proven: Proven) { self.proven = proven }
}

extension LoggedEntry {
    /// Checks an entry against the signature that it has to be about and against the logs that are believed.
    ///
    /// `nil` only where no believed log has the entry's log id: such an entry counts for nothing and harms nothing.
    /// Everything that is wrong with an entry of a known log throws. Logs that share an id are shards of one, of which
    /// one has to bear the entry out.
    static func checked(
        _ entry: LogEntry, for signature: LoggedSignature, in logs: [TransparencyLog]
    ) throws(LogError) -> LoggedEntry? {
        let candidates = logs.filter { $0.id == entry.logID }
        guard !candidates.isEmpty else { return nil }
        guard entry.index >= 0 else { throw .negativeIndex }
        let body = try EntryBody(entry.body)
        if let told = entry.kind, !"\(told.name) \(told.version)".isExactly(body.kind.rawValue) {
            throw .kindDiffers(told: excerpt("\(told.name) \(told.version)"), body: body.kind.rawValue)
        }
        try body.bind(to: signature)
        if body.kind.design == .v2 {
            try CanonicalLeaf.check(body, signer: signature.signer.publicKey, is: entry.body)
        }
        var nearest: LogError?
        for log in candidates {
            do throws(LogError) {
                switch body.kind.design {
                case .v1: return try checked(entry, body.kind, inClockedLog: log).inPeriods(of: candidates)
                case .v2: return try checked(entry, body.kind, inTiledLog: log).inPeriods(of: candidates)
                }
            } catch {
                // A shard whose time is over says less than one that should have borne the entry out.
                if case .outsideValidity? = nearest { nearest = error } else { nearest = nearest ?? error }
            }
        }
        throw nearest ?? .unproven
    }

    /// Rekor v1: a signed entry timestamp or an inclusion proof, and both hold where both are there.
    private static func checked(
        _ entry: LogEntry, _ kind: EntryKind, inClockedLog log: TransparencyLog
    ) throws(LogError) -> LoggedEntry {
        guard log.canBe(.v1) else { throw .wrongLogDesign(kind: kind.rawValue) }
        guard entry.signedEntryTimestamp != nil || entry.inclusionProof != nil else { throw .unproven }
        var timestamp: SignedEntryTimestamp?
        if let signature = entry.signedEntryTimestamp {
            timestamp = try SignedEntryTimestamp.checked(signature, of: entry, by: log)
        }
        if let proof = entry.inclusionProof { try check(proof, of: entry, in: log, .v1) }
        return LoggedEntry(
            log: log, index: timestamp.map { _ in entry.index }, integratedTime: timestamp?.time,
            isIncluded: entry.inclusionProof != nil)
    }

    /// Rekor v2: an inclusion proof, and no time at all.
    private static func checked(
        _ entry: LogEntry, _ kind: EntryKind, inTiledLog log: TransparencyLog
    ) throws(LogError) -> LoggedEntry {
        guard log.canBe(.v2) else { throw .wrongLogDesign(kind: kind.rawValue) }
        guard let proof = entry.inclusionProof else { throw .proofRequired }
        guard entry.signedEntryTimestamp == nil, entry.integratedTime == nil else { throw .unexpectedTime }
        guard proof.leafIndex == entry.index else { throw .otherIndex(told: entry.index, proof: proof.leafIndex) }
        try check(proof, of: entry, in: log, .v2)
        return LoggedEntry(log: log, index: entry.index, integratedTime: nil, isIncluded: true)
    }

    private static func check(
        _ proof: InclusionProof, of entry: LogEntry, in log: TransparencyLog, _ design: RekorDesign
    ) throws(LogError) {
        let tree = try Checkpoint(Array(proof.checkpoint.utf8)).tree(of: log, design)
        try proof.check(leaf: TreeHash.leaf(entry.body), in: tree)
    }
}
