// SPDX-License-Identifier: Apache-2.0
import Admission
import EventLoopTasks
import HTTPTypes
import HummingbirdCore
import ImageVerification
import NIOCore

/// One review from its first byte to the end of its answer.
struct ReviewExchange: Sendable {
    let server: WebhookResponder
    let endpoint: ReviewEndpoint
    let timeout: ReviewTimeout
    let isHTTP1: Bool
    let start = ContinuousClock.now

    /// What became of an answer.
    private struct Delivery: Sendable {
        let end: ReviewBody.End
        let isFinished: Bool
        /// The caller was told that the connection ends.
        let isLast: Bool
        let failure: (any Error)?
    }

    @concurrent func run(
        _ request: Request, _ writer: consuming ResponseWriter, on channel: any Channel
    ) async throws {
        var iterator = request.body.makeAsyncIterator()
        let delivery = await answer(request, &iterator, writer, on: channel.eventLoop)
        if let failure = delivery.failure { throw failure }
        var isFinished = delivery.isFinished
        if !isFinished, delivery.end != .truncated {
            // Closing while the caller still sends would make a reset overtake the answer.
            isFinished = await ReviewBody.discardRest(&iterator)
        }
        if !isFinished {
            channel.close(promise: nil)
        } else if delivery.isLast {
            channel.close(mode: .output, promise: nil)
        }
    }

    /// The body is held no longer than this takes.
    @concurrent private func answer(
        _ request: Request, _ iterator: inout RequestBody.AsyncIterator, _ writer: consuming ResponseWriter,
        on eventLoop: any EventLoop
    ) async -> Delivery {
        let isJSON = WebhookResponder.isJSON(request.headers[.contentType])
        var body = await ReviewBody.read(
            &iterator, declaredLength: request.headers[.contentLength].flatMap { Int($0) },
            limit: isJSON ? server.limits.bodyBytes : ServerLimits.refusalPrefix, occupancy: server.occupancy)
        defer { server.occupancy.release(body.held) }
        server.metrics.observe(.now - start, .read)
        if let refusal = refusal(body, isJSON: isJSON) {
            body.shorten(server.occupancy)
            // A caller over HTTP/2 may wait for its body to be taken before it looks at an answer (libcurl 7.88 does).
            if !isHTTP1, body.end == .tooLarge || body.end == .overloaded, await ReviewBody.discardRest(&iterator) {
                body.finish()
            }
            return await deliver(refuse(body, because: refusal), to: body, writer)
        }
        guard server.occupancy.enter() else {
            return await deliver(refuse(body, because: overload), to: body, writer)
        }
        defer { server.occupancy.leave() }
        return await judge(body, writer, on: eventLoop)
    }

    /// Runs the review against the clock and delivers what is there first. A reviewer that keeps its promise always
    /// wins; one that does not keeps its place in the count of reviews, since its work goes on.
    @concurrent private func judge(
        _ body: ReviewBody, _ writer: consuming ResponseWriter, on eventLoop: any EventLoop
    ) async -> Delivery {
        let reviewStart = ContinuousClock.now
        let finish: @Sendable (Deadline) async -> ReviewAnswer
        switch await begin(body.bytes) {
        case .answered(let answer):
            server.metrics.observe(.now - reviewStart, .review)
            return await deliver(answer, to: body, writer)
        case .pending(let rest): finish = rest
        }
        let deadline = timeout.deadline(from: start)
        let lastResort = timeout.lastResort(from: start)
        var pending: ResponseWriter? = writer
        return await withTaskGroup(of: ReviewAnswer?.self) { group in
            // Not on the event loop, which has other connections to serve.
            group.addTask(executorPreference: globalConcurrentExecutor) { await finish(deadline) }
            group.addTask {
                await eventLoop.wait(until: lastResort)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            server.metrics.observe(.now - reviewStart, .review)
            let answer = first ?? refuse(body, because: .deadline)
            guard let writer = pending.take() else {
                return Delivery(end: body.end, isFinished: true, isLast: true, failure: nil)
            }
            return await deliver(answer, to: body, writer)
        }
    }

    /// On the event loop, unless reading it takes longer than others there may wait.
    @concurrent private func begin(_ body: [UInt8]) async -> ReviewStart {
        guard body.count > ServerLimits.bytesReadAtOnce else { return server.reviewing.begin(body, at: endpoint) }
        return await withTaskExecutorPreference(globalConcurrentExecutor) {
            server.reviewing.begin(body, at: endpoint)
        }
    }

    /// Counts, writes and logs an answer.
    @concurrent private func deliver(
        _ answer: ReviewAnswer, to body: ReviewBody, _ writer: consuming ResponseWriter
    ) async -> Delivery {
        // Asked as late as possible: the server may have begun to leave while the review was judged.
        let isLast = isHTTP1 && (!body.isFinished || server.drain.isDraining)
        server.metrics.count(answer.record, status: answer.httpStatus)
        let writeStart = ContinuousClock.now
        var failure: (any Error)?
        do {
            try await HTTPAnswer(
                status: answer.httpStatus, contentType: answer.isJSON ? HTTPAnswer.json : HTTPAnswer.plainText,
                body: answer.body
            ).send(writer, closing: isLast)
        } catch {
            failure = error
            server.metrics.unsent.increment()
        }
        server.metrics.observe(.now - writeStart, .write)
        server.log.write(
            answer.record, status: answer.httpStatus, duration: .now - start, wasSent: failure == nil)
        return Delivery(end: body.end, isFinished: body.isFinished, isLast: isLast, failure: failure)
    }

    private func refuse(_ body: ReviewBody, because refusal: Refusal) -> ReviewAnswer {
        server.metrics.refusals.increment(refusal.cause)
        return server.reviewing.refuse(
            Array(body.bytes.prefix(ServerLimits.refusalPrefix)), at: endpoint, because: refusal)
    }

    private var overload: Refusal { .overloaded(retryAfterSeconds: server.limits.retryAfterSeconds) }

    private func refusal(_ body: ReviewBody, isJSON: Bool) -> Refusal? {
        guard isJSON else { return .unsupportedContentType }
        switch body.end {
        case .complete: return nil
        case .tooLarge: return .tooLarge(limit: server.limits.bodyBytes)
        case .overloaded: return overload
        case .truncated: return .truncated
        }
    }
}

extension Refusal {
    /// The label of `countersign_refusals_total`.
    var cause: String {
        switch self {
        case .tooLarge: "too-large"
        case .overloaded: "overloaded"
        case .truncated: "truncated"
        case .unsupportedContentType: "content-type"
        case .deadline: "deadline"
        }
    }
}
