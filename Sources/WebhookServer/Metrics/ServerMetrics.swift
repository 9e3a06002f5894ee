// SPDX-License-Identifier: Apache-2.0
import Admission

/// The families that the server itself feeds.
public final class ServerMetrics: Sendable {
    public let registry: MetricsRegistry

    /// One row per policy and image of every review.
    let decisions: Counter
    let reviews: Counter
    let shadowed: Counter
    let refusals: Counter
    let unsent: Counter
    let certificateReloads: Counter
    let certificateExpiry: Gauge
    private let stages: Histogram

    /// What a review passes through here. Other rooms observe stages of their own, such as `resolve` or `verify`.
    public enum Stage: String, Sendable, CaseIterable {
        case read, review, write
    }

    /// `version` and `revision` are shown in `countersign_build_info`.
    public init(registry: MetricsRegistry = MetricsRegistry(), version: String = "", revision: String = "") {
        self.registry = registry
        decisions = registry.counter(
            "countersign_decisions_total", help: "Words of policies on images.",
            labels: ["policy", "mode", "result", "reason"])
        reviews = registry.counter(
            "countersign_reviews_total", help: "Admission reviews answered.", labels: ["endpoint", "allowed", "code"])
        shadowed = registry.counter(
            "countersign_shadow_denials_total", help: "Reviews let in only because denials are not enforced.",
            labels: ["endpoint"])
        refusals = registry.counter(
            "countersign_refusals_total", help: "Reviews that the server turned away by itself.", labels: ["cause"])
        unsent = registry.counter(
            "countersign_answers_unsent_total", help: "Answers that the caller did not stay for.")
        certificateReloads = registry.counter(
            "countersign_certificate_reloads_total", help: "Changes of the serving certificate that were seen.",
            labels: ["result"])
        certificateExpiry = registry.gauge(
            "countersign_certificate_expiry_timestamp_seconds", help: "End of the serving certificate's validity.")
        stages = registry.histogram(
            "countersign_stage_seconds", help: "Time spent in each stage of a review.", labels: ["stage"])
        registry.gauge("countersign_build_info", help: "Always 1.", labels: ["version", "revision"])
            .set(1, version, revision)
        registry.addCollector(ProcessMetrics.collect)
    }

    /// `stage` is one of a handful of constants of the caller, never a word from outside.
    public func observe(_ duration: Duration, stage: String) { stages.observe(duration, stage) }

    func observe(_ duration: Duration, _ stage: Stage) { stages.observe(duration, stage.rawValue) }

    /// How often a stage was observed.
    public func observations(of stage: String) -> UInt64 { stages.count(stage) }

    /// Counts one answer and every decision in it.
    func count(_ record: ReviewRecord, status: Int) {
        reviews.increment(
            record.endpoint.rawValue, record.isAllowed ? "true" : "false", String(record.code ?? status))
        if record.isShadowed { shadowed.increment(record.endpoint.rawValue) }
        for (row, count) in record.decided.counted {
            decisions.increment(row.policy, row.mode, row.result, row.reason, by: count)
        }
    }
}
