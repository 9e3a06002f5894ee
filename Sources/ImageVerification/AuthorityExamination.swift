// SPDX-License-Identifier: Apache-2.0
public import OCI
public import Policy
import Sigstore

/// One authority asked about one image: its proofs are looked up and checked, and what is found is put into words.
public struct AuthorityExamination: Sendable {
    let store: EvidenceStore
    private let trust: TrustMaterial
    private let requiresSignature: Bool
    private let looksAtAll: Bool
    let asker: Asker
    /// The credentials that were chosen before it began; others are looked up when they are needed.
    var shown: [RepositoryAccess: ShownCredential] = [:]

    /// With the trust material in force now, which stays the same however long the examination takes.
    ///
    /// - Parameters:
    ///   - requiresSignature: whether an authority with attestations asks for a signature too, whatever its document says.
    ///   - looksAtAll: whether everything that is published is looked at for every authority, as where it is reported.
    ///   - puller: with whose credentials proofs are asked for.
    ///   - deadline: until when the answer is waited for.
    public init(
        store: EvidenceStore, requiresSignature: Bool = false, looksAtAll: Bool = false, puller: Puller? = nil,
        deadline: Deadline? = nil
    ) {
        self.store = store
        self.requiresSignature = requiresSignature
        self.looksAtAll = looksAtAll
        asker = Asker(puller, until: deadline)
        trust = store.trust.current
    }

    /// By which proofs are checked here.
    var generation: TrustGeneration { trust.generation }

    /// A finding, and whether all of it was remembered: then no registry had to be asked.
    public struct Examined: Sendable {
        public let finding: AuthorityFinding
        public let isCached: Bool
        /// When proofs that have sufficed before are to be looked for again; `nil` where they were looked for now.
        var provenUntil: ContinuousClock.Instant?
    }

