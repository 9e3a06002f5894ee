// SPDX-License-Identifier: Apache-2.0
import Admission
import JSON
import Kubernetes

/// One workload of a cluster, and what the webhook would say to it.
struct AuditedWorkload: Sendable {
    let kind: WorkloadKind
    let namespace: String
    let name: String
    let uid: String
    /// Of the object that controls it; empty where there is none.
    let ownerUID: String
    /// What a kubelet runs from a file of its own and only shows to the API server: no webhook can keep it out.
    let isMirror: Bool
    var verdict: WorkloadVerdict
    var findings: [Finding]
    /// Pods, and what stands between, that this one controls and whose verdicts it bears, by kind.
    var folded: [String: Int] = [:]

    /// One policy's word on one image.
    struct Finding: Hashable, Sendable {
        let decision: ReviewRecord.Decision
        /// Whether the image is what the container runs, and not only what the object asks for.
        let isRunning: Bool
    }

    init(_ object: KubernetesObject, _ kind: WorkloadKind, verdict: WorkloadVerdict, findings: [Finding]) {
        self.kind = kind
        namespace = object.namespace ?? ""
        name = object.name
        uid = object.uid
        isMirror = kind.isPod && object.metadata?["annotations"]?["kubernetes.io/config.mirror"] != nil
        let owners = object.metadata?["ownerReferences"]?.elements.map { $0 } ?? []
        ownerUID = owners.first { $0["controller"]?.bool == true }?["uid"]?.string ?? ""
        self.verdict = verdict
        self.findings = findings
    }

    /// `Deployment/web`
    var title: String { "\(kind.kind)/\(name)" }

    /// Takes in what was found in an object that this one controls.
    mutating func fold(_ other: AuditedWorkload) {
        verdict = max(verdict, other.verdict)
        folded[other.kind.kind, default: 0] += 1
        // Pods of one template say the same.
        let known = Set(findings)
        findings += other.findings.filter { !known.contains($0) }
    }

    var order: [String] { [namespace, kind.kind, name] }
}

extension [AuditedWorkload] {
    /// Those that nothing else among them controls, each with what was found in those that it does, in order of namespace,
    /// kind and name.
    func folded() -> [AuditedWorkload] {
        var positions: [String: Int] = [:]
        for (position, workload) in enumerated() where !workload.uid.isEmpty { positions[workload.uid] = position }
        var roots: [Int: AuditedWorkload] = [:]
        var others: [(root: Int, AuditedWorkload)] = []
        for (position, workload) in enumerated() {
            // CronJob, Job, Pod: who controls is controlled twice at most; what points in a circle is nobody's.
            var root = position
            var steps = 0
            while steps < 4, let owner = positions[self[root].ownerUID], owner != root {
                root = owner
                steps += 1
            }
            if root == position || steps == 4 { roots[position] = workload } else { others.append((root, workload)) }
        }
        for (root, workload) in others {
            if roots[root] == nil { roots[root] = self[root] }
            roots[root]?.fold(workload)
        }
        return roots.values.sorted { $0.order.lexicographicallyPrecedes($1.order) }
    }
}
