// SPDX-License-Identifier: Apache-2.0

/// Reads one JSON text into a tape. One pass, no recursion; work and memory are linear in the text.
struct TapeBuilder: ~Copyable {
    private let limits: JSONLimits
    private var entries: GrowingBuffer<Tape.Entry>
    /// How many containers are open.
    private var depth = 0
    /// The innermost that is open, where one is.
    private var current = OpenContainer(entry: 0, isObject: false, firstName: 0)
    /// Those around it, innermost last.
    private var outer = GrowingBuffer<OpenContainer>(capacity: 32)
    /// Names of the objects that are open, innermost last; each object owns the tail from its `firstName`.
    private var names = GrowingBuffer<Name>(capacity: 64)

    private struct OpenContainer: BitwiseCopyable {
        let entry: Int
        let isObject: Bool
        let firstName: Int
        var seen = SeenMarks()
        /// Whether names are compared when the object ends, and not one by one.
        var isDeferred = false
    }

    /// A bit for each name of an object so far, of 256: one that sets a new bit is equal to none of them.
    private struct SeenMarks: BitwiseCopyable {
        private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

        init() {}

        /// Whether the mark's bit is a new one.
        @inline(__always)
        mutating func insert(_ mark: UInt64) -> Bool {
            let hash = mark &* 0x9E37_79B9_7F4A_7C15
            let place = Int(hash >> 62) * MemoryLayout<UInt64>.stride
            let bit: UInt64 = 1 << (hash >> 56 & 63)
            return withUnsafeMutableBytes(of: &words) { words in
                let word = words.load(fromByteOffset: place, as: UInt64.self)
                words.storeBytes(of: word | bit, toByteOffset: place, as: UInt64.self)
                return word & bit == 0
            }
        }
    }

    private struct Name: BitwiseCopyable {
        let entry: Int
        /// Equal for equal names; 0 for one that is not written plainly.
        let mark: UInt64
    }

    static func tape(of text: Span<UInt8>, limits: JSONLimits) throws(JSONError) -> Tape {
        guard text.count <= limits.maximumBytes else {
            throw JSONError(.tooLarge(limit: limits.maximumBytes), at: limits.maximumBytes)
        }
        var builder = TapeBuilder(limits: limits, for: text)
        let end = try builder.read(text)
        let rest = skipSpace(text, from: end)
        guard rest == text.count else { throw JSONError(.trailingData, at: rest) }
        return Tape(entries: builder.entries.array)
    }

    /// Reviews have a value or a name for every eleven to twelve bytes, and are not to make the buffer grow; an entry takes
    /// sixteen.
    private static var usualBytesPerEntry: Int { 10 }

    private init(limits: JSONLimits, for text: Span<UInt8>) {
        self.limits = limits
        entries = GrowingBuffer(capacity: min(limits.maximumValues, text.count / Self.usualBytesPerEntry))
    }

