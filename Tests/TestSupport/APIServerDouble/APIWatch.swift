// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Synchronization

/// One watch among all.
typealias WatchID = ObjectIdentifier

/// A watch that runs.
struct Watch: Sendable {
    let filter: ObjectFilter
    let responder: APIResponder
    let allowsBookmarks: Bool
    let timers: [Scheduled<Void>]
    let repeated: RepeatedTask?

    func send(_ change: ObjectChange) {
        guard filter.covers(change.key) else { return }
        let was = change.previous.map { filter.matches(change.key, $0) } ?? false
        let isNow = change.kind != .deleted && filter.matches(change.key, change.object)
        // What begins or ceases to match a selector comes or goes, for this watch.
        let kind: ObjectChange.Kind
        switch (was, isNow) {
        case (false, true): kind = .added
        case (true, true): kind = .modified
        case (true, false): kind = .deleted
        case (false, false): return
        }
        var object = change.object
        if kind == .deleted, let previous = change.previous {
            object = previous
            object.metadata["resourceVersion"] = .string(String(change.version))
        }
        send(type: kind.rawValue, filter.resource.shown(object, in: filter.version))
    }

    func send(type: String, _ object: JSONTree) {
        let event: JSONTree = ["type": .string(type), "object": object]
        responder.write(event.bytes + [UInt8(ascii: "\n")])
    }

    func sendBookmark(_ version: Int64, endsInitialEvents: Bool = false) {
        guard allowsBookmarks else { return }
        var metadata: JSONTree = ["resourceVersion": .string(String(version))]
        if endsInitialEvents { metadata["annotations"] = ["k8s.io/initial-events-end": "true"] }
        send(type: "BOOKMARK", filter.resource.shown(["metadata": metadata], in: filter.version))
    }

    func cancelTimers() {
        for timer in timers { timer.cancel() }
        repeated?.cancel()
    }
}

extension APIServerDouble.State {
    /// Tells the watches. Called under the lock, so that every watch sees changes in their order.
    func announce(_ changes: [ObjectChange]) {
        for watch in watches.values { for change in changes { watch.send(change) } }
    }

    mutating func endWatch(_ id: WatchID) -> Watch? {
        let watch = watches.removeValue(forKey: id)
        watch?.cancelTimers()
        return watch
    }
}

extension APIServerDouble {
    /// Begins a stream of events.
    func watch(_ call: APICall, _ resource: APIResource, _ responder: APIResponder) {
        let id = responder.id
        // A client that is gone already must not leave a watch behind.
        guard responder.channel.isActive else { return }
        do throws(APIFault) {
            let filter = try ObjectFilter(call, resource)
            try state.withLock { state throws(APIFault) in
                let store = state.store
                let wantsInitialEvents = call.flag("sendInitialEvents")
                let asked = call.parameter("resourceVersion") ?? ""
                guard let version = asked.isEmpty ? 0 : Int64(asked) else {
                    throw .badRequest("invalid resource version \"\(asked)\": strconv.ParseUint")
                }
                if wantsInitialEvents, call.parameter("resourceVersionMatch") != "NotOlderThan" {
                    throw APIFault(
                        422, "Invalid",
                        "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents "
                            + "requires setting resourceVersionMatch to NotOlderThan")
                }
                let watch = Watch(
                    filter: filter, responder: responder, allowsBookmarks: call.flag("allowWatchBookmarks"),
                    timers: timers(call, id, responder), repeated: bookmarks(id, responder))
                responder.begin(200, [("Content-Type", "application/json")])
                if wantsInitialEvents || version == 0 {
                    for (_, object) in store.selected(filter) {
                        watch.send(type: "ADDED", resource.shown(object, in: call.version))
                    }
                    if wantsInitialEvents { watch.sendBookmark(store.version, endsInitialEvents: true) }
                } else if version < store.horizon {
                    watch.cancelTimers()
                    watch.send(type: "ERROR", APIFault.tooOld(version, oldest: store.horizon).status)
                    return responder.end()
                } else {
                    for change in store.changes(after: version) { watch.send(change) }
                }
                state.watches[id] = watch
            }
        } catch {
            responder.send(error.answer)
        }
    }

    private func timers(_ call: APICall, _ id: WatchID, _ responder: APIResponder) -> [Scheduled<Void>] {
        guard let seconds = call.parameter("timeoutSeconds").flatMap({ Int64($0) }), seconds > 0 else { return [] }
        return [
            responder.channel.eventLoop.scheduleTask(in: .seconds(seconds)) {
                self.state.withLock { state in
                    let watch = state.endWatch(id)
                    watch?.sendBookmark(state.store.version)
                    watch?.responder.end()
                }
            }
        ]
    }

    private func bookmarks(_ id: WatchID, _ responder: APIResponder) -> RepeatedTask? {
        guard let interval = options.bookmarkInterval else { return nil }
        let delay = TimeAmount.nanoseconds(Int64(interval / .nanoseconds(1)))
        return responder.channel.eventLoop.scheduleRepeatedTask(initialDelay: delay, delay: delay) { _ in
            self.state.withLock { state in state.watches[id]?.sendBookmark(state.store.version) }
        }
    }

    /// The client of a watch is gone.
    func forgetWatch(_ id: WatchID) { state.withLock { _ = $0.endWatch(id) } }

    // MARK: Controls

    /// The resources that are being watched now, one entry per watch.
    public var watched: [String] { state.withLock { $0.watches.values.map(\.filter.resource.plural).sorted() } }

    /// Sends a bookmark to every watch that allows it.
    public func sendBookmarks() {
        state.withLock { state in
            for watch in state.watches.values { watch.sendBookmark(state.store.version) }
        }
    }

    /// Breaks the connections of watches in the middle; of one resource, or of all.
    public func cutWatches(of plural: String? = nil) {
        for watch in endedWatches(of: plural) { watch.responder.abort() }
    }

    /// Ends watches as the server's own time limit does; of one resource, or of all.
    public func endWatches(of plural: String? = nil) {
        for watch in endedWatches(of: plural) { watch.responder.end() }
    }

    /// Forgets all changes so far: running watches end with a 410, and so does the next one from a version that was
    /// current until now, and every list that wants to continue.
    public func expireWatches() {
        let (ended, horizon) = state.withLock { state in
            // The version moves on, as it does through other objects of a cluster; or else what the client has would
            // still be current.
            state.store.advance()
            state.store.compact()
            let ended = state.watches.keys.compactMap { id in state.endWatch(id) }
            return (ended, state.store.horizon)
        }
        for watch in ended {
            watch.send(type: "ERROR", APIFault.tooOld(horizon - 1, oldest: horizon).status)
            watch.responder.end()
        }
    }

    /// Sends a line to the watches of a resource as it is: what no real server would.
    public func sendToWatches(of plural: String, line: String) {
        state.withLock { state in
            for watch in state.watches.values where watch.filter.resource.plural == plural {
                watch.responder.write(Array((line + "\n").utf8))
            }
        }
    }

    private func endedWatches(of plural: String?) -> [Watch] {
        state.withLock { state in
            state.watches.filter { plural == nil || $0.value.filter.resource.plural == plural }.keys.sorted()
                .compactMap { state.endWatch($0) }
        }
    }
}
