// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// `docs/performance.md`, and its plots beside it. Every part has a place of its own in the page, between two comments,
/// and replaces that alone.
struct PerformancePage {
    let folder: String
    let machine: Machine

    private var path: String { folder + "/performance.md" }

    func write(_ sections: [Section]) throws {
        let plots = folder + "/performance"
        try FileManager.default.createDirectory(atPath: plots, withIntermediateDirectories: true)
        var bodies = held
        for section in sections {
            bodies[section.part] = section.markdown + "\(machine.line)\n"
            for case .chart(let chart, let name) in section.blocks {
                try Data(chart.svg.utf8).write(to: URL(filePath: "\(plots)/\(name).svg"))
            }
        }
        var page = Self.head
        for part in Settings.Part.allCases {
            guard let body = bodies[part] else { continue }
            page += Self.begin(part) + body + Self.end(part) + "\n"
        }
        try Data(page.dropLast().utf8).write(to: URL(filePath: path))
    }

    /// The parts that stand in the page now.
    private var held: [Settings.Part: String] {
        let page = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
        var bodies: [Settings.Part: String] = [:]
        for part in Settings.Part.allCases {
            guard let start = page.firstRange(of: Self.begin(part)),
                let end = page[start.upperBound...].firstRange(of: Self.end(part))
            else { continue }
            bodies[part] = String(page[start.upperBound..<end.lowerBound])
        }
        return bodies
    }

    private static func begin(_ part: Settings.Part) -> String { "<!-- \(part.rawValue) -->\n" }
    private static func end(_ part: Settings.Part) -> String { "<!-- end of \(part.rawValue) -->\n" }

    private static let head = """
        # Performance

        `scripts/bench` measures everything on this page and writes it; `scripts/bench PART` does one part of it: warm, cold,
        storm, memory, start, policies or crypto. Read ratios first: both sides of one were measured in the same run, in turns,
        on the same cores, which the load generator and the registry used, too. Absolute figures are those of the machine that
        is named below each part, and of whatever else ran on it.

        Processor time is the kernel's account of the server process; the webhook is the release binary of `scripts/build` with
        its defaults, over TLS and HTTP/1.1 with kept connections, and the registry is the one of `countersign demo`.


        """
}
