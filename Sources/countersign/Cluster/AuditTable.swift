// SPDX-License-Identifier: Apache-2.0
import Admission

/// An audit for a person: a line for each workload, and for each of its findings that is no plain admission.
enum AuditTable {
    static func lines(_ report: AuditReport) -> [String] {
        guard !report.workloads.isEmpty else { return [] }
        var rows = [["NAMESPACE", "WORKLOAD", "VERDICT", "ENFORCED", "FINDING"]]
        for entry in report.workloads {
            let workload = entry.workload
            let findings = workload.findings.filter { !$0.isPlain }.map(Self.words)
            let controlled = workload.folded.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
            let title = workload.title + (controlled.isEmpty ? "" : " (\(controlled.joined(separator: ", ")))")
            rows.append([
                workload.namespace, title, workload.verdict.rawValue, entry.enforcement.word, findings.first ?? "",
            ])
            rows += findings.dropFirst().map { ["", "", "", "", $0] }
        }
        let widths = (0..<4).map { column in rows.map { Words.printable($0[column]).count }.max() ?? 0 }
        return rows.map { row in
            let padded = zip(row, widths).map { cell, width in
                cell + String(repeating: " ", count: max(0, width - Words.printable(cell).count))
            }
            var line = (padded + [row[4]]).joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    /// `registry.example/app:v1: demo: denied: no-signatures`
    private static func words(_ finding: AuditedWorkload.Finding) -> String {
        let decision = finding.decision
        let image = decision.image + (finding.isRunning ? " (running)" : "")
        let mode = decision.mode == "warn" ? " (warn)" : ""
        let reason = decision.reason.isEmpty || decision.reason == decision.result ? "" : ": \(decision.reason)"
        let parts = [image, decision.policy, "\(decision.result)\(mode)\(reason)"]
        return parts.filter { !$0.isEmpty }.joined(separator: ": ")
    }
}
