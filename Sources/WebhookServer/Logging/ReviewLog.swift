// SPDX-License-Identifier: Apache-2.0
import Admission
import Logging

/// The one line that every answer leaves behind. It names the object and the images; nothing else of the review.
struct ReviewLog: Sendable {
    /// Decisions that are listed; Kubernetes' own reviews rarely name more than a few images.
    static let maximumDecisions = 32

    let logger: Logger

    func write(_ record: ReviewRecord, status: Int, duration: Duration, wasSent: Bool) {
        logger.info("review", metadata: Self.metadata(record, status: status, duration: duration, wasSent: wasSent))
    }

    static func metadata(_ record: ReviewRecord, status: Int, duration: Duration, wasSent: Bool) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "uid": .string(record.uid ?? ""),
            "endpoint": .string(record.endpoint.rawValue),
            "operation": .string(record.operation),
            "resource": .string(record.resource),
            "namespace": .string(record.namespace),
            "name": .string(record.name),
            "allowed": .stringConvertible(record.isAllowed),
            "code": .stringConvertible(record.code ?? status),
            "dryRun": .stringConvertible(record.isDryRun),
            "ms": .stringConvertible(Int(duration / .milliseconds(1))),
            "images": .array(record.decisions.prefix(maximumDecisions).map(entry)),
        ]
        if record.decisions.count > maximumDecisions {
            metadata["imagesOmitted"] = .stringConvertible(record.decisions.count - maximumDecisions)
        }
        if record.isShadowed { metadata["shadowed"] = .stringConvertible(true) }
        if !wasSent { metadata["sent"] = .stringConvertible(false) }
        return metadata
    }

    private static func entry(_ decision: ReviewRecord.Decision) -> Logger.MetadataValue {
        .dictionary([
            "image": .string(decision.image), "policy": .string(decision.policy), "mode": .string(decision.mode),
            "result": .string(decision.result), "reason": .string(decision.reason),
            "cached": .stringConvertible(decision.isCached),
        ])
    }
}
