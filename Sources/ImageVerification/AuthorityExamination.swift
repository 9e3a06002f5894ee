// SPDX-License-Identifier: Apache-2.0
public import OCI
public import Policy
import Sigstore

/// One authority asked about one image: its proofs are looked up and checked, and what is found is put into words.
public struct AuthorityExamination: Sendable {
    private let store: EvidenceStore

    public init(store: EvidenceStore) { self.store = store }

    /// A finding, and whether all of it was remembered: then no registry had to be asked.
    public struct Examined: Sendable {
        public let finding: AuthorityFinding
        public let isCached: Bool
    }

    /// What the authority says of the image; outages are part of the finding.
    public func examine(_ authority: Authority, _ image: ResolvedImage) async -> Examined {
        switch authority.check {
        case .staticPass:
            let match = AuthorityMatch(
                authority: authority.name, evidence: .staticPass, summary: "static pass",
                notes: ["admitted by a static policy; nothing was verified"])
            return Examined(
                finding: AuthorityFinding(authority: authority.name, result: .satisfied(match)), isCached: true)
        case .staticFail(let message):
            let reason = DenialReason(.staticFail, "disallowed by static policy: \(message)")
            return refused(authority, reason)
        case .notYet(let what):
            return refused(authority, DenialReason(.notYetChecked, "authority \(authority.name): \(what)"))
        case .key(let options):
            return authority.attestations.isEmpty
                ? await examineSignatures(authority, options, image)
                : await examineAttestations(authority, options, image)
        }
    }

    private func refused(_ authority: Authority, _ reason: DenialReason) -> Examined {
        Examined(
            finding: AuthorityFinding(authority: authority.name, result: .refused(AtLeastOne(reason))), isCached: true)
    }

    /// Looks at the proofs that have sufficed before, and asks the places only where those do not satisfy.
    private func examine(
        _ authority: Authority, _ kind: ProofKind, _ image: ResolvedImage,
        weigh: (Search) async -> AuthorityFinding.Result
    ) async -> Examined {
        let places = Self.places(authority, image)
        let known = places.flatMap { store.sufficientProofs(of: image, kind: kind, at: $0) }
        if !known.isEmpty, case .satisfied(let match) = await weigh(Search(candidates: known)) {
            return Examined(
                finding: AuthorityFinding(authority: authority.name, result: .satisfied(match)), isCached: true)
        }
        let search = await search(places, kind, image)
        let result = await weigh(search)
        if case .satisfied(let match) = result {
            let used = match.origins
            for place in places {
                let found = search.held[place, default: []].filter { used.contains($0.origin) }
                store.keep(found, of: image, kind: kind, at: place)
            }
        }
        return Examined(
            finding: AuthorityFinding(authority: authority.name, result: result), isCached: search.isCached)
    }

    // MARK: Signatures

    private func examineSignatures(
        _ authority: Authority, _ options: VerificationOptions, _ image: ResolvedImage
    ) async -> Examined {
        await examine(authority, .signature, image) { search in
            var verified: [VerifiedSignature] = []
            var failures: [VerificationError] = []
            let isWhole = await eachCandidate(search) { bundle in
                switch store.evidence.signature(in: bundle, of: image.digest, options) {
                case .success(let signature): verified.append(signature)
                case .failure(let error): failures.append(error)
                }
            }
            if let signatures = AtLeastOne(verified) {
                return .satisfied(
                    AuthorityMatch(
                        authority: authority.name, evidence: .signatures(signatures),
                        summary: "signed by key \(signatures.first.key), \(signatures.first.origin.carrier.rawValue)",
                        notes: notes(options, unchecked: verified.map(\.unchecked))))
            }
            let reasons = signatureReasons(authority, image, failures)
            let outages = search.outages + (isWhole ? [] : [.cancelled])
            if let outages = AtLeastOne(outages) { return .outage(outages, also: reasons) }
            return .refused(AtLeastOne(reasons) ?? AtLeastOne(unsigned(authority, image)))
        }
    }

    private func unsigned(_ authority: Authority, _ image: ResolvedImage) -> DenialReason {
        DenialReason(
            .noSignatures,
            "signature key validation failed for authority \(authority.name) for \(image.matchingName): no signatures "
                + "found; sign it: cosign sign --key cosign.key \(image.repository)@\(image.digest)")
    }

    private func signatureReasons(
        _ authority: Authority, _ image: ResolvedImage, _ failures: [VerificationError]
    ) -> [DenialReason] {
        ranked(failures).map { error in
            DenialReason(
                error.asksForUncheckedMaterial ? .notYetChecked : .noMatchingSignatures,
                "signature key validation failed for authority \(authority.name) for \(image.matchingName): "
                    + "no matching signatures: \(error)\(error.advice)")
        }
    }

    // MARK: Attestations

