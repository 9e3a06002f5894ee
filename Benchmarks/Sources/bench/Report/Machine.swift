// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import TestSupport

/// Where and of what figures were taken.
struct Machine: Sendable {
    let processor: String
    let cores: Int
    let kernel: String
    let swift: String
    let date: String
    let commit: String

    init() async {
        func contents(_ path: String) -> String {
            FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
        }
        func output(_ tool: String, _ arguments: String...) async -> String {
            guard let program = Tool.find(tool), let result = try? await Command(program, arguments).run() else {
                return ""
            }
            return result.outputText
        }
        let names = contents("/proc/cpuinfo").split(separator: "\n").filter { $0.hasPrefix("model name") }
        processor =
            names.first?.split(separator: ":").last.map { String($0.drop { $0 == " " }) } ?? "unknown processor"
        cores = ProcessInfo.processInfo.activeProcessorCount
        kernel = contents("/proc/sys/kernel/osrelease").split(separator: "\n").first.map(String.init) ?? "unknown"
        let words = await output("swift", "--version").split(whereSeparator: \.isWhitespace)
        let version = words.firstIndex(of: "version").flatMap { words.dropFirst($0 + 1).first }
        swift = version.map(String.init) ?? "unknown"
        date = Date.now.formatted(.iso8601.year().month().day())
        let head = await output("git", "rev-parse", "--short=12", "HEAD").split(separator: "\n").first
        // The page itself is what this writes.
        let changes = await output("git", "status", "--porcelain", "--", ".", ":!docs")
        commit = head.map { changes.isEmpty ? String($0) : "\($0) with changes" } ?? "unknown"
    }

    var line: String {
        "*\(processor), \(cores) cores, Linux \(kernel), Swift \(swift), \(date), commit \(commit).*"
    }
}
