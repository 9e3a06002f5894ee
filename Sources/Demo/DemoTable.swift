// SPDX-License-Identifier: Apache-2.0

/// The demo's account of what happened, request by request: a pure function from rows to text.
public struct DemoTable: Sendable {
    public struct Row: Hashable, Sendable {
        /// What was asked: `validate  create pod  demo/app:signed`.
        public let request: String
        /// `admitted`, `denied`, `warned`, `pinned`.
        public let verdict: String
        /// Sentences, one line each; wrapped under the row.
        public let reasons: [String]
        /// Of the first request.
        public let cold: Duration
        /// Of the same request made again; `nil` where it was made once.
        public let cached: Duration?

        public init(request: String, verdict: String, reasons: [String], cold: Duration, cached: Duration?) {
            self.request = request
            self.verdict = verdict
            self.reasons = reasons
            self.cold = cold
            self.cached = cached
        }
    }

    public let rows: [Row]
    /// Columns of the terminal.
    public let width: Int

    public init(rows: [Row], width: Int = 100) {
        self.rows = rows
        self.width = max(width, 40)
    }

    /// The table, ending with a line feed.
    public var text: String {
        let heading = ["#", "request", "verdict", "cold", "cached"]
        let cells = rows.enumerated().map { index, row in
            [
                String(index + 1), Self.printable(row.request), Self.printable(row.verdict),
                Self.milliseconds(row.cold), row.cached.map(Self.milliseconds) ?? "-",
            ]
        }
        let widths = heading.indices.map { column in
            ([heading] + cells).map { $0[column].count }.max() ?? 0
        }
        func line(_ cells: [String]) -> String {
            let padded = zip(cells.indices, cells).map { column, cell in
                let gap = String(repeating: " ", count: max(0, widths[column] - cell.count))
                return column >= 3 || column == 0 ? gap + cell : cell + gap
            }
            return padded.joined(separator: "  ").trimmingTrailingSpaces + "\n"
        }
        let indent = String(repeating: " ", count: widths[0] + 2)
        var text = line(heading) + line(widths.map { String(repeating: "-", count: $0) })
        for (row, cells) in zip(rows, cells) {
            text += line(cells)
            for reason in row.reasons {
                for wrapped in Self.wrapped(Self.printable(reason), width: width - indent.count) {
                    text += indent + wrapped + "\n"
                }
            }
        }
        return text
    }

    /// Milliseconds with one decimal; with two below ten.
    static func milliseconds(_ duration: Duration) -> String {
        let hundredths = max(0, Int64((duration / .microseconds(10)).rounded()))
        func padded(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return hundredths < 1000
            ? "\(hundredths / 100).\(padded(hundredths % 100)) ms"
            : "\((hundredths + 5) / 100).\((hundredths + 5) % 100 / 10) ms"
    }

    /// Words on lines of at most so many characters; a longer word has a line of its own.
    private static func wrapped(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] = last + " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }

    /// Control characters would let an image's name draw on the terminal.
    private static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .format, .lineSeparator, .paragraphSeparator: "\u{FFFD}"
                    default: scalar
                    }
                }))
    }
}

extension String {
    fileprivate var trimmingTrailingSpaces: String {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
