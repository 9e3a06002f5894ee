// SPDX-License-Identifier: Apache-2.0
import Admission
import JSON
import Sigstore

/// An audit for a program. Members are added as time goes by, and none is taken away.
enum AuditJSON {
    static func bytes(_ report: AuditReport) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("apiVersion", "countersign.dev/v1alpha1")
            writer.member("kind", "Audit")
            writer.member("time", report.time.description)
            writer.member("summary", object: { summary(of: report, &$0) })
            writer.member(
                "unread",
                array: { writer in
                    for unread in report.unread {
                        writer.object {
                            $0.member("resource", unread.resource)
                            $0.member("reason", unread.why)
                        }
                    }
                })
            writer.member("workloads", array: { for entry in report.workloads { write(entry, &$0) } })
        }
        return writer.bytes
    }

    private static func summary(of report: AuditReport, _ writer: inout JSONWriter) {
        writer.member("workloads", report.workloads.count)
        for verdict in [WorkloadVerdict.admitted, .warned, .denied, .undecided] {
            writer.member(verdict.rawValue, report.count(verdict))
        }
        writer.member("notEnforced", report.notEnforced)
        writer.member("passedOver", report.idle)
    }

    private static func write(_ entry: AuditReport.Entry, _ writer: inout JSONWriter) {
        let workload = entry.workload
        writer.object { writer in
            writer.member("apiVersion", workload.kind.apiVersion)
            writer.member("kind", workload.kind.kind)
            writer.member("namespace", workload.namespace)
            writer.member("name", workload.name)
            writer.member("uid", workload.uid)
            writer.member("verdict", workload.verdict.rawValue)
            switch entry.enforcement {
            case .enforced: writer.member("enforced", true)
            case .notEnforced(let why):
                writer.member("enforced", false)
                writer.member("notEnforcedBecause", why)
            // Absent: nobody knows.
            case .unknown: break
            }
            if !workload.folded.isEmpty {
                writer.member(
                    "controls",
                    object: { writer in
                        for (kind, count) in workload.folded.sorted(by: { $0.key < $1.key }) {
                            writer.member(kind, count)
                        }
                    })
            }
            writer.member("findings", array: { for finding in workload.findings { write(finding, &$0) } })
        }
    }

    private static func write(_ finding: AuditedWorkload.Finding, _ writer: inout JSONWriter) {
        let decision = finding.decision
        writer.object { writer in
            writer.member("image", decision.image)
            writer.member("running", finding.isRunning)
            writer.member("policy", decision.policy)
            writer.member("mode", decision.mode)
            writer.member("result", decision.result)
            writer.member("reason", decision.reason)
            writer.member("messages", decision.sentences)
        }
    }
}
