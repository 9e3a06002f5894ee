// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The two streams: what a program reads goes to stdout, what a person reads to stderr.
enum Words {
    /// One line for a person. What of it came from outside cannot draw on the terminal or begin a line of its own.
    static func say(_ line: String) { write(printable(line) + "\n", to: STDERR_FILENO) }

    /// Several lines for a person, of which each is treated as one.
    static func say(lines: some Sequence<some StringProtocol>) { for line in lines { say(String(line)) } }

    /// One line for a program.
    static func answer(line: String) { write(printable(line) + "\n", to: STDOUT_FILENO) }

    /// Text that is composed and made printable already.
    static func answer(_ text: String) { write(text, to: STDOUT_FILENO) }

    /// A line for a person before a terminal, in the place of the last one of these.
    static func redraw(_ line: String) { write("\r\u{1B}[K" + printable(line), to: STDERR_FILENO) }

    /// Whatever a terminal acts on, and whatever changes the order of what is read, as `\u{…}`.
    static func printable(_ text: String) -> String {
        var shown = ""
        for scalar in text.unicodeScalars {
            if scalar.isInvisible {
                shown += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }

    /// JSON on one line with the same meaning, whose strings spell invisible characters as escapes of JSON. The text must
    /// be valid JSON: then raw control characters are spaces between tokens.
    static func printable(json: [UInt8]) -> String {
        var shown = ""
        for scalar in String(decoding: json, as: UTF8.self).unicodeScalars {
            if scalar.value < 0x20 {
                shown += " "
            } else if scalar.isInvisible {
                for unit in UTF16.encode(scalar).map(Array.init) ?? [] {
                    let hex = String(unit, radix: 16)
                    shown += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
                }
            } else {
                shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            // A reader that has gone away is no error of ours; there is nobody left to tell.
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }
}

extension Unicode.Scalar {
    fileprivate var isInvisible: Bool {
        switch properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: true
        case .spaceSeparator: self != " "
        default: false
        }
    }
}
