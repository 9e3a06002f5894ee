// SPDX-License-Identifier: Apache-2.0

/// `strings`. Positions are bytes, characters are Unicode scalars.
enum StringsPackage {
    static let path = "strings"
    static let package = Package(
        path, functions: bytewise + cutting + casing + searching + trimming)

    private static let bytewise: [Builtin] = [
        Builtin(path, "ByteAt", [.stringOrBytes, .int], .int) { (call) throws(BuiltinError) in
            let (bytes, at) = (try call.bytes(0), try call.int(1))
            guard bytes.indices.contains(at) else { throw call.failure("index out of range") }
            return .int(Int(bytes[at]))
        },
        Builtin(path, "ByteSlice", [.stringOrBytes, .int, .int], .stringOrBytes) { (call) throws(BuiltinError) in
            let (bytes, start, end) = (try call.bytes(0), try call.int(1), try call.int(2))
            guard 0 <= start, start <= end, end <= bytes.count else { throw call.failure("index out of range") }
            return .bytes(Array(bytes[start..<end]))
        },
        Builtin(path, "Runes", [.string], .list) { (call) throws(BuiltinError) in
            let scalars = try call.string(0).unicodeScalars
            try call.admit(elements: scalars.count)
            return .list(scalars.map { .int(Int($0.value)) })
        },
        Builtin(path, "SliceRunes", [.string, .int, .int], .string) { (call) throws(BuiltinError) in
            let (scalars, start, end) = (Array(try call.string(0).unicodeScalars), try call.int(1), try call.int(2))
            guard 0 <= start, start <= end, end <= scalars.count else { throw call.failure("index out of range") }
            return .string(text(scalars[start..<end]))
        },
        Builtin(path, "MinRunes", [.string, .int], .bool) { (call) throws(BuiltinError) in
            .bool(try call.string(0).unicodeScalars.count >= call.int(1))
        },
        Builtin(path, "MaxRunes", [.string, .int], .bool) { (call) throws(BuiltinError) in
            .bool(try call.string(0).unicodeScalars.count <= call.int(1))
        },
        Builtin(path, "Compare", [.string, .string], .int) { (call) throws(BuiltinError) in
            let (left, right) = (try call.utf8(0), try call.utf8(1))
            return .int(left == right ? 0 : left.lexicographicallyPrecedes(right) ? -1 : 1)
        },
    ]

    private static let cutting: [Builtin] = [
        split("Split", keepingSeparator: false, isLimited: false),
        split("SplitN", keepingSeparator: false, isLimited: true),
        split("SplitAfter", keepingSeparator: true, isLimited: false),
        split("SplitAfterN", keepingSeparator: true, isLimited: true),
        Builtin(path, "Fields", [.string], .list) { (call) throws(BuiltinError) in
            let fields = try call.string(0).unicodeScalars.split(whereSeparator: \.isSpace)
            try call.admit(elements: fields.count)
            return .strings(fields.map { String($0) })
        },
        Builtin(path, "Join", [.list, .string], .string) { (call) throws(BuiltinError) in
            let (parts, separator) = (try call.strings(0), try call.string(1))
            let length = parts.reduce(separator.utf8.count * max(0, parts.count - 1)) { $0 + $1.utf8.count }
            try call.admit(bytes: length)
            return .string(parts.joined(separator: separator))
        },
        Builtin(path, "Repeat", [.string, .int], .string) { (call) throws(BuiltinError) in
            let (part, count) = (try call.string(0), try call.int(1))
            guard count >= 0 else { throw call.failure("negative count") }
            guard !part.isEmpty else { return .string("") }
            let (length, over) = part.utf8.count.multipliedReportingOverflow(by: count)
            try call.admit(bytes: over ? Int.max : length)
            return .string(String(repeating: part, count: count))
        },
        Builtin(path, "Replace", [.string, .string, .string, .int], .string) { (call) throws(BuiltinError) in
            let (text, old, new, limit) = (
                try call.utf8(0), try call.utf8(1), try call.utf8(2), try call.int(3)
            )
            let found = text.occurrences(of: old)
            let (growth, over) = (limit < 0 ? found : min(limit, found))
                .multipliedReportingOverflow(by: new.count)
            try call.admit(bytes: over ? Int.max : growth)
            return .string(utf8: text.replacing(old, with: new, limit: limit))
        },
    ]

    private static func split(_ name: String, keepingSeparator: Bool, isLimited: Bool) -> Builtin {
        Builtin(path, name, isLimited ? [.string, .string, .int] : [.string, .string], .list) {
            (call) throws(BuiltinError) in
            let (text, separator) = (try call.utf8(0), try call.utf8(1))
            let limit = isLimited ? try call.int(2) : -1
            if limit < 0 || limit > BuiltinLimits.elements {
                try call.admit(elements: text.occurrences(of: separator) + 1)
            }
            let pieces = text.split(by: separator, keepingSeparator: keepingSeparator, limit: limit)
            return .list(pieces.map { .string(utf8: $0) })
        }
    }

