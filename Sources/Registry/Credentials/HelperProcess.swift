// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// One run of a program: a line of input, a bounded output, a time by which it has ended or is killed.
///
/// It has a process group of its own, of which nothing is left when it has ended, well or not: what it started and left
/// behind is killed too. Whatever puts itself into another group or session gets away; where we are the first process of
/// a container it becomes our child, and is not waited for, since nobody can tell whose it is.
package struct HelperProcess: Sendable {
    let executable: String
    let arguments: [String]
    /// Fits into a pipe, so that nobody has to write while the program runs (POSIX: 512 bytes at least, Linux: 4096).
    let input: String
    let environment: [String: String]
    let maximumOutputBytes: Int
    let deadline: ContinuousClock.Instant
    /// Whether its errors go where ours go; otherwise nowhere.
    let showsErrors: Bool

    package init(
        executable: String, arguments: [String], input: String, environment: [String: String], maximumOutputBytes: Int,
        deadline: ContinuousClock.Instant, showsErrors: Bool = false
    ) {
        self.executable = executable
        self.arguments = arguments
        self.input = input
        self.environment = environment
        self.maximumOutputBytes = maximumOutputBytes
        self.deadline = deadline
        self.showsErrors = showsErrors
    }

    package typealias Output = (bytes: [UInt8], isSuccess: Bool)

    /// Runs on a thread of its own: on Linux the threads of Dispatch also run Swift's tasks, and are as few as there are
    /// cores.
    package func run() async throws(HelperFault) -> Output {
        let isGivenUp = Flag()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Result<Output, HelperFault>, Never>) in
                let isStarted = Thread.start {
                    do throws(HelperFault) {
                        let (child, result) = try blockingRun(isGivenUp)
                        continuation.resume(returning: result)
                        // Nobody has to wait for what sits in the kernel and cannot be killed at once.
                        Self.waitForGroup(child)
                    } catch {
                        continuation.resume(returning: .failure(error))
                    }
                }
                if !isStarted { continuation.resume(returning: .failure(.notStarted)) }
            }
        } onCancel: {
            isGivenUp.raise()
        }
        return try result.get()
    }

    /// Throws where nothing was started; what is returned has been killed, and has to be waited for.
    private func blockingRun(
        _ isGivenUp: Flag
    ) throws(HelperFault) -> (group: pid_t, Result<Output, HelperFault>) {
        guard input.utf8.count <= 4096, let stdin = Pipe(), let stdout = Pipe() else { throw .notStarted }
        var text = Array(input.utf8)
        guard write(stdin.writing.number, &text, text.count) == text.count else { throw .notStarted }
        stdin.writing.close()
        let child = try spawn(stdin: stdin.reading.number, stdout: stdout.writing.number)
        stdin.reading.close()
        stdout.writing.close()
        let result: Result<Output, HelperFault>
        do throws(HelperFault) {
            result = .success(try output(of: child, from: stdout.reading.number, isGivenUp))
        } catch {
            result = .failure(error)
        }
        // It has not been waited for, so that the number is still its own.
        kill(-child, SIGKILL)
        kill(child, SIGKILL)
        return (child, result)
    }

    /// The child has not been waited for when this returns or throws.
    private func output(of child: pid_t, from descriptor: CInt, _ isGivenUp: Flag) throws(HelperFault) -> Output {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            if isGivenUp.isRaised { throw .givenUp }
            guard ContinuousClock.now < deadline else { throw .timedOut }
            var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&ready, 1, 10) > 0 else {
                // Something that it has started may hold the pipe open.
                guard let isSuccess = Self.isSuccess(of: child) else { continue }
                // What it wrote between the look at the pipe and its end.
                while poll(&ready, 1, 0) > 0 {
                    let count = read(descriptor, &buffer, buffer.count)
                    guard count > 0 else { break }
                    guard count <= maximumOutputBytes - bytes.count else { throw .tooMuchOutput }
                    bytes += buffer.prefix(count)
                }
                return (bytes, isSuccess)
            }
            let count = read(descriptor, &buffer, buffer.count)
            if count > 0 {
                guard count <= maximumOutputBytes - bytes.count else { throw .tooMuchOutput }
                bytes += buffer.prefix(count)
            } else if count == 0 {
                break
            } else if errno != EINTR {
                throw .failed
            }
        }
        while true {
            if let isSuccess = Self.isSuccess(of: child) { return (bytes, isSuccess) }
            if isGivenUp.isRaised { throw .givenUp }
            guard ContinuousClock.now < deadline else { throw .timedOut }
            usleep(1000)
        }
    }

    /// Whether it has ended by itself, and with 0; `nil` while it runs. It keeps its number.
    private static func isSuccess(of child: pid_t) -> Bool? {
        var information = siginfo_t()
        while true {
            if waitid(P_PID, id_t(bitPattern: child), &information, WEXITED | WNOHANG | WNOWAIT) == 0 { break }
            guard errno == EINTR else { return false }
        }
        let ended = information._sifields._sigchld
        guard ended.si_pid == child else { return nil }
        return information.si_code == CInt(CLD_EXITED) && ended.si_status == 0
    }

    /// Waits for our children in a group that was killed: its leader, and where we are the first process of a container
    /// also what its members have left to us. No other child of ours is ever in that group.
    private static func waitForGroup(_ group: pid_t) {
        var isLeaderDone = false
        while true {
            let ended = waitpid(-group, nil, 0)
            if ended == group { isLeaderDone = true }
            if ended < 0, errno != EINTR { break }
        }
        // It has moved into another group.
        while !isLeaderDone, waitpid(group, nil, 0) < 0, errno == EINTR {}
    }

    private func spawn(stdin: CInt, stdout: CInt) throws(HelperFault) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, stdin, 0)
        posix_spawn_file_actions_adddup2(&actions, stdout, 1)
        // A duplicate onto itself is one that `exec` leaves open.
        if showsErrors {
            posix_spawn_file_actions_adddup2(&actions, 2, 2)
        } else {
            posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A server blocks and ignores signals of its own; a child must not inherit that.
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
        Self.inheritNothing()
        var child: pid_t = 0
        let code = Self.withCStrings([executable] + arguments) { arguments in
            Self.withCStrings(environment.map { "\($0.key)=\($0.value)" }) { variables in
                posix_spawn(&child, executable, &actions, &attributes, arguments, variables)
            }
        }
        guard code == 0 else { throw .notStarted }
        return child
    }

    /// Not every descriptor of the libraries underneath is closed by `exec` of itself, and a helper has no business with
    /// the server's sockets. Duplicates onto 0, 1 and 2 are not concerned.
    private static func inheritNothing() {
        guard let folder = opendir("/proc/self/fd") else { return }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if let descriptor = CInt(name), descriptor > 2 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        }
    }

    /// Calls `body` with a null-terminated array of C strings.
    private static func withCStrings<R>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> R
    ) -> R {
        let copies = strings.map { strdup($0) } + [nil]
        defer { for copy in copies { free(copy) } }
        return body(copies)
    }
}

/// Raised once, seen by another thread.
private final class Flag: Sendable {
    private let state = Atomic(false)

    var isRaised: Bool { state.load(ordering: .relaxed) }
    func raise() { state.store(true, ordering: .relaxed) }
}

/// A descriptor that is closed once, at the latest when nobody has it any more.
private final class Descriptor {
    let number: CInt
    private var isOpen = true

    init(_ number: CInt) { self.number = number }

    func close() {
        if isOpen { _ = Glibc.close(number) }
        isOpen = false
    }

    deinit { close() }
}

private struct Pipe {
    let reading: Descriptor
    let writing: Descriptor

    init?() {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        reading = Descriptor(ends[0])
        writing = Descriptor(ends[1])
    }
}

/// A thread that does one thing.
private enum Thread {
    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    static func start(_ work: @escaping @Sendable () -> Void) -> Bool {
        let body = Unmanaged.passRetained(Body(work))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            }, body.toOpaque())
        guard code == 0 else {
            body.release()
            return false
        }
        pthread_detach(thread)
        return true
    }
}
