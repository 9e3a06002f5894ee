// SPDX-License-Identifier: Apache-2.0
public import JSON
public import Policy
public import Sigstore

/// What came of reading a proof that is too large to be held.
public enum LargeReading: Sendable {
    case read(LargeProof)
    /// Its bytes are not there, or not those that its descriptor promises; a sentence about the proof.
    case unreadable(String)
}

/// Reads a large proof from wherever its bytes are handed out: two passes over them.
public struct LargeProofPasses: Sendable {
    /// What one pass came to.
    public enum Pass: Sendable {
        /// Every byte was handed to the reader.
        case whole
        case unreadable(String)
    }

    /// - Parameters:
    ///   - service: what an outage names.
    ///   - pass: hands all bytes of the proof to the intake, which takes them back if `begin` is called again.
    public static func read(
        _ blob: UnreadProof.Blob, parts: JSONParts, service: String,
        pass: (LargeProofIntake) async throws(Outage) -> Pass
    ) async throws(Outage) -> LargeReading {
        let intake = LargeProofIntake(LargeProofReader(blob, parts: parts))
        for _ in 0..<2 {
            intake.begin()
            if case .unreadable(let why) = try await pass(intake) { return .unreadable(why) }
            do throws(LargeProofReader.Fault) {
                if let proof = try intake.end() { return .read(proof) }
            } catch {
                switch error {
                case .size: return .unreadable("the proof has another size than its descriptor says")
                case .digest:
                    throw Outage(.corrupt, service: service, detail: "a proof does not have its digest")
                }
            }
        }
        // Both passes read the same bytes, so the second has made the proof.
        throw Outage(.corrupt, service: service, detail: "a proof could not be read twice")
    }
}
