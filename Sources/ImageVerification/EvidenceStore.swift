// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import Policy
import Sigstore

/// What has been learned from the evidence source, remembered within bounds, and asked once where many ask.
///
/// Keys never hold a tag or a name alone: tags and candidate proofs carry the place and the fingerprint of the
/// credential that was used. Whatever work finds is kept by the work itself, so that it is there even when whoever asked
/// has gone.
public final class EvidenceStore: Sendable {
    private struct TagKey: Hashable, Sendable {
        let reference: ImageReference
        let credential: CredentialFingerprint
    }

    private struct ProofsKey: Hashable, Sendable {
        let image: Digest
        let kind: ProofKind
        let place: ProofPlace
        let credential: CredentialFingerprint
    }

    private struct ListingKey: Hashable, Sendable {
        let proofs: ProofsKey
        let scope: ProofScope
    }

    /// The longest that an API server waits for a webhook.
    public static let defaultPatience: Duration = .seconds(30)

    private let source: any EvidenceSource
    let limits: CacheLimits
    /// How long shared work may take, whoever waits for it.
    private let patience: Duration
    /// By which proofs are checked: each verdict takes it once.
    let trust: TrustInForce
    let evidence: EvidenceCache
    private let tags: ByteBoundedCache<TagKey, ResolvedImage>
    /// What a place held when it was asked a moment ago.
    private let listings: ByteBoundedCache<ListingKey, ProofLookup>
    /// The proofs of an image that have satisfied somebody.
    private let sufficient: ByteBoundedCache<ProofsKey, [UnverifiedBundle]>
    /// Content-addressed, but for what one credential may read and another may not.
    private let configurations: ByteBoundedCache<ConfigurationKey, ConfigurationLookup>
    private let configuring: SingleFlight<ConfigurationKey, ConfigurationLookup>
    private let resolving: SingleFlight<TagKey, ResolutionLookup>
    private let searching: SingleFlight<ListingKey, ProofLookup>
    /// Proofs too large to be held, as far as they were read; content-addressed, as blobs are.
    private let large: ByteBoundedCache<LargeKey, LargeProof>
    private let reading: SingleFlight<ReadingKey, LargeReading>
    private let turns = ReadingTurns()
    /// What is kept of large proofs by all questions under way.
    let keptParts = KeptParts()
    /// Asked only for authorities that name a log; without one such an authority finds nothing there.
    private let logs: (any LogSearch)?
    private let logged: ByteBoundedCache<LogKey, [LogSearchResult]>
    private let searchingLogs: SingleFlight<LogKey, [LogSearchResult]>

    private struct ConfigurationKey: Hashable, Sendable {
        let image: Digest
        let repository: Repository
        let credential: CredentialFingerprint
    }

    private struct LargeKey: Hashable, Sendable {
        let blob: UnreadProof.Blob
        let parts: JSONParts
    }

    private struct ReadingKey: Hashable, Sendable {
        let proof: LargeKey
        let place: ProofPlace
        let credential: CredentialFingerprint
    }

    private struct LogKey: Hashable, Sendable {
        let content: Digest
        let log: LogAddress
    }

    public convenience init(
        source: any EvidenceSource, trust: TrustInForce, limits: CacheLimits = .default,
        patience: Duration = defaultPatience, logs: (any LogSearch)? = nil, work: SharedWork
    ) {
        self.init(
            source: source, trust: trust, limits: limits, patience: patience, logs: logs, work: work, ignoring: nil)
    }

    /// - Parameter ignored: what keys of evidence do not hold, for a test that shows what it is for.
    init(
        source: any EvidenceSource, trust: TrustInForce, limits: CacheLimits = .default,
        patience: Duration = defaultPatience, logs: (any LogSearch)? = nil, work: SharedWork,
        ignoring ignored: EvidenceInput?
    ) {
        self.source = source
        self.limits = limits
        self.patience = patience
        self.trust = trust
        evidence = EvidenceCache(bytes: limits.evidenceBytes / 4, life: limits.sufficientLife, ignoring: ignored)
        tags = ByteBoundedCache(name: "tags", limit: limits.evidenceBytes / 8)
        listings = ByteBoundedCache(name: "listings", limit: limits.evidenceBytes / 4)
        sufficient = ByteBoundedCache(name: "proofs", limit: limits.evidenceBytes / 4)
        configurations = ByteBoundedCache(name: "configurations", limit: limits.evidenceBytes / 8)
        configuring = SingleFlight(work: work)
        resolving = SingleFlight(work: work)
        searching = SingleFlight(work: work)
        // What a policy reads whole is one entry of several MiB.
        large = ByteBoundedCache(
            name: "large-proofs", limit: limits.evidenceBytes / 8, largest: limits.evidenceBytes / 8)
        reading = SingleFlight(work: work)
        self.logs = logs
        logged = ByteBoundedCache(name: "log-entries", limit: limits.evidenceBytes / 8)
        searchingLogs = SingleFlight(work: work)
    }