    private static let casing: [Builtin] = [
        mapping("ToUpper") { scalar, _ in scalar.uppercase },
        mapping("ToLower") { scalar, _ in scalar.lowercase },
        // The first letter of each word alone.
        mapping("ToTitle") { scalar, previous in previous.isSpace ? scalar.titlecase : scalar },
        mapping("ToCamel") { scalar, previous in previous.isSpace ? scalar.lowercase : scalar },
    ]

    private static func mapping(
        _ name: String,
        _ map: @escaping @Sendable (_ scalar: Unicode.Scalar, _ previous: Unicode.Scalar) -> Unicode.Scalar
    ) -> Builtin {
        Builtin(path, name, [.string], .string) { (call) throws(BuiltinError) in
            var mapped = String.UnicodeScalarView()
            var previous: Unicode.Scalar = " "
            for scalar in try call.string(0).unicodeScalars {
                mapped.append(map(scalar, previous))
                previous = scalar
            }
            return .string(String(mapped))
        }
    }

    private static let searching: [Builtin] = [
        search("Contains", .bool) { .bool($0.position(of: $1) != nil) },
        search("Count", .int) { .int($0.occurrences(of: $1)) },
        search("Index", .int) { .int($0.position(of: $1) ?? -1) },
        search("LastIndex", .int) { .int($0.lastPosition(of: $1) ?? -1) },
        search("HasPrefix", .bool) { .bool($0.starts(with: $1)) },
        search("HasSuffix", .bool) { .bool($0.reversed().starts(with: $1.reversed())) },
        search("ContainsAny", .bool) { .bool(positions(of: $1, in: $0).first != nil) },
        search("IndexAny", .int) { .int(positions(of: $1, in: $0).first ?? -1) },
        search("LastIndexAny", .int) { .int(positions(of: $1, in: $0).last ?? -1) },
    ]

    private static func search(
        _ name: String, _ result: BuiltinKind,
        _ body: @escaping @Sendable (_ text: [UInt8], _ part: [UInt8]) -> BuiltinValue
    ) -> Builtin {
        Builtin(path, name, [.string, .string], result) { (call) throws(BuiltinError) in
            body(try call.utf8(0), try call.utf8(1))
        }
    }

    /// Where in the text, in bytes, the first and the last of these characters stand.
    private static func positions(of characters: [UInt8], in text: [UInt8]) -> (first: Int?, last: Int?) {
        let wanted = Set(String(decoding: characters, as: UTF8.self).unicodeScalars)
        var (first, last): (Int?, Int?)
        var at = 0
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
            if wanted.contains(scalar) {
                first = first ?? at
                last = at
            }
            at += UTF8.width(scalar)
        }
        return (first, last)
    }

    private static let trimming: [Builtin] = [
        trim("Trim", left: true, right: true),
        trim("TrimLeft", left: true, right: false),
        trim("TrimRight", left: false, right: true),
        Builtin(path, "TrimSpace", [.string], .string) { (call) throws(BuiltinError) in
            .string(trimmed(try call.string(0), left: true, right: true, where: \.isSpace))
        },
        Builtin(path, "TrimPrefix", [.string, .string], .string) { (call) throws(BuiltinError) in
            let (text, prefix) = (try call.utf8(0), try call.utf8(1))
            return .string(utf8: text.starts(with: prefix) ? text.dropFirst(prefix.count) : text[...])
        },
        Builtin(path, "TrimSuffix", [.string, .string], .string) { (call) throws(BuiltinError) in
            let (text, suffix) = (try call.utf8(0), try call.utf8(1))
            let isThere = text.reversed().starts(with: suffix.reversed())
            return .string(utf8: isThere ? text.dropLast(suffix.count) : text[...])
        },
    ]

    private static func trim(_ name: String, left: Bool, right: Bool) -> Builtin {
        Builtin(path, name, [.string, .string], .string) { (call) throws(BuiltinError) in
            let set = Set(try call.string(1).unicodeScalars)
            return .string(trimmed(try call.string(0), left: left, right: right) { set.contains($0) })
        }
    }

    private static func trimmed(
        _ string: String, left: Bool, right: Bool, where isDropped: (Unicode.Scalar) -> Bool
    ) -> String {
        var scalars = Substring(string).unicodeScalars
        if left { scalars = scalars.drop(while: isDropped) }
        if right { while let last = scalars.last, isDropped(last) { scalars.removeLast() } }
        return String(scalars)
    }

    private static func text(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }
}
