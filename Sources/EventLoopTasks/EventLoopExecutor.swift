// SPDX-License-Identifier: Apache-2.0
public import NIOCore

/// Runs tasks on an event loop, so that what is read or written on a connection there wakes no other thread. What has to
/// wait or to compute goes elsewhere: the loop has other connections to serve.
public final class EventLoopExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    public init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

extension EventLoop {
    /// Returns once that instant has passed, or the task is cancelled.
    ///
    /// A timer of the event loop: unlike a sleeping task's, it is gone once it is cancelled, which nearly all are.
    @concurrent public func wait(until instant: ContinuousClock.Instant) async {
        let timer = scheduleTask(in: TimeAmount(max(.zero, ContinuousClock.now.duration(to: instant)))) {}
        await withTaskCancellationHandler {
            try? await timer.futureResult.get()
        } onCancel: {
            timer.cancel()
        }
    }
}