    /// Something, and whether it was remembered rather than asked for.
    struct Remembered<Value: Sendable>: Sendable {
        let value: Value
        let isCached: Bool
    }

    /// With which credential a repository is read from now on in one examination.
    ///
    /// - Parameter chosen: those that stay as they were chosen before.
    func credential(
        for access: RepositoryAccess, among chosen: [RepositoryAccess: ShownCredential] = [:]
    ) async throws(Outage) -> ShownCredential {
        if let known = chosen[access] { return known }
        return try await source.credential(for: access, deadline: .after(patience))
    }

    /// The same, where nobody has to be asked for it.
    func knownCredential(for access: RepositoryAccess) -> ShownCredential? { source.knownCredential(for: access) }

    /// The digest that a tag was seen to name at most `tagLife` ago; `nil` where somebody has to be asked.
    func rememberedImage(_ reference: ImageReference, for puller: Puller?) -> ResolvedImage? {
        if let pinned = ResolvedImage(pinned: reference) { return pinned }
        guard let shown = knownCredential(for: RepositoryAccess(reference.repository, for: puller)) else { return nil }
        return tags.value(for: TagKey(reference: reference, credential: shown.fingerprint), countsMiss: false)
    }

    /// The digest of a tag, for at most `tagLife`; that a tag does not exist is not remembered.
    func resolve(
        _ reference: ImageReference, for puller: Puller?, until deadline: Deadline? = nil
    ) async throws(Outage) -> Remembered<ResolutionLookup> {
        if let pinned = ResolvedImage(pinned: reference) { return Remembered(value: .resolved(pinned), isCached: true) }
        let shown = try await credential(for: RepositoryAccess(reference.repository, for: puller))
        let key = TagKey(reference: reference, credential: shown.fingerprint)
        if let known = tags.value(for: key) { return Remembered(value: .resolved(known), isCached: true) }
        let end = deadline?.instant
        let deadline = Asker(puller, until: deadline).deadline(patience: patience)
        let lookup = try await resolving.value(
            for: key, service: reference.repository.host, namespace: puller?.namespace, until: end
        ) { [source, tags, limits] in
            // Found between the caller's look and now: an equal question has just been answered.
            if let known = tags.peek(key) { return .success(.resolved(known)) }
            let answer = await outcome { () async throws(Outage) in
                try await source.resolve(reference, showing: shown, deadline: deadline())
            }
            if case .success(.resolved(let image)) = answer {
                tags.insert(
                    image, for: key, bytes: reference.asWritten.utf8.count + 512,
                    expires: .now.advanced(by: limits.tagLife))
            }
            return answer
        }
        return Remembered(value: lookup, isCached: false)
    }

    /// The proofs that have satisfied somebody at this place; empty where nobody has been yet.
    func sufficientProofs(of image: ResolvedImage, kind: ProofKind, at place: ReadablePlace) -> [UnverifiedBundle] {
        sufficient.value(for: key(image, kind, place)) ?? []
    }

    /// When the proofs that have satisfied somebody at this place reach their maximum age.
    func end(
        ofProofsOf image: ResolvedImage, kind: ProofKind, at place: ReadablePlace
    ) -> ContinuousClock.Instant? { sufficient.end(of: key(image, kind, place)) }

    /// The candidate proofs of an image at a place, as they were at most `candidateLife` ago.
    func proofs(
        of image: ResolvedImage, kind: ProofKind, scope: ProofScope = .all, at readable: ReadablePlace,
        for asker: Asker = .nobody
    ) async throws(Outage) -> Remembered<ProofLookup> {
        let proofs = key(image, kind, readable)
        let key = ListingKey(proofs: proofs, scope: scope)
        // All that there is answers every narrower question too.
        let whole = ListingKey(proofs: proofs, scope: .all)
        if let known = listings.peek(whole) != nil ? listings.value(for: whole) : listings.value(for: key) {
            return Remembered(value: known, isCached: true)
        }
        let (place, shown) = (readable.place, readable.shown)
        let deadline = asker.deadline(patience: patience)
        let lookup = try await searching.value(
            for: key, service: place.repository.host, namespace: asker.namespace, until: asker.deadline?.instant
        ) { [source, listings, limits] in
            if let known = listings.peek(whole) ?? listings.peek(key) { return .success(known) }
            let answer = await outcome { () async throws(Outage) in
                try await source.proofs(
                    of: image, kind: kind, scope: scope, at: place, showing: shown, deadline: deadline())
            }
            switch answer {
            case .success(.found(let bundles)):
                listings.insert(
                    .found(bundles), for: whole, bytes: byteCount(bundles.all),
                    expires: .now.advanced(by: limits.candidateLife))
            case .success(.partly(let bundles)):
                listings.insert(
                    .partly(bundles), for: key, bytes: byteCount(bundles),
                    expires: .now.advanced(by: bundles.isEmpty ? limits.absenceLife : limits.candidateLife))
            case .success(.nonePublished):
                listings.insert(.nonePublished, for: whole, bytes: 0, expires: .now.advanced(by: limits.absenceLife))
            case .failure: break
            }
            return answer
        }
        return Remembered(value: lookup, isCached: false)
    }

