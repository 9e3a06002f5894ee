// SPDX-License-Identifier: Apache-2.0

/// The labels of a text in CUE down to the second level, read off its brackets and colons: enough to name fields in a
/// warning. It understands nothing, and no verdict depends on it.
struct CUEOutline {
    /// Each once, in the order of the text: `["predicate"]`, `["predicate", "builder"]`. Definitions and hidden fields
    /// are none of a document's, and optional ones are not meant to be demanded: they are left out.
    private(set) var paths: [[String]] = []
    /// Outermost fields with something below them that is neither a struct nor a list.
    private var fixed: Set<String> = []

    init(_ text: String) {
        var reading = Reading(tokens: CUETokens.read(text))
        while let token = reading.next() { read(token, &reading) }
        paths = reading.paths
        fixed = reading.fixed
    }

    func fixesValue(below field: String) -> Bool { fixed.contains(field) }

    private func read(_ token: CUETokens.Token, _ reading: inout Reading) {
        switch token {
        case .label(let name) where reading.expectsLabel && reading.isLabel: reading.enter(name)
        case .label("let") where reading.expectsLabel: reading.hide()
        case .open(let isStruct): reading.open(isStruct)
        case .close: reading.close()
        case .end: reading.endDeclaration()
        case .label, .mark, .colon, .other: reading.value()
        }
    }
}

/// Where a reader of tokens stands.
private struct Reading {
    private struct Frame {
        /// Of the struct's members; `nil` where none is a document's own: in lists, calls and definitions.
        let path: [String]?
        let isStruct: Bool
        /// Of the declaration that it is part of.
        let outerPath: [String]?
    }

    private let tokens: [CUETokens.Token]
    private var at = 0
    private var frames: [Frame] = []
    /// Of the declaration that is being read.
    private var path: [String]? = []
    private(set) var expectsLabel = true
    private var expectsValue = false
    private(set) var paths: [[String]] = []
    private(set) var fixed: Set<String> = []
    private var seen: Set<[String]> = []

    init(tokens: [CUETokens.Token]) { self.tokens = tokens }

    private var frame: Frame { frames.last ?? Frame(path: [], isStruct: true, outerPath: []) }

    mutating func next() -> CUETokens.Token? {
        guard at < tokens.count else { return nil }
        defer { at += 1 }
        return tokens[at]
    }

    /// Whether a colon follows, with a mark of optional or required fields before it or without.
    var isLabel: Bool {
        let afterMark = mark == nil ? at : at + 1
        return afterMark < tokens.count && tokens[afterMark] == .colon
    }

    /// Whether the next token marks an optional field; `nil` where it is no mark.
    private var mark: Bool? {
        if at < tokens.count, case .mark(let isOptional) = tokens[at] { isOptional } else { nil }
    }

    mutating func enter(_ name: String) {
        let isOptional = mark == true
        at += mark == nil ? 1 : 2
        path = name.hasPrefix("#") || name.hasPrefix("_") ? nil : path.map { $0 + [name] }
        if let path, !isOptional, path.count <= 2, seen.insert(path).inserted { paths.append(path) }
        expectsValue = true
    }

    /// What is declared here is no part of a document.
    mutating func hide() {
        path = nil
        expectsLabel = false
    }

    mutating func open(_ isStruct: Bool) {
        expectsValue = false
        // The members of what stands beside another value (`a & {b: c}`) are that field's too.
        frames.append(Frame(path: isStruct ? path : nil, isStruct: isStruct, outerPath: path))
        endDeclaration()
    }

    mutating func close() {
        // What follows within the declaration still belongs to it: `{…} & {…}`.
        path = frames.popLast()?.outerPath ?? nil
        expectsLabel = false
        expectsValue = false
    }

    mutating func endDeclaration() {
        path = frame.path
        expectsLabel = frame.isStruct
        expectsValue = false
    }

    mutating func value() {
        if expectsValue, let field = path?.first { fixed.insert(field) }
        expectsValue = false
        expectsLabel = false
    }
}

/// The tokens of a text in CUE, as far as an outline needs them.
enum CUETokens {
    enum Token: Equatable {
        /// A name, or the content of a string.
        case label(String)
        /// `?`, or else `!`.
        case mark(isOptional: Bool)
        case colon
        case open(isStruct: Bool)
        case close
        /// A comma or the end of a line.
        case end
        case other
    }

    static func read(_ text: String) -> [Token] {
        let bytes = Array(text.utf8)
        var tokens: [Token] = []
        var at = 0
        while at < bytes.count {
            let byte = bytes[at]
            let start = at
            at += 1
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): break
            case UInt8(ascii: "\n"), UInt8(ascii: ","): tokens.append(.end)
            case UInt8(ascii: "/") where at < bytes.count && bytes[at] == UInt8(ascii: "/"):
                while at < bytes.count, bytes[at] != UInt8(ascii: "\n") { at += 1 }
            case UInt8(ascii: ":"): tokens.append(.colon)
            case UInt8(ascii: "?"), UInt8(ascii: "!"): tokens.append(.mark(isOptional: byte == UInt8(ascii: "?")))
            case UInt8(ascii: "{"): tokens.append(.open(isStruct: true))
            case UInt8(ascii: "["), UInt8(ascii: "("): tokens.append(.open(isStruct: false))
            case UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ")"): tokens.append(.close)
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                tokens.append(.label(string(bytes, from: start, &at)))
            case _ where isName(byte):
                while at < bytes.count, isName(bytes[at]) { at += 1 }
                tokens.append(.label(String(decoding: bytes[start..<at], as: UTF8.self)))
            default: tokens.append(.other)
            }
        }
        return tokens
    }

    private static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), UInt8(ascii: "#"), 0x80...:
            true
        default: false
        }
    }

    /// A string, of one line or many; escapes are left as they are. `at` is moved behind it.
    private static func string(_ bytes: [UInt8], from start: Int, _ at: inout Int) -> String {
        let quote = bytes[start]
        let isLong = start + 2 < bytes.count && bytes[start + 1] == quote && bytes[start + 2] == quote
        let width = isLong ? 3 : 1
        at = start + width
        let first = at
        while at < bytes.count {
            if bytes[at] == UInt8(ascii: "\\") {
                at += 2
                continue
            }
            if !isLong, bytes[at] == UInt8(ascii: "\n") { break }
            if bytes[at] == quote,
                !isLong || (at + 2 < bytes.count && bytes[at + 1] == quote && bytes[at + 2] == quote)
            {
                let content = String(decoding: bytes[first..<at], as: UTF8.self)
                at += width
                return content
            }
            at += 1
        }
        at = min(at, bytes.count)
        return String(decoding: bytes[min(first, at)..<at], as: UTF8.self)
    }
}
