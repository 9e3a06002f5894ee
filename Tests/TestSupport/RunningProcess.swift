// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import Synchronization

/// A program that runs beside a test, a server mostly; its output goes to a file.
public final class RunningProcess: Sendable {
    /// SIGTERM.
    public static let terminate: Int32 = 15

    public let pid: Int32
    private let log: String
    private let ended = Mutex<ProcessEnd?>(nil)

    /// Starts the program; standard output and standard error go to the file `log`.
    public init(_ command: Command, log: String) throws {
        let descriptor = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw ProcessFailure("cannot write \(log)") }
        defer { close(descriptor) }
        pid = try command.spawn(stdout: descriptor, stderr: descriptor)
        self.log = log
    }

    deinit {
        // A test that failed half way must not leave a server behind.
        if ended.withLock({ $0 }) == nil {
            kill(-pid, SIGKILL)
            _ = reap(pid, blocking: true)
        }
    }

    /// What the program has written so far, both streams together.
    public var output: String {
        String(decoding: FileManager.default.contents(atPath: log).map { Array($0) } ?? [], as: UTF8.self)
    }

    /// How it ended; `nil` while it runs.
    public var end: ProcessEnd? {
        ended.withLock { ended in
            if ended == nil { ended = reap(pid, blocking: false) }
            return ended
        }
    }

    /// Sends a signal to the program alone.
    public func send(_ signal: Int32) {
        if end == nil { kill(pid, signal) }
    }

    /// Asks the program to end and waits; kills it where it has not ended in time.
    @discardableResult
    public func stop(signal: Int32 = RunningProcess.terminate, timeout: Duration = .seconds(20)) async -> ProcessEnd {
        send(signal)
        return await waitForEnd(timeout: timeout)
    }

    /// Waits for the end; kills the program where it has not ended in time.
    public func waitForEnd(timeout: Duration = .seconds(20)) async -> ProcessEnd {
        let limit = ContinuousClock.now + timeout
        while ContinuousClock.now < limit {
            if let end { return end }
            // A child's end has no event to await without a signal handler, so it is looked for.
            try? await Task.sleep(for: .milliseconds(20))
            if Task.isCancelled { break }
        }
        return ended.withLock { ended in
            if let end = ended { return end }
            kill(-pid, SIGKILL)
            let end = reap(pid, blocking: true) ?? .killed(signal: SIGKILL)
            ended = end
            return end
        }
    }

    /// Looks again and again until the condition gives something; throws where the program ends first or time runs out.
    @discardableResult
    public func waitUntil<R: Sendable>(
        timeout: Duration = .seconds(30), _ condition: () async throws -> R?
    ) async throws -> R {
        let limit = ContinuousClock.now + timeout
        while ContinuousClock.now < limit {
            if let result = try await condition() { return result }
            if let end { throw ProcessFailure("the program ended first, \(end); it said: \(output)") }
            try await Task.sleep(for: .milliseconds(25))
        }
        throw ProcessFailure("not within \(timeout); the program said: \(output)")
    }
}
