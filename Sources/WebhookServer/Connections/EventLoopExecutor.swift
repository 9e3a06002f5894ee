// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// Runs the tasks of a connection on its event loop: what is read there is judged and answered there, without waking
/// another thread, where a verdict is at hand. What has to wait or to check goes elsewhere (`ReviewExchange`).
final class EventLoopExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
