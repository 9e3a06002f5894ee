// SPDX-License-Identifier: Apache-2.0

/// Reads one JSON text in pieces of any length, keeps the parts that are named, and passes over the rest.
///
///     {"a": {"x": 1, "y": [2]}, "b": null}   with   a.x   ->   {"a":{"x":1}}
///
/// The grammar is checked throughout, as `JSONDocument` does, but for what needs memory: duplicate names among members that
/// are passed over, and how many values there are. Names are compared by what they say, however they are escaped; one that
/// stands twice is kept twice, for `JSONDocument` to refuse. Memory is what is kept and what is open.
public struct JSONPruner: Sendable {
    /// Why a text cannot be read to its end.
    public enum Failure: Error, Hashable, Sendable {
        case malformed(JSONError)
        /// The parts have more bytes than are kept.
        case keepsTooMuch(limit: Int)
    }

    /// Bytes that are kept of a text. Ours: a policy reads a few fields, and one that reads a whole bill of materials finds
    /// those of the largest images in it.
    public static let keptBytes = 32 << 20
    /// Bytes of one name where names are compared: no policy is as long.
    private static let nameBytes = 1 << 20

    /// What comes next. Whatever stands within a string or a number has its own state, so that a piece may end anywhere.
    enum State {
        case value, firstElement, firstName, name, colon, afterValue, end
        case string(isName: Bool)
        case escape(isName: Bool)
        /// Digits of `\u` that are missing, what those before said, and the high surrogate in front of them.
        case hex(isName: Bool, missing: Int, value: UInt32, high: Bool)
        /// A low surrogate has to follow: its backslash, or its `u`.
        case surrogate(isName: Bool, backslash: Bool)
        /// Continuation bytes that are missing, and the bounds of the next.
        case utf8(isName: Bool, missing: Int, low: UInt8, high: UInt8)
        case literal([UInt8], at: Int)
        case minus, zero, integer, point, fraction, exponent, exponentSign, exponentDigits
    }

    /// What becomes of a value.
    private enum Fate {
        case kept, passed
        case parts([String: JSONParts])
    }

    /// An object of which parts are kept: always the outermost ones.
    private struct Object {
        let parts: [String: JSONParts]
        var isEmpty = true
    }

    private let maximumDepth: Int
    private let limit: Int
    private var state = State.value
    /// What is open, innermost last: whether it is an object.
    private var open: [Bool] = []
    private var objects: [Object] = []
    /// What becomes of the next value.
    private var fate: Fate
    /// How many containers were open where the value began that is kept or passed over whole.
    private var wholeSince: Int?
    private var isKeeping = false
    private var name: [UInt8] = []
    private var isReadingName = false
    /// Where the number or string began that is read now, or the byte that is looked at: for errors.
    private var began = 0
    /// Bytes of the pieces before.
    private var offset = 0
    private var kept: [UInt8] = []
    private var failure: Failure?

    /// - Parameters:
    ///   - maximumDepth: containers within each other.
    ///   - keeping: bytes that are kept.
    public init(
        _ parts: JSONParts, maximumDepth: Int = JSONLimits.default.maximumDepth, keeping limit: Int = keptBytes
    ) {
        self.maximumDepth = maximumDepth
        self.limit = limit
        fate = Self.fate(parts)
    }

    private static func fate(_ parts: JSONParts?) -> Fate {
        switch parts {
        case .all: .kept
        case nil, .nothing: .passed
        case .members(let members): .parts(members)
        }
    }

    /// Reads the next bytes of the text. After the first thing that is wrong nothing more is looked at.
    public mutating func read(_ bytes: UnsafeRawBufferPointer) {
        guard failure == nil else { return }
        do throws(Failure) { try look(bytes) } catch {
            failure = error
            kept = []
        }
        offset += bytes.count
    }

    /// For texts in hand.
    public mutating func read(_ bytes: [UInt8]) { bytes.withUnsafeBytes { read($0) } }

    /// The parts, JSON text; `null` where nothing was named. Throws where the text was not whole, or not JSON.
    public mutating func finish() throws(Failure) -> [UInt8] {
        if failure == nil {
            switch state {
            case .zero, .integer, .fraction, .exponentDigits:
                if open.isEmpty { state = .end }
            default: break
            }
            guard case .end = state else { throw .malformed(JSONError(.unexpectedEnd, at: offset)) }
        }
        if let failure { throw failure }
        return kept.isEmpty ? Array("null".utf8) : kept
    }

    // MARK: Reading

    private func wrong(_ reason: JSONError.Reason, _ at: Int) -> Failure {
        .malformed(JSONError(reason, at: offset + at))
    }

    private mutating func keep(_ bytes: some Collection<UInt8>) throws(Failure) {
        guard bytes.count <= limit - kept.count else { throw .keepsTooMuch(limit: limit) }
        kept += bytes
    }