    /// The configurations of an image.
    ///
    /// - Parameter chosen: credentials that were chosen before.
    func configurations(
        of image: ResolvedImage, for puller: Puller?, among chosen: [RepositoryAccess: ShownCredential] = [:],
        until deadline: Deadline? = nil
    ) async throws(Outage) -> Remembered<ConfigurationLookup> {
        let shown = try await credential(for: RepositoryAccess(image.repository, for: puller), among: chosen)
        let key = ConfigurationKey(
            image: image.digest, repository: image.repository, credential: shown.fingerprint)
        if let known = configurations.value(for: key) { return Remembered(value: known, isCached: true) }
        let end = deadline?.instant
        let deadline = Asker(puller, until: deadline).deadline(patience: patience)
        let lookup = try await configuring.value(
            for: key, service: image.repository.host, namespace: puller?.namespace, until: end
        ) { [source, configurations, limits] in
            if let known = configurations.peek(key) { return .success(known) }
            let answer = await outcome { () async throws(Outage) in
                try await source.configurations(of: image, showing: shown, deadline: deadline())
            }
            if case .success(.found(let all)) = answer {
                // A value's tape has 16 bytes.
                let bytes = all.all.reduce(0) { $0 + $1.document.text.count * 4 + 512 }
                configurations.insert(
                    .found(all), for: key, bytes: bytes, expires: .now.advanced(by: limits.sufficientLife))
            }
            return answer
        }
        return Remembered(value: lookup, isCached: false)
    }

    /// The parts of a proof too large to be held, that was found at this place. It is read once for all who ask for it
    /// with one credential, a few such proofs at a time, and by work that goes on when they have gone.
    func read(
        _ blob: UnreadProof.Blob, parts: JSONParts, at readable: ReadablePlace, for asker: Asker = .nobody
    ) async throws(Outage) -> Remembered<LargeReading> {
        let proof = LargeKey(blob: blob, parts: parts)
        if let known = large.value(for: proof) { return Remembered(value: .read(known), isCached: true) }
        let (place, shown) = (readable.place, readable.shown)
        let key = ReadingKey(proof: proof, place: place, credential: shown.fingerprint)
        let deadline = asker.deadline(patience: patience)
        // Whoever asks on behalf of no namespace has a share like any.
        let share = WorkShare(service: place.repository.host, namespace: asker.namespace ?? "")
        let answer = try await reading.value(
            for: key, service: share.service, namespace: asker.namespace, until: asker.deadline?.instant
        ) { [source, large, limits, turns] in
            if let known = large.peek(proof) { return .success(.read(known)) }
            let deadline = deadline()
            let answer = await turns.value(of: share, until: deadline) {
                await outcome { () async throws(Outage) in
                    try await source.read(blob, parts: parts, at: place, showing: shown, deadline: deadline)
                }
            }
            if case .success(.read(let read)) = answer {
                large.insert(
                    read, for: proof, bytes: read.byteCount + 512, expires: .now.advanced(by: limits.sufficientLife))
            }
            return answer ?? .failure(.cancelled)
        }
        return Remembered(value: answer, isCached: false)
    }

    /// What a log has under a content's hash, as it was a moment ago.
    func entries(
        of content: Digest, in log: LogAddress, for asker: Asker = .nobody
    ) async throws(Outage) -> [LogSearchResult] {
        guard let logs else { return [] }
        let key = LogKey(content: content, log: log)
        if let known = logged.value(for: key) { return known }
        return try await searchingLogs.value(
            for: key, service: log.description, namespace: asker.namespace
        ) { [patience, logged, limits] in
            if let known = logged.peek(key) { return .success(known) }
            let answer = await outcome { () async throws(Outage) in
                try await logs.entries(of: content, in: log, deadline: .after(patience))
            }
            if case .success(let entries) = answer {
                // An entry's annotation has some five thousand bytes.
                logged.insert(
                    entries, for: key, bytes: 512 + entries.count * 8192,
                    expires: .now.advanced(by: entries.isEmpty ? limits.absenceLife : limits.candidateLife))
            }
            return answer
        }
    }

