// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI

/// The payload of a simple-signing signature: what it says, not whether it is true.
///
///     {"critical":{"identity":{"docker-reference":…},"image":{"docker-manifest-digest":…},"type":…},"optional":…}
struct SimpleSigning {
    let type: String
    let manifestDigest: String
    let dockerReference: String?
    /// JSON text; `null` where there is none.
    let optional: [UInt8]

    /// The one type that is a container signature; OpenPGP signatures use another word and another carrier.
    static let containerSignature = "cosign container image signature"

    init(_ payload: [UInt8]) throws(VerificationError) {
        let document: JSONDocument
        do { document = try JSONDocument(parsing: payload, limits: .payload) } catch {
            throw .malformedPayload("it is not JSON: \(error)")
        }
        guard let critical = document.root["critical"], critical.kind == .object else {
            throw .malformedPayload("it has no critical section")
        }
        guard let type = critical["type"]?.string else { throw .malformedPayload("it has no critical.type") }
        guard let digest = critical["image"]?["docker-manifest-digest"]?.string else {
            throw .malformedPayload("it has no critical.image.docker-manifest-digest")
        }
        self.type = type
        manifestDigest = digest
        dockerReference = critical["identity"]?["docker-reference"]?.string
        optional = document.root["optional"].map { Array($0.rawText) } ?? Array("null".utf8)
    }

    /// Throws unless the payload is a container signature about this image.
    func require(_ image: Digest) throws(VerificationError) {
        guard type.isExactly(Self.containerSignature) else { throw .claimType(excerpt(type)) }
        guard manifestDigest.isExactly(image.description) else { throw .wrongImage(found: excerpt(manifestDigest)) }
    }
}
