// SPDX-License-Identifier: Apache-2.0
import JSON

/// One entry as a Rekor v1 log answers it: read, and not checked. sigstore/rekor, openapi.yaml, LogEntry.
public struct LogSearchResult: Hashable, Sendable {
    /// The same in the words of cosign's bundle annotation.
    let annotation: String

    /// Bytes of one answer; an entry has about ten thousand, and one about a large attestation holds only its hash.
    public static let maximumBytes = 4 << 20
    /// Entries of one answer; the log itself gives no more at once.
    public static let maximumEntries = 10

    private static let limits = JSONLimits(maximumBytes: maximumBytes, maximumDepth: 12, maximumValues: 1 << 14)

    /// The entries of an answer to `POST /api/v1/log/entries/retrieve`: a list of objects from identifier to entry. Throws
    /// where it is no such list; an entry without a signed timestamp is passed over, since it proves no time.
    public static func read(_ answer: [UInt8]) throws(VerificationError) -> [LogSearchResult] {
        let root: JSONValue
        do { root = try JSONDocument(parsing: answer, limits: limits).root } catch {
            throw .unreadable("the log's answer is not JSON: \(error)")
        }
        guard root.kind == .array, root.count <= maximumEntries else {
            throw .unreadable("the log's answer is no list of at most \(maximumEntries) entries")
        }
        var results: [LogSearchResult] = []
        for object in root.elements {
            for entry in object.members.prefix(maximumEntries) {
                if let result = LogSearchResult(entry.value) { results.append(result) }
            }
        }
        return results
    }

    /// The identifiers in an answer to `POST /api/v1/index/retrieve`: hexadecimal, at most `limit` of them.
    public static func identifiers(_ answer: [UInt8], atMost limit: Int) throws(VerificationError) -> [String] {
        guard let root = try? JSONDocument(parsing: answer, limits: limits).root, root.kind == .array else {
            throw .unreadable("the log's answer is no list of identifiers")
        }
        // Of a tree and of a leaf: 16 and 64 digits; older ones only the leaf's.
        var identifiers: [String] = []
        for element in root.elements {
            guard identifiers.count < limit else { break }
            guard let text = element.string, [64, 80].contains(text.utf8.count), Hexadecimal.decode(text) != nil else {
                continue
            }
            identifiers.append(text)
        }
        return identifiers
    }

    private init?(_ entry: JSONValue) {
        guard let body = entry["body"]?.string, let time = entry["integratedTime"]?.integer,
            let index = entry["logIndex"]?.integer, let logID = entry["logID"]?.string,
            let promise = entry["verification"]?["signedEntryTimestamp"]?.string
        else { return nil }
        var writer = JSONWriter()
        writer.object { bundle in
            bundle.member("SignedEntryTimestamp", promise)
            bundle.member(
                "Payload",
                object: { payload in
                    payload.member("body", body)
                    payload.member("integratedTime", time)
                    payload.member("logIndex", index)
                    payload.member("logID", logID)
                })
        }
        annotation = String(decoding: writer.bytes, as: UTF8.self)
    }
}
