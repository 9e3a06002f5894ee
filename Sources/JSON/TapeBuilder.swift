// SPDX-License-Identifier: Apache-2.0

/// Reads one JSON text into a tape. One pass, no recursion; work and memory are linear in the text.
struct TapeBuilder: ~Copyable {
    private let limits: JSONLimits
    private var tape = Tape()
    private var open: [OpenContainer] = []
    /// Names of the objects that are open, innermost last; each object owns the tail from its `firstName`.
    private var names: [Name] = []

    private struct Name {
        let entry: Int
        /// Differs for most names that differ; 0 for one that is written with escapes.
        let mark: UInt64
    }

    private struct OpenContainer {
        let entry: Int
        let isObject: Bool
        let firstName: Int
    }

    static func tape(of text: Span<UInt8>, limits: JSONLimits) throws(JSONError) -> Tape {
        guard text.count <= limits.maximumBytes else {
            throw JSONError(.tooLarge(limit: limits.maximumBytes), at: limits.maximumBytes)
        }
        var builder = TapeBuilder(limits: limits, for: text)
        let end = try builder.read(text)
        let rest = skipSpace(text, from: end)
        guard rest == text.count else { throw JSONError(.trailingData, at: rest) }
        return builder.tape
    }

    /// Objects of Kubernetes have a value or a name for some fourteen bytes; an entry takes sixteen.
    private static var usualBytesPerEntry: Int { 16 }

    private init(limits: JSONLimits, for text: Span<UInt8>) {
        self.limits = limits
        tape.entries.reserveCapacity(min(limits.maximumValues, text.count / Self.usualBytesPerEntry))
    }

    /// Reads the outermost value; returns the offset after it.
    private mutating func read(_ text: Span<UInt8>) throws(JSONError) -> Int {
        var at = Self.skipSpace(text, from: 0)
        while true {
            at = try value(text, at: at)
            // A value has ended, unless it opened a container that is not empty.
            if let container = open.last, tape.entries.count - 1 == container.entry {
                let first = Self.skipSpace(text, from: at)
                guard first < text.count else { throw JSONError(.unexpectedEnd, at: first) }
                if text[first] != (container.isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    at = container.isObject ? try name(text, at: first) : first
                    continue
                }
                at = try close(container, text, at: first)
            }
            // Close what ends here; stop at a comma.
            var isComplete = false
            while !isComplete {
                guard let container = open.last else { return at }
                at = Self.skipSpace(text, from: at)
                guard at < text.count else { throw JSONError(.unexpectedEnd, at: at) }
                switch (text[at], container.isObject) {
                case (UInt8(ascii: ","), true):
                    at = try name(text, at: Self.skipSpace(text, from: at + 1))
                    isComplete = true
                case (UInt8(ascii: ","), false):
                    at = Self.skipSpace(text, from: at + 1)
                    isComplete = true
                case (UInt8(ascii: "}"), true), (UInt8(ascii: "]"), false):
                    at = try close(container, text, at: at)
                case (let byte, _):
                    throw JSONError(.unexpectedByte(byte), at: at)
                }
            }
        }
    }

    /// Reads a scalar, or the opening of a container; returns the offset after it.
    private mutating func value(_ text: Span<UInt8>, at offset: Int) throws(JSONError) -> Int {
        guard offset < text.count else { throw JSONError(.unexpectedEnd, at: offset) }
        switch text[offset] {
        case UInt8(ascii: "{"): return try opening(isObject: true, at: offset)
        case UInt8(ascii: "["): return try opening(isObject: false, at: offset)
        case UInt8(ascii: "\""): return try string(text, at: offset, kind: .string)
        case UInt8(ascii: "t"): return try literal("true", .true, text, at: offset)
        case UInt8(ascii: "f"): return try literal("false", .false, text, at: offset)
        case UInt8(ascii: "n"): return try literal("null", .null, text, at: offset)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number(text, at: offset)
        case let byte: throw JSONError(.unexpectedByte(byte), at: offset)
        }
    }

