// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import Policy

/// A ruling, and its answer written down.
struct WrittenRuling: Sendable {
    let ruling: Ruling
    let response: ReviewResponse

    init(_ ruling: Ruling, in apiVersion: String, at endpoint: ReviewEndpoint, patch: [UInt8]? = nil) {
        self.ruling = ruling
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
    /// no terms.
    func question(
        _ fields: AtLeastOne<ImageField>, _ workload: WorkloadFacts, _ endpoint: ReviewEndpoint
    ) -> PartsHash {
        var parts = HashedParts()
        if holds(.endpoint) { parts.add(endpoint.rawValue) }
        if holds(.group) { parts.add(workload.group) }
        if holds(.version) { parts.add(workload.version) }
        if holds(.resource) { parts.add(workload.resource) }
        if holds(.labels) {
            parts.add(workload.labels.count)
            for (name, value) in workload.labels.sorted(by: { $0.key < $1.key }) {
                parts.add(name)
                parts.add(value)
            }
        }
        let puller = workload.puller
        parts.add(puller == nil ? 0 : 1)
        if holds(.namespace) { parts.add(puller?.namespace) }
        if holds(.serviceAccount) { parts.add(puller?.serviceAccount) }
        if holds(.pullSecrets) {
            parts.add(puller?.pullSecrets.count ?? 0)
            for name in puller?.pullSecrets ?? [] { parts.add(name) }
        }
        parts.add(1 + fields.rest.count)
        for field in fields.all {
            if holds(.paths) {
                parts.add(field.list)
                parts.add(field.element)
            }
            if holds(.references) { parts.add(field.reference) }
        }
        return parts.hash
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
            // The record of an image is of the size of its reference.
            bytes: ruling.response.byteCount + ruling.ruling.decisions.count * 512 + 512, expires: terms.end)
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
