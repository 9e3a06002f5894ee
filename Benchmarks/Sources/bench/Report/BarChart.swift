// SPDX-License-Identifier: Apache-2.0

/// Horizontal bars in groups, with a line where a goal is, as an SVG of a few kilobytes.
struct BarChart: Sendable {
    let title: String
    let unit: String
    /// The names of the bars of each group.
    let series: [String]
    var groups: [(label: String, values: [Double?])] = []
    var goal: (label: String, value: Double)?
    var places = 0

    private static let width = 760.0
    private static let left = 190.0
    private static let right = 90.0
    private static let bar = 15.0
    private static let gap = 12.0
    private static let top = 62.0
    /// Readable on white and on black.
    private static let colours = ["#2f6feb", "#8b949e", "#d29922", "#2da44e"]
    private static let ink = "#7d8590"

    var svg: String {
        let most = (groups.flatMap { $0.values.compactMap { $0 } } + [goal?.value ?? 0]).max() ?? 0
        let scale = (Self.width - Self.left - Self.right) / max(most, .leastNormalMagnitude)
        let groupHeight = Double(series.count) * Self.bar + Self.gap
        let bottom = Self.top + Double(groups.count) * groupHeight
        let height = bottom + (goal == nil ? 6 : 24)
        var svg = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.number(Self.width)) \(Self.number(height))" \
            font-family="system-ui, sans-serif" font-size="12" fill="\(Self.ink)">
            <title>\(Self.escaped(title))</title>
            <text x="8" y="20" font-size="15" font-weight="600">\(Self.escaped("\(title) (\(unit))"))</text>

            """
        var x = 8.0
        for (index, name) in series.enumerated() where series.count > 1 {
            svg += """
                <rect x="\(Self.number(x))" y="32" width="11" height="11" fill="\(Self.colour(index))"/>\
                <text x="\(Self.number(x + 16))" y="42">\(Self.escaped(name))</text>

                """
            x += 36 + Double(name.count) * 6.6
        }
        for (row, group) in groups.enumerated() {
            let start = Self.top + Double(row) * groupHeight
            let middle = start + Double(series.count) * Self.bar / 2 + 4
            svg += """
                <text x="\(Self.number(Self.left - 8))" y="\(Self.number(middle))" text-anchor="end">\
                \(Self.escaped(group.label))</text>

                """
            for (index, value) in group.values.enumerated() {
                guard let value else { continue }
                let y = start + Double(index) * Self.bar
                svg += """
                    <rect x="\(Self.number(Self.left))" y="\(Self.number(y + 1))" \
                    width="\(Self.number(max(1, value * scale)))" height="\(Self.number(Self.bar - 2))" \
                    fill="\(Self.colour(index))"/>\
                    <text x="\(Self.number(Self.left + value * scale + 6))" y="\(Self.number(y + 12))">\
                    \(decimals(value, places))</text>

                    """
            }
        }
        if let goal {
            let x = Self.left + goal.value * scale
            svg += """
                <path d="M\(Self.number(x)) \(Self.number(Self.top - 8))V\(Self.number(bottom))" stroke="#cf222e" \
                stroke-dasharray="4 3"/>\
                <text x="\(Self.number(x))" y="\(Self.number(bottom + 14))" text-anchor="middle" fill="#cf222e">\
                \(Self.escaped(goal.label))</text>

                """
        }
        return svg + "</svg>\n"
    }

    private static func colour(_ index: Int) -> String { colours[index % colours.count] }

    /// Tenths suffice for a picture.
    private static func number(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths % 10 == 0 ? String(tenths / 10) : "\(tenths / 10).\(tenths % 10)"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
