// SPDX-License-Identifier: Apache-2.0

/// Text from a document in quotation marks, on one line: control and invisible characters are escaped, nothing is cut.
func quoted(_ text: String) -> String { "\"\(escaped(text, quote: true))\"" }

/// Text from a document on one line.
func oneLine(_ text: String) -> String { escaped(text, quote: false) }

private func escaped(_ text: String, quote: Bool) -> String {
    var shown = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\n": shown += "\\n"
        case "\r": shown += "\\r"
        case "\t": shown += "\\t"
        case "\"" where quote, "\\" where quote: shown += "\\\(scalar)"
        default: shown += isVisible(scalar) ? String(scalar) : codePoint(scalar)
        }
    }
    return shown
}

private func isVisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
    case .spaceSeparator: scalar == " "
    default: true
    }
}

private func codePoint(_ scalar: Unicode.Scalar) -> String {
    let (prefix, width) = scalar.value < 0x80 ? ("\\x", 2) : scalar.value < 0x10000 ? ("\\u", 4) : ("\\U", 8)
    let hex = String(scalar.value, radix: 16)
    return prefix + String(repeating: "0", count: max(0, width - hex.count)) + hex
}
