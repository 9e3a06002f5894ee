// SPDX-License-Identifier: Apache-2.0
import OCI
import Policy
import Sigstore

/// The sentences in which one authority refuses one image: what, why, and how to mend it. Their beginnings are those that
/// existing tests and dashboards search for.
struct ExaminationWords {
    private let authority: Authority
    private let options: VerificationOptions
    private let image: ResolvedImage

    init(_ authority: Authority, _ options: VerificationOptions, _ image: ResolvedImage) {
        self.authority = authority
        self.options = options
        self.image = image
    }

    /// Nothing is there.
    var unsigned: DenialReason {
        DenialReason(
            .noSignatures,
            "\(place("signature")): no signatures found; sign it: cosign sign\(options.signer.flag) "
                + "\(image.repository)@\(image.digest)")
    }

    /// Something is there, and none of it verifies; empty where nothing was looked at. Where there are attestations and
    /// nothing else, nobody has signed: bundles of both kinds lie in one list.
    func signatures(_ failures: [VerificationError], passedOver: Int) -> [DenialReason] {
        let isUnsigned = failures.allSatisfy { if case .attestationIsNoSignature = $0 { true } else { false } }
        let reasons = ranked(failures).map { error in
            guard !isUnsigned else {
                return DenialReason(
                    .noSignatures, "\(place("signature")): no signatures found: \(error.words)\(error.advice)")
            }
            return DenialReason(
                .noMatchingSignatures, "\(place("signature")): no matching signatures: \(error.words)\(error.advice)")
        }
        guard reasons.isEmpty, passedOver > 0 else { return reasons }
        return [
            DenialReason(
                .noMatchingSignatures, "\(place("signature")): no matching signatures: \(otherForm(passedOver))")
        ]
    }

    func absent(
        _ requirement: AttestationRequirement, objection: PolicyObjection?, _ found: FoundStatements
    ) -> DenialReason {
        let place = place("attestation")
        let sign =
            "cosign attest\(options.signer.flag) --type \(requirement.predicateType) --predicate FILE "
            + "\(image.repository)@\(image.digest)"
        let unsigned =
            found.hasUnsignedBillOfMaterials ? "; \(UnverifiedBundle.unsignedBillOfMaterials); sign it: \(sign)" : ""
        if let objection {
            let language = requirement.program?.language.rawValue ?? ""
            return DenialReason(
                objection.code,
                "\(place): no matching attestations with type \(requirement.predicateType): failed evaluating "
                    + "\(language) policy for \(requirement.name): \(objection.sentence)")
        }
        if !found.verified.isEmpty {
            let types = Set(found.verified.map(\.predicateType)).sorted()
            return DenialReason(
                .noMatchingAttestations,
                "\(place): no matching attestations with type \(requirement.predicateType), checked the following "
                    + "predicateTypes: \"\(types.joined(separator: ","))\"\(unsigned)", otherPredicateTypes: types)
        }
        if let nearest = ranked(found.failures).first {
            return DenialReason(
                .noMatchingAttestations,
                "\(place): no matching attestations: \(nearest.words)\(nearest.advice)\(unsigned)")
        }
        if found.passedOver > 0 {
            return DenialReason(
                .noMatchingAttestations, "\(place): no matching attestations: \(otherForm(found.passedOver))")
        }
        return DenialReason(
            .noAttestations,
            "\(place): no matching attestations: none found"
                + (unsigned.isEmpty ? "; attest it: \(sign)" : unsigned))
    }

    private func place(_ what: String) -> String {
        "\(what) \(options.signer.word) validation failed for authority \(authority.name) for \(image.matchingName)"
    }

    private func otherForm(_ count: Int) -> String {
        "there are \(count) of another form than signatureFormat \(authority.format?.rawValue ?? "") asks for; leave it "
            + "out to accept any form"
    }

    /// Nearest miss first, each sentence once, at most a handful: a hundred foreign signatures say no more than five.
    private func ranked(_ failures: [VerificationError]) -> [VerificationError] {
        var seen: Set<VerificationError> = []
        let distinct = failures.filter { seen.insert($0).inserted }
        return Array(distinct.sorted { $0.nearness > $1.nearness }.prefix(5))
    }
}

extension RequiredSigner {
    /// As a denial names the way in which proofs are checked.
    fileprivate var word: String {
        switch self {
        case .key: "key"
        case .certificate: "keyless"
        }
    }

    /// As cosign is told to sign in this way.
    fileprivate var flag: String {
        switch self {
        case .key: " --key cosign.key"
        case .certificate: ""
        }
    }
}

extension VerificationError {
    /// The sentence, after the words that are known for it elsewhere.
    fileprivate var words: String {
        switch self {
        case .identity: "none of the expected identities matched what was in the certificate: \(self)"
        case .notEnoughLogEntries(_, _, offered: 0): "signature not found in transparency log: \(self)"
        default: description
        }
    }

    /// How to mend it, where there is one way.
    fileprivate var advice: String {
        switch self {
        case .wrongKey: "; sign it with the key that the policy names, or add the signer's key as another authority"
        case .wrongImage: "; sign this digest itself"
        case .identity: "; sign it from there, or add the signer to 'identities'"
        case .keyWhereCertificateRequired: "; sign it without a key, or name the key in an authority of its own"
        case .certificateWhereKeyRequired: "; sign it with the key, or add a keyless authority"
        case .notEnoughLogEntries(_, _, offered: 0): "; let cosign upload to a transparency log, or do not require one"
        case .attestationIsNoSignature: "; sign it: cosign sign, or list the attestation's type under 'attestations'"
        default: ""
        }
    }
}
