// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOPosix
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The system's resolver. It blocks threads of its own, never an event loop, the cooperative pool or a queue that others
/// use. A name has at most one thread however many ask for it, and one that nobody waits for any more gets none.
///
/// Whoever waits gives up when cancelled, though the thread stays until the name server's own time is over (`timeout` and
/// `attempts` of resolv.conf).
enum SystemResolver {
    /// Names that are asked for at the same time. A silent name server holds each for about ten seconds.
    private static let threadCount = 32
    /// Names that wait for a thread or have one; a burst of admissions names tens.
    private static let maximumNames = 1024

    private struct TooManyNames: Error {}
    private struct NoAddress: Error {}

    /// Started when first needed and never stopped, as the process has it until its end.
    private static let threads = {
        let pool = NIOThreadPool(numberOfThreads: threadCount)
        pool.start()
        return pool
    }()
    private static let underWay = Mutex<[String: [OneAnswer]]>([:])

    static func addresses(of name: String) async throws -> [IPAddress] {
        let waiting = OneAnswer()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                guard waiting.wait(with: continuation) else { return }
                join(waiting, name)
            }
        } onCancel: {
            waiting.answer(.failure(CancellationError()))
        }
    }

    private static func join(_ waiting: OneAnswer, _ name: String) {
        enum Place { case first, later, none }
        let place = underWay.withLock { underWay -> Place in
            if let others = underWay[name] {
                underWay[name] = others.filter(\.isWaiting) + [waiting]
                return .later
            }
            guard underWay.count < maximumNames else { return .none }
            underWay[name] = [waiting]
            return .first
        }
        switch place {
        case .later: return
        case .none: waiting.answer(.failure(TooManyNames()))
        case .first:
            threads.submit { _ in
                let isWanted = underWay.withLock { underWay in
                    if underWay[name]?.contains(where: \.isWaiting) == true { return true }
                    underWay[name] = nil
                    return false
                }
                guard isWanted else { return }
                let result = Result { try blocking(name) }
                for waiting in underWay.withLock({ $0.removeValue(forKey: name) ?? [] }) { waiting.answer(result) }
            }
        }
    }

    private static func blocking(_ name: String) throws -> [IPAddress] {
        var hints = addrinfo()
        // One entry for each address, and not one for each kind of socket.
        #if canImport(Glibc)
            hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        #else
            hints.ai_socktype = SOCK_STREAM
        #endif
        var first: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, &hints, &first) == 0 else { throw NoAddress() }
        defer { if let first { freeaddrinfo(first) } }
        var addresses: [IPAddress] = []
        var next = first
        while let entry = next?.pointee {
            next = entry.ai_next
            guard let socket = entry.ai_addr else { throw NoAddress() }
            let raw = UnsafeRawBufferPointer(start: socket, count: Int(entry.ai_addrlen))
            // Fixed layout: family and port take 4 bytes, an IPv6 flow label 4 more.
            let bytes =
                switch entry.ai_family {
                case AF_INET: Array(raw.dropFirst(4).prefix(4))
                case AF_INET6: Array(raw.dropFirst(8).prefix(16))
                default: [UInt8]()
                }
            // What cannot be judged is not left out: the connection could be made to it.
            guard let address = IPAddress(bytes: bytes) else { throw NoAddress() }
            addresses.append(address)
        }
        return addresses
    }

    /// Whichever comes first, the answer or the cancellation, resumes the waiter; once.
    private final class OneAnswer: Sendable {
        private enum State {
            case idle
            case waiting(CheckedContinuation<[IPAddress], any Error>)
            case done
        }

        private let state = Mutex<State>(.idle)

        /// `false` where it was cancelled before it began; the continuation has been resumed then.
        func wait(with continuation: CheckedContinuation<[IPAddress], any Error>) -> Bool {
            let mayWait = state.withLock { state in
                guard case .idle = state else { return false }
                state = .waiting(continuation)
                return true
            }
            if !mayWait { continuation.resume(throwing: CancellationError()) }
            return mayWait
        }

        /// Whether somebody still wants the answer.
        var isWaiting: Bool {
            state.withLock { if case .waiting = $0 { true } else { false } }
        }

        func answer(_ result: Result<[IPAddress], any Error>) {
            let continuation = state.withLock { state -> CheckedContinuation<[IPAddress], any Error>? in
                defer { state = .done }
                guard case .waiting(let continuation) = state else { return nil }
                return continuation
            }
            continuation?.resume(with: result)
        }
    }
}
