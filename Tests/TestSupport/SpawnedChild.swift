// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A program could not be started, or did not end in time.
public struct ProcessFailure: Error, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}

/// What a program is started with.
public struct Command: Sendable {
    public var executable: String
    public var arguments: [String]
    /// `nil` hands on this process's own variables.
    public var environment: [String: String]?
    public var directory: String?
    public var input: [UInt8]

    public init(
        _ executable: String, _ arguments: [String] = [], environment: [String: String]? = nil,
        directory: String? = nil, input: [UInt8] = []
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.directory = directory
        self.input = input
    }
}

/// How a process ended.
public enum ProcessEnd: Hashable, Sendable {
    case exited(Int32)
    case killed(signal: Int32)

    init(status: Int32) {
        let signal = status & 0x7F
        self = signal == 0 ? .exited((status >> 8) & 0xFF) : .killed(signal: signal)
    }
}

extension Command {
    /// Starts the program in a process group of its own, with these descriptors as its output; answers its id.
    func spawn(stdout: Int32, stderr: Int32) throws(ProcessFailure) -> Int32 {
        let stdin = try inputDescriptor()
        defer { close(stdin) }

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, stdin, 0)
        posix_spawn_file_actions_adddup2(&actions, stdout, 1)
        posix_spawn_file_actions_adddup2(&actions, stderr, 2)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A test runner blocks or ignores signals of its own; a child must not inherit that.
        var none = sigset_t()
        var defaults = sigset_t()
        sigemptyset(&none)
        sigemptyset(&defaults)
        for signal in [SIGPIPE, SIGTERM, SIGINT, SIGHUP] { sigaddset(&defaults, signal) }
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        let variables = (environment ?? ProcessEnvironment.current).map { "\($0.key)=\($0.value)" }
        inheritNothing()
        var pid: pid_t = 0
        // posix_spawn's own change of folder is a GNU extension that Swift does not see.
        let words = (directory.map { ["/usr/bin/env", "-C", $0] } ?? []) + [executable] + arguments
        let code = withCStrings(words) { argv in
            withCStrings(variables) { envp in
                posix_spawn(&pid, words[0], &actions, &attributes, argv, envp)
            }
        }
        guard code == 0 else {
            throw ProcessFailure("cannot start \(executable): \(String(cString: strerror(code)))")
        }
        return pid
    }

    /// SwiftNIO's sockets are inherited unless somebody sees to it: a child would keep the port of a server that has ended.
    private func inheritNothing() {
        guard let folder = opendir("/proc/self/fd") else { return }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if let descriptor = Int32(name), descriptor > 2 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        }
    }

    /// The input as an unlinked file, so that nobody has to write while the program runs.
    private func inputDescriptor() throws(ProcessFailure) -> Int32 {
        guard !input.isEmpty else { return open("/dev/null", O_RDONLY | O_CLOEXEC) }
        let descriptor = try scratchFile()
        var rest = input[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard written > 0 else { throw ProcessFailure("cannot write the input") }
            rest = rest.dropFirst(written)
        }
        lseek(descriptor, 0, SEEK_SET)
        return descriptor
    }
}

/// Calls `body` with a null-terminated array of C strings.
private func withCStrings<R>(
    _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> R
) -> R {
    let copies = strings.map { strdup($0) } + [nil]
    defer { for copy in copies { free(copy) } }
    let array = UnsafeMutableBufferPointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: copies.count)
    defer { array.deallocate() }
    _ = array.initialize(from: copies)
    guard let base = array.baseAddress else { preconditionFailure("never empty: it ends with nil") }
    return body(base)
}

/// Waits for one child; `nil` while it still runs and `blocking` is false.
func reap(_ pid: Int32, blocking: Bool) -> ProcessEnd? {
    var status: Int32 = 0
    while true {
        let answer = waitpid(pid, &status, blocking ? 0 : WNOHANG)
        if answer == pid { return ProcessEnd(status: status) }
        if answer == 0 { return nil }
        if errno != EINTR { return .exited(-1) }
    }
}

/// Runs blocking work on a thread of its own. Dispatch's threads would not do: on Linux they also run Swift's tasks, and
/// are as few as there are cores.
func onThread<R: Sendable>(_ work: @escaping @Sendable () throws -> R) async throws -> R {
    try await withCheckedThrowingContinuation { continuation in
        let body = ThreadBody { continuation.resume(with: Result { try work() }) }
        let context = Unmanaged.passRetained(body)
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            }, context.toOpaque())
        guard code == 0 else {
            context.release()
            continuation.resume(throwing: ProcessFailure("cannot start a thread: \(String(cString: strerror(code)))"))
            return
        }
        pthread_detach(thread)
    }
}

private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}
