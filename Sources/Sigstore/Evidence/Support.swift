// SPDX-License-Identifier: Apache-2.0

extension Verifier {
    /// Checks the log entries and timestamps of a proof against the trust material, and counts what is left against what
    /// the options ask for.
    ///
    /// What a trusted log or authority is said to have witnessed has to be true: one wrong entry fails the whole proof.
    /// What an unknown one says counts for nothing.
    func support(
        of proof: SignedProof, from signer: LoggedSignature.Signer
    ) throws(VerificationError) -> ProvenSupport {
        let entries = try loggedEntries(of: proof, from: signer)
        var unreadable: TimestampError?
        let timestamps = try witnessedTimestamps(of: proof, unreadable: &unreadable)
        var unchecked = proof.material
        if case .certificate = options.signer { unchecked.remove(.certificate) }
        if options.logs > 0 { unchecked.remove(.transparencyLogEntry) }
        if timestamps.count == proof.timestamps.count, !timestamps.isEmpty { unchecked.remove(.timestamp) }
        // Of an entry without any time nobody knows whether its log was still believed: one whose period has an end, because
        // its key is lost, say, could be made today.
        let counted = entries.filter { entry in
            entry.integratedTime != nil || !timestamps.isEmpty || entry.logPeriods.contains { $0.end == nil }
        }
        let logs = Set(counted.map { Witness(id: $0.logID, operatorName: $0.operatorName) }).count
        guard logs >= options.logs else {
            throw .notEnoughLogEntries(found: logs, required: options.logs, offered: proof.entries.count)
        }
        let authorities = Set(timestamps.map { Witness(id: Array($0.authority.utf8), operatorName: $0.operatorName) })
        guard authorities.count >= options.timestamps else {
            throw .notEnoughTimestamps(
                found: authorities.count, required: options.timestamps, offered: proof.timestamps.count)
        }
        // A log that signs no times is believed in its period all the same: the signature was there when the others say.
        for entry in entries where entry.integratedTime == nil {
            for timestamp in timestamps where !entry.logPeriods.contains(where: { $0.contains(timestamp.instant) }) {
                throw .log(.outsideValidity(timestamp.instant, entry.logValidity))
            }
        }
        let times = entries.compactMap(\.integratedTime) + timestamps.map(\.instant)
        if times.isEmpty, let unreadable, case .certificate = options.signer { throw .timestamp(unreadable) }
        return ProvenSupport(
            logs: logs, timestamps: authorities.count, times: times.sorted(), unchecked: unchecked,
            trust: trust.generation)
    }

    /// Entries of trusted logs. Where no log is required none is looked at, and none of their times counts.
    private func loggedEntries(
        of proof: SignedProof, from signer: LoggedSignature.Signer
    ) throws(VerificationError) -> [LoggedEntry] {
        guard options.logs > 0 else { return [] }
        let signature = LoggedSignature(signature: proof.signature, signer: signer, content: proof.content)
        var entries: [LoggedEntry] = []
        for (number, entry) in proof.entries.enumerated() {
            guard !proof.entries[..<number].contains(where: { $0.logID == entry.logID && $0.index == entry.index })
            else { throw .duplicateLogEntry }
            do throws(LogError) {
                if let logged = try LoggedEntry.checked(entry, for: signature, in: trust.logs) {
                    entries.append(logged)
                }
            } catch { throw .log(error) }
        }
        return entries
    }

    /// Tokens by trusted authorities. Where no timestamp is required, one that cannot be read is nobody's in particular
    /// and says nothing; where nothing else proves a time, why it could not be read is the reason that helps.
    private func witnessedTimestamps(
        of proof: SignedProof, unreadable: inout TimestampError?
    ) throws(VerificationError) -> [WitnessedTimestamp] {
        guard !trust.timestampAuthorities.isEmpty else { return [] }
        var timestamps: [WitnessedTimestamp] = []
        for response in proof.timestamps {
            let token: TimestampToken
            do throws(TimestampError) { token = try TimestampToken(der: response) } catch {
                if options.timestamps > 0 { throw .timestamp(error) }
                unreadable = unreadable ?? error
                continue
            }
            do throws(TimestampError) {
                let witnessed = try WitnessedTimestamp.checked(
                    token, over: proof.imprints, by: trust.timestampAuthorities)
                if let witnessed { timestamps.append(witnessed) }
            } catch { throw .timestamp(error) }
        }
        return timestamps
    }
}

/// One voice in a threshold: a log or an authority, or all those of one operator.
private struct Witness: Hashable {
    private let name: [UInt8]
    private let isOperator: Bool

    init(id: [UInt8], operatorName: String) {
        isOperator = !operatorName.isEmpty
        name = isOperator ? Array(operatorName.utf8) : id
    }
}
