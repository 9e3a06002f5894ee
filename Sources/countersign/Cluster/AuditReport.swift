// SPDX-License-Identifier: Apache-2.0
import Admission
import Sigstore

/// What an audit found, in the order in which it is told.
struct AuditReport: Sendable {
    let workloads: [Entry]
    let unread: [(resource: String, why: String)]
    let idle: Int
    let time: Instant

    struct Entry: Sendable {
        let workload: AuditedWorkload
        let enforcement: WebhookReach
    }

    init(_ outcome: AuditRun.Outcome, _ reach: EnforcedNamespaces, isFolded: Bool, time: Instant) {
        let workloads =
            isFolded
            ? outcome.workloads.folded()
            : outcome.workloads.sorted { $0.order.lexicographicallyPrecedes($1.order) }
        self.workloads = workloads.map { workload in
            Entry(
                workload: workload,
                enforcement: workload.isMirror ? .notEnforced("mirror pod") : reach.enforcement(in: workload.namespace))
        }
        unread = outcome.unread
        idle = outcome.idle
        self.time = time
    }

    func count(_ verdict: WorkloadVerdict) -> Int { workloads.count { $0.workload.verdict == verdict } }

    var notEnforced: Int {
        workloads.count { if case .notEnforced = $0.enforcement { true } else { false } }
    }

    /// One line.
    var summary: String {
        let unknown = workloads.count { $0.enforcement == .unknown }
        var parts = [
            "\(workloads.count) workloads", "\(count(.admitted)) admitted", "\(count(.warned)) warned",
            "\(count(.denied)) denied", "\(count(.undecided)) undecided", "\(notEnforced) not enforced",
        ]
        if unknown > 0 { parts.append("\(unknown) of which that is not known") }
        if idle > 0 { parts.append("\(idle) that run nothing passed over") }
        if !unread.isEmpty { parts.append("\(unread.count) resources not read") }
        return parts.joined(separator: ", ")
    }
}

extension AuditedWorkload.Finding {
    /// Whether it has nothing to say but that the image is admitted.
    var isPlain: Bool {
        decision.result == "admitted" && decision.reason.isEmpty
            || (decision.result == "no-match" && decision.reason.isEmpty)
    }
}
