// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// The owner of work that several callers wait for: it outlives each of them, and ends with the program.
///
/// `run()` must be running for any work to be done; it is a service of the composition root. How much is done at once is
/// bounded, in all and for each service that is asked, so that one that does not answer holds a quarter at most; what is
/// beyond waits its turn.
public final class SharedWork: Sendable {
    typealias Job = @Sendable () async -> Void

    /// Lookups at the same time. Each is one or two connections; what they may hold in memory together is the registry
    /// client's own bound.
    static let width = 256
    /// Of them for one service.
    static let widthPerService = width / 4
    /// Jobs that wait for their turn; whoever comes when so many wait would not be answered in time anyway.
    static let maximumWaiting = 4096

    private struct Waiting {
        let service: String
        let job: Job
        /// Tells whoever waits for the job that it will not be done.
        let refuse: @Sendable () -> Void
    }

    private struct State {
        var running = 0
        var runningPerService: [String: Int] = [:]
        /// In order of arrival.
        var waiting: [Waiting] = []
    }

    private let jobs: AsyncStream<Job>
    private let intake: AsyncStream<Job>.Continuation
    private let state = Mutex(State())

    public init() {
        (jobs, intake) = AsyncStream.makeStream()
    }

    /// Does all work that is handed in until it is cancelled.
    public func run() async {
        await withDiscardingTaskGroup { group in
            for await job in jobs { group.addTask { await job() } }
            group.cancelAll()
        }
        drop()
    }

    /// No work is taken after this, and `run()` returns once what is under way has ended.
    public func finish() { intake.finish() }

    /// Does `job` now or in its turn; calls `refuse` where no work is taken any more, or too much waits already.
    func take(for service: String, _ job: @escaping Job, refuse: @escaping @Sendable () -> Void) {
        let starts: Bool? = state.withLock { state in
            if Self.mayStart(service, state) {
                Self.start(service, &state)
                return true
            }
            guard state.waiting.count < Self.maximumWaiting else { return nil }
            state.waiting.append(Waiting(service: service, job: job, refuse: refuse))
            return false
        }
        switch starts {
        case true?: begin(job, for: service, refuse: refuse)
        case false?: break
        case nil: refuse()
        }
    }

    private static func mayStart(_ service: String, _ state: State) -> Bool {
        state.running < width && state.runningPerService[service, default: 0] < widthPerService
    }

    private static func start(_ service: String, _ state: inout State) {
        state.running += 1
        state.runningPerService[service, default: 0] += 1
    }

    private func begin(_ job: @escaping Job, for service: String, refuse: @Sendable () -> Void) {
        let result = intake.yield { [self] in
            await job()
            end(service)
        }
        if case .enqueued = result { return }
        end(service)
        refuse()
    }

    /// Frees a place, and gives it to whoever has waited longest for one that is free.
    private func end(_ service: String) {
        let next: Waiting? = state.withLock { state in
            state.running -= 1
            let left = state.runningPerService[service, default: 1] - 1
            state.runningPerService[service] = left > 0 ? left : nil
            guard let index = state.waiting.firstIndex(where: { Self.mayStart($0.service, state) }) else { return nil }
            let next = state.waiting.remove(at: index)
            Self.start(next.service, &state)
            return next
        }
        if let next { begin(next.job, for: next.service, refuse: next.refuse) }
    }

    /// Once nothing is done any more, those who wait for their turn are told.
    private func drop() {
        let waiting = state.withLock { state in
            let waiting = state.waiting
            state.waiting = []
            return waiting
        }
        for entry in waiting { entry.refuse() }
    }
}