    /// Reads the outermost value; returns the offset after it.
    private mutating func read(_ text: Span<UInt8>) throws(JSONError) -> Int {
        var at = Self.skipSpace(text, from: 0)
        while true {
            guard at < text.count else { throw JSONError(.unexpectedEnd, at: at) }
            switch text[at] {
            case UInt8(ascii: "{"):
                try open(isObject: true, at: at)
                at = Self.skipSpace(text, from: at + 1)
                guard at < text.count else { throw JSONError(.unexpectedEnd, at: at) }
                guard text[at] == UInt8(ascii: "}") else {
                    at = try name(text, at: at)
                    continue
                }
                at = try close(text, at: at)
            case UInt8(ascii: "["):
                try open(isObject: false, at: at)
                at = Self.skipSpace(text, from: at + 1)
                guard at < text.count else { throw JSONError(.unexpectedEnd, at: at) }
                guard text[at] == UInt8(ascii: "]") else { continue }
                at = try close(text, at: at)
            case UInt8(ascii: "\""): at = try string(text, at: at)
            case UInt8(ascii: "t"): at = try literal("true", .true, text, at: at)
            case UInt8(ascii: "f"): at = try literal("false", .false, text, at: at)
            case UInt8(ascii: "n"): at = try literal("null", .null, text, at: at)
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): at = try number(text, at: at)
            case let byte: throw JSONError(.unexpectedByte(byte), at: at)
            }
            // A value has ended. Close what ends with it, up to a comma.
            while true {
                guard depth > 0 else { return at }
                let isObject = current.isObject
                at = Self.skipSpace(text, from: at)
                guard at < text.count else { throw JSONError(.unexpectedEnd, at: at) }
                let byte = text[at]
                if byte == UInt8(ascii: ",") {
                    at = Self.skipSpace(text, from: at + 1)
                    if isObject { at = try name(text, at: at) }
                    break
                }
                guard byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                    throw JSONError(.unexpectedByte(byte), at: at)
                }
                at = try close(text, at: at)
            }
        }
    }

    private mutating func open(isObject: Bool, at offset: Int) throws(JSONError) {
        guard depth < limits.maximumDepth else { throw JSONError(.tooDeep(limit: limits.maximumDepth), at: offset) }
        if depth > 0 { outer.append(current) }
        depth += 1
        current = OpenContainer(entry: entries.count, isObject: isObject, firstName: names.count)
        try append(isObject ? .object : .array, from: offset, to: offset + 1)
    }

    /// Ends the innermost container; returns the offset after its bracket.
    private mutating func close(_ text: Span<UInt8>, at offset: Int) throws(JSONError) -> Int {
        if current.isObject {
            if current.isDeferred { try refuseDuplicates(from: current.firstName, text) }
            names.keepFirst(current.firstName)
        }
        entries[current.entry].end = UInt32(offset + 1)
        entries[current.entry].next = UInt32(entries.count)
        depth -= 1
        if depth > 0 {
            current = outer[depth - 1]
            outer.keepFirst(depth - 1)
        }
        return offset + 1
    }

    private mutating func append(
        _ kind: Tape.Kind, from start: Int, to end: Int, isEscaped: Bool = false
    ) throws(JSONError) {
        guard entries.count < limits.maximumValues else {
            throw JSONError(.tooManyValues(limit: limits.maximumValues), at: start)
        }
        entries.append(
            Tape.Entry(
                kind: kind, isEscaped: isEscaped, start: UInt32(start), end: UInt32(end),
                next: UInt32(entries.count + 1)))
    }

    // MARK: Names

    /// Reads a member's name and its colon; returns the offset of the member's value.
    private mutating func name(_ text: Span<UInt8>, at offset: Int) throws(JSONError) -> Int {
        guard offset < text.count else { throw JSONError(.unexpectedEnd, at: offset) }
        guard text[offset] == UInt8(ascii: "\"") else { throw JSONError(.unexpectedByte(text[offset]), at: offset) }
        let scan = try StringDecoding.scan(text, from: offset + 1)
        try append(.name, from: offset + 1, to: scan.end, isEscaped: scan.isEscaped)
        try noteLastName(mark: scan.isPlain ? Self.mark(text, from: offset + 1, to: scan.end) : 0, text)
        let colon = Self.skipSpace(text, from: scan.end + 1)
        guard colon < text.count else { throw JSONError(.unexpectedEnd, at: colon) }
        guard text[colon] == UInt8(ascii: ":") else { throw JSONError(.unexpectedByte(text[colon]), at: colon) }
        return Self.skipSpace(text, from: colon + 1)
    }

    /// So many names of an object are compared with each other as they come.
    private static var fewNames: Int { 32 }

    /// Compares the name that has just been read with those before it in its object, or leaves that for its end.
    private mutating func noteLastName(mark: UInt64, _ text: Span<UInt8>) throws(JSONError) {
        let name = Name(entry: entries.count - 1, mark: mark)
        if name.mark == 0 || names.count - current.firstName >= Self.fewNames { current.isDeferred = true }
        if !current.isDeferred {
            if !current.seen.insert(name.mark) {
                for earlier in current.firstName..<names.count where names[earlier].mark == name.mark {
                    if isSameText(entries[names[earlier].entry], entries[name.entry], text) {
                        throw duplicate(entries[name.entry], text)
                    }
                }
            }
        }
        names.append(name)
    }

    /// Of a name that is written plainly: its length and its last bytes.
    @inline(__always)
    private static func mark(_ text: Span<UInt8>, from start: Int, to end: Int) -> UInt64 {
        let length = end - start
        let last = text.withUnsafeBytes { bytes in
            if end >= 8 { return UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: end - 8, as: UInt64.self)) }
            return bytes[..<end].reduce(UInt64(0)) { $0 >> 8 | UInt64($1) << 56 }
        }
        let own = length < 8 ? last >> (64 - 8 * UInt64(max(1, length))) : last
        return (own ^ UInt64(truncatingIfNeeded: length) &* 0x9E37_79B9_7F4A_7C15) | 1
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

    /// Of many names, or some that have to be decoded first: sorted by hash, equal ones are neighbours.
    private func refuseDuplicates(from first: Int, _ text: Span<UInt8>) throws(JSONError) {
        let count = names.count - first
        guard count > 1 else { return }
        if count == 2 { return try refuse(names[first].entry, equalTo: names[first + 1].entry, text) }
        let sorted = (first..<names.count).map {
            (hash: hash(ofName: entries[names[$0].entry], text), entry: names[$0].entry)
        }
        .sorted { ($0.hash, $0.entry) < ($1.hash, $1.entry) }
        var run = 0
        for index in 1..<sorted.count {
            if sorted[index].hash != sorted[run].hash { run = index }
            for earlier in run..<index { try refuse(sorted[earlier].entry, equalTo: sorted[index].entry, text) }
        }
    }

    /// Names are equal when their bytes are: Swift's == on String is canonical equivalence.
    private func refuse(_ earlier: Int, equalTo later: Int, _ text: Span<UInt8>) throws(JSONError) {
        let (one, other) = (entries[earlier], entries[later])
        if !one.isEscaped, !other.isEscaped {
            guard isSameText(one, other, text) else { return }
        } else {
            // A byte of a value takes six of an escape at most.
            func range(_ name: Tape.Entry) -> ClosedRange<UInt32> {
                let length = name.end - name.start
                return name.isEscaped ? length / 6...length : length...length
            }
            guard range(one).overlaps(range(other)),
                StringDecoding.string(text, one).utf8.elementsEqual(StringDecoding.string(text, other).utf8)
            else { return }
        }
        throw duplicate(other, text)
    }

    /// What decides for names that are both written plainly.
    private func isSameText(_ one: Tape.Entry, _ other: Tape.Entry, _ text: Span<UInt8>) -> Bool {
        guard one.end - one.start == other.end - other.start else { return false }
        for offset in 0..<Int(one.end - one.start)
        where text[Int(one.start) + offset] != text[Int(other.start) + offset] {
            return false
        }
        return true
    }

    private func duplicate(_ name: Tape.Entry, _ text: Span<UInt8>) -> JSONError {
        JSONError(.duplicateKey(StringDecoding.string(text, name)), at: Int(name.start) - 1)
    }

    // MARK: Scalars

    private mutating func string(_ text: Span<UInt8>, at quote: Int) throws(JSONError) -> Int {
        let scan = try StringDecoding.scan(text, from: quote + 1)
        try append(.string, from: quote + 1, to: scan.end, isEscaped: scan.isEscaped)
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
