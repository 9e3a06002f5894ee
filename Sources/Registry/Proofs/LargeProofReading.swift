// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
public import ImageVerification
public import JSON
import OCI
public import Policy
public import Sigstore

/// Proofs that are too large to be held are asked for twice, and come by in pieces; nothing of them is stored.
extension RegistryClient {
    public func read(
        _ blob: UnreadProof.Blob, parts: JSONParts, at place: ProofPlace, showing shown: ShownCredential,
        deadline: Deadline
    ) async throws(Outage) -> LargeReading {
        let service = place.repository.host
        return try await within(deadline, service: service) { () async throws(Outage) -> LargeReading in
            let session = try session(place.repository, shown, deadline)
            return try await LargeProofPasses.read(blob, parts: parts, service: service) {
                (intake) async throws(Outage) in try await session.pass(blob, into: intake)
            }
        }
    }
}

extension RegistrySession {
    /// One pass over the bytes of a large proof.
    fileprivate func pass(
        _ blob: UnreadProof.Blob, into intake: LargeProofIntake
    ) async throws(Outage) -> LargeProofPasses.Pass {
        var question = RegistryQuestion(
            kind: .blob, url: try endpoint.url("blobs/\(blob.digest)"), accept: "*/*",
            maximumBodyBytes: blob.size + RegistryLimits.slackBytes,
            expectedDigest: ExpectedDigest(
                blob.digest.algorithm == .sha256 ? .sha256 : .sha512, hex: blob.digest.hex))
        question.sink = ProofSink(intake: intake)
        let response: OutboundResponse
        do throws(RegistryFailure) {
            response = try await answer(question)
        } catch {
            guard case .transport(.tooLarge) = error else { throw error.outage(service: service) }
            return .unreadable("the proof is larger than its descriptor says")
        }
        switch response.status {
        case 200: return .whole
        case 404: return .unreadable("the proof is named and is not there")
        default: throw outage(response.status, asking: "a blob")
        }
    }
}

private struct ProofSink: BodySink {
    let intake: LargeProofIntake

    func begin() { intake.begin() }
    func take(_ bytes: UnsafeRawBufferPointer) { intake.take(bytes) }
}
