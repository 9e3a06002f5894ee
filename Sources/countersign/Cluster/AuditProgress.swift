// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// A bar for whoever waits before a terminal; nothing anywhere else.
final class AuditProgress: Sendable {
    private struct State {
        var judged = 0
        var bad = 0
        var drawn: ContinuousClock.Instant?
    }

    /// `nil` where nobody could say.
    private let total: Int?
    private let images: @Sendable () -> Int
    private let draw: (@Sendable (String) -> Void)?
    private let state = Mutex(State())
    /// Nobody reads faster.
    private static let interval: Duration = .milliseconds(100)

    /// - Parameters:
    ///   - images: how many were judged by now.
    ///   - draw: puts a line in the place of the last one; `nil` for no bar.
    init(total: Int?, images: @escaping @Sendable () -> Int, draw: (@Sendable (String) -> Void)?) {
        self.total = total
        self.images = images
        self.draw = draw
    }

    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    func add(_ verdict: WorkloadVerdict) {
        guard let draw else { return }
        let line = state.withLock { state -> (Int, Int)? in
            state.judged += 1
            if verdict.status != .admitted { state.bad += 1 }
            let now = ContinuousClock.now
            if let drawn = state.drawn, now - drawn < Self.interval { return nil }
            state.drawn = now
            return (state.judged, state.bad)
        }
        if let (judged, bad) = line { draw(Self.line(judged: judged, bad: bad, total: total, images: images())) }
    }

    /// What a list that is begun anew had counted.
    func take(back count: Int) { state.withLock { $0.judged = max(0, $0.judged - count) } }

    /// Leaves nothing of it on the terminal.
    func end() { draw?("") }

    static func line(judged: Int, bad: Int, total: Int?, images: Int) -> String {
        let words = "\(images) images judged, \(bad) workloads denied or undecided"
        guard let total, total > 0 else { return "\(judged) workloads, \(words)" }
        let width = 20
        let filled = min(width, judged * width / max(total, judged, 1))
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
        return "[\(bar)] \(judged)/\(max(total, judged)) workloads, \(words)"
    }
}
