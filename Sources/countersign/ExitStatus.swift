// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// What the program says to a script. The larger, the worse: of several images the worst counts.
enum ExitStatus: Int32, Comparable {
    case admitted = 0
    case denied = 1
    case undecided = 2
    case usage = 64

    static func < (one: ExitStatus, other: ExitStatus) -> Bool { one.rawValue < other.rawValue }

    var code: ExitCode { ExitCode(rawValue) }
}

/// Wrong usage or unreadable input: a sentence or a few on stderr, exit 64.
struct UsageError: Error, CustomStringConvertible {
    let lines: [String]

    init(_ sentence: String) { lines = [sentence] }

    init(lines: [String]) { self.lines = lines }

    var description: String { lines.joined(separator: "\n") }
}

/// Runs a command's work, says what was wrong, and ends with the status that scripts read.
func concluding(_ work: () async throws -> ExitStatus) async throws {
    let status: ExitStatus
    do {
        status = try await work()
    } catch let error as UsageError {
        Words.say(lines: error.lines.map { "countersign: \($0)" })
        status = .usage
    } catch let error as ClusterUnread {
        Words.say("countersign: \(error)")
        status = .undecided
    } catch {
        // Nothing has been decided then, whatever it was; least of all may it look like a denial or an admission.
        Words.say("countersign: an unexpected failure: \(error)")
        status = .undecided
    }
    if status != .admitted { throw status.code }
}
