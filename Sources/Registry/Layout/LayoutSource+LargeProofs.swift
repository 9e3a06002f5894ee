// SPDX-License-Identifier: Apache-2.0
public import ImageVerification
public import JSON
import OCI
public import Policy
public import Sigstore

/// Proofs of a layout that are too large to be held: their files are read twice, in pieces.
extension LayoutSource {
    public func read(
        _ blob: UnreadProof.Blob, parts: JSONParts, at place: ProofPlace, showing shown: ShownCredential,
        deadline: Deadline
    ) async throws(Outage) -> LargeReading {
        try await LargeProofPasses.read(blob, parts: parts, service: content.service) {
            (intake) throws(Outage) in
            do throws(LayoutDirectory.ReadingError) {
                try content.directory.read(
                    ["blobs", blob.digest.algorithm.rawValue, blob.digest.hex],
                    maximumBytes: blob.size + RegistryLimits.slackBytes
                ) { intake.take($0) }
                return .whole
            } catch {
                switch error {
                case .missing: return .unreadable("the proof is named and is not there")
                case .tooLarge: return .unreadable("the proof is larger than its descriptor says")
                case .notRegular, .unreadable:
                    throw Outage(
                        .malfunction, service: content.service,
                        detail: "a blob of the layout is not a file that can be read")
                }
            }
        }
    }
}
