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
            "images": .stringConvertible(WrittenValue(json: record.decided.listing(list))),
        ]
        if record.decisions.count > maximumDecisions {
            metadata["imagesOmitted"] = .stringConvertible(record.decisions.count - maximumDecisions)
        }
        if record.isShadowed { metadata["shadowed"] = .stringConvertible(true) }
        if !wasSent { metadata["sent"] = .stringConvertible(false) }
        return metadata
    }

    /// As JSON at once: a dictionary for each decision would cost more than all else that a review takes.
    private static func list(_ decisions: [ReviewRecord.Decision]) -> [UInt8] {
        var json: [UInt8] = [UInt8(ascii: "[")]
        json.reserveCapacity(LogFields.usualBytes)
        for decision in decisions.prefix(maximumDecisions) {
            if json.count > 1 { json.append(UInt8(ascii: ",")) }
            json.append(
                contentsOf: (decision.isCached ? #"{"cached":true,"image":"# : #"{"cached":false,"image":"#).utf8)
            LogQuoting.append(decision.image, to: &json)
            json.append(contentsOf: #","mode":"#.utf8)
            LogQuoting.append(decision.mode, to: &json)
            json.append(contentsOf: #","policy":"#.utf8)
            LogQuoting.append(decision.policy, to: &json)
            json.append(contentsOf: #","reason":"#.utf8)
            LogQuoting.append(decision.reason, to: &json)
            json.append(contentsOf: #","result":"#.utf8)
            LogQuoting.append(decision.result, to: &json)
            json.append(UInt8(ascii: "}"))
        }
        json.append(UInt8(ascii: "]"))
        return json
    }
}
