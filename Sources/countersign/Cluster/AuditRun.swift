// SPDX-License-Identifier: Apache-2.0
import Admission
import ImageVerification
import JSON
import Kubernetes
import Policy

/// Lists the workloads of a cluster page by page, and has each judged as if it were created now.
struct AuditRun: Sendable {
    let server: APIServer
    let reviewer: AdmissionReviewer
    let noMatch: NoMatchAction
    /// In the order in which they are listed; owners before what they control.
    let kinds: [WorkloadKind]
    let selection: ObjectSelection
    /// Whether workloads that run nothing now are judged, too.
    let includesIdle: Bool
    let progress: AuditProgress

    /// Objects of one page: a tenth of what clients of the API server usually ask for, since all of a page are in memory
    /// at once and each may be as large as etcd takes.
    static let pageSize = 50
    /// Reviews at once; a registry that is asked by a cluster's kubelets bears these as well.
    static let concurrency = 8
    /// The longest time that an API server gives a webhook.
    static let patience: Duration = .seconds(30)

    /// The kinds that clusters serve, owners first.
    static let allKinds: [WorkloadKind] = [
        "CronJob", "Deployment", "StatefulSet", "DaemonSet", "ReplicationController", "ReplicaSet", "Job",
        "PodTemplate",
        "Pod",
    ].compactMap { kind in WorkloadKind.all.first { $0.kind == kind && $0.version == "v1" } }

    /// What was found.
    struct Outcome: Sendable {
        var workloads: [AuditedWorkload] = []
        /// That run nothing now, and were passed over.
        var idle = 0
        /// Resources that could not be read to their end, and why.
        var unread: [(resource: String, why: String)] = []

        var status: ExitStatus {
            max(workloads.map(\.verdict.status).max() ?? .admitted, unread.isEmpty ? .admitted : .undecided)
        }
    }

    func run() async -> Outcome {
        var outcome = Outcome()
        var lost: APIFault?
        // Pods of one template say the same, and there may be thousands of them.
        var known: Set<[AuditedWorkload.Finding]> = []
        for kind in kinds {
            if let lost {
                // Whoever does not answer would be waited for again and again.
                outcome.unread.append((kind.resource, "\(lost)"))
                continue
            }
            var found: [AuditedWorkload] = []
            var idle = 0
            do throws(APIFault) {
                _ = try await server.list(Self.type(of: kind), selection, pageSize: Self.pageSize) { page in
                    let judged = page.filter { includesIdle || !Self.isIdle($0.root, kind) }
                    idle += page.count - judged.count
                    for var workload in await judge(judged, kind) {
                        workload.findings = known.insert(workload.findings).memberAfterInsert
                        found.append(workload)
                    }
                } startAgain: {
                    progress.take(back: found.count)
                    found = []
                    idle = 0
                }
            } catch {
                outcome.unread.append((kind.resource, "\(error)"))
                if case .transport = error { lost = error }
                if case .credential = error { lost = error }
            }
            // What was seen counts, even if there may be more.
            outcome.workloads += found
            outcome.idle += idle
        }
        return outcome
    }

    static func type(of kind: WorkloadKind) -> ResourceType {
        ResourceType(
            group: kind.group, version: kind.version, plural: kind.resource, kind: kind.kind, isNamespaced: true)
    }

    private func judge(_ page: [KubernetesObject], _ kind: WorkloadKind) async -> [AuditedWorkload] {
        await withTaskGroup(of: AuditedWorkload.self) { group in
            var judged: [AuditedWorkload] = []
            for (index, object) in page.enumerated() {
                if index >= Self.concurrency, let workload = await group.next() {
                    judged.append(workload)
                    progress.add(workload.verdict)
                }
                group.addTask { await judge(object, kind) }
            }
            for await workload in group {
                judged.append(workload)
                progress.add(workload.verdict)
            }
            return judged
        }
    }

    private func judge(_ object: KubernetesObject, _ kind: WorkloadKind) async -> AuditedWorkload {
        let running = kind.isPod ? RunningImages(object.root) : nil
        let body = ReviewInput.body(
            creating: running?.object ?? Array(object.root.rawText), kind, name: object.name,
            namespace: object.namespace ?? "")
        let answer = await reviewer.review(body, at: .validate, deadline: .after(Self.patience))
        return AuditedWorkload(
            object, kind, verdict: WorkloadVerdict(answer.record, noMatch),
            findings: answer.record.decisions.map {
                AuditedWorkload.Finding(decision: $0, isRunning: running?.references.contains($0.image) ?? false)
            })
    }

    /// Whether it runs nothing and will not by itself: an older revision, or what has ended.
    private static func isIdle(_ object: JSONValue, _ kind: WorkloadKind) -> Bool {
        switch kind.kind {
        case "Pod": ["Succeeded", "Failed"].contains(object["status"]?["phase"]?.string)
        case "ReplicaSet":
            object["spec"]?["replicas"]?.integer == 0 && object["status"]?["replicas"]?.integer ?? 0 == 0
                && !(object["metadata"]?["ownerReferences"]?.elements.map { $0 } ?? []).isEmpty
        case "Job":
            (object["status"]?["conditions"]?.elements.map { $0 } ?? []).contains { condition in
                ["Complete", "Failed"].contains(condition["type"]?.string) && condition["status"]?.string == "True"
            }
        default: false
        }
    }
}
