// SPDX-License-Identifier: Apache-2.0
import Admission
import ImageVerification
import Kubernetes
import Logging
import ServiceLifecycle

/// Judges what runs in the cluster: once at start, so that its next Pod finds every verdict remembered, and then again and
/// again, so that verdicts are renewed before they reach their maximum age and an outage at that moment stops nothing.
///
/// Nothing is decided here, and nothing waits for it: what cannot be listed or judged is left to the review that comes.
struct RunningPods: Service, CustomStringConvertible {
    let server: APIServer
    /// Whether anything would be enforced that is judged here.
    let isReady: @Sendable () -> Bool
    /// Whether a namespace's workloads are judged.
    let enforces: @Sendable (String) -> Bool
    /// With a verifier that renews (`ImageVerifier.renewing`).
    let reviewer: AdmissionReviewer
    /// Between two rounds: a fraction of what is left of a verdict when it is renewed.
    let interval: Duration
    let logger: Logger

    var description: String { "running pods" }

    /// Policies are read within a second of the start as a rule.
    private static let readinessInterval: Duration = .milliseconds(200)
    /// After a list that could not be read to its end.
    private static let retryInterval: Duration = .seconds(60)
    /// Reviews at once, so few that those of the API server hardly notice.
    private static let concurrency = 4
    /// Of one Pod; nobody waits for it.
    private static let patience: Duration = .seconds(30)

    func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled, !isReady() { try? await Task.sleep(for: Self.readinessInterval) }
            while !Task.isCancelled {
                let isWhole = await round()
                try? await Task.sleep(for: isWhole ? interval : min(interval, Self.retryInterval))
            }
        }
    }

    /// Whether all were listed.
    private func round() async -> Bool {
        guard let kind = WorkloadKind.all.first(where: { $0.isPod }) else { return true }
        var count = 0
        do throws(APIFault) {
            _ = try await server.list(
                AuditRun.type(of: kind), ObjectSelection(fields: "status.phase=Running"), pageSize: AuditRun.pageSize
            ) { page in
                count += page.count
                await judge(page, kind)
            } startAgain: {
                count = 0
            }
            logger.debug("running pods judged", metadata: ["pods": .stringConvertible(count)])
            return true
        } catch {
            logger.notice("running pods cannot be listed", metadata: ["reason": .string("\(error)")])
            return false
        }
    }

    private func judge(_ page: [KubernetesObject], _ kind: WorkloadKind) async {
        await withTaskGroup(of: Void.self) { group in
            for (index, object) in page.enumerated() where object.namespace.map(enforces) ?? false {
                if index >= Self.concurrency { await group.next() }
                group.addTask {
                    let body = ReviewInput.body(
                        creating: RunningImages(object.root).object, kind, name: object.name,
                        namespace: object.namespace ?? "")
                    _ = await reviewer.review(body, at: .validate, deadline: .after(Self.patience))
                }
            }
        }
    }
}
