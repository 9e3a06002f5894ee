// SPDX-License-Identifier: Apache-2.0

/// A Kubernetes label selector: all of its requirements must hold; one without any selects everything.
public struct LabelSelector: Hashable, Sendable {
    public enum Requirement: Hashable, Sendable {
        case isIn(key: String, values: Set<String>)
        /// Holds where the label is absent, too.
        case isNotIn(key: String, values: Set<String>)
        case exists(key: String)
        case doesNotExist(key: String)

        func holds(for labels: [String: String]) -> Bool {
            switch self {
            case .isIn(let key, let values): labels[key].map(values.contains) ?? false
            case .isNotIn(let key, let values): !(labels[key].map(values.contains) ?? false)
            case .exists(let key): labels[key] != nil
            case .doesNotExist(let key): labels[key] == nil
            }
        }
    }

    public let requirements: [Requirement]

    public init(_ requirements: [Requirement]) { self.requirements = requirements }

    public func matches(_ labels: [String: String]) -> Bool { requirements.allSatisfy { $0.holds(for: labels) } }

    /// `[prefix/]name`: the name of at most 63 bytes, the prefix a DNS name.
    static func isKey(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        switch parts.count {
        case 1: return isName(parts[0])
        case 2: return isDNSName(String(parts[0])) && isName(parts[1])
        default: return false
        }
    }

    /// Empty, or as a name.
    static func isValue(_ text: String) -> Bool { text.isEmpty || isName(text[...]) }

    private static func isName(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last, text.utf8.count <= 63 else { return false }
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: false
            }
        }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && text.utf8.allSatisfy {
                isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".")
            }
    }
}

/// Whether the text is a DNS subdomain in the sense of RFC 1123, as Kubernetes asks of names: at most 253 bytes.
func isDNSName(_ text: String) -> Bool {
    guard (1...253).contains(text.utf8.count) else { return false }
    return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
        label.utf8.first != UInt8(ascii: "-") && label.utf8.last != UInt8(ascii: "-") && !label.isEmpty
            && label.utf8.allSatisfy {
                UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0
                    || $0 == UInt8(ascii: "-")
            }
    }
}