    /// What the authority says of the image; outages are part of the finding.
    ///
    /// - Parameters:
    ///   - looksAtAll: whether proofs that have sufficed before are not enough, since something reads all that there is.
    ///   - reading: how much of each proof is read; without it what the authority's own attestations ask for.
    public func examine(
        _ authority: Authority, _ image: ResolvedImage, looksAtAll: Bool = false, reading: ProofExtent? = nil
    ) async -> Examined {
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
        case .unavailable(let why):
            return refused(authority, DenialReason(.notYetChecked, "authority \(authority.name): \(why)"))
        case .keyInSecret(let key):
            let reason = DenialReason(
                .notYetChecked, "authority \(authority.name): secret \(key.secret) has not been read")
            return refused(authority, reason)
        case .signer(let options):
            guard let trust = trust(of: authority) else {
                let reason = DenialReason(
                    .notYetChecked, "authority \(authority.name): its trust roots have not been read")
                return refused(authority, reason)
            }
            let question = Question(
                authority: authority, options: options, trust: trust, image: image,
                looksAtAll: looksAtAll || self.looksAtAll, reading: reading ?? ProofExtent(parts: authority.reads))
            guard !authority.attestations.isEmpty else { return await examineSignatures(question) }
            guard authority.requiresSignature || requiresSignature else { return await examineAttestations(question) }
            return await examineBoth(question)
        }
    }

    /// One authority asked about one image, by whose trust material.
    struct Question: Sendable {
        let authority: Authority
        let options: VerificationOptions
        let trust: TrustMaterial
        let image: ResolvedImage
        let looksAtAll: Bool
        let reading: ProofExtent

        var words: ExaminationWords { ExaminationWords(authority, options, image) }

        /// What is read first.
        func scope(_ kind: ProofKind) -> ProofScope {
            if looksAtAll { return .all }
            switch kind {
            case .signature: return .likely(.signatures)
            case .attestation:
                let types: [String] = authority.attestations.map(\.predicateType)
                guard let types = AtLeastOne(types) else { return .all }
                return .likely(LikelyProofs(predicateTypes: types))
            case .billOfMaterials: return .all
            }
        }
    }

    /// `nil` where the document names trust roots that nobody has looked up.
    private func trust(of authority: Authority) -> TrustMaterial? {
        switch authority.trust {
        case .inForce: trust
        case .named: nil
        case .material(let certificates, let logs, let timestamps):
            trust.replacing(certificates: certificates, logs: logs, timestamps: timestamps)
        }
    }

    private func refused(_ authority: Authority, _ reason: DenialReason) -> Examined {
        Examined(
            finding: AuthorityFinding(authority: authority.name, result: .refused(AtLeastOne(reason))), isCached: true)
    }

    /// Looks at the proofs that have sufficed before, and asks the places only where those do not satisfy: first for what is
    /// likely to, then for all.
    private func examine(
        _ question: Question, _ kind: ProofKind, weigh: (Search) async -> AuthorityFinding.Result
    ) async -> Examined {
        let (authority, image) = (question.authority, question.image)
        let (places, unreadable) = await readable(Self.places(authority, image))
        let known = question.looksAtAll ? Search() : sufficient(places, kind, image)
        if !known.candidates.isEmpty,
            case (.satisfied(let match), let search) = await weighed(
                known.only(authority.format), question, kind, weigh)
        {
            return Examined(
                finding: AuthorityFinding(authority: authority.name, result: .satisfied(match)),
                isCached: search.isCached,
                // What has just been evicted is as old as can be.
                provenUntil: places.compactMap { store.end(ofProofsOf: image, kind: kind, at: $0) }.min() ?? .now)
        }
        var found = await search(places, kind, question.scope(kind), image)
        // What was withdrawn does not suffice any longer.
        if question.looksAtAll {
            for (place, bundles) in found.held { store.keepOnly(bundles, of: image, kind: kind, at: place) }
        }
        if !unreadable.isEmpty {
            found.isCached = false
            found.outages = unreadable + found.outages
        }
        var (result, search) = await weighed(found.only(authority.format), question, kind, weigh)
        if !found.isWhole, !result.isSatisfied {
            (result, search) = await weighed(
                whole(found, kind, image).only(authority.format), question, kind, weigh)
        }
        if case .refused = result, let log = authority.logSearch {
            let unlogged = search.candidates.filter { lacksEntry($0, kind, question) }
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

    /// What the candidates come to. Those that are too large to be held are read only where the others do not satisfy, or
    /// where something looks at all that there is; never for signatures, of which none is large.
    private func weighed(
        _ search: Search, _ question: Question, _ kind: ProofKind,
        _ weigh: (Search) async -> AuthorityFinding.Result
    ) async -> (AuthorityFinding.Result, Search) {
        let search = search.limited(to: question.reading.maximumBytes)
        guard search.hasLarge else { return (await weigh(search), search) }
        guard kind != .signature else {
            let search = search.signaturesAlone
            return (await weigh(search), search)
        }
        if !question.looksAtAll {
            let small = search.withoutLarge
            let result = await weigh(small)
            if result.isSatisfied { return (result, small) }
        }
        let read = await reading(search, question.reading)
        return (await weigh(read), read)
    }

    private func signature(
        _ bundle: UnverifiedBundle, _ question: Question
    ) -> Result<VerifiedSignature, VerificationError> {
        store.evidence.signature(in: bundle, of: question.image.digest, question.options, question.trust)
    }

    private func statement(
        _ bundle: UnverifiedBundle, _ question: Question
    ) -> Result<VerifiedStatement, VerificationError> {
        store.evidence.statement(in: bundle, of: question.image.digest, question.options, question.trust)
    }

    // MARK: Signatures

    private func examineSignatures(_ question: Question) async -> Examined {
        await examine(question, .signature) { search in
            var verified: [VerifiedSignature] = []
            var failures: [VerificationError] = []
            let isWhole = await eachCandidate(search) { bundle in
                switch signature(bundle, question) {
                case .success(let signature): verified.append(signature)
                case .failure(let error): failures.append(error)
                }
            }
            if let signatures = AtLeastOne(verified) {
                return .satisfied(
                    AuthorityMatch(
                        authority: question.authority.name, evidence: .signatures(signatures),
                        summary: "signed by \(signatures.first.signer), \(signatures.first.origin.carrier.rawValue)",
                        notes: notes(question.options, verified.map(\.support))))
            }
            let words = question.words
            let reasons = words.signatures(failures, passedOver: search.passedOver)
            let outages = search.outages + (isWhole ? [] : [.cancelled])
            if let outages = AtLeastOne(outages) { return .outage(outages, also: reasons) }
            return .refused(AtLeastOne(reasons) ?? AtLeastOne(words.unsigned))
        }
    }

    // MARK: Attestations

    private func examineAttestations(_ question: Question) async -> Examined {
        await examine(question, .attestation) { search in
            var found = FoundStatements()
            let isWhole = await eachCandidate(search) { bundle in found.add(statement(bundle, question)) }
            found.passedOver = search.passedOver
            var satisfied: [SatisfiedRequirement] = []
            var missing: [(requirement: AttestationRequirement, objection: PolicyObjection?)] = []
            for requirement in question.authority.attestations {
                let (statements, objection) = found.satisfying(requirement)
                if let statements = AtLeastOne(statements) {
                    satisfied.append(
                        SatisfiedRequirement(
                            name: requirement.name, writtenType: requirement.writtenType, statements: statements))
                } else {
                    missing.append((requirement, objection))
                }
            }
            let words = question.words
            guard missing.isEmpty else {
                let outages = search.outages + (isWhole ? [] : [.cancelled])
                // Nobody is told what a part of the proofs does not satisfy: all of them are looked at then.
                if outages.isEmpty, search.isWhole, !found.hasUnsignedBillOfMaterials {
                    found.hasUnsignedBillOfMaterials = await hasUnsignedBillOfMaterials(
                        question.authority, question.image)
                }
                // Where nobody's attestations count, all that are missing say the same.
                let reasons = missing.reduce(into: [DenialReason]()) { reasons, missing in
                    let reason = words.absent(missing.requirement, objection: missing.objection, found)
                    if !reasons.contains(reason) { reasons.append(reason) }
                }
                if let outages = AtLeastOne(outages) { return .outage(outages, also: reasons) }
                return .refused(AtLeastOne(reasons) ?? AtLeastOne(words.unsigned))
            }
            guard let requirements = AtLeastOne(satisfied) else {
                // Without a requirement the authority asks for signatures, and does not come here.
                return .refused(AtLeastOne(words.unsigned))
            }
            var types: [String] = []
            let statements = satisfied.flatMap(\.statements.all)
            for type in statements.map(\.predicateType) where !types.contains(type) { types.append(type) }
            return .satisfied(
                AuthorityMatch(
                    authority: question.authority.name, evidence: .statements(requirements),
                    summary: "attested by \(requirements.first.statements.first.signer): "
                        + types.joined(separator: ", "),
                    notes: notes(question.options, statements.map(\.support)) + [Caution.signatureNotChecked.sentence]))
        }
    }

    /// A signature, and the attestations too.
    private func examineBoth(_ question: Question) async -> Examined {
        async let signed = examineSignatures(question)
        let attested = await examineAttestations(question)
        let both = await (signed.finding, attested.finding)
        let result: AuthorityFinding.Result =
            switch (both.0.result, both.1.result) {
            case (.satisfied(let signed), .satisfied(let attested)):
                if let signatures = AtLeastOne(signed.signatures),
                    let requirements = AtLeastOne(attested.requirements)
                {
                    .satisfied(
                        AuthorityMatch(
                            authority: question.authority.name, evidence: .both(signatures, requirements),
                            summary: "\(signed.summary); \(attested.summary)", notes: signed.notes))
                } else {
                    .refused(AtLeastOne(question.words.unsigned))
                }
            case (let signed, let attested): signed.and(attested)
            }
        let ends = await [signed.provenUntil, attested.provenUntil]
        return Examined(
            finding: AuthorityFinding(authority: question.authority.name, result: result),
            isCached: await signed.isCached && attested.isCached, provenUntil: ends.compactMap { $0 }.min())
    }

    /// Whether a bill of materials lies under cosign's tag for it, which is unsigned wherever it lies. One more request
    /// for each place, and only for the words of a denial that stands already: where the place does not answer, or not
    /// soon, the denial is told without them, and stays what it is.
    private func hasUnsignedBillOfMaterials(_ authority: Authority, _ image: ResolvedImage) async -> Bool {
        let places = Self.places(authority, image)
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask { [store, asker] in
                for place in await readable(places).places {
                    let lookup = try? await store.proofs(
                        of: image, kind: .billOfMaterials, at: place, for: asker
                    ).value
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

    /// Whether a proof was refused for want of a log entry and brings none: only then is a log worth a question.
    private func lacksEntry(_ bundle: UnverifiedBundle, _ kind: ProofKind, _ question: Question) -> Bool {
        guard bundle.contentToSearch != nil else { return false }
        let error: VerificationError? =
            switch kind {
            case .signature: signature(bundle, question).error
            case .attestation: statement(bundle, question).error
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
                let entries = try await store.entries(of: content, in: log, for: asker)
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

extension AuthorityFinding.Result {
    fileprivate var isSatisfied: Bool { if case .satisfied = self { true } else { false } }

    /// Where two results are needed and one of them at least is no satisfaction: every outage and every reason of both.
    fileprivate func and(_ other: AuthorityFinding.Result) -> AuthorityFinding.Result {
        let reasons = self.reasons + other.reasons
        if let outages = AtLeastOne(outages + other.outages) { return .outage(outages, also: reasons) }
        return AtLeastOne(reasons).map { .refused($0) } ?? self
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
