// SPDX-License-Identifier: Apache-2.0

/// Reads Prometheus' text format, version 0.0.4, and says what is wrong with it.
enum ExpositionChecker {
    static func faults(in text: String) -> [String] {
        var faults: [String] = []
        if !text.hasSuffix("\n") { faults.append("the last line has no line feed") }
        var family = ""
        var finished: Set<String> = []
        var series: Set<String> = []
        for line in text.split(separator: "\n") {
            if line.hasPrefix("# TYPE ") {
                let words = line.split(separator: " ")
                guard words.count == 4, ["counter", "gauge", "histogram"].contains(words[3]) else {
                    faults.append("type: \(line)")
                    continue
                }
                family = String(words[2])
                if !finished.insert(family).inserted { faults.append("family twice: \(family)") }
            } else if !line.hasPrefix("# HELP ") {
                guard let (name, labels, value) = sample(line) else {
                    faults.append("sample: \(line)")
                    continue
                }
                let suffixes = ["", "_bucket", "_sum", "_count"]
                if !suffixes.contains(where: { name == family + $0 }) { faults.append("not of \(family): \(line)") }
                if !series.insert(name + labels).inserted { faults.append("series twice: \(line)") }
                if Double(value) == nil, !["+Inf", "-Inf", "NaN"].contains(value) { faults.append("value: \(line)") }
            }
        }
        return faults
    }

    /// Name, labels as written, value.
    private static func sample(_ line: Substring) -> (String, String, String)? {
        let name = line.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        var rest = line.dropFirst(name.count)
        guard let first = name.first, !first.isNumber else { return nil }
        var labels = ""
        if rest.first == "{" {
            rest = rest.dropFirst()
            while rest.first != "}" {
                let label = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
                rest = rest.dropFirst(label.count)
                guard !label.isEmpty, rest.hasPrefix("=\"") else { return nil }
                rest = rest.dropFirst(2)
                var value = ""
                while let character = rest.first, character != "\"" {
                    value.append(character)
                    rest = rest.dropFirst()
                    if character == "\\" {
                        guard let escaped = rest.first, "\\n\"".contains(escaped) else { return nil }
                        value.append(escaped)
                        rest = rest.dropFirst()
                    }
                }
                guard rest.first == "\"" else { return nil }
                rest = rest.dropFirst()
                labels += "\(label)=\(value),"
                if rest.first == "," { rest = rest.dropFirst() }
            }
            rest = rest.dropFirst()
        }
        guard rest.first == " " else { return nil }
        return (String(name), labels, String(rest.dropFirst()))
    }
}