    private mutating func look(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
        var at = 0
        /// Where the bytes begin that are to be kept and are not yet.
        var from = 0
        /// Where those of a name begin.
        var nameFrom = 0
        while at < bytes.count {
            switch state {
            case .string(let isName):
                at = JSONBytes.plain(bytes, from: at)
                guard at < bytes.count else { continue }
                let byte = bytes[at]
                if byte == UInt8(ascii: "\"") {
                    if isName {
                        if isReadingName { try addName(bytes[nameFrom..<at]) }
                        state = .colon
                        try endName()
                    } else {
                        try endValue(bytes, through: at, &from)
                    }
                } else if byte == UInt8(ascii: "\\") {
                    state = .escape(isName: isName)
                } else if byte < 0x20 {
                    throw wrong(.controlCharacter, at)
                } else {
                    guard let next = JSONBytes.lead(byte, isName) else { throw wrong(.invalidUTF8, at) }
                    state = next
                    began = offset + at
                }
                at += 1
            case .utf8(let isName, let missing, let low, let high):
                guard low...high ~= bytes[at] else { throw .malformed(JSONError(.invalidUTF8, at: began)) }
                state =
                    missing == 1
                    ? .string(isName: isName) : .utf8(isName: isName, missing: missing - 1, low: 0x80, high: 0xBF)
                at += 1
            case .escape(let isName):
                switch bytes[at] {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
                    UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
                    state = .string(isName: isName)
                case UInt8(ascii: "u"): state = .hex(isName: isName, missing: 4, value: 0, high: false)
                default: throw wrong(.invalidEscape, at)
                }
                at += 1
            case .hex(let isName, let missing, let value, let high):
                guard let digit = JSONBytes.hexDigit(bytes[at]) else { throw wrong(.invalidEscape, at) }
                let value = value << 4 | digit
                at += 1
                guard missing == 1 else {
                    state = .hex(isName: isName, missing: missing - 1, value: value, high: high)
                    continue
                }
                switch value {
                case 0xD800...0xDBFF where !high: state = .surrogate(isName: isName, backslash: true)
                case 0xDC00...0xDFFF where high: state = .string(isName: isName)
                case 0xD800...0xDFFF: throw wrong(.loneSurrogate, at - 1)
                case _ where high: throw wrong(.loneSurrogate, at - 1)
                default: state = .string(isName: isName)
                }
            case .surrogate(let isName, let backslash):
                guard bytes[at] == (backslash ? UInt8(ascii: "\\") : UInt8(ascii: "u")) else {
                    throw wrong(.loneSurrogate, at)
                }
                state =
                    backslash
                    ? .surrogate(isName: isName, backslash: false)
                    : .hex(isName: isName, missing: 4, value: 0, high: true)
                at += 1
            case .literal(let word, let position):
                guard bytes[at] == word[position] else { throw wrong(.unexpectedByte(bytes[at]), at) }
                if position == word.count - 1 {
                    try endValue(bytes, through: at, &from)
                } else {
                    state = .literal(word, at: position + 1)
                }
                at += 1
            case .minus, .zero, .integer, .point, .fraction, .exponent, .exponentSign, .exponentDigits:
                if let next = try numberState(bytes[at]) {
                    state = next
                    at += 1
                } else {
                    // The number has ended with the byte before, which may be one of the piece before.
                    try endValue(bytes, through: at - 1, &from)
                }
            case .value, .firstElement, .firstName, .name, .colon, .afterValue, .end:
                let byte = bytes[at]
                if byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
                    at += 1
                    continue
                }
                try structural(byte, bytes, at, &from)
                at += 1
                if isReadingName, case .string(isName: true) = state { nameFrom = at }
            }
        }
        if isKeeping { try keep(bytes[min(from, bytes.count)...]) }
        if isReadingName, nameFrom < bytes.count { try addName(bytes[nameFrom...]) }
    }

    private mutating func structural(
        _ byte: UInt8, _ bytes: UnsafeRawBufferPointer, _ at: Int, _ from: inout Int
    ) throws(Failure) {
        switch (state, byte) {
        case (.firstElement, UInt8(ascii: "]")): try close(bytes, at, &from)
        case (.value, _), (.firstElement, _): try beginValue(byte, at, &from)
        case (.firstName, UInt8(ascii: "}")): try close(bytes, at, &from)
        case (.firstName, UInt8(ascii: "\"")), (.name, UInt8(ascii: "\"")):
            state = .string(isName: true)
            isReadingName = wholeSince == nil
            name = []
        case (.colon, UInt8(ascii: ":")): state = .value
        case (.afterValue, UInt8(ascii: ",")): state = open.last == true ? .name : .value
        case (.afterValue, UInt8(ascii: "}")) where open.last == true: try close(bytes, at, &from)
        case (.afterValue, UInt8(ascii: "]")) where open.last == false: try close(bytes, at, &from)
        case (.end, _): throw wrong(.trailingData, at)
        default: throw wrong(.unexpectedByte(byte), at)
        }
    }

    // MARK: Values

    private mutating func beginValue(_ byte: UInt8, _ at: Int, _ from: inout Int) throws(Failure) {
        let isObject = byte == UInt8(ascii: "{")
        if wholeSince == nil {
            switch fate {
            case .parts(let parts) where isObject:
                objects.append(Object(parts: parts))
                try keep("{".utf8)
            case .passed: wholeSince = open.count
            case .kept, .parts:
                wholeSince = open.count
                isKeeping = true
                from = at
            }
        }
        began = offset + at
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard open.count < maximumDepth else { throw wrong(.tooDeep(limit: maximumDepth), at) }
            open.append(isObject)
            state = isObject ? .firstName : .firstElement
        case UInt8(ascii: "\""): state = .string(isName: false)
        case UInt8(ascii: "t"): state = .literal(Self.true, at: 1)
        case UInt8(ascii: "f"): state = .literal(Self.false, at: 1)
        case UInt8(ascii: "n"): state = .literal(Self.null, at: 1)
        case UInt8(ascii: "-"): state = .minus
        case UInt8(ascii: "0"): state = .zero
        case UInt8(ascii: "1")...UInt8(ascii: "9"): state = .integer
        default: throw wrong(.unexpectedByte(byte), at)
        }
    }

    private static let `true` = Array("true".utf8)
    private static let `false` = Array("false".utf8)
    private static let null = Array("null".utf8)

    private mutating func close(_ bytes: UnsafeRawBufferPointer, _ at: Int, _ from: inout Int) throws(Failure) {
        open.removeLast()
        if wholeSince == nil {
            objects.removeLast()
            try keep("}".utf8)
            state = open.isEmpty ? .end : .afterValue
        } else {
            try endValue(bytes, through: at, &from)
        }
    }

    /// The value has ended whose last byte is at `end`.
    private mutating func endValue(
        _ bytes: UnsafeRawBufferPointer, through end: Int, _ from: inout Int
    ) throws(Failure) {
        if wholeSince == open.count {
            wholeSince = nil
            if isKeeping {
                if from <= end { try keep(bytes[from...end]) }
                isKeeping = false
            }
        }
        state = open.isEmpty ? .end : .afterValue
    }

    // MARK: Names

    private mutating func addName(_ bytes: some Collection<UInt8>) throws(Failure) {
        guard bytes.count <= Self.nameBytes - name.count else { throw .keepsTooMuch(limit: Self.nameBytes) }
        name += bytes
    }

    private mutating func endName() throws(Failure) {
        guard isReadingName else { return }
        isReadingName = false
        let raw = name
        let entry = Tape.Entry(
            kind: .name, isEscaped: raw.contains(UInt8(ascii: "\\")), start: 0, end: UInt32(raw.count), next: 0)
        let text = StringDecoding.string(raw.span, entry)
        guard let object = objects.last else { return }
        // A string is found by any spelling that Unicode has for it: what a policy may mean is kept.
        fate = Self.fate(object.parts[text])
        if case .passed = fate { return }
        if !object.isEmpty { try keep(",".utf8) }
        objects[objects.count - 1].isEmpty = false
        try keep("\"".utf8)
        try keep(raw)
        try keep("\":".utf8)
    }

    /// The state after one more byte of a number, RFC 8259 §6; `nil` where the number has ended before it.
    private func numberState(_ byte: UInt8) throws(Failure) -> State? {
        let isDigit = UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
        let isExponent = byte | 0x20 == UInt8(ascii: "e")
        switch state {
        case .minus where byte == UInt8(ascii: "0"): return .zero
        case .minus where isDigit, .integer where isDigit: return .integer
        case .zero where byte == UInt8(ascii: "."), .integer where byte == UInt8(ascii: "."): return .point
        case .zero where isExponent, .integer where isExponent, .fraction where isExponent: return .exponent
        case .point where isDigit, .fraction where isDigit: return .fraction
        case .exponent where byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-"): return .exponentSign
        case .exponent where isDigit, .exponentSign where isDigit, .exponentDigits where isDigit:
            return .exponentDigits
        case .zero where !isDigit, .integer, .fraction, .exponentDigits: return nil
        default: throw .malformed(JSONError(.invalidNumber, at: began))
        }
    }
}

extension JSONPruner.Failure: CustomStringConvertible {
    public var description: String {
        switch self {
        case .malformed(let error): "it is not JSON: \(error)"
        case .keepsTooMuch(let limit):
            "the policy reads more of it than the \(limit) bytes that are kept of a large one"
        }
    }
}
