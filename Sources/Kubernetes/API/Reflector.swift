// SPDX-License-Identifier: Apache-2.0

/// Keeps a copy of the objects of one resource: a list, a watch from where the list ended, and again from the start where
/// the server cannot go on. What was seen last stays while the server cannot be asked.
public struct Reflector: Sendable {
    public let type: ResourceType
    public let selection: ObjectSelection
    private let server: APIServer
    private let backoff: Backoff

    public init(
        _ server: APIServer, _ type: ResourceType, _ selection: ObjectSelection = ObjectSelection(),
        backoff: Backoff = Backoff()
    ) {
        self.server = server
        self.type = type
        self.selection = selection
        self.backoff = backoff
    }

    /// What is told to whoever keeps the copy.
    public enum News: Sendable {
        /// Everything that there is now, after a list or after events.
        case objects([ObjectKey: KubernetesObject])
        /// The server could not be asked; what was told last stays. Told once for each new reason.
        case lost(APIFault)
        /// It can be asked again; told after `lost` alone, before anything else.
        case found
    }

    /// Runs until it is cancelled.
    public func run(_ tell: @Sendable (News) async -> Void) async {
        var objects: [ObjectKey: KubernetesObject] = [:]
        var version: String?
        var failures = 0
        // Since the server last answered as it should: a watch that was open and broke is one.
        var failuresSinceOpen = 0
        var lastFault: APIFault?
        func found() async {
            if lastFault != nil { await tell(.found) }
            lastFault = nil
        }
        while !Task.isCancelled {
            do throws(APIFault) {
                if version == nil {
                    let list = try await server.list(type, selection)
                    objects = Dictionary(list.objects.map { ($0.key, $0) }, uniquingKeysWith: { _, last in last })
                    version = list.resourceVersion
                    await found()
                    await tell(.objects(objects))
                }
                let began = ContinuousClock.now
                try await server.watch(type, selection, from: version ?? "0", onOpen: found) { events in
                    failures = 0
                    failuresSinceOpen = 0
                    var isChanged = false
                    for event in events {
                        switch event {
                        case .stored(let object):
                            objects[object.key] = object
                            version = object.resourceVersion
                            isChanged = true
                        case .removed(let object):
                            objects[object.key] = nil
                            version = object.resourceVersion
                            isChanged = true
                        case .bookmark(let current): version = current
                        }
                    }
                    if isChanged { await tell(.objects(objects)) }
                }
                failuresSinceOpen = 0
                // A server that ends watches at once is not to be asked without pause.
                if ContinuousClock.now - began >= .seconds(1) {
                    failures = 0
                } else {
                    failures += 1
                    try? await Task.sleep(for: backoff.pause(after: failures))
                }
            } catch {
                if Task.isCancelled { return }
                if error.isExpired {
                    version = nil
                    // Once at once: the list is what is asked for. A server that says so again has to wait.
                    failures += 1
                    if failures == 1 { continue }
                } else {
                    failures += 1
                    failuresSinceOpen += 1
                    // A connection that broke, or a watch that fell silent, is taken up where it was; what the server
                    // does not let us watch is listed anew.
                    if error.isForbidden || error.isNotFound || error.isMalformed { version = nil }
                    if lastFault != error {
                        // One broken connection is nothing to tell: the next look shows whether anything is lost.
                        if failuresSinceOpen > 1 || version == nil {
                            await tell(.lost(error))
                            lastFault = error
                        }
                    }
                }
                try? await Task.sleep(for: backoff.pause(after: failures, asked: error.retryAfter))
            }
        }
    }
}

/// Pauses that grow with failures and differ from client to client.
public struct Backoff: Sendable {
    public var first: Duration
    public var longest: Duration

    public init(first: Duration = .milliseconds(200), longest: Duration = .seconds(5)) {
        self.first = first
        self.longest = longest
    }

    /// What a server may ask for: policies and webhooks are not to be left alone for longer by one header.
    private static let longestAsked: Duration = .seconds(30)

    /// At least what our own pause is, and longer where the server asks for it.
    func pause(after failures: Int, asked: Duration?) -> Duration {
        let own = pause(after: failures)
        return max(own, min(asked ?? own, Self.longestAsked))
    }

    /// Between half and all of what the number of failures in a row, from 1, asks for.
    public func pause(after failures: Int) -> Duration {
        var pause = first
        for _ in 1..<max(2, min(failures, 16)) where failures > 1 { pause = min(pause * 2, longest) }
        return min(pause, longest) * Double.random(in: 0.5...1)
    }
}
