// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What a program that ended left behind.
public struct CommandResult: Sendable {
    public let end: ProcessEnd
    public let stdout: [UInt8]
    public let stderr: [UInt8]

    /// The exit code; -1 where a signal ended it.
    public var exitCode: Int32 {
        if case .exited(let code) = end { code } else { -1 }
    }
    public var succeeded: Bool { end == .exited(0) }
    public var outputText: String { String(decoding: stdout, as: UTF8.self) }
    public var errorText: String { String(decoding: stderr, as: UTF8.self) }
}

extension Command {
    /// Runs the program to its end. Throws where it cannot be started or outlives the time given; it is killed then,
    /// with all it has started.
    public func run(timeout: Duration = .seconds(120)) async throws -> CommandResult {
        try await onThread { try runBlocking(timeout: timeout) }
    }

    private func runBlocking(timeout: Duration) throws(ProcessFailure) -> CommandResult {
        let out = try scratchFile()
        defer { close(out) }
        let err = try scratchFile()
        defer { close(err) }
        let pid = try spawn(stdout: out, stderr: err)

        let limit = ContinuousClock.now + timeout
        var pause: useconds_t = 500
        while ContinuousClock.now < limit {
            if let end = reap(pid, blocking: false) {
                return CommandResult(end: end, stdout: contents(of: out), stderr: contents(of: err))
            }
            // This thread is ours to block; a child's end can only be waited for with a limit by looking.
            usleep(pause)
            pause = min(pause * 2, 20_000)
        }
        kill(-pid, SIGKILL)
        _ = reap(pid, blocking: true)
        throw ProcessFailure(
            "\(executable) \(arguments.joined(separator: " ")) did not end within \(timeout); it said: "
                + String(decoding: contents(of: err).suffix(2000), as: UTF8.self))
    }
}

/// A file without a name, so that a program's output needs no reader while it runs and no end of it can leak into
/// another child.
func scratchFile() throws(ProcessFailure) -> Int32 {
    for _ in 0..<16 {
        let name = "/tmp/countersign-\(UInt64.random(in: .min ... .max))"
        let descriptor = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor >= 0 {
            unlink(name)
            return descriptor
        }
    }
    throw ProcessFailure("cannot make a file in /tmp")
}

private func contents(of descriptor: Int32) -> [UInt8] {
    lseek(descriptor, 0, SEEK_SET)
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while case let count = read(descriptor, &buffer, buffer.count), count > 0 {
        bytes += buffer.prefix(count)
    }
    return bytes
}
