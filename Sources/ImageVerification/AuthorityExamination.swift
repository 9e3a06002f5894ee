// SPDX-License-Identifier: Apache-2.0
public import OCI
public import Policy
import Sigstore

/// One authority asked about one image: its proofs are looked up and checked, and what is found is put into words.
public struct AuthorityExamination: Sendable {
    private let store: EvidenceStore
    private let trust: TrustMaterial

    /// With the trust material in force now, which stays the same however long the examination takes.
    public init(store: EvidenceStore) {
        self.store = store
        trust = store.trust.current
    }

    /// By which proofs are checked here.
    var generation: TrustGeneration { trust.generation }

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
        case .signer(let options):
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
        _ authority: Authority, _ options: VerificationOptions, _ kind: ProofKind, _ image: ResolvedImage,
        weigh: (Search) async -> AuthorityFinding.Result
    ) async -> Examined {
        let places = Self.places(authority, image)
        let known = places.flatMap { store.sufficientProofs(of: image, kind: kind, at: $0) }
        if !known.isEmpty, case .satisfied(let match) = await weigh(Search(candidates: known)) {
            return Examined(
                finding: AuthorityFinding(authority: authority.name, result: .satisfied(match)), isCached: true)
        }
        var search = await search(places, kind, image)
        var result = await weigh(search)
        if case .refused = result, let log = authority.logSearch {
            let unlogged = search.candidates.filter { lacksEntry($0, kind, options, image) }
            if let logged = await logged(search, unlogged, in: log) {
                search = logged
                result = await weigh(search)
            }
        }
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
        await examine(authority, options, .signature, image) { search in
            var verified: [VerifiedSignature] = []
            var failures: [VerificationError] = []
            let isWhole = await eachCandidate(search) { bundle in
                switch store.evidence.signature(in: bundle, of: image.digest, options, trust) {
                case .success(let signature): verified.append(signature)
                case .failure(let error): failures.append(error)
                }
            }
            if let signatures = AtLeastOne(verified) {
                return .satisfied(
                    AuthorityMatch(
                        authority: authority.name, evidence: .signatures(signatures),
                        summary: "signed by \(signatures.first.signer), \(signatures.first.origin.carrier.rawValue)",
                        notes: notes(options, verified.map(\.support))))
            }
            let reasons = signatureReasons(authority, options, image, failures)
            let outages = search.outages + (isWhole ? [] : [.cancelled])
            if let outages = AtLeastOne(outages) { return .outage(outages, also: reasons) }
            return .refused(AtLeastOne(reasons) ?? AtLeastOne(unsigned(authority, options, image)))
        }
    }

    private func unsigned(
        _ authority: Authority, _ options: VerificationOptions, _ image: ResolvedImage
    ) -> DenialReason {
        DenialReason(
            .noSignatures,
            "signature \(options.signer.word) validation failed for authority \(authority.name) for "
                + "\(image.matchingName): no signatures found; sign it: cosign sign\(options.signer.flag) "
                + "\(image.repository)@\(image.digest)")
    }

    private func signatureReasons(
        _ authority: Authority, _ options: VerificationOptions, _ image: ResolvedImage,
        _ failures: [VerificationError]
    ) -> [DenialReason] {
        ranked(failures).map { error in
            DenialReason(
                .noMatchingSignatures,
                "signature \(options.signer.word) validation failed for authority \(authority.name) for "
                    + "\(image.matchingName): no matching signatures: \(error)\(error.advice)")
        }
    }

    // MARK: Attestations

    private func examineAttestations(
        _ authority: Authority, _ options: VerificationOptions, _ image: ResolvedImage
    ) async -> Examined {
        await examine(authority, options, .attestation, image) { search in
            var found = FoundStatements()
            let isWhole = await eachCandidate(search) { bundle in
                found.add(store.evidence.statement(in: bundle, of: image.digest, options, trust))
            }
            var satisfied: [VerifiedStatement] = []
            var seen: Set<VerifiedStatement> = []
            var missing: [AttestationRequirement] = []
            for requirement in authority.attestations {
                let matching = found.verified.filter {
                    PredicateType.isSame($0.predicateType, requirement.predicateType)
                }
                if matching.isEmpty { missing.append(requirement) }
                satisfied += matching.filter { seen.insert($0).inserted }
            }
            guard missing.isEmpty else {
                let outages = search.outages + (isWhole ? [] : [.cancelled])
                if outages.isEmpty, !found.hasUnsignedBillOfMaterials {
                    found.hasUnsignedBillOfMaterials = await hasUnsignedBillOfMaterials(authority, image)
                }
                let reasons = missing.map { absent($0, authority, options, image, found) }
                if let outages = AtLeastOne(outages) { return .outage(outages, also: reasons) }
                return .refused(AtLeastOne(reasons) ?? AtLeastOne(unsigned(authority, options, image)))
            }
            guard let statements = AtLeastOne(satisfied) else {
                // Without a requirement the authority asks for signatures, and does not come here.
                return .refused(AtLeastOne(unsigned(authority, options, image)))
            }
            var types: [String] = []
            for type in satisfied.map(\.predicateType) where !types.contains(type) { types.append(type) }
            return .satisfied(
                AuthorityMatch(
                    authority: authority.name, evidence: .statements(statements),
                    summary: "attested by \(statements.first.signer): \(types.joined(separator: ", "))",
                    notes: notes(options, satisfied.map(\.support))
                        + ["only attestations were checked; a plain signature was not required (signature-not-checked)"]
                ))
        }
    }

    private func absent(
        _ requirement: AttestationRequirement, _ authority: Authority, _ options: VerificationOptions,
        _ image: ResolvedImage, _ found: FoundStatements
    ) -> DenialReason {
        let place =
            "attestation \(options.signer.word) validation failed for authority \(authority.name) for \(image.matchingName)"
        let sign =
            "cosign attest\(options.signer.flag) --type \(requirement.predicateType) --predicate FILE "
            + "\(image.repository)@\(image.digest)"
        let unsigned =
            found.hasUnsignedBillOfMaterials ? "; \(UnverifiedBundle.unsignedBillOfMaterials); sign it: \(sign)" : ""
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
                "\(place): no matching attestations: \(nearest)\(nearest.advice)\(unsigned)")
        }
        return DenialReason(
            .noAttestations,
            "\(place): no matching attestations: none found"
                + (unsigned.isEmpty ? "; attest it: \(sign)" : unsigned))
    }

    /// Whether a bill of materials lies under cosign's tag for it, which is unsigned wherever it lies. One more request
    /// for each place, and only for the words of a denial that stands already: where the place does not answer, or not
    /// soon, the denial is told without them, and stays what it is.
    private func hasUnsignedBillOfMaterials(_ authority: Authority, _ image: ResolvedImage) async -> Bool {
        let places = Self.places(authority, image)
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask { [store] in
                for place in places {
                    let lookup = try? await store.proofs(of: image, kind: .billOfMaterials, at: place).value
                    guard case .found(let bundles)? = lookup else { continue }
                    if bundles.all.contains(where: \.isUnsignedBillOfMaterials) { return true }
                }
                return false
            }
            group.addTask {
                await Deadline.after(Self.patienceForWords).wait()
                return false
            }
            let isFound = await group.next() ?? false
            group.cancelAll()
            return isFound
        }
    }

    /// A registry that has just answered the other questions answers this one in milliseconds; an API server waits ten
    /// seconds for all of it.
    private static let patienceForWords: Duration = .seconds(1)

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

    /// Whether a proof was refused for want of a log entry and brings none: only then is a log worth a question.
    private func lacksEntry(
        _ bundle: UnverifiedBundle, _ kind: ProofKind, _ options: VerificationOptions, _ image: ResolvedImage
    ) -> Bool {
        guard bundle.contentToSearch != nil else { return false }
        let error: VerificationError? =
            switch kind {
            case .signature: store.evidence.signature(in: bundle, of: image.digest, options, trust).error
            case .attestation: store.evidence.statement(in: bundle, of: image.digest, options, trust).error
            case .billOfMaterials: nil
            }
        if case .notEnoughLogEntries(_, _, offered: 0) = error { return true }
        return false
    }

    /// Contents about which a log is asked for one image: proofs that bring no entry are the oldest cosign's, and a
    /// hundred junk ones must not become a hundred questions.
    private static let maximumLogQuestions = 16

    /// The search with, for each proof that brings no log entry, one that does for every entry that the log has; `nil`
    /// where it has none.
    private func logged(
        _ search: Search, _ unlogged: [UnverifiedBundle], in log: LogAddress
    ) async -> Search? {
        var logged = search
        var isLogged = false
        for bundle in unlogged.prefix(Self.maximumLogQuestions) {
            guard let content = bundle.contentToSearch else { continue }
            do throws(Outage) {
                let entries = try await store.entries(of: content, in: log)
                isLogged = isLogged || !entries.isEmpty
                logged.candidates += entries.map { bundle.adding($0) }
            } catch {
                isLogged = true
                logged.outages.append(error)
            }
        }
        return isLogged ? logged : nil
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

    private func notes(_ options: VerificationOptions, _ support: [ProvenSupport]) -> [String] {
        var notes: [String] = []
        if !options.requiresLogEntry { notes.append("no transparency log entry was required") }
        let ignored = support.reduce(into: Set<UncheckedMaterial>()) { $0.formUnion($1.unchecked) }
        if !ignored.isEmpty {
            notes.append("not checked: " + ignored.sorted().map(\.rawValue).joined(separator: ", "))
        }
        return notes
    }
}

/// What came of the candidates of one image.
private struct FoundStatements {
    private(set) var verified: [VerifiedStatement] = []
    private(set) var failures: [VerificationError] = []
    var hasUnsignedBillOfMaterials = false

    mutating func add(_ result: Result<VerifiedStatement, VerificationError>) {
        switch result {
        case .success(let statement): verified.append(statement)
        case .failure(.signatureIsNoAttestation): break
        case .failure(.unreadable(UnverifiedBundle.unsignedBillOfMaterials)): hasUnsignedBillOfMaterials = true
        case .failure(let error): failures.append(error)
        }
    }
}

extension UnverifiedBundle {
    fileprivate var isUnsignedBillOfMaterials: Bool { content == .unreadable(Self.unsignedBillOfMaterials) }
}

extension Result {
    fileprivate var error: Failure? {
        if case .failure(let error) = self { return error }
        return nil
    }
}

extension AuthorityMatch {
    fileprivate var origins: Set<ProofOrigin> { Set(signatures.map(\.origin) + statements.map(\.origin)) }
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
