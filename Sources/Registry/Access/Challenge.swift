// SPDX-License-Identifier: Apache-2.0

/// One challenge of a `WWW-Authenticate` header. RFC 9110 §11.3.
struct Challenge: Hashable, Sendable {
    /// In lower case.
    let scheme: String
    /// By name in lower case.
    let parameters: [String: String]

    /// Token services' URLs and scopes stay far below; a longer header holds something else.
    private static let maximumBytes = 16 << 10
    /// Real registries send one or two.
    private static let maximumCount = 8

    /// Every well-formed challenge before the first thing that is not; a challenge that names a parameter twice is
    /// dropped, since two readers could read it differently.
    static func parse(_ values: [String]) -> [Challenge] {
        var challenges: [Challenge] = []
        for value in values {
            guard value.utf8.count <= maximumBytes else { continue }
            var reader = HeaderReader(value)
            challenges += read(&reader)
        }
        return Array(challenges.prefix(maximumCount))
    }

    private static func read(_ reader: inout HeaderReader) -> [Challenge] {
        var challenges: [Challenge] = []
        var scheme: String?
        var parameters: [String: String] = [:]
        var isAmbiguous = false
        func finish() {
            if let scheme, !isAmbiguous { challenges.append(Challenge(scheme: scheme, parameters: parameters)) }
        }
        while true {
            reader.skip { $0 == UInt8(ascii: ",") || HeaderReader.isSpace($0) }
            guard let name = reader.token()?.lowercased() else {
                if reader.isAtEnd { finish() }
                return challenges
            }
            reader.skip(HeaderReader.isSpace)
            if reader.take(UInt8(ascii: "=")) {
                reader.skip(HeaderReader.isSpace)
                guard scheme != nil, let value = reader.quotedString() ?? reader.token() else { return challenges }
                if parameters.updateValue(value, forKey: name) != nil { isAmbiguous = true }
            } else {
                finish()
                scheme = name
                parameters = [:]
                isAmbiguous = false
                reader.skipToken68()
            }
        }
    }
}

/// A cursor over a header's value.
struct HeaderReader {
    private let bytes: [UInt8]
    private var at = 0

    init(_ value: String) { bytes = Array(value.utf8) }

    private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    var isAtEnd: Bool { next == nil }

    static func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    mutating func skip(_ isSkipped: (UInt8) -> Bool) {
        while let byte = next, isSkipped(byte) { at += 1 }
    }

    mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        at += 1
        return true
    }

    /// The characters up to `end`, which is taken too; `nil`, and nothing taken, where it does not come.
    mutating func text(upTo end: UInt8) -> String? {
        guard let stop = bytes[at...].firstIndex(of: end) else { return nil }
        defer { at = stop + 1 }
        return String(decoding: bytes[at..<stop], as: UTF8.self)
    }

    private mutating func skipLettersDigits(and marks: String) {
        skip { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default:
                marks.utf8.contains(byte)
            }
        }
    }

    /// RFC 9110 §5.6.2.
    mutating func token() -> String? {
        let start = at
        skipLettersDigits(and: "!#$%&'*+-.^_`|~")
        return at > start ? String(decoding: bytes[start..<at], as: UTF8.self) : nil
    }

    /// RFC 9110 §5.6.4; `nil` where it does not begin here or does not end.
    mutating func quotedString() -> String? {
        guard next == UInt8(ascii: "\"") else { return nil }
        var text: [UInt8] = []
        var end = at + 1
        while end < bytes.count {
            switch bytes[end] {
            case UInt8(ascii: "\""):
                at = end + 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard end + 1 < bytes.count else { return nil }
                text.append(bytes[end + 1])
                end += 2
            default:
                text.append(bytes[end])
                end += 1
            }
        }
        return nil
    }

    /// Skips the one-word form of credentials (RFC 9110 §11.2), if that is what stands here.
    mutating func skipToken68() {
        let start = at
        skipLettersDigits(and: "-._~+/")
        guard at > start else { return }
        let word = at
        skip { $0 == UInt8(ascii: "=") }
        let hasPadding = at > word
        skip(Self.isSpace)
        // A word that neither a comma nor the end follows is the name of a parameter or the next scheme.
        let isWholeWord = next == nil || next == UInt8(ascii: ",")
        if !isWholeWord || (!hasPadding && next == UInt8(ascii: "=")) { at = start }
    }
}
