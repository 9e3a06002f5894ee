// SPDX-License-Identifier: Apache-2.0
import OCI

@testable import Sigstore

// Shorter words for the tests about keys.

extension VerificationKey {
    var kind: KeyKind { publicKey.kind }

    func verifies(_ signature: [UInt8], over message: [UInt8]) -> Bool { verifies(signature, over: .bytes(message)) }
}

extension SignatureChecking {
    func isValid(_ signature: [UInt8], over message: [UInt8], scheme: SignatureScheme) -> Bool {
        isValid(signature, over: .bytes(message), scheme: scheme)
    }
}

extension ProvenSigner {
    /// Fingerprint, where it is a key.
    var key: Digest? {
        if case .key(let fingerprint) = self { return fingerprint }
        return nil
    }
}

extension VerifiedSignature {
    var key: Digest? { signer.key }
    var unchecked: Set<UncheckedMaterial> { support.unchecked }
}

extension VerifiedStatement {
    var key: Digest? { signer.key }
    var unchecked: Set<UncheckedMaterial> { support.unchecked }
}
