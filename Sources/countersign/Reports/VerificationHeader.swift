// SPDX-License-Identifier: Apache-2.0
import Sigstore

/// cosign's words about what was checked, on stderr, above our own. A line is there only where it is true of every proof
/// that is printed.
struct VerificationHeader {
    private let name: String
    private let proofs: [(signer: ProvenSigner, support: ProvenSupport)]
    private let requiresAnnotations: Bool

    /// - Parameter name: in full, as cosign writes it: `index.docker.io/library/nginx:1.27`.
    init(
        _ name: String, _ proofs: [(signer: ProvenSigner, support: ProvenSupport)], requiresAnnotations: Bool
    ) {
        self.name = name
        self.proofs = proofs
        self.requiresAnnotations = requiresAnnotations
    }

    /// Empty where there is no proof: nothing was checked then.
    var lines: [String] {
        guard !proofs.isEmpty else { return [] }
        var lines = [
            "", "Verification for \(name) --", "The following checks were performed on each of these signatures:",
        ]
        if requiresAnnotations { lines.append("  - The specified annotations were verified.") }
        lines.append("  - The cosign claims were validated")
        if proofs.allSatisfy({ $0.support.logs > 0 }) {
            lines.append("  - Existence of the claims in the transparency log was verified offline")
        }
        if proofs.allSatisfy({ $0.support.timestamps > 0 }) {
            lines.append("  - The signed timestamps were verified using trusted timestamp authorities")
        }
        if proofs.allSatisfy({ if case .key = $0.signer { true } else { false } }) {
            lines.append("  - The signatures were verified against the specified public key")
        }
        if proofs.allSatisfy({ if case .certificate = $0.signer { true } else { false } }) {
            lines.append(
                "  - The code-signing certificate was verified using trusted certificate authority certificates")
        }
        return lines
    }
}
