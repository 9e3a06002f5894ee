// SPDX-License-Identifier: Apache-2.0

/// The general categories of Unicode 17, the edition of Go 1.27: a table of our own, so that a pattern means the same
/// whatever edition the standard library knows.
enum CategoryTable {
    /// In the order of the letters in `runs`: A to Z, then `+ - * /`.
    private static let names = [
        "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po",
        "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Cn",
    ]

    /// Other names that Unicode gives to categories, as `canonical` makes them.
    private static let aliases = [
        "Other": "C", "Control": "Cc", "Cntrl": "Cc", "Format": "Cf", "Unassigned": "Cn", "Privateuse": "Co",
        "Surrogate": "Cs", "Letter": "L", "Casedletter": "Lc", "Lowercaseletter": "Ll", "Modifierletter": "Lm",
        "Otherletter": "Lo", "Titlecaseletter": "Lt", "Uppercaseletter": "Lu", "Mark": "M", "Combiningmark": "M",
        "Spacingmark": "Mc", "Enclosingmark": "Me", "Nonspacingmark": "Mn", "Number": "N", "Decimalnumber": "Nd",
        "Digit": "Nd", "Letternumber": "Nl", "Othernumber": "No", "Punctuation": "P", "Punct": "P",
        "Connectorpunctuation": "Pc", "Dashpunctuation": "Pd", "Closepunctuation": "Pe", "Finalpunctuation": "Pf",
        "Initialpunctuation": "Pi", "Otherpunctuation": "Po", "Openpunctuation": "Ps", "Symbol": "S",
        "Currencysymbol": "Sc", "Modifiersymbol": "Sk", "Mathsymbol": "Sm", "Othersymbol": "So", "Separator": "Z",
        "Lineseparator": "Zl", "Paragraphseparator": "Zp", "Spaceseparator": "Zs",
    ]

    /// The ranges of each of `names`, in its order.
    private static let ranges: [[ScalarRange]] = {
        var ranges = Array(repeating: [ScalarRange](), count: names.count)
        var next: UInt32 = 0
        var category: Int?
        var length: UInt32 = 0
        func close() {
            guard let category, category < ranges.count else { return }
            ranges[category].append(ScalarRange(next, next + max(length, 1) - 1))
            next += max(length, 1)
        }
        for byte in runs.utf8 {
            if let digit = hexadecimal(byte) {
                length = length * 16 + digit
                continue
            }
            close()
            length = 0
            category = letters.firstIndex(of: byte)
        }
        close()
        return ranges
    }()

    private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ+-*/".utf8)

    /// The characters of the category with this canonical name; nil where there is none.
    static func set(named canonical: String) -> ScalarSet? {
        let name = aliases[canonical] ?? canonical
        if name == "Lc" { return ScalarSet(ranges[0] + ranges[1] + ranges[2]) }
        var found: [ScalarRange] = []
        for (index, category) in names.enumerated()
        where category == name || (name.utf8.count == 1 && category.hasPrefix(name)) {
            found += ranges[index]
        }
        return found.isEmpty ? nil : ScalarSet(found)
    }
}

/// The value of a lower-case hexadecimal digit.
func hexadecimal(_ byte: UInt8) -> UInt32? {
    switch byte {
    case 0x30...0x39: UInt32(byte) - 0x30
    case 0x61...0x66: UInt32(byte) - 0x61 + 10
    default: nil
    }
}
