// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import JSON
import Policy

/// A ruling, and its answer written down. A class, so that giving it again counts one reference and not the dozen inside.
final class WrittenRuling: Sendable {
    let ruling: Ruling
    let decisions: ReviewRecord.Decisions
    let response: ReviewResponse

    init(_ ruling: Ruling, in apiVersion: String, at endpoint: ReviewEndpoint, patch: [UInt8]? = nil) {
        self.ruling = ruling
        decisions = ReviewRecord.Decisions(ruling.decisions)
        response = ReviewResponse(ruling, in: apiVersion, at: endpoint, patch: patch)
    }
}

/// What was answered a moment ago, by all that was asked: the Pods of one workload, by the hundred, ask alike but for their
/// names. Only answers are here that rest on remembered verdicts alone, and each is given again only while every one of
/// these would be.
final class RememberedRulings: Sendable {
    private struct Held: Sendable {
        let ruling: WrittenRuling
        let terms: VerdictTerms
    }

    /// Of all answers; those of workloads with a few images have one to three thousand bytes.
    private static let maximumBytes = 4 << 20

    private let known = ByteBoundedCache<PartsHash, Held>(name: "rulings", limit: maximumBytes)

    /// See the tests.
    private let ignored: RulingInput?

    /// - Parameter ignored: what questions do not hold, for a test that shows what it is for.
    init(ignoring ignored: RulingInput? = nil) { self.ignored = ignored }

    /// All of a review that its answer depends on, but for the object as programs read it: an answer for which one did has
    /// no terms. What stands in the object is taken as it is written, so that nothing has to be read first; two spellings
    /// of one thing are two questions. `nil` where the object is not shaped as its kind is.
    func question(
        _ fields: AtLeastOne<ImageField>, of request: AdmissionRequest, _ endpoint: ReviewEndpoint
    ) -> PartsHash? {
        var parts = HashedParts()
        if holds(.endpoint) { parts.add(endpoint.rawValue) }
        if holds(.group) { parts.add(request.group) }
        if holds(.version) { parts.add(request.version) }
        if holds(.resource) { parts.add(request.resource) }
        if holds(.namespace) { parts.add(request.namespace) }
        let metadata = request.metadata
        if let metadata, metadata.kind != .object { return nil }
        if holds(.labels) { parts.add(metadata?[WorkloadMember.labels]?.rawText) }
        let specification = request.podSpecification
        if holds(.serviceAccount) {
            for name in WorkloadMember.serviceAccounts { parts.add(specification?[name]?.rawText) }
        }
        if holds(.pullSecrets) { parts.add(specification?[WorkloadMember.pullSecrets]?.rawText) }
        parts.add(1 + fields.rest.count)
        add(fields.first, to: &parts)
        for field in fields.rest { add(field, to: &parts) }
        return parts.hash
    }

    private func add(_ field: ImageField, to parts: inout HashedParts) {
        if holds(.paths) {
            parts.add(field.list)
            parts.add(field.element)
        }
        if holds(.references) { parts.add(field.value?.rawText) }
    }

    private func holds(_ input: RulingInput) -> Bool { input != ignored }

    /// By name of the cache, for the metrics.
    var counters: (name: String, counters: CacheCounters) { (known.name, known.counters) }

    func ruling(on question: PartsHash, where holds: (VerdictTerms) -> Bool) -> WrittenRuling? {
        guard let held = known.value(for: question), holds(held.terms) else { return nil }
        return held.ruling
    }

    func keep(_ ruling: WrittenRuling, on question: PartsHash, _ terms: VerdictTerms) {
        known.insert(
            Held(ruling: ruling, terms: terms), for: question,
            // The record of an image is of the size of its reference, and is written down for the log.
            bytes: ruling.response.byteCount + ruling.ruling.decisions.count * 1024 + 512, expires: terms.end)
    }
}

/// What an answer depends on, and a question holds.
enum RulingInput: CaseIterable, Hashable, Sendable {
    /// Which webhook was called.
    case endpoint
    /// What `match` rules read.
    case group, version, resource, labels
    /// On whose behalf images are asked for.
    case namespace, serviceAccount, pullSecrets
    /// Where images stand, and which.
    case paths, references
}
