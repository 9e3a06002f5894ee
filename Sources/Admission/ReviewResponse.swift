// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import JSON
import Policy

/// A ruling as the API server wants it: `AdmissionReview` of `admission.k8s.io/v1` with a `response`, all but the uid of
/// whom it answers.
struct ReviewResponse: Sendable {
    private let beforeUID: ArraySlice<UInt8>
    private let afterUID: ArraySlice<UInt8>

    init(_ ruling: Ruling, in apiVersion: String, at endpoint: ReviewEndpoint, patch: [UInt8]?) {
        var writer = JSONWriter()
        var uid = 0
        writer.object { review in
            review.member("kind", "AdmissionReview")
            review.member("apiVersion", apiVersion)
            review.member("response") { response in
                response.name("uid")
                uid = response.bytes.count
                response.string("")
                response.member("allowed", ruling.isAllowed)
                if case .denied(let code, let statements, let retryAfterSeconds) = ruling.outcome {
                    response.member("status") { status in
                        status.member("metadata") { _ in }
                        status.member("status", "Failure")
                        status.member("message", DenialMessage.text(statements, at: endpoint))
                        status.member("reason", code.reason)
                        if let retryAfterSeconds {
                            status.member("details") { $0.member("retryAfterSeconds", retryAfterSeconds) }
                        }
                        status.member("code", code.rawValue)
                    }
                }
                // A validating webhook must not send a patch, and a patch needs its type: neither or both.
                if let patch, ruling.isAllowed, endpoint == .mutate {
                    response.member("patchType", "JSONPatch")
                    response.member("patch", Data(patch).base64EncodedString())
                }
                let warnings = WarningLines.lines(ruling.warnings)
                if !warnings.isEmpty { response.member("warnings", warnings) }
                if endpoint != .mutate { Self.annotate(&response, ruling) }
            }
        }
        beforeUID = writer.bytes[..<uid]
        afterUID = writer.bytes[(uid + 2)...]
    }

    /// The answer to the review of that uid, JSON.
    func bytes(to uid: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.string(uid)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount + writer.bytes.count)
        bytes += beforeUID
        bytes += writer.bytes
        bytes += afterUID
        return bytes
    }

    /// Of what is held.
    var byteCount: Int { beforeUID.count + afterUID.count }

    /// What the audit log keeps; the API server puts the webhook's name before each key.
    private static func annotate(_ response: inout JSONWriter, _ ruling: Ruling) {
        response.member("auditAnnotations") { annotations in
            let isWarned =
                ruling.decisions.contains { $0.mode == "warn" && $0.result != "admitted" }
                || ruling.decisions.contains { $0.result == "no-match" && !$0.reason.isEmpty }
            let decision =
                switch (ruling.outcome, isWarned) {
                case (.denied, _): "denied"
                case (.allowed, true): "warned"
                case (.allowed, false): "allowed"
                }
            annotations.member("decision", decision)
            if let exemption = ruling.exemption { annotations.member("exemption", exemption.rawValue) }
            // Each of them says in a word what is behind it: `no-signatures`, `unreachable`, `signature-not-checked`.
            var reasons: [String] = []
            for row in ruling.decisions where !row.reason.isEmpty && !reasons.contains(row.reason) {
                reasons.append(row.reason)
            }
            for caution in Caution.allCases where reasons.contains(caution.rawValue) {
                annotations.member(caution.rawValue, "true")
            }
            if !reasons.isEmpty { annotations.member("reasons", reasons.sorted().joined(separator: ",")) }
            var policies: [String] = []
            for row in ruling.decisions where row.mode == "warn" && row.result != "admitted" {
                if !policies.contains(row.policy) { policies.append(row.policy) }
            }
            if !policies.isEmpty {
                // A line of an audit log; a policy's name has 253 characters at most.
                annotations.member("warned-policies", PlainText.cut(policies.joined(separator: ", "), to: 1024))
            }
        }
    }
}

extension JSONWriter {
    fileprivate mutating func member(_ name: String, _ content: (inout JSONWriter) -> Void) {
        member(name, object: content)
    }
}
