// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import Sigstore

/// An Event (core/v1) about an object whose readiness has changed, which `kubectl describe` shows.
struct ReadinessEvent {
    let document: ObservedDocument
    let ready: DocumentCondition

    /// Of an Event's message.
    private static let maximumMessage = 1024

    /// `nil` where the object's status says of readiness what it said before.
    init?(_ document: ObservedDocument, _ status: DocumentStatus) {
        guard let ready = status.ready else { return nil }
        let stored = document.object.root["status"]?["conditions"].map { Array($0.elements) } ?? []
        if let before = stored.first(where: { $0["type"]?.string == ready.type }) {
            let isSame = before["status"]?.string == ready.status.rawValue
            if isSame, ready.status == .yes || before["message"]?.string ?? "" == ready.message { return nil }
        }
        self.document = document
        self.ready = ready
    }

    /// The same for the same news about the same object, whichever replica tells it.
    var name: String {
        let object = document.object
        let key = [object.uid, ready.status.rawValue, ready.reason, ready.message].joined(separator: "\n")
        // Names have 253 characters at most.
        return "\(object.name.prefix(230)).\(Digest(of: Array(key.utf8)).hex.prefix(16))"
    }

    /// Events about what stands in no namespace lie in this one.
    static let namespace = "default"

    /// - Parameter reporter: the replica that tells it.
    func body(now: Instant, reporter: String) -> [UInt8] {
        let object = document.object
        let time = (Instant(seconds: now.seconds) ?? now).description
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("apiVersion", ResourceType.events.apiVersion)
            writer.member("kind", ResourceType.events.kind)
            writer.member(
                "metadata",
                object: { writer in
                    writer.member("name", name)
                    writer.member("namespace", Self.namespace)
                })
            writer.member(
                "involvedObject",
                object: { writer in
                    writer.member("apiVersion", document.resource.type.apiVersion)
                    writer.member("kind", document.resource.type.kind)
                    writer.member("name", object.name)
                    writer.member("uid", object.uid)
                    writer.member("resourceVersion", object.resourceVersion)
                })
            writer.member("type", ready.status == .yes ? "Normal" : "Warning")
            writer.member("reason", ready.status == .yes ? "Ready" : "NotReady")
            writer.member("message", ready.status == .yes ? "it is in force" : message)
            writer.member("count", 1)
            writer.member("firstTimestamp", time)
            writer.member("lastTimestamp", time)
            writer.member("source", object: { $0.member("component", APIServer.fieldManager) })
            writer.member("reportingComponent", APIServer.fieldManager)
            writer.member("reportingInstance", reporter)
        }
        return writer.bytes
    }

    private var message: String { String("\(ready.reason): \(ready.message)".prefix(Self.maximumMessage)) }

    /// The same news once more.
    static func repetition(_ count: Int, now: Instant) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("count", count)
            writer.member("lastTimestamp", (Instant(seconds: now.seconds) ?? now).description)
        }
        return writer.bytes
    }
}
