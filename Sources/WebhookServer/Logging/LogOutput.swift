// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// Where finished log lines go, whole and one after another.
public struct LogOutput: Sendable {
    private let sink: @Sendable ([UInt8]) -> Void

    /// `sink` gets one line with its line feed at a time, from any thread.
    public init(_ sink: @escaping @Sendable ([UInt8]) -> Void) { self.sink = sink }

    func write(_ line: [UInt8]) { sink(line) }

    /// File descriptor 2. A write that fails is dropped: there is nobody left to tell.
    public static let standardError: LogOutput = {
        let gate = StandardError()
        return LogOutput { gate.write($0) }
    }()

    /// Lines longer than a pipe's atomic write must not be mixed.
    private final class StandardError: Sendable {
        private let gate = Mutex(())

        func write(_ line: [UInt8]) {
            gate.withLock { _ in
                var rest = line[...]
                while !rest.isEmpty {
                    let count = rest.withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
                    if count < 0, errno == EINTR { continue }
                    guard count > 0 else { return }
                    rest = rest.dropFirst(count)
                }
            }
        }
    }
}
