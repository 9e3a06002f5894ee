// SPDX-License-Identifier: Apache-2.0

/// The name of a field, or the position of an element.
///
/// Names are equal if they are canonically equivalent, as in CUE, which normalizes them.
enum Label: Hashable, Sendable {
    case string(String)
    /// `#x` and `_#x`, with the sign.
    case definition(String)
    /// `_x`, with the underscore.
    case hidden(String)
    case index(Int)

    /// What an identifier in front of a colon names.
    init(identifier: String) {
        if identifier.hasPrefix("#") || identifier.hasPrefix("_#") {
            self = .definition(identifier)
        } else if identifier.hasPrefix("_") {
            self = .hidden(identifier)
        } else {
            self = .string(identifier)
        }
    }

    var isDefinition: Bool {
        if case .definition = self { return true }
        return false
    }

    /// Neither definition nor hidden: what a document can have.
    var string: String? {
        if case .string(let name) = self { return name }
        return nil
    }

    /// Whether closed structs let it in unasked.
    var isHidden: Bool {
        switch self {
        case .hidden: true
        case .definition(let name): name.hasPrefix("_")
        default: false
        }
    }
}

extension Label: CustomStringConvertible {
    /// As CUE writes it: an identifier, or quoted.
    var description: String {
        switch self {
        case .definition(let name), .hidden(let name): name
        case .index(let position): String(position)
        case .string(let name): Self.isIdentifier(name) ? name : Quotation.string(name)
        }
    }

    private static func isIdentifier(_ name: String) -> Bool {
        guard let first = name.unicodeScalars.first else { return false }
        // Identifiers that begin so are hidden fields or definitions.
        guard first != "_", first != "#", !("0"..."9" ~= first) else { return false }
        return name.unicodeScalars.allSatisfy { scalar in
            scalar == "_" || scalar == "$" || scalar.properties.isAlphabetic
                || scalar.properties.numericType == .decimal
        }
    }
}

/// A path in CUE's spelling: `config."linux/amd64".config.User`.
func path(_ labels: [Label]) -> String { labels.map(\.description).joined(separator: ".") }
