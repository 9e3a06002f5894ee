// SPDX-License-Identifier: Apache-2.0
public import JSON

/// Why text is not the YAML that this reader accepts, and where.
public struct YAMLError: Error, Hashable, Sendable {
    public enum Reason: Hashable, Sendable {
        /// What libyaml says is wrong.
        case syntax(String)
        case invalidUTF8
        case duplicateKey(String, first: SourcePosition)
        case mergeKey
        case keyIsNoScalar
        case emptyKey
        case unknownAlias(String)
        case aliasInsideItself(String)
        case unsupportedTag(String)
        /// A scalar that is not what its tag says.
        case valueUnlikeTag(String)
        /// Infinity, not-a-number, or more than a 64-bit integer or double can hold.
        case unrepresentableNumber(String)
        case tooDeep(limit: Int)
        case tooLarge(limit: Int)
        case tooManyValues(limit: Int)
        case tooManyAliasedValues(limit: Int)
        case tooManyTagDirectives(limit: Int)
    }

    public let reason: Reason
    public let position: SourcePosition

    package init(_ reason: Reason, at position: SourcePosition) {
        self.reason = reason
        self.position = position
    }
}

extension YAMLError: CustomStringConvertible {
    public var description: String { "\(position): \(reason)" }
}

extension YAMLError.Reason: CustomStringConvertible {
    public var description: String {
        switch self {
        case .syntax(let problem): problem
        case .invalidUTF8: "invalid UTF-8, or a control character"
        case .duplicateKey(let key, let first): "duplicate key \(printable(key)), first at \(first)"
        case .mergeKey: "merge key '<<'; write the members out"
        case .keyIsNoScalar: "a key that is no string"
        case .emptyKey: "a key that is empty or null"
        case .unknownAlias(let name): "alias \(printable(name)) without anchor before it"
        case .aliasInsideItself(let name): "alias \(printable(name)) inside its own anchor"
        case .unsupportedTag(let tag): "unsupported tag \(printable(tag))"
        case .valueUnlikeTag(let tag): "value that is not what its tag \(printable(tag)) says"
        case .unrepresentableNumber(let text): "number \(printable(text)), which JSON cannot hold"
        case .tooDeep(let limit): "nested more than \(limit) levels deep"
        case .tooLarge(let limit): "larger than \(limit) bytes"
        case .tooManyValues(let limit): "more than \(limit) values"
        case .tooManyAliasedValues(let limit): "aliases that add more than \(limit) values"
        case .tooManyTagDirectives(let limit): "more than \(limit) %TAG directives"
        }
    }
}

extension SourcePosition {
    /// The place of a byte, for what libyaml gives no line to.
    init(ofByte offset: Int, in text: some Sequence<UInt8>) {
        var line = 1
        var column = 1
        for byte in text.prefix(max(0, offset)) {
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        self.init(line: line, column: column)
    }
}
