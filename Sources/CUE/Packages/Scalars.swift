// SPDX-License-Identifier: Apache-2.0

/// Characters as Go's `unicode` package sees them: one scalar to one scalar.
extension Unicode.Scalar {
    var isSpace: Bool {
        switch value {
        case 0x09...0x0D, 0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
        default: false
        }
    }

    /// Letters, marks, numbers, punctuation, symbols, and of spaces only that of ASCII.
    var isPrintable: Bool {
        if self == " " { return true }
        switch properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator:
            return false
        default: return true
        }
    }

    /// Printable, or any space that separates words.
    var isGraphic: Bool { isPrintable || properties.generalCategory == .spaceSeparator }

    var uppercase: Unicode.Scalar {
        Self.single(properties.uppercaseMapping) ?? iotaBelow ?? self
    }

    var lowercase: Unicode.Scalar {
        // The one letter with a simple mapping beside a longer full one.
        value == 0x130 ? "i" : Self.single(properties.lowercaseMapping) ?? self
    }

    var titlecase: Unicode.Scalar {
        Self.single(properties.titlecaseMapping) ?? self
    }

    private static func single(_ text: String) -> Unicode.Scalar? {
        var scalars = text.unicodeScalars.makeIterator()
        guard let first = scalars.next(), scalars.next() == nil else { return nil }
        return first
    }

    /// Greek small letters with a iota below: their full mapping is two capitals, their simple one the title form.
    private var iotaBelow: Unicode.Scalar? {
        switch value {
        case 0x1F80...0x1F87, 0x1F90...0x1F97, 0x1FA0...0x1FA7: Unicode.Scalar(value + 8)
        case 0x1FB3, 0x1FC3, 0x1FF3: Unicode.Scalar(value + 9)
        default: nil
        }
    }

    /// At least so many digits of its number, small letters.
    func hexadecimal(digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
}