    private mutating func opening(isObject: Bool, at offset: Int) throws(JSONError) -> Int {
        guard open.count < limits.maximumDepth else {
            throw JSONError(.tooDeep(limit: limits.maximumDepth), at: offset)
        }
        open.append(OpenContainer(entry: tape.entries.count, isObject: isObject, firstName: names.count))
        try append(isObject ? .object : .array, from: offset, to: offset + 1)
        return offset + 1
    }

    private mutating func close(
        _ container: OpenContainer, _ text: Span<UInt8>, at offset: Int
    ) throws(JSONError) -> Int {
        if container.isObject {
            try refuseDuplicates(from: container.firstName, text)
            names.removeLast(names.count - container.firstName)
        }
        tape.entries[container.entry].end = UInt32(offset + 1)
        tape.entries[container.entry].next = UInt32(tape.entries.count)
        open.removeLast()
        return offset + 1
    }

    private mutating func append(
        _ kind: Tape.Kind, from start: Int, to end: Int, isEscaped: Bool = false
    ) throws(JSONError) {
        guard tape.entries.count < limits.maximumValues else {
            throw JSONError(.tooManyValues(limit: limits.maximumValues), at: start)
        }
        tape.entries.append(
            Tape.Entry(
                kind: kind, isEscaped: isEscaped, start: UInt32(start), end: UInt32(end),
                next: UInt32(tape.entries.count + 1)))
    }

    // MARK: Names

    /// Reads a member's name and its colon; returns the offset of the member's value.
    private mutating func name(_ text: Span<UInt8>, at offset: Int) throws(JSONError) -> Int {
        guard offset < text.count else { throw JSONError(.unexpectedEnd, at: offset) }
        guard text[offset] == UInt8(ascii: "\"") else { throw JSONError(.unexpectedByte(text[offset]), at: offset) }
        let end = try string(text, at: offset, kind: .name)
        names.append(Name(entry: tape.entries.count - 1, mark: mark(ofLastEntryIn: text)))
        let colon = Self.skipSpace(text, from: end)
        guard colon < text.count else { throw JSONError(.unexpectedEnd, at: colon) }
        guard text[colon] == UInt8(ascii: ":") else { throw JSONError(.unexpectedByte(text[colon]), at: colon) }
        return Self.skipSpace(text, from: colon + 1)
    }

    /// Seeded per process, so that nobody can choose names that collide. Equal names have one hash, however they are
    /// written.
    private func hash(ofName entry: Tape.Entry, _ text: Span<UInt8>) -> Int {
        var hasher = Hasher()
        if entry.isEscaped {
            Array(StringDecoding.unescaped(text, entry).utf8).withUnsafeBytes { hasher.combine(bytes: $0) }
        } else {
            text.extracting(Int(entry.start)..<Int(entry.end)).withUnsafeBytes { hasher.combine(bytes: $0) }
        }
        return hasher.finalize()
    }

