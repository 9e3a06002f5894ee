// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import NIOCore
import Synchronization

/// A Kubernetes API server in this process, on a port of loopback, over TLS: what clients of ours notice of a real one
/// of version 1.36, answered as the recordings of that one have it.
///
///     try await APIServerDouble.withServer { server in
///         server.accept(token: "t1", user: "system:serviceaccount:cosign-system:webhook")
///         server.store(["apiVersion": "v1", "kind": "Secret", "metadata": ["name": "s1", "namespace": "demo"]])
///         … server.url, server.authorityPEM, server.kubeconfig(.token("t1")) …
///         #expect(server.requests.contains { $0.verb == "watch" && $0.resource == "secrets" })
///     }
///
/// Not modelled: protobuf, tables, compression, field ownership conflicts, schemas of custom resources, garbage
/// collection, controllers of any kind.
public final class APIServerDouble: Sendable {
    /// How a server behaves from the start.
    public struct Options: Sendable {
        /// Bearer tokens, each with the user it stands for.
        public var tokens: [String: String] = ["test-token": "admin"]
        /// Protocols that are offered, the preferred one first.
        public var protocols = ["h2", "http/1.1"]
        /// How often a watch that allows it gets a bookmark; `nil` for none but those that a test sends.
        public var bookmarkInterval: Duration?
        /// Namespaces that are there.
        public var namespaces = ["default", "kube-system", "cosign-system", "demo"]

        /// The defaults.
        public init() {}
    }

    struct State: Sendable {
        var store = ObjectStore()
        var access = APIAccess()
        var watches: [WatchID: Watch] = [:]
        var requests: [APIServerRequest] = []
        var faults = APIFaults()
        var listener: (any Channel)?
        var connections: [ObjectIdentifier: any Channel] = [:]
        var services: [String: [ServiceAddress]] = [:]
        var webhookIdentity: WebhookIdentity?
        var calls: [AdmissionCall] = []
    }

    let options: Options
    /// The test CA and what it has issued.
    let certificates: APIServerCertificates
    /// The same port after every start.
    public let port: Int
    let state: Mutex<State>
    let webhooks = WebhookConnections()
    private let jobs: AsyncStream<AdmissionJob>.Continuation

    private init(_ options: Options, jobs: AsyncStream<AdmissionJob>.Continuation) throws {
        self.options = options
        self.jobs = jobs
        certificates = try APIServerCertificates()
        port = try freeLoopbackPort()
        var state = State()
        state.access.tokens = options.tokens
        self.state = Mutex(state)
        for name in options.namespaces { createNamespace(name) }
    }

