// SPDX-License-Identifier: Apache-2.0
import JSON
import Sigstore

/// One condition of an object's status, `knative.dev/pkg/apis.Condition`, without its time.
struct DocumentCondition: Hashable, Sendable {
    enum Status: String, Hashable, Sendable {
        case yes = "True"
        case no = "False"
        case unknown = "Unknown"
    }

    let type: String
    let status: Status
    var reason = ""
    var message = ""

    /// Whether a stored condition says the same.
    func says(_ stored: JSONValue) -> Bool {
        stored["type"]?.string == type && stored["status"]?.string == status.rawValue
            && stored["reason"]?.string ?? "" == reason && stored["message"]?.string ?? "" == message
    }
}

/// What is to stand in the status of a policy or a trust root. Types and reasons are those that clients of upstream's
/// controller wait for: `Ready`, and what it depends on, in order of type.
struct DocumentStatus: Hashable, Sendable {
    let observedGeneration: Int64
    let conditions: [DocumentCondition]

    /// Of a message; the API server takes 32 KiB, and nobody reads more than this.
    private static let maximumMessage = 1024

    init(_ document: ObservedDocument) {
        observedGeneration = document.object.generation
        let isPolicy = document.resource == .policies
        var keys = DocumentCondition(type: "KeysInlined", status: .yes)
        var programs = DocumentCondition(type: "PoliciesInlined", status: .yes)
        var update = DocumentCondition(type: "ConfigMapUpdated", status: .yes)
        var ready = DocumentCondition(type: "Ready", status: .yes)
        func failed(_ type: String, _ reason: String, _ message: String) -> DocumentCondition {
            DocumentCondition(
                type: type, status: .no, reason: reason, message: String(message.prefix(Self.maximumMessage)))
        }
        func unknown(_ condition: inout DocumentCondition) {
            condition = DocumentCondition(type: condition.type, status: .unknown)
        }
        switch document.finding {
        case .good: break
        case .unusableKeys(let why):
            keys = failed("KeysInlined", "InliningKeysFailed", why)
            ready = failed("Ready", "InliningKeysFailed", why)
            unknown(&programs)
            unknown(&update)
        case .unusablePolicies(let why):
            programs = failed("PoliciesInlined", "InliningPoliciesFailed", why)
            ready = failed("Ready", "InliningPoliciesFailed", why)
            unknown(&update)
        case .broken(let why, let keepsLastGood):
            // Ours: upstream's controller has no word for a document that cannot be read.
            let consequence =
                keepsLastGood
                ? "its last good version stays in force"
                : isPolicy ? "what it names is denied" : "policies that name it admit nothing"
            // What follows from it is said however long the rest is.
            let message = "\(why.prefix(Self.maximumMessage - 64)); \(consequence)"
            update = failed("ConfigMapUpdated", "InvalidDocument", message)
            ready = failed("Ready", "InvalidDocument", message)
            unknown(&keys)
            unknown(&programs)
        }
        conditions = isPolicy ? [update, keys, programs, ready] : [update, keys, ready]
    }

    var ready: DocumentCondition? { conditions.last }

    /// Whether the object's status says this already, and nothing else.
    func isStored(in object: KubernetesObject) -> Bool {
        let status = object.root["status"]
        let stored = status?["conditions"].map { Array($0.elements) } ?? []
        return status?["observedGeneration"]?.integer ?? 0 == observedGeneration && stored.count == conditions.count
            && conditions.allSatisfy { condition in stored.contains(where: condition.says) }
    }

    /// A merge patch of the status, for this very version of the object. Conditions are replaced as a whole; a time stays
    /// where the condition's status is what it was.
    func patch(of object: KubernetesObject, now: Instant) -> [UInt8] {
        let stored = object.root["status"]?["conditions"].map { Array($0.elements) } ?? []
        let now = (Instant(seconds: now.seconds) ?? now).description
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("metadata", object: { $0.member("resourceVersion", object.resourceVersion) })
            writer.member(
                "status",
                object: { writer in
                    writer.member("observedGeneration", observedGeneration)
                    writer.member(
                        "conditions",
                        array: { writer in
                            for condition in conditions {
                                let before = stored.first {
                                    $0["type"]?.string == condition.type
                                        && $0["status"]?.string == condition.status.rawValue
                                }?["lastTransitionTime"]?.string
                                Self.write(condition, at: before ?? now, &writer)
                            }
                        })
                })
        }
        return writer.bytes
    }

    private static func write(_ condition: DocumentCondition, at time: String, _ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("type", condition.type)
            writer.member("status", condition.status.rawValue)
            writer.member("lastTransitionTime", time)
            if !condition.reason.isEmpty { writer.member("reason", condition.reason) }
            if !condition.message.isEmpty { writer.member("message", condition.message) }
        }
    }
}
