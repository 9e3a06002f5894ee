// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI

/// When a Rekor v1 log says that it took an entry, under the log's signature. sigstore/rekor, signed entry timestamp.
struct SignedEntryTimestamp {
    /// Not public: only a checked signature makes a time of what an entry tells.
    private let proven: Instant
    var time: Instant { proven }

    private init(proven: Instant) { self.proven = proven }

    /// Checks the signature over the entry's canonical JSON, and that the log was believed at the time it tells.
    /// Both ends of a log's period belong to it.
    static func checked(
        _ signature: [UInt8], of entry: LogEntry, by log: TransparencyLog
    ) throws(LogError) -> SignedEntryTimestamp {
        guard let seconds = entry.integratedTime, seconds > 0 else { throw .noTime }
        guard let time = Instant(seconds: seconds) else { throw .unreadable("its time is beyond the year 9999") }
        guard log.key.isValid(signature, over: message(of: entry, at: seconds), scheme: log.scheme) else {
            throw .entryTimestampSignature
        }
        guard log.validity.contains(time) else { throw .outsideValidity(time, log.validity) }
        return SignedEntryTimestamp(proven: time)
    }

    /// RFC 8785: members sorted, no white space. Base64 and hex have nothing to escape.
    static func message(of entry: LogEntry, at seconds: Int64) -> [UInt8] {
        var writer = JSONWriter()
        writer.object {
            $0.member("body", Base64.encode(entry.body))
            $0.member("integratedTime", seconds)
            $0.member("logID", lowerHex(entry.logID))
            $0.member("logIndex", entry.index)
        }
        return writer.bytes
    }
}