    /// Of the name that has just been read: its length and its last bytes.
    private func mark(ofLastEntryIn text: Span<UInt8>) -> UInt64 {
        guard let name = tape.entries.last, !name.isEscaped else { return 0 }
        let (start, end) = (Int(name.start), Int(name.end))
        let length = end - start
        let last = text.withUnsafeBytes { bytes in
            if end >= 8 { return UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: end - 8, as: UInt64.self)) }
            return bytes[..<end].reduce(UInt64(0)) { $0 >> 8 | UInt64($1) << 56 }
        }
        let own = length < 8 ? last >> (64 - 8 * UInt64(max(1, length))) : last
        return (own ^ UInt64(truncatingIfNeeded: length) &* 0x9E37_79B9_7F4A_7C15) | 1
    }

    private func refuseDuplicates(from first: Int, _ text: Span<UInt8>) throws(JSONError) {
        let count = names.count - first
        guard count > 1 else { return }
        // Few names: compare each pair. Many, or some that have to be decoded first: sort by hash, so that equal ones are
        // neighbours.
        /// Below it, the pairs take less time than hashes do: nearly all differ in their marks.
        let fewNames = 32
        if count <= fewNames, names[first...].allSatisfy({ $0.mark != 0 }) {
            for later in (first + 1)..<names.count {
                for earlier in first..<later where names[earlier].mark == names[later].mark {
                    try refuse(names[earlier].entry, equalTo: names[later].entry, text)
                }
            }
            return
        }
        let sorted = names[first...].map { (hash: hash(ofName: tape.entries[$0.entry], text), entry: $0.entry) }
            .sorted { ($0.hash, $0.entry) < ($1.hash, $1.entry) }
        var run = 0
        for index in 1..<sorted.count {
            if sorted[index].hash != sorted[run].hash { run = index }
            for earlier in run..<index { try refuse(sorted[earlier].entry, equalTo: sorted[index].entry, text) }
        }
    }

    /// Names are equal when their bytes are: Swift's == on String is canonical equivalence.
    private func refuse(_ earlier: Int, equalTo later: Int, _ text: Span<UInt8>) throws(JSONError) {
        let (one, other) = (tape.entries[earlier], tape.entries[later])
        if !one.isEscaped, !other.isEscaped {
            let length = one.end - one.start
            guard other.end - other.start == length else { return }
            for offset in 0..<Int(length) where text[Int(one.start) + offset] != text[Int(other.start) + offset] {
                return
            }
        }
        let name = StringDecoding.string(text, other)
        guard StringDecoding.string(text, one).utf8.elementsEqual(name.utf8) else { return }
        throw JSONError(.duplicateKey(name), at: Int(other.start) - 1)
    }

    // MARK: Scalars

    private mutating func string(
        _ text: Span<UInt8>, at quote: Int, kind: Tape.Kind
    ) throws(JSONError) -> Int {
        let scan = try StringDecoding.scan(text, from: quote + 1)
        try append(kind, from: quote + 1, to: scan.end, isEscaped: scan.isEscaped)
        return scan.end + 1
    }

    private mutating func literal(
        _ word: StaticString, _ kind: Tape.Kind, _ text: Span<UInt8>, at offset: Int
    ) throws(JSONError) -> Int {
        let end = offset + word.utf8CodeUnitCount
        for index in 0..<word.utf8CodeUnitCount {
            guard offset + index < text.count else { throw JSONError(.unexpectedEnd, at: text.count) }
            guard text[offset + index] == word.utf8Start[index] else {
                throw JSONError(.unexpectedByte(text[offset + index]), at: offset + index)
            }
        }
        try append(kind, from: offset, to: end)
        return end
    }

    /// `-? (0 | [1-9][0-9]*) ('.' [0-9]+)? ([eE] [+-]? [0-9]+)?`, RFC 8259 §6.
    private mutating func number(_ text: Span<UInt8>, at offset: Int) throws(JSONError) -> Int {
        var at = offset
        func isDigit(_ index: Int) -> Bool { index < text.count && text[index] &- UInt8(ascii: "0") <= 9 }
        func skipDigits(_ index: inout Int) throws(JSONError) {
            guard isDigit(index) else { throw JSONError(.invalidNumber, at: offset) }
            while isDigit(index) { index += 1 }
        }
        if text[at] == UInt8(ascii: "-") { at += 1 }
        if at < text.count, text[at] == UInt8(ascii: "0") {
            at += 1
            guard !isDigit(at) else { throw JSONError(.invalidNumber, at: offset) }
        } else {
            try skipDigits(&at)
        }
        if at < text.count, text[at] == UInt8(ascii: ".") {
            at += 1
            try skipDigits(&at)
        }
        if at < text.count, text[at] | 0x20 == UInt8(ascii: "e") {
            at += 1
            if at < text.count, text[at] == UInt8(ascii: "+") || text[at] == UInt8(ascii: "-") { at += 1 }
            try skipDigits(&at)
        }
        try append(.number, from: offset, to: at)
        return at
    }

    private static func skipSpace(_ text: Span<UInt8>, from offset: Int) -> Int {
        var at = offset
        while at < text.count, text[at] <= 0x20,
            text[at] == 0x20 || text[at] == 0x0A || text[at] == 0x0D || text[at] == 0x09
        {
            at += 1
        }
        return at
    }
}