    /// Runs a server for as long as `body` does.
    public static func withServer<R: Sendable>(
        _ options: Options = Options(), _ body: (APIServerDouble) async throws -> R
    ) async throws -> R {
        let (stream, continuation) = AsyncStream.makeStream(of: AdmissionJob.self)
        let server = try APIServerDouble(options, jobs: continuation)
        try await server.start()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await withDiscardingTaskGroup { reviews in
                    for await job in stream { reviews.addTask { await job.run() } }
                }
            }
            let result: Result<R, any Error>
            do { result = .success(try await body(server)) } catch { result = .failure(error) }
            await server.stop()
            continuation.finish()
            group.cancelAll()
            await server.webhooks.close()
            return try result.get()
        }
    }

    /// `https://127.0.0.1:PORT`.
    public var url: String { "https://127.0.0.1:\(port)" }

    /// The CA that the server's certificate comes from.
    public var authorityPEM: String { certificates.authorityPEM }

    // MARK: Requests

    /// What was asked so far, in the order of arrival.
    public var requests: [APIServerRequest] { state.withLock { $0.requests } }

    /// Forgets what was asked so far.
    public func forgetRequests() { state.withLock { $0.requests = [] } }

    /// Waits until a condition holds, looking again and again; throws where it does not in time.
    public func until(
        _ what: String, within limit: Duration = .seconds(10), _ condition: () -> Bool
    ) async throws {
        let end = ContinuousClock.now + limit
        while !condition() {
            guard ContinuousClock.now < end else { throw ProcessFailure("not within \(limit): \(what)") }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Takes a request that came over the network, on its event loop.
    func receive(_ request: APIServerRequest, certificateUser: String?, responder: APIResponder) {
        let (known, fault) = admit(request, certificateUser: certificateUser)
        let latency = state.withLock { $0.faults.latency }
        switch fault {
        case .stall: return
        case .drop: return responder.abort()
        case .answer(let answer): return responder.send(answer, after: latency)
        case .none: break
        }
        guard let known else { return responder.send(APIFault.unauthorized.answer, after: latency) }
        let call = APICall(known)
        if call.isWatch, let resource = call.resource, allows(call) {
            return responder.after(latency) { self.watch(call, resource, responder) }
        }
        responder.after(latency) {
            // Reviews take time and other tasks; everything else is answered where it stands.
            if let answer = self.answerWithoutReview(call) { return responder.send(answer) }
            self.jobs.yield(
                AdmissionJob { responder.send(await self.answer(call)) })
        }
    }

    /// Asks the server as `receive` does, without a connection: as that user, with all that follows, reviews as well.
    public func submit(
        _ method: String, _ target: String, _ object: JSONTree? = nil, contentType: String = "application/json",
        user: String = "admin"
    ) async -> APIAnswer {
        let parts = target.split(separator: "?", maxSplits: 1).map(String.init)
        var request = APIServerRequest(
            method: method, path: parts.first ?? "/", query: parts.count > 1 ? parts[1] : "",
            headers: [("content-type", contentType)], body: object?.bytes ?? [], time: .now)
        request.user = user
        state.withLock { $0.requests.append(request) }
        return await answer(APICall(request))
    }

    /// Writes the request down, and finds out who asks and whether a fault was ordered for it.
    private func admit(_ request: APIServerRequest, certificateUser: String?) -> (APIServerRequest?, APIFaults.Effect?)
    {
        state.withLock { state in
            var request = request
            let authorization = request.header("authorization")
            let token = authorization.map { $0.hasPrefix("Bearer ") ? String($0.dropFirst(7)) : "" }
            let user = state.access.user(token: token, certificate: certificateUser)
            request.user = user ?? ""
            state.requests.append(request)
            let effect = state.faults.effect(on: request)
            return (user == nil ? nil : request, effect)
        }
    }

    private func allows(_ call: APICall) -> Bool { state.withLock { $0.access.allows(call) } }

    /// The answer; `nil` where webhooks have to be asked first.
    private func answerWithoutReview(_ call: APICall) -> APIAnswer? {
        if let answer = APIDiscovery.answer(call) { return answer }
        guard allows(call) else { return APIFault.forbidden(call, user: call.user).answer }
        guard let resource = call.resource else {
            return call.isBelowGroup ? APIFault.noSuchResource.answer : APIAnswer(404, text: "404 page not found\n")
        }
        return state.withLock { state in
            do throws(APIFault) {
                if call.method == "GET" {
                    return call.name.isEmpty
                        ? try ObjectList.list(call, resource, in: state.store)
                        : try ObjectList.one(call, resource, in: state.store)
                }
                let write = try ObjectWrite.planned(call, resource, in: state.store)
                guard AdmissionPlan(write, in: state.store).isEmpty else { return nil }
                guard case .done(let answer, let changes) = state.store.commit(write) else { return nil }
                state.announce(changes)
                return answer
            } catch {
                return error.answer
            }
        }
    }

    /// How often a write is planned anew when another one came between; the real server's number.
    private static let attempts = 5

    /// The answer, webhooks asked.
    private func answer(_ call: APICall) async -> APIAnswer {
        for _ in 0..<Self.attempts {
            if let answer = answerWithoutReview(call) { return answer }
            guard let resource = call.resource else { break }
            do {
                let (write, plan) = try state.withLock { state throws(APIFault) in
                    let write = try ObjectWrite.planned(call, resource, in: state.store)
                    return (write, AdmissionPlan(write, in: state.store))
                }
                let reviewed = try await review(write, plan)
                let outcome = state.withLock { state in
                    let outcome = state.store.commit(reviewed.write)
                    if case .done(_, let changes) = outcome { state.announce(changes) }
                    return outcome
                }
                if case .done(var answer, _) = outcome {
                    answer.headers += Self.warnings(reviewed.warnings)
                    return answer
                }
            } catch {
                return error.answer
            }
        }
        return call.resource.map { APIFault.conflict($0, call.name).answer } ?? APIFault.noSuchResource.answer
    }

    /// As the real server hands on warnings: each once, without those that hold control characters, cut to 256 runes.
    private static func warnings(_ texts: [String]) -> [(String, String)] {
        var seen: Set<String> = []
        return texts.filter { text in
            seen.insert(text).inserted && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        }.map { text in
            let cut = String(String.UnicodeScalarView(text.unicodeScalars.prefix(256)))
            let quoted = cut.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined()
            return ("Warning", "299 - \"\(quoted)\"")
        }
    }
}

/// One write that waits for webhooks.
struct AdmissionJob: Sendable {
    let run: @Sendable () async -> Void
}
