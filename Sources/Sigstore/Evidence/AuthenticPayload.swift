// SPDX-License-Identifier: Apache-2.0
import OCI

/// Bytes that a key has signed: only this file can make one, by checking the signature.
struct AuthenticPayload {
    private let proven: (bytes: [UInt8], key: Digest)

    var bytes: [UInt8] { proven.bytes }
    /// Fingerprint of the key.
    var key: Digest { proven.key }

    private init(bytes: [UInt8], key: Digest) { proven = (bytes, key) }

    /// A payload with a detached signature over its very bytes.
    static func checked(
        _ payload: [UInt8], signature: [UInt8], by key: VerificationKey
    ) throws(VerificationError) -> AuthenticPayload {
        guard key.verifies(signature, over: .bytes(payload)) else { throw .wrongKey(required: key.fingerprint) }
        return AuthenticPayload(bytes: payload, key: key.fingerprint)
    }

    /// An envelope's payload; the signature is over the payload and its type together.
    static func checked(_ envelope: Envelope, by key: VerificationKey) throws(VerificationError) -> AuthenticPayload {
        guard key.verifies(envelope.signature, over: .bytes(envelope.preAuthenticationEncoding)) else {
            throw .wrongKey(required: key.fingerprint)
        }
        return AuthenticPayload(bytes: envelope.payload, key: key.fingerprint)
    }
}