    /// These proofs sufficed: they are looked at first from now on, and the place is not asked again for whoever they
    /// satisfy. Policies with different keys each add theirs.
    func keep(_ bundles: [UnverifiedBundle], of image: ResolvedImage, kind: ProofKind, at place: ReadablePlace) {
        let now = ContinuousClock.now
        let end = now.advanced(by: limits.sufficientLife)
        sufficient.update(key(image, kind, place)) { kept, keptEnd in
            // What has reached its age is not taken along.
            let known = keptEnd.map { $0 > now } ?? false ? kept ?? [] : []
            let all = known + bundles.filter { !known.contains($0) }
            guard !all.isEmpty else { return nil }
            // Those that were not seen this time do not become younger.
            let isRenewed = known.allSatisfy(bundles.contains)
            return (all, byteCount(all), isRenewed ? end : min(end, keptEnd ?? end))
        }
    }

    /// Nothing else lies at the place any more.
    func keepOnly(_ bundles: [UnverifiedBundle], of image: ResolvedImage, kind: ProofKind, at place: ReadablePlace) {
        sufficient.update(key(image, kind, place)) { kept, end in
            guard let kept, let end else { return nil }
            let rest = kept.filter(bundles.contains)
            return rest.count < kept.count ? (rest, byteCount(rest), end) : nil
        }
    }

    private func key(_ image: ResolvedImage, _ kind: ProofKind, _ readable: ReadablePlace) -> ProofsKey {
        ProofsKey(
            image: image.digest, kind: kind, place: readable.place, credential: readable.shown.fingerprint)
    }

    /// By name of the cache, for the metrics.
    public var counters: [(name: String, counters: CacheCounters)] {
        [tags.counted, listings.counted, sufficient.counted, logged.counted, configurations.counted, large.counted]
            + evidence.counters
    }

    /// By what was asked, for the metrics.
    public var flights: [(name: String, counters: FlightCounters)] {
        [
            ("resolve", resolving.counters), ("proofs", searching.counters), ("log-entries", searchingLogs.counters),
            ("configurations", configuring.counters), ("large-proofs", reading.counters),
        ]
    }
}

/// On whose behalf something is asked for, and until when they wait.
struct Asker: Sendable {
    let puller: Puller?
    /// `nil`: as long as the work may take.
    let deadline: Deadline?

    static let nobody = Asker(nil, until: nil)

    init(_ puller: Puller?, until deadline: Deadline?) {
        self.puller = puller
        self.deadline = deadline
    }

    var namespace: String? { puller?.namespace }

    /// The deadline of work that begins when this is called. The work goes on after whoever asked has gone, so that the
    /// next one finds its answer; but it does not wait for a registry that wants to be left alone for longer than they do.
    func deadline(patience: Duration) -> @Sendable () -> Deadline {
        { [deadline] in Deadline(.now.advanced(by: patience), turnsUntil: deadline?.instant) }
    }
}

/// A place, and the credential with which it is read.
struct ReadablePlace: Hashable, Sendable {
    let place: ProofPlace
    let shown: ShownCredential
}

private func outcome<Value>(
    _ operation: () async throws(Outage) -> Value
) async -> Result<Value, Outage> {
    do throws(Outage) { return .success(try await operation()) } catch { return .failure(error) }
}

/// Bytes held, for the bound of a cache.
private func byteCount(_ bundles: [UnverifiedBundle]) -> Int { bundles.reduce(0) { $0 + $1.byteCount + 512 } }

extension UnverifiedBundle {
    /// Of its content and annotations.
    var byteCount: Int {
        switch content {
        case .simpleSigning(let bytes, let annotations), .envelope(let bytes, let annotations):
            bytes.count + annotations.byteCount
        case .bundle(let bytes): bytes.count
        case .large(let unread): unread.annotations.byteCount
        case .read(let proof, let annotations): proof.byteCount + annotations.byteCount
        case .unreadable(let why): why.utf8.count
        }
    }
}

extension CosignAnnotations {
    var parts: [String?] { [signature, certificate, chain, rekorBundle, timestamp] }

    fileprivate var byteCount: Int { parts.reduce(0) { $0 + ($1?.utf8.count ?? 0) } }
}
