// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Measures what is asked for, prints it, writes it into `docs/performance.md`, and ends with 1 where a goal is missed.
@main
enum Bench {
    static func main() async {
        do {
            let settings = try Settings(CommandLine.arguments.dropFirst())
            let sections = try await measure(settings)
            let machine = await Machine()
            if !settings.isQuick { try PerformancePage(folder: "docs", machine: machine).write(sections) }
            print(machine.line)
            let goals = sections.flatMap(\.goals)
            for goal in goals where !goal.isMet { print("missed: " + goal.cells.dropLast().joined(separator: "  ")) }
            exit(goals.contains { $0.isMissed(byMoreThan: settings.margin) } ? 1 : 0)
        } catch {
            say("\(error)")
            exit(2)
        }
    }

    private static func measure(_ settings: Settings) async throws -> [Section] {
        var sections: [Section] = []
        for part in Settings.Part.allCases where settings.parts.contains(part) {
            say("\(part.rawValue)…")
            let section =
                switch part {
                case .warm: try await WarmPart(settings).run()
                case .cold: try await ColdPart(settings).run()
                case .storm: try await StormPart(settings).run()
                case .memory: try await MemoryPart(settings).run()
                case .start: try await StartPart(settings).run()
                case .policies: try await PoliciesPart(settings).run()
                case .crypto: try CryptoPart(settings).run()
                }
            print(section.markdown)
            sections.append(section)
        }
        return sections
    }
}

/// Tells on standard error what goes on.
func say(_ words: String) {
    let line = Array("bench: \(words)\n".utf8)
    _ = line.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
}
