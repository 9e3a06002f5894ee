// SPDX-License-Identifier: Apache-2.0
import JSON

/// Why a log entry proves nothing about this signature.
public enum LogError: Error, Hashable, Sendable {
    /// The entry or its body is not the format that it should be.
    case unreadable(String)
    /// A body of a kind or version that is not known; nothing of it is believed.
    case unknownKind(String)
    /// The bundle says another kind than the body itself.
    case kindDiffers(told: String, body: String)
    /// A kind that does not record such a content, or not enough of it.
    case kindDoesNotFit(kind: String, content: String)
    /// The log is of the other design of Rekor and cannot hold such an entry.
    case wrongLogDesign(kind: String)

    /// The body records another signature, which is how an entry copied from elsewhere shows.
    case otherSignature
    /// The body records another key or certificate.
    case otherSigner
    /// The body records another content; the word says what of it: the payload, the envelope, the message.
    case otherContent(String)
    /// The body names a hash that the content is not known by.
    case hashNotKnown(String)
    /// The body says something about the key that the key does not bear out.
    case keyDetails(found: String)
    /// The body says the right things and is not the canonical form of them.
    case notCanonical

    case negativeIndex
    /// Neither a signed entry timestamp nor an inclusion proof.
    case unproven
    /// An entry of Rekor v2 has an inclusion proof and nothing else.
    case proofRequired
    /// An entry of Rekor v2 comes with a time or a signed entry timestamp, which such a log does not give.
    case unexpectedTime
    /// A signed entry timestamp, and no time that it could have signed.
    case noTime
    /// The signed entry timestamp is not this log's over this entry.
    case entryTimestampSignature
    /// The log was not believed when it says that it took the entry.
    case outsideValidity(Instant, ValidityPeriod)

    case checkpointUnreadable(String)
    /// The checkpoint names another log.
    case checkpointOrigin(found: String)
    /// No line of the checkpoint is signed by the log.
    case checkpointUnsigned
    /// A line of the checkpoint names the log's key, and its signature is not that key's.
    case checkpointSignature
    /// The proof is for another tree than the one that the log has signed; the word says size or root.
    case otherTree(String)
    /// The leaf lies beyond the end of the tree.
    case indexBeyondTree(index: Int64, size: Int64)
    /// The position in the tree is not the one that the entry tells.
    case otherIndex(told: Int64, proof: Int64)
    /// A path to the root has exactly as many steps as the position and the tree's size say.
    case siblingCount(Int, required: Int)
    /// The path ends at another root: the entry is not in the tree that the log has signed.
    case notIncluded
}

extension LogError {
    /// A stable word for reports and metrics.
    public var code: String {
        switch self {
        case .unreadable: "log-entry-unreadable"
        case .unknownKind: "log-entry-kind-unknown"
        case .kindDiffers: "log-entry-kind-differs"
        case .kindDoesNotFit: "log-entry-kind-does-not-fit"
        case .wrongLogDesign: "log-design"
        case .otherSignature: "log-entry-other-signature"
        case .otherSigner: "log-entry-other-signer"
        case .otherContent: "log-entry-other-content"
        case .hashNotKnown: "log-entry-hash"
        case .keyDetails: "log-entry-key-details"
        case .notCanonical: "log-entry-not-canonical"
        case .negativeIndex: "log-index-negative"
        case .unproven: "log-entry-unproven"
        case .proofRequired: "log-proof-required"
        case .unexpectedTime: "log-time-unexpected"
        case .noTime: "log-time-missing"
        case .entryTimestampSignature: "log-entry-timestamp-signature"
        case .outsideValidity: "log-outside-validity"
        case .checkpointUnreadable: "checkpoint-unreadable"
        case .checkpointOrigin: "checkpoint-origin"
        case .checkpointUnsigned: "checkpoint-unsigned"
        case .checkpointSignature: "checkpoint-signature"
        case .otherTree: "log-proof-other-tree"
        case .indexBeyondTree: "log-proof-index-beyond-tree"
        case .otherIndex: "log-proof-other-index"
        case .siblingCount: "log-proof-sibling-count"
        case .notIncluded: "log-proof-not-included"
        }
    }
}

extension LogError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreadable(let why): "the log entry cannot be read: \(why)"
        case .unknownKind(let found): "the log entry is of a kind that is not known, \(printable(found))"
        case .kindDiffers(let told, let body):
            "the bundle says that the log entry is a \(printable(told)), and the entry itself is a \(body)"
        case .kindDoesNotFit(let kind, let content):
            "a log entry of kind \(kind) does not prove that \(content) was logged"
        case .wrongLogDesign(let kind): "the log that the entry names keeps no entries of kind \(kind)"
        case .otherSignature: "the log entry is about another signature; the signer's own entry is needed"
        case .otherSigner: "the log entry is about another key or certificate than the one that signed"
        case .otherContent(let what): "the log entry is about another \(what) than the one that was signed"
        case .hashNotKnown(let name):
            "the log entry names the content by its \(name), and only another hash of the content is known"
        case .keyDetails(let found):
            "the log entry says \(printable(found)) of the key that signed, which is not what that key is"
        case .notCanonical: "the log entry is not what the log would have written about this signature"
        case .negativeIndex: "the log entry has a negative position"
        case .unproven: "the log entry has neither a signed entry timestamp nor an inclusion proof"
        case .proofRequired: "the log entry has no inclusion proof, and its kind is proven by nothing else"
        case .unexpectedTime: "the log entry tells a time, and its log does not sign times; use a signed timestamp"
        case .noTime: "the log entry has a signed entry timestamp and no time"
        case .entryTimestampSignature: "the signed entry timestamp is not the log's signature over this entry"
        case .outsideValidity(let time, let period):
            "the log says that it took the entry at \(time), and the log is trusted from \(period)"
        case .checkpointUnreadable(let why): "the log's checkpoint cannot be read: \(why)"
        case .checkpointOrigin(let found): "the checkpoint is of another log, \(printable(found))"
        case .checkpointUnsigned: "the checkpoint is not signed by the log"
        case .checkpointSignature: "the checkpoint's signature by the log is wrong"
        case .otherTree(let what): "the inclusion proof is for a tree of another \(what) than the checkpoint's"
        case .indexBeyondTree(let index, let size):
            "the inclusion proof is for entry \(index), counted from 0, of a tree of \(size)"
        case .otherIndex(let told, let proof): "the log entry is told as number \(told) and proven as number \(proof)"
        case .siblingCount(let count, let required): "the inclusion proof has \(count) hashes; \(required) are needed"
        case .notIncluded: "the inclusion proof does not lead to the tree that the log has signed"
        }
    }
}
