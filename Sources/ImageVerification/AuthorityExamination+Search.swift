// SPDX-License-Identifier: Apache-2.0
import OCI
import Policy
import Sigstore

/// Where proofs are looked for, with whose credential, and what lies there.
extension AuthorityExamination {
    struct Search: Sendable {
        var candidates: [UnverifiedBundle] = []
        /// Who was asked, in order.
        var places: [ReadablePlace] = []
        /// The candidates of each place.
        var held: [ReadablePlace: [UnverifiedBundle]] = [:]
        /// Where more is than was read.
        var partlyRead: [ReadablePlace] = []
        var outages: [Outage] = []
        var isCached = true
        /// How many candidates are of a form that the authority does not look at.
        var passedOver = 0

        /// Whether those that are too large to be held were left out.
        var leavesOutLarge = false
        /// For what was read of large proofs.
        var shares: [KeptParts.Share] = []

        var isWhole: Bool { partlyRead.isEmpty && !leavesOutLarge }

        /// Takes what a place holds.
        mutating func hold(_ lookup: EvidenceStore.Remembered<ProofLookup>, _ place: ReadablePlace) {
            isCached = isCached && lookup.isCached
            switch lookup.value {
            case .found(let bundles): held[place] = bundles.all
            case .nonePublished: held[place] = []
            case .partly(let bundles):
                held[place] = bundles
                partlyRead.append(place)
            }
        }

        mutating func gather() { candidates = places.flatMap { held[$0, default: []] } }

        func only(_ format: SignatureFormat?) -> Search {
            guard let format else { return self }
            var search = self
            search.candidates = candidates.filter { $0.isOf(format) }
            search.held = held.mapValues { $0.filter { $0.isOf(format) } }
            search.passedOver = candidates.count - search.candidates.count
            return search
        }
    }

    /// The candidates of every place. A place that cannot be asked is an outage beside what others hold: a proof that
    /// verifies suffices wherever it was found, and only without one does the outage decide.
    func search(
        _ places: [ReadablePlace], _ kind: ProofKind, _ scope: ProofScope, _ image: ResolvedImage
    ) async -> Search {
        var search = Search()
        search.places = places
        for place in places { await ask(place, kind, scope, image, &search) }
        search.gather()
        return search
    }

    /// The search with all that there is where something was left out. Where that cannot be had, what was read stays beside
    /// the outage.
    func whole(_ partly: Search, _ kind: ProofKind, _ image: ResolvedImage) async -> Search {
        var search = partly
        search.partlyRead = []
        for place in partly.partlyRead { await ask(place, kind, .all, image, &search) }
        search.gather()
        return search
    }

    private func ask(
        _ place: ReadablePlace, _ kind: ProofKind, _ scope: ProofScope, _ image: ResolvedImage,
        _ search: inout Search
    ) async {
        do throws(Outage) {
            search.hold(try await store.proofs(of: image, kind: kind, scope: scope, at: place, for: asker), place)
        } catch {
            search.isCached = false
            search.outages.append(error)
        }
    }

    static func places(_ authority: Authority, _ image: ResolvedImage) -> [ProofPlace] {
        if authority.sources.isEmpty { return [ProofPlace(repository: image.repository)] }
        return authority.sources.map {
            let repository = $0.repository ?? image.repository
            return ProofPlace(
                repository: repository, tagPrefix: $0.tagPrefix, pullSecrets: $0.pullSecrets,
                credentials: $0.credentials, isNamedByPolicy: repository != image.repository)
        }
    }

    /// The same, with these credentials whatever becomes of them meanwhile.
    func showing(_ shown: [RepositoryAccess: ShownCredential]) -> AuthorityExamination {
        var examination = self
        examination.shown = shown
        return examination
    }

    /// The places with the credential of each, which stays the same throughout an examination; and why the others cannot
    /// be asked.
    func readable(_ places: [ProofPlace]) async -> (places: [ReadablePlace], outages: [Outage]) {
        var readable: [ReadablePlace] = []
        var outages: [Outage] = []
        for place in places {
            do throws(Outage) {
                let chosen = try await store.credential(for: RepositoryAccess(place, for: asker.puller), among: shown)
                readable.append(ReadablePlace(place: place, shown: chosen))
            } catch {
                outages.append(error)
            }
        }
        return (readable, outages)
    }
}

extension UnverifiedBundle {
    /// Whether it is of a form that is looked at; what cannot be read is looked at always, and refused.
    fileprivate func isOf(_ format: SignatureFormat?) -> Bool {
        switch (format, content) {
        case (nil, _), (_, .unreadable), (.legacy, .simpleSigning), (.legacy, .envelope), (.bundle, .bundle): true
        case (.legacy, .large(let unread)): unread.blob.form == .envelope
        case (.bundle, .large(let unread)): unread.blob.form == .bundle
        case (.legacy, .read(let proof, _)): proof.blob.form == .envelope
        case (.bundle, .read(let proof, _)): proof.blob.form == .bundle
        case (.legacy, .bundle), (.bundle, .simpleSigning), (.bundle, .envelope): false
        }
    }
}
