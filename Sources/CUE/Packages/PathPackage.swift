// SPDX-License-Identifier: Apache-2.0

/// `path`, in the notation of Unix; those of Windows and Plan 9 are not supported.
enum PathPackage {
    static let path = "path"
    static let package = Package(
        path, functions: functions,
        constants: ["Unix": .string("unix"), "Windows": .string("windows"), "Plan9": .string("plan9")],
        unsupported: ["Match", "Rel", "VolumeName"])

    private static let slash = UInt8(ascii: "/")

    private static func define(
        _ name: String, _ parameters: [BuiltinKind], _ result: BuiltinKind, isUnixByDefault: Bool = true,
        _ body: @escaping @Sendable (BuiltinCall) throws(BuiltinError) -> BuiltinValue
    ) -> Builtin {
        Builtin(
            path, name, parameters + [.string], result, defaults: isUnixByDefault ? [.string("unix")] : []
        ) { (call) throws(BuiltinError) in
            let system = try call.string(parameters.count)
            guard system == "unix" else { throw call.unsupported("a notation other than that of Unix") }
            return try body(call)
        }
    }

    private static let functions: [Builtin] = [
        define("Clean", [.string], .string) { (call) throws(BuiltinError) in
            .string(utf8: clean(try call.utf8(0)))
        },
        define("Split", [.string], .list) { (call) throws(BuiltinError) in
            let text = try call.utf8(0)
            let end = text.lastIndex(of: slash).map { $0 + 1 } ?? 0
            return .list([.string(utf8: text[..<end]), .string(utf8: text[end...])])
        },
        define("SplitList", [.string], .list, isUnixByDefault: false) { (call) throws(BuiltinError) in
            let text = try call.utf8(0)
            guard !text.isEmpty else { return .list([]) }
            return .list(
                text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map { .string(utf8: $0) })
        },
        define("Join", [.list], .string) { (call) throws(BuiltinError) in
            .string(utf8: join(try call.strings(0)))
        },
        define("Resolve", [.string, .string], .string) { (call) throws(BuiltinError) in
            let (base, relative) = (try call.utf8(0), try call.utf8(1))
            if relative.first == slash { return .string(utf8: clean(relative)) }
            return .string(utf8: clean(clean(base) + [slash] + relative))
        },
        define("Ext", [.string], .string) { (call) throws(BuiltinError) in
            let text = try call.utf8(0)
            guard let mark = text.lastIndex(where: { $0 == UInt8(ascii: ".") || $0 == slash }), text[mark] != slash
            else { return .string("") }
            return .string(utf8: text[mark...])
        },
        define("Base", [.string], .string) { (call) throws(BuiltinError) in
            let text = try call.utf8(0)
            guard !text.isEmpty else { return .string(".") }
            guard let end = text.lastIndex(where: { $0 != slash }) else { return .string("/") }
            let start = text[..<end].lastIndex(of: slash).map { $0 + 1 } ?? 0
            return .string(utf8: text[start...end])
        },
        define("Dir", [.string], .string) { (call) throws(BuiltinError) in
            let text = try call.utf8(0)
            return .string(utf8: clean(Array(text[..<(text.lastIndex(of: slash).map { $0 + 1 } ?? 0)])))
        },
        define("IsAbs", [.string], .bool) { (call) throws(BuiltinError) in
            .bool(try call.utf8(0).first == slash)
        },
        define("ToSlash", [.string], .string, isUnixByDefault: false) { (call) throws(BuiltinError) in
            .string(try call.string(0))
        },
        define("FromSlash", [.string], .string, isUnixByDefault: false) { (call) throws(BuiltinError) in
            .string(try call.string(0))
        },
    ]

    /// The shortest path that means the same by its text alone.
    private static func clean(_ text: [UInt8]) -> [UInt8] {
        let isRooted = text.first == slash
        var names: [ArraySlice<UInt8>] = []
        for name in text.split(separator: slash) where !name.elementsEqual(".".utf8) {
            if name.elementsEqual("..".utf8) {
                if let last = names.last, !last.elementsEqual("..".utf8) {
                    names.removeLast()
                } else if !isRooted {
                    names.append(name)
                }
            } else {
                names.append(name)
            }
        }
        let joined = Array(names.joined(separator: [slash]))
        if isRooted { return [slash] + joined }
        return joined.isEmpty ? [UInt8(ascii: ".")] : joined
    }

    private static func join(_ parts: [String]) -> [UInt8] {
        let rest = parts.drop(while: \.isEmpty)
        return rest.isEmpty ? [] : clean(Array(rest.joined(separator: "/").utf8))
    }
}
