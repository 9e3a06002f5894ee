// SPDX-License-Identifier: Apache-2.0
import JSON

/// The payload of an envelope that was too large to be held: what is left of it after it has come by.
struct LargePayload: Sendable {
    /// Where it stood in the text, and how many characters it had there.
    let place: Int
    let characters: Int
    /// Why it is no payload, whatever it says; `nil` where it was base64.
    let fault: String?
    /// Of the payload's bytes: SHA-256, which log entries name it by.
    let digests: MessageDigests
    /// Of what is signed, with every hash that a key may sign.
    let encoding: MessageDigests
    /// Of the envelope's whole text, where it stands alone: log entries and timestamps may be about it.
    let text: MessageDigests?
    /// The parts of the statement that were asked for.
    let parts: JSONParts
    let pruned: Result<[UInt8], JSONPruner.Failure>

    func statement() throws(VerificationError) -> Statement {
        switch pruned {
        case .success(let text): return try Statement(text)
        case .failure(let failure): throw .malformedStatement("\(failure)")
        }
    }

    /// An error in the rest of the text, told of the whole text.
    func original(_ error: JSONError) -> JSONError {
        JSONError(error.reason, at: error.offset > place ? error.offset + characters : error.offset)
    }
}
