// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import Testing

@testable import Sigstore

/// The same candidate as one that is too large to be held: its bytes come by in pieces, twice. `nil` for a form that is
/// never read so.
func largeTwin(
    _ bundle: UnverifiedBundle, parts: JSONParts = .all, piece: Int = 61
) throws -> UnverifiedBundle? {
    let (bytes, form, annotations): ([UInt8], UnreadProof.Form, CosignAnnotations)
    switch bundle.content {
    case .bundle(let text): (bytes, form, annotations) = (text, .bundle, CosignAnnotations([:]))
    case .envelope(let text, let beside): (bytes, form, annotations) = (text, .envelope, beside)
    default: return nil
    }
    let blob = UnreadProof.Blob(form: form, digest: Digest(of: bytes), size: bytes.count)
    let unread = UnverifiedBundle(.large(UnreadProof(blob, annotations: annotations)), origin: bundle.origin)
    return unread.reading(try largeProof(bytes, blob, parts: parts, piece: piece))
}

func largeProof(
    _ bytes: [UInt8], _ blob: UnreadProof.Blob, parts: JSONParts = .all, piece: Int = 61
) throws -> LargeProof {
    var reader = LargeProofReader(blob, parts: parts)
    for _ in 0..<2 {
        reader.begin()
        reader.take(bytes, piece: piece)
        if let proof = try reader.end() { return proof }
    }
    throw NoProof()
}

struct NoProof: Error {}

extension LargeProofReader {
    mutating func take(_ bytes: [UInt8], piece: Int) {
        for start in stride(from: 0, to: bytes.count, by: piece) {
            bytes[start..<min(bytes.count, start + piece)].withUnsafeBytes { read($0) }
        }
    }
}

extension Verifier {
    /// Compares what is said of a candidate with what is said of its large twin.
    func compareLarge(
        _ bundle: UnverifiedBundle, _ small: VerificationError?, sourceLocation: SourceLocation = #_sourceLocation,
        _ check: (UnverifiedBundle) throws(VerificationError) -> Void
    ) {
        guard let large = try? largeTwin(bundle) else { return }
        var other: VerificationError?
        do throws(VerificationError) { try check(large) } catch { other = error }
        switch (small, other) {
        case (nil, nil): break
        // Such a key needs bytes that nobody holds.
        case (_, .needsAllBytes?): break
        // What has no payload is no large proof, whatever else it is.
        case (.messageSignature?, .unreadable?), (.payloadType?, .unreadable?), (.signatureCount?, .unreadable?): break
        case (let small?, let other?) where small.code == other.code: break
        default:
            Issue.record(
                "\(small.map { "\($0)" } ?? "verified"), and large \(other.map { "\($0)" } ?? "verified")",
                sourceLocation: sourceLocation)
        }
    }
}

extension Envelope {
    /// What is signed, of one whose payload is held.
    var signedBytes: [UInt8] {
        if case .bytes(let bytes) = preAuthenticationEncoding { bytes } else { [] }
    }
}
