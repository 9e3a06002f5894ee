// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import Logging
import Policy
import Registry
import Sigstore
import WebhookServer

/// What other rooms count by themselves, put into the words of the metrics.
enum CacheSamples {
    /// - Parameter staleVerdicts: how often an admission past its age stood in for an outage.
    static func samples(
        of caches: [(name: String, counters: CacheCounters)], staleVerdicts: Int
    ) -> [MetricSample] {
        [
            MetricSample(
                "countersign_stale_verdicts_total",
                help: "Admissions by a verdict past its age, since nobody could be asked (--stale-if-outage).",
                kind: .counter, value: Double(staleVerdicts))
        ] + samples(of: caches)
    }

    static func samples(of caches: [(name: String, counters: CacheCounters)]) -> [MetricSample] {
        caches.flatMap { name, counters -> [MetricSample] in
            func lookups(_ result: String, _ count: Int) -> MetricSample {
                MetricSample(
                    "countersign_cache_lookups_total", help: "Lookups in a cache, by result.", kind: .counter,
                    labels: [.init("cache", name), .init("result", result)], value: Double(count))
            }
            let labels = [MetricSample.Label("cache", name)]
            return [
                lookups("hit", counters.hits), lookups("miss", counters.misses), lookups("stale", counters.expired),
                MetricSample(
                    "countersign_cache_evictions_total", help: "Entries that had to make room.", kind: .counter,
                    labels: labels, value: Double(counters.evictions)),
                MetricSample(
                    "countersign_cache_entries", help: "Entries held.", kind: .gauge, labels: labels,
                    value: Double(counters.entries)),
                MetricSample(
                    "countersign_cache_bytes", help: "Bytes held.", kind: .gauge, labels: labels,
                    value: Double(counters.bytes)),
            ]
        }
    }
}

extension CacheSamples {
    /// As of the others, and how many files did not hold what their name says.
    static func samples(of disk: DiskBlobStore) -> [MetricSample] {
        let name = "blobs-on-disk"
        return samples(of: [(name, disk.counters)]) + [
            MetricSample(
                "countersign_cache_lookups_total", help: "Lookups in a cache, by result.", kind: .counter,
                labels: [.init("cache", name), .init("result", "damaged")], value: Double(disk.damaged))
        ]
    }
}

extension CacheSamples {
    static func samples(of flights: [(name: String, counters: FlightCounters)]) -> [MetricSample] {
        flights.flatMap { name, counters in
            [("led", counters.led), ("joined", counters.joined)].map { result, count in
                MetricSample(
                    "countersign_shared_lookups_total", help: "Lookups begun, and equal ones that joined them.",
                    kind: .counter, labels: [.init("lookup", name), .init("result", result)], value: Double(count))
            }
        }
    }
}

enum RegistrySamples {
    static func samples(of counters: RegistryCounters) -> [MetricSample] {
        requests(counters) + limits(counters)
    }

    private static func limits(_ counters: RegistryCounters) -> [MetricSample] {
        counters.limited.sorted { $0.key < $1.key }
            .map { host, count in
                MetricSample(
                    "countersign_registry_rate_limited_total",
                    help: "Answers by which a registry asked for fewer requests.", kind: .counter,
                    labels: [.init("host", host)], value: Double(count))
            }
            + counters.turns.sorted { ($0.key.host, $0.key.turn.rawValue) < ($1.key.host, $1.key.turn.rawValue) }
            .map { key, count in
                MetricSample(
                    "countersign_registry_turns_total",
                    help: "Requests that waited because their registry asks for fewer, and those not sent for that.",
                    kind: .counter, labels: [.init("host", key.host), .init("result", key.turn.rawValue)],
                    value: Double(count))
            }
    }

    private static func requests(_ counters: RegistryCounters) -> [MetricSample] {
        counters.requests
            .sorted { ($0.key.host, $0.key.kind.rawValue) < ($1.key.host, $1.key.kind.rawValue) }
            .map { key, count in
                MetricSample(
                    "countersign_registry_requests_total", help: "Requests sent to registries; retries count.",
                    kind: .counter, labels: [.init("host", key.host), .init("kind", key.kind.rawValue)],
                    value: Double(count))
            }
    }
}

