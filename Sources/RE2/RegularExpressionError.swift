// SPDX-License-Identifier: Apache-2.0

/// Why a pattern is refused, and where.
public struct RegularExpressionError: Error, Hashable, Sendable {
    /// What is wrong with the pattern, or which limit it exceeds.
    public enum Reason: Hashable, Sendable {
        case patternTooLong(limit: Int)
        case nestedTooDeeply(limit: Int)
        case programTooLarge(limit: Int)
        case classesTooLarge
        case missingClosingParenthesis
        case unexpectedClosingParenthesis
        case missingClosingBracket
        case trailingBackslash
        case nothingToRepeat
        case repeatedRepetition
        case invalidRepeatCount(limit: Int)
        case invalidGroupName
        case lookahead
        case lookbehind
        case atomicGroup
        case comment
        case unknownGroup
        case backreference
        case anyByte
        case unknownEscape
        case reversedRange
        case unknownNamedClass
        case unknownUnicodeClass
    }

    public let reason: Reason
    /// Where the fragment begins: bytes from the beginning of the pattern.
    public let offset: Int
    /// The part of the pattern that is refused; at most 40 characters of it.
    public let fragment: String

    init(_ reason: Reason, offset: Int, fragment: String) {
        self.reason = reason
        self.offset = offset
        self.fragment = fragment
    }
}

extension RegularExpressionError: CustomStringConvertible {
    public var description: String {
        switch reason {
        case .patternTooLong, .programTooLarge, .nestedTooDeeply, .classesTooLarge:
            "the regular expression \(reason.explanation)"
        default:
            "the regular expression is refused at byte \(offset), '\(fragment)': \(reason.explanation)"
        }
    }
}

extension RegularExpressionError.Reason {
    /// Half a sentence on what is wrong, for the one who wrote the pattern.
    var explanation: String {
        switch self {
        case .patternTooLong(let limit): "is longer than \(limit) bytes"
        case .nestedTooDeeply(let limit): "is nested deeper than \(limit) levels"
        case .programTooLarge(let limit):
            "takes more than \(limit) instructions; make its repeat counts or its alternatives fewer"
        case .classesTooLarge: "has character classes of more than \(PatternLimits.classRanges) ranges together"
        case .missingClosingParenthesis: "a closing ')' is missing"
        case .unexpectedClosingParenthesis: "this ')' closes no group; a literal one is '\\)'"
        case .missingClosingBracket: "the closing ']' of the character class is missing"
        case .trailingBackslash: "there is nothing after the backslash"
        case .nothingToRepeat: "there is nothing to repeat before it"
        case .repeatedRepetition: "a repetition cannot be repeated, and possessive repetition is not supported"
        case .invalidRepeatCount(let limit):
            "repeat counts go up to \(limit), nested ones multiplied with each other, and from low to high"
        case .invalidGroupName: "the name of a group is made of letters, digits and '_' of ASCII"
        case .lookahead: "lookahead is not supported: RE2 has none because it runs in linear time"
        case .lookbehind: "lookbehind is not supported: RE2 has none because it runs in linear time"
        case .atomicGroup: "atomic groups are not supported: RE2 never backtracks"
        case .comment: "comments are not supported"
        case .unknownGroup: "this group or flag is not known; flags are i, m, s and U"
        case .backreference: "backreferences are not supported: RE2 has none because it runs in linear time"
        case .anyByte: "'\\C' is not supported: text is matched by characters, not by bytes"
        case .unknownEscape: "this escape sequence is not known"
        case .reversedRange: "the range is in reverse order"
        case .unknownNamedClass: "this class is not known; there are [:alpha:], [:digit:] and the others of ASCII"
        case .unknownUnicodeClass: "no general category or script of Unicode has this name"
        }
    }
}
