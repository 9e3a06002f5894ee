// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// The owner of work that several callers wait for: it outlives each of them, and ends with the program.
///
/// `run()` must be running for any work to be done; it is a service of the composition root. How much is done at once is
/// bounded, in all, for each service that is asked and for each namespace on whose behalf, so that neither one service that
/// does not answer nor one namespace that names many such holds more than a quarter; what is beyond waits its turn.
public final class SharedWork: Sendable {
    typealias Job = @Sendable () async -> Void

    /// Lookups at the same time. Each is one or two connections; what they may hold in memory together is the registry
    /// client's own bound.
    static let width = 256
    /// Jobs that wait for their turn; whoever comes when so many wait would not be answered in time anyway.
    static let maximumWaiting = 4096
    /// Namespaces in whose shares room is looked for on behalf of one job; strangers may join it.
    private static let maximumShares = 16

    private struct Waiting {
        let ticket: UInt64
        /// Those of whoever wants it done; it waits on the account of the first, and is done on that of one with room.
        var shares: [WorkShare]
        let job: Job
        /// Tells whoever waits for the job that it will not be done.
        let refuse: @Sendable () -> Void
    }

    private struct State {
        var running = ShareTally(limit: SharedWork.width)
        var queued = ShareTally(limit: SharedWork.maximumWaiting)
        /// In order of arrival.
        var waiting: [Waiting] = []
        var tickets: UInt64 = 0

        /// Takes a job that waits, to do it on the account of `share`.
        mutating func start(_ index: Int, _ share: WorkShare) -> Waiting {
            let next = waiting.remove(at: index)
            queued.add(next.shares[0], -1)
            running.add(share)
            return next
        }
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

    private enum Taken {
        case starts
        case waits(UInt64)
        case refused
    }

    /// Does `job` now or in its turn; calls `refuse` where no work is taken any more, or too much waits already.
    ///
    /// - Returns: where it waits, what others show to join it.
    @discardableResult
    func take(
        for service: String, namespace: String? = nil, _ job: @escaping Job, refuse: @escaping @Sendable () -> Void
    ) -> UInt64? {
        let share = WorkShare(service: service, namespace: namespace)
        let taken: Taken = state.withLock { state in
            if state.running.hasRoom(for: share) {
                state.running.add(share)
                return .starts
            }
            guard state.queued.hasRoom(for: share) else { return .refused }
            state.queued.add(share)
            state.tickets += 1
            state.waiting.append(Waiting(ticket: state.tickets, shares: [share], job: job, refuse: refuse))
            return .waits(state.tickets)
        }
        switch taken {
        case .starts: begin(job, share, refuse: refuse)
        case .waits(let ticket): return ticket
        case .refused: refuse()
        }
        return nil
    }

    /// Somebody else wants a job that waits: it does not wait for room in the first one's share where there is some in theirs.
    func join(_ ticket: UInt64, for service: String, namespace: String?) {
        let share = WorkShare(service: service, namespace: namespace)
        let next: Waiting? = state.withLock { state in
            guard let index = state.waiting.firstIndex(where: { $0.ticket == ticket }) else { return nil }
            if state.running.hasRoom(for: share) { return state.start(index, share) }
            let shares = state.waiting[index].shares
            if shares.count < Self.maximumShares, !shares.contains(share) { state.waiting[index].shares.append(share) }
            return nil
        }
        if let next { begin(next.job, share, refuse: next.refuse) }
    }

    private func begin(_ job: @escaping Job, _ share: WorkShare, refuse: @Sendable () -> Void) {
        let result = intake.yield { [self] in
            await job()
            end(share)
        }
        if case .enqueued = result { return }
        end(share)
        refuse()
    }

    /// Frees a place, and gives it to whoever has waited longest for one that is free.
    private func end(_ share: WorkShare) {
        let next: (job: Waiting, share: WorkShare)? = state.withLock { state in
            state.running.add(share, -1)
            for index in state.waiting.indices {
                if let share = state.waiting[index].shares.first(where: { state.running.hasRoom(for: $0) }) {
                    return (state.start(index, share), share)
                }
            }
            return nil
        }
        if let next { begin(next.job.job, next.share, refuse: next.job.refuse) }
    }

    /// Once nothing is done any more, those who wait for their turn are told.
    private func drop() {
        let waiting = state.withLock { state in
            let waiting = state.waiting
            state.waiting = []
            for entry in waiting { state.queued.add(entry.shares[0], -1) }
            return waiting
        }
        for entry in waiting { entry.refuse() }
    }
}