enum PolicySamples {
    static func changes(_ metrics: ServerMetrics) -> Counter {
        metrics.registry.counter(
            "countersign_policy_changes_total", help: "Changes of policies that were noticed.", labels: ["event"])
    }

    static func samples(of inForce: PoliciesInForce) -> [MetricSample] {
        let set = inForce.current
        let health = inForce.health
        func gauge(_ name: String, _ help: String, _ value: Int) -> MetricSample {
            MetricSample(name, help: help, kind: .gauge, value: Double(value))
        }
        return [
            gauge("countersign_policies", "Policies in force.", set.policies.count),
            gauge(
                "countersign_policies_broken", "Documents that cannot be read now.", health.documents.count),
            gauge(
                "countersign_policies_without_last_good",
                "Documents and sources that cannot be read and never could: what they name is denied.",
                set.broken.count + set.missing.count),
            gauge("countersign_policy_sources_lost", "Sources that are gone as a whole.", health.sources.count),
        ]
    }
}

enum TrustSamples {
    /// Days after which the built-in root is worth a warning: logs and authorities of Sigstore change about yearly, and a
    /// quarter leaves time to act.
    static let oldAge = 90.0 * 86_400

    /// Seconds since the built-in root was taken.
    static func age(now: Instant) -> Double { max(0, Double(now.seconds - TrustMaterial.publicGoodTaken.seconds)) }

    static func samples(of inForce: TrustInForce, embedded: Bool, now: Instant) -> [MetricSample] {
        let info = MetricSample(
            "countersign_trust_info", help: "The trust material in force.", kind: .gauge,
            labels: [
                .init("generation", inForce.current.generation.description),
                .init("source", embedded ? "built-in" : "file"),
            ], value: 1)
        guard embedded else { return [info] }
        return [
            info,
            MetricSample(
                "countersign_trusted_root_age_seconds", help: "Age of the built-in trusted root, where it is in use.",
                kind: .gauge, value: age(now: now)),
        ]
    }
}

extension TrustFilesWatch.Event {
    /// The value of a metric's label.
    var word: String {
        switch self {
        case .replaced: "replaced"
        case .broken: "broken"
        case .mended: "mended"
        case .old: "old"
        }
    }

    var isBroken: Bool { if case .broken = self { true } else { false } }

    var level: Logger.Level {
        switch self {
        case .broken: .error
        case .old: .warning
        case .replaced, .mended: .notice
        }
    }

    var metadata: Logger.Metadata {
        switch self {
        case .replaced(let generation, let leftOut):
            ["event": "\(word)", "generation": "\(generation)", "leftOut": .array(leftOut.map { "\($0)" })]
        case .broken(let reason): ["event": "\(word)", "reason": "\(reason)", "lastGoodStays": "true"]
        case .mended: ["event": "\(word)"]
        case .old:
            [
                "event": "\(word)", "taken": "\(TrustMaterial.publicGoodTaken)",
                "advice": "name a newer one with --trusted-root",
            ]
        }
    }
}

extension PolicyEvent {
    /// The value of a metric's label.
    var word: String {
        switch self {
        case .inForce: "in-force"
        case .removed: "removed"
        case .broken: "broken"
        case .mended: "mended"
        case .sourceLost: "source-lost"
        case .sourceFound: "source-found"
        }
    }

    var level: Logger.Level {
        switch self {
        case .inForce, .removed, .mended, .sourceFound: .notice
        case .broken, .sourceLost: .error
        }
    }

    var metadata: Logger.Metadata {
        switch self {
        case .inForce(let policy, let file), .removed(let policy, let file):
            ["event": "\(word)", "policy": "\(policy)", "file": "\(file)"]
        case .mended(let name, let file): ["event": "\(word)", "policy": "\(name)", "file": "\(file)"]
        case .broken(let name, let file, let reason, let keepsLastGood):
            [
                "event": "\(word)", "policy": "\(name)", "file": "\(file)", "reason": "\(reason)",
                "lastGoodStays": "\(keepsLastGood)",
            ]
        case .sourceLost(let path, let reason, let keepsLastGood):
            ["event": "\(word)", "source": "\(path)", "reason": "\(reason)", "lastGoodStays": "\(keepsLastGood)"]
        case .sourceFound(let path): ["event": "\(word)", "source": "\(path)"]
        }
    }
}
