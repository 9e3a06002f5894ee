// SPDX-License-Identifier: Apache-2.0
import Sigstore

extension Findings {
    /// `spec.authorities[]`, but for its identities and the policies of its attestations.
    mutating func look(at authority: Authority, _ place: Place, besides warnings: [PolicyProblem]) {
        if let list = place["attestations"], !authority.attestations.isEmpty, !authority.requiresSignature,
            !authority.attestations.contains(where: { $0.predicateType == Self.signaturePredicate })
        {
            report(
                .attestationsOnly, list, "attestations are checked and signatures are not",
                why: "an image with these attestations is admitted unsigned",
                better: "write \"requireSignature: true\" beside attestations to ask for both")
        }
        switch authority.check {
        case .signer(let options) where options.logs == 0 && options.timestamps == 0:
            lookAtUnwitnessedKey(place)
        case .keyInSecret(let key) where !key.requiresLogEntry && !key.requiresTimestamp:
            lookAtUnwitnessedKey(place)
        case .unavailable(let why):
            // These are told where they stand.
            let told: Set<LintCode> = [.signatureFormatUnknown, .hashUnavailable]
            let isTold = warnings.contains { problem in
                problem.code.map(told.contains) == true && problem.path.hasPrefix("\(place.path).")
            }
            guard !isTold else { return }
            report(
                .authorityUnavailable, place["key"] ?? place["keyless"] ?? place,
                "nothing satisfies this authority", why: why,
                better: "as it is, what only this authority could admit is denied")
        default: break
        }
    }

    private mutating func lookAtUnwitnessedKey(_ place: Place) {
        report(
            .noLogNoTimestamp, place["key"] ?? place, "a signature by this key needs neither log entry nor timestamp",
            why: "nothing tells when it was made, and nobody sees the use of a stolen key",
            better: "write \"ctlog: {}\" beside key to ask for the log, or \"rfc3161timestamp: {}\" for a timestamp")
    }

    /// What cosign 3 writes when it signs: a statement that is the signature.
    private static let signaturePredicate = "https://sigstore.dev/cosign/sign/v1"
}
