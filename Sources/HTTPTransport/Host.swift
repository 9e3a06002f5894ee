// SPDX-License-Identifier: Apache-2.0

/// A URL's host: a name in lower case without trailing dot, or an address.
public struct Host: Hashable, Sendable {
    private enum Spelling: Hashable, Sendable {
        case name(String)
        case v4(String)
        case v6(String)
    }

    private let spelling: Spelling
    /// The address that a literal means; `nil` for a name.
    public let address: IPAddress?

    /// RFC 1035 §2.3.4.
    private static let maximumNameBytes = 253
    private static let maximumLabelBytes = 63

    /// Reads a host as it stands in a URL, IPv6 in brackets.
    ///
    /// A name that ends in a number and is not a dotted quad (`2130706433`, `127.1`, `0x7f.0.0.1`) is refused: the system's
    /// resolver reads it as an address, and people do not.
    public init(parsing text: String) throws(RequestURLFault) {
        if text.utf8.first == UInt8(ascii: "[") {
            guard text.utf8.last == UInt8(ascii: "]") else { throw .invalidHost }
            let inside = String(text.dropFirst().dropLast())
            guard inside.utf8.contains(UInt8(ascii: ":")), let address = IPAddress(literal: inside) else {
                throw .invalidHost
            }
            self.address = address
            spelling = .v6(inside.lowercased())
            return
        }
        var name = text.lowercased()
        if name.utf8.last == UInt8(ascii: ".") { name.removeLast() }
        guard !name.isEmpty, name.utf8.count <= Self.maximumNameBytes else { throw .invalidHost }
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.allSatisfy(Self.isLabel) else { throw .invalidHost }
        if let last = labels.last, Self.isNumber(last) {
            guard labels.count == 4, let address = IPAddress(literal: name) else { throw .invalidHost }
            self.address = address
            spelling = .v4(name)
        } else {
            address = nil
            spelling = .name(name)
        }
    }

    /// Letters, digits, hyphens and underscores: underscores occur in the names of containers.
    private static func isLabel(_ label: Substring) -> Bool {
        !label.isEmpty && label.utf8.count <= maximumLabelBytes
            && label.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default:
                    false
                }
            }
    }

    private static func isNumber(_ label: Substring) -> Bool {
        if label.utf8.starts(with: "0x".utf8) { return true }
        return label.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
    }

    /// Whether it is spelled as this machine: `localhost`, `127.0.0.0/8` or `[::1]`.
    public var isLoopback: Bool {
        switch spelling {
        case .name(let name): name == "localhost"
        case .v4, .v6: address?.reach == .loopback
        }
    }

    /// What a resolver is asked.
    var unbracketed: String {
        switch spelling {
        case .name(let text), .v4(let text), .v6(let text): text
        }
    }
}

extension Host: CustomStringConvertible {
    /// As in a URL: IPv6 in brackets.
    public var description: String {
        switch spelling {
        case .name(let text), .v4(let text): text
        case .v6(let text): "[\(text)]"
        }
    }
}