    private func examineAttestations(
        _ authority: Authority, _ options: VerificationOptions, _ image: ResolvedImage
    ) async -> Examined {
        await examine(authority, .attestation, image) { search in
            var verified: [VerifiedStatement] = []
            var failures: [VerificationError] = []
            let isWhole = await eachCandidate(search) { bundle in
                switch store.evidence.statement(in: bundle, of: image.digest, options) {
                case .success(let statement): verified.append(statement)
                case .failure(.signatureIsNoAttestation): break
                case .failure(let error): failures.append(error)
                }
            }
            var satisfied: [VerifiedStatement] = []
            var missing: [DenialReason] = []
            for requirement in authority.attestations {
                let wanted = requirement.predicateType
                if let statement = verified.first(where: { PredicateType.isSame($0.predicateType, wanted) }) {
                    satisfied.append(statement)
                } else {
                    missing.append(absent(requirement, authority, image, verified, failures))
                }
            }
            if let reasons = AtLeastOne(missing) {
                let outages = search.outages + (isWhole ? [] : [.cancelled])
                return AtLeastOne(outages).map { .outage($0, also: missing) } ?? .refused(reasons)
            }
            guard let statements = AtLeastOne(satisfied) else {
                // Without a requirement the authority asks for signatures, and does not come here.
                return .refused(AtLeastOne(unsigned(authority, image)))
            }
            let types = satisfied.map(\.predicateType).joined(separator: ", ")
            return .satisfied(
                AuthorityMatch(
                    authority: authority.name, evidence: .statements(statements),
                    summary: "attested by key \(options.key.fingerprint): \(types)",
                    notes: notes(options, unchecked: satisfied.map(\.unchecked))
                        + ["only attestations were checked; a plain signature was not required (signature-not-checked)"]
                ))
        }
    }

    private func absent(
        _ requirement: AttestationRequirement, _ authority: Authority, _ image: ResolvedImage,
        _ verified: [VerifiedStatement], _ failures: [VerificationError]
    ) -> DenialReason {
        let place = "attestation key validation failed for authority \(authority.name) for \(image.matchingName)"
        if !verified.isEmpty {
            let types = Set(verified.map(\.predicateType)).sorted().joined(separator: ",")
            return DenialReason(
                .noMatchingAttestations,
                "\(place): no matching attestations with type \(requirement.predicateType), checked the following "
                    + "predicateTypes: \"\(types)\"")
        }
        if let nearest = ranked(failures).first {
            return DenialReason(
                nearest.asksForUncheckedMaterial ? .notYetChecked : .noMatchingAttestations,
                "\(place): no matching attestations: \(nearest)\(nearest.advice)")
        }
        return DenialReason(
            .noAttestations,
            "\(place): no matching attestations: none found; attest it: cosign attest --key cosign.key --type "
                + "\(requirement.predicateType) --predicate FILE \(image.repository)@\(image.digest)")
    }

    // MARK: Both

    private struct Search: Sendable {
        var candidates: [UnverifiedBundle] = []
        /// The candidates of each place.
        var held: [ProofPlace: [UnverifiedBundle]] = [:]
        var outages: [Outage] = []
        var isCached = true
    }

    /// Every candidate of every place. A place that cannot be asked is an outage beside what others hold: a proof that
    /// verifies suffices wherever it was found, and only without one does the outage decide.
    private func search(_ places: [ProofPlace], _ kind: ProofKind, _ image: ResolvedImage) async -> Search {
        var search = Search()
        for place in places {
            do throws(Outage) {
                let lookup = try await store.proofs(of: image, kind: kind, at: place)
                search.isCached = search.isCached && lookup.isCached
                if case .found(let bundles) = lookup.value {
                    search.held[place] = bundles.all
                    search.candidates += bundles.all
                }
            } catch {
                search.isCached = false
                search.outages.append(error)
            }
        }
        return search
    }

    /// `false` where time ran out before all were looked at: a thousand hostile proofs take seconds to refuse, and other
    /// reviews get their turn in between.
    private func eachCandidate(_ search: Search, _ check: (UnverifiedBundle) -> Void) async -> Bool {
        for bundle in search.candidates {
            if Task.isCancelled { return false }
            check(bundle)
            await Task.yield()
        }
        return true
    }

    static func places(_ authority: Authority, _ image: ResolvedImage) -> [ProofPlace] {
        if authority.sources.isEmpty { return [ProofPlace(repository: image.repository)] }
        return authority.sources.map {
            ProofPlace(repository: $0.repository ?? image.repository, tagPrefix: $0.tagPrefix)
        }
    }

    /// Nearest miss first, each sentence once, at most a handful: a hundred foreign signatures say no more than five.
    private func ranked(_ failures: [VerificationError]) -> [VerificationError] {
        var seen: Set<VerificationError> = []
        let distinct = failures.filter { seen.insert($0).inserted }
        return Array(distinct.sorted { $0.nearness > $1.nearness }.prefix(5))
    }

    private func notes(_ options: VerificationOptions, unchecked: [Set<UncheckedMaterial>]) -> [String] {
        var notes: [String] = []
        if !options.requiresLogEntry { notes.append("no transparency log entry was required") }
        let ignored = unchecked.reduce(into: Set<UncheckedMaterial>()) { $0.formUnion($1) }
        if !ignored.isEmpty {
            notes.append("not checked: " + ignored.sorted().map(\.rawValue).joined(separator: ", "))
        }
        return notes
    }
}

extension AuthorityMatch {
    fileprivate var origins: Set<ProofOrigin> { Set(signatures.map(\.origin) + statements.map(\.origin)) }
}

extension VerificationError {
    fileprivate var asksForUncheckedMaterial: Bool {
        if case .notYetChecked = self { return true }
        return false
    }

    /// How to mend it, where there is one way.
    fileprivate var advice: String {
        switch self {
        case .wrongKey: "; sign it with the key that the policy names, or add the signer's key as another authority"
        case .wrongImage: "; sign this digest itself"
        case .attestationIsNoSignature: "; sign it: cosign sign, or list the attestation's type under 'attestations'"
        default: ""
        }
    }
}
