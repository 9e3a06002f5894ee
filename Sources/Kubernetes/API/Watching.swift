// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import JSON

/// One line of a watch.
public enum WatchEvent: Sendable {
    /// New, or another version.
    case stored(KubernetesObject)
    case removed(KubernetesObject)
    /// Nothing changed up to this version.
    case bookmark(resourceVersion: String)
}

/// Watches and their lines.
enum Watching {
    /// The longest silence of a watch that is believed to be alive: bookmarks come about once a minute.
    static let silence: Duration = .seconds(150)
    /// A watch is asked to end after 5 to 10 minutes, as client-go does, so that load spreads over API servers.
    static let seconds = 300...600

    /// Reads a line; throws what the server says went wrong.
    static func event(_ line: ArraySlice<UInt8>, of type: ResourceType) throws(APIFault) -> WatchEvent? {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(parsing: Array(line), limits: KubernetesObject.limits)
        } catch {
            throw .malformed("a watch's line is no JSON: \(error)")
        }
        guard let object = document.root["object"], let word = document.root["type"]?.string else {
            throw .malformed("a watch's line is no event")
        }
        switch word {
        case "ADDED", "MODIFIED": return .stored(try KubernetesObject(parsing: Array(object.rawText), of: type))
        case "DELETED": return .removed(try KubernetesObject(parsing: Array(object.rawText), of: type))
        case "BOOKMARK":
            guard let version = object["metadata"]?["resourceVersion"]?.string, !version.isEmpty else {
                throw .malformed("a bookmark has no version")
            }
            return .bookmark(resourceVersion: version)
        case "ERROR":
            throw .status(
                code: object["code"]?.integer.flatMap { Int(exactly: $0) } ?? 500,
                reason: String((object["reason"]?.string ?? "").prefix(64)),
                message: String((object["message"]?.string ?? "").prefix(1024)), retryAfterSeconds: nil)
        // What a later version of the API adds is not for us.
        default: return nil
        }
    }
}

extension APIServer {
    /// Hands on what changes from a version on, all events of one piece of the stream together. Returns where the server
    /// ended the watch in good order; throws `isExpired` where the version is too old.
    public func watch(
        _ type: ResourceType, _ selection: ObjectSelection, from version: String,
        onOpen: () async -> Void = {}, onEvents: ([WatchEvent]) async -> Void
    ) async throws(APIFault) {
        let seconds = Int.random(in: Watching.seconds)
        let query =
            selection.query + [
                ("watch", "true"), ("allowWatchBookmarks", "true"), ("resourceVersion", version),
                ("timeoutSeconds", String(seconds)),
            ]
        let text = query.map { "\($0.0)=\(URLText.escaped($0.1))" }.joined(separator: "&")
        let request = try await request(
            "GET", "\(type.path(namespace: selection.namespace))?\(text)", maximumBodyBytes: 1 << 20,
            patience: .seconds(seconds + 30))
        var rest: [UInt8] = []
        var fault: APIFault?
        let response: OutboundResponse
        do throws(TransportError) {
            response = try await http.stream(request, onOpen: onOpen) { chunk in
                rest += chunk
                var events: [WatchEvent] = []
                do throws(APIFault) {
                    while let end = rest.firstIndex(of: 0x0A) {
                        let line = rest[..<end]
                        if !line.isEmpty, let event = try Watching.event(line, of: type) { events.append(event) }
                        rest.removeSubrange(...end)
                    }
                    if rest.count > KubernetesObject.maximumBytes { throw .malformed("a watch's line does not end") }
                } catch {
                    fault = error
                }
                if !events.isEmpty { await onEvents(events) }
                return fault == nil
            }
        } catch {
            if case .tls = error { await credentials.forget(request) }
            throw .transport(error)
        }
        if let fault { throw fault }
        guard (200...299).contains(response.status) else {
            let refusal = APIFault(response)
            if refusal.isUnauthorized { await credentials.forget(request) }
            throw refusal
        }
    }
}
