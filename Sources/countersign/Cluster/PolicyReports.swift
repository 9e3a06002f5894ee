// SPDX-License-Identifier: Apache-2.0
import Admission
import JSON
import Sigstore

/// An audit as `PolicyReport` objects, `wgpolicyk8s.io/v1alpha2`: one for each namespace, and more where one would grow
/// too large. They are replaced by those of the next audit.
enum PolicyReports {
    static let name = "countersign-audit"
    /// Bytes of the results of one object: `kubectl apply` keeps a copy in an annotation, of which the API server takes
    /// 256 KiB.
    static let maximumBytes = 200 << 10
    /// Of a message; 1 KiB is what other producers of reports keep to.
    private static let maximumMessage = 1024

    private struct Row {
        let word: String
        let bytes: [UInt8]
    }

    /// A List, to be applied as it is.
    static func bytes(_ report: AuditReport) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("apiVersion", "v1")
            writer.member("kind", "List")
            writer.member(
                "items",
                array: { writer in
                    // They are in order of namespace.
                    for group in report.workloads.chunked(by: \.workload.namespace) {
                        var results = group.flatMap { Self.results(of: $0, report) }[...]
                        var part = 1
                        while !results.isEmpty {
                            var size = 0
                            let end = results.firstIndex { result in
                                size += result.bytes.count + 1
                                return size > maximumBytes
                            }
                            // One that is too large for itself is told nevertheless.
                            let cut = max(end ?? results.endIndex, results.startIndex + 1)
                            write(
                                Array(results[..<cut]), part: part, in: group.first?.workload.namespace ?? "", &writer)
                            results = results[cut...]
                            part += 1
                        }
                    }
                })
        }
        return writer.bytes
    }

    private static func write(_ results: [Row], part: Int, in namespace: String, _ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("apiVersion", "wgpolicyk8s.io/v1alpha2")
            writer.member("kind", "PolicyReport")
            writer.member(
                "metadata",
                object: { writer in
                    writer.member("name", part == 1 ? name : "\(name)-\(part)")
                    writer.member("namespace", namespace)
                    writer.member("labels", object: { $0.member("app.kubernetes.io/managed-by", "countersign") })
                })
            writer.member(
                "summary",
                object: { writer in
                    for word in ["pass", "fail", "warn", "error", "skip"] {
                        writer.member(word, results.count { $0.word == word })
                    }
                })
            writer.member("results", array: { for result in results { $0.raw(result.bytes) } })
        }
    }

    /// One for each policy's word on an image; one for the whole where there is no image.
    private static func results(of entry: AuditReport.Entry, _ report: AuditReport) -> [Row] {
        let workload = entry.workload
        guard !workload.findings.isEmpty else {
            return [result(of: entry, nil, word: word(of: workload.verdict), report)]
        }
        return workload.findings.map { finding in
            result(of: entry, finding, word: word(of: finding, workload), report)
        }
    }

    private static func word(of verdict: WorkloadVerdict) -> String {
        switch verdict {
        case .admitted: "pass"
        case .warned: "warn"
        case .denied: "fail"
        case .undecided: "error"
        }
    }

    private static func word(of finding: AuditedWorkload.Finding, _ workload: AuditedWorkload) -> String {
        let decision = finding.decision
        switch decision.result {
        case "admitted": return decision.reason.isEmpty ? "pass" : "warn"
        case _ where decision.mode == "warn": return "warn"
        case "undecided": return "error"
        // What no policy names is skipped, warned of or denied.
        case "no-match" where decision.reason.isEmpty: return "skip"
        case "no-match" where workload.verdict < .denied: return "warn"
        default: return "fail"
        }
    }

    private static func result(
        of entry: AuditReport.Entry, _ finding: AuditedWorkload.Finding?, word: String, _ report: AuditReport
    ) -> Row {
        let workload = entry.workload
        let decision = finding?.decision
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("source", "countersign")
            // The name is asked for, also where no policy was asked.
            writer.member("policy", decision.flatMap { $0.policy.isEmpty ? nil : $0.policy } ?? "countersign")
            if let decision, !decision.reason.isEmpty { writer.member("rule", decision.reason) }
            writer.member("category", "Image signatures")
            writer.member("result", word)
            writer.member("scored", entry.enforcement == .enforced)
            let sentences = decision?.sentences.joined(separator: "; ") ?? ""
            writer.member("message", String((sentences.isEmpty ? "admitted" : sentences).prefix(maximumMessage)))
            writer.member(
                "timestamp",
                object: {
                    $0.member("seconds", report.time.seconds)
                    $0.member("nanos", 0)
                })
            writer.member(
                "resources",
                array: {
                    $0.object { writer in
                        writer.member("apiVersion", workload.kind.apiVersion)
                        writer.member("kind", workload.kind.kind)
                        writer.member("namespace", workload.namespace)
                        writer.member("name", workload.name)
                        writer.member("uid", workload.uid)
                    }
                })
            writer.member(
                "properties",
                object: { writer in
                    if let decision, !decision.image.isEmpty { writer.member("image", decision.image) }
                    if let decision, !decision.mode.isEmpty { writer.member("mode", decision.mode) }
                    writer.member("enforced", entry.enforcement.word)
                })
        }
        return Row(word: word, bytes: writer.bytes)
    }
}

extension Array {
    /// Runs of neighbours that are equal in this.
    fileprivate func chunked(by key: (Element) -> String) -> [[Element]] {
        var chunks: [[Element]] = []
        for element in self {
            if let last = chunks.last?.first, key(last) == key(element) {
                chunks[chunks.count - 1].append(element)
            } else {
                chunks.append([element])
            }
        }
        return chunks
    }
}
