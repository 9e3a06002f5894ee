// SPDX-License-Identifier: Apache-2.0
import Glibc
import JSON
import YAML

/// Where a setting comes from: the flag, else the variable `COUNTERSIGN_…`, else the file of `--config`, else the default.
struct SettingSources {
    /// One setting's text, and how to name it to whoever wrote it.
    struct Setting: Hashable, Sendable {
        let text: String
        /// `--listen`, `COUNTERSIGN_LISTEN`, or `settings.yaml:3:1: listen`.
        let origin: String

        func boolean() throws(UsageError) -> Bool {
            guard let value = BooleanFlags.value(text) else {
                throw UsageError("\(origin) takes true or false, not '\(text)'")
            }
            return value
        }
    }

    private let file: [String: [Setting]]
    private let variable: (String) -> String?

    /// - Parameters:
    ///   - path: a YAML mapping from the flags' names, without dashes in front, to a value or a list of values.
    ///   - names: the settings that exist; any other key is an error, since what nobody reads somebody relied on.
    init(
        config path: String?, names: Set<String>, environment: @escaping (String) -> String? = Self.environment
    ) throws(UsageError) {
        variable = environment
        guard let path = path ?? environment("COUNTERSIGN_CONFIG") else {
            file = [:]
            return
        }
        file = try Self.read(path, names)
    }

    private static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    private static func read(_ path: String, _ names: Set<String>) throws(UsageError) -> [String: [Setting]] {
        let text = try readFile(path)
        let documents: [JSONDocument]
        do throws(YAMLError) { documents = try YAMLDocument.parse(text) } catch {
            throw UsageError("\(path): \(error)")
        }
        guard documents.count == 1, let root = documents.first?.root, root.kind == .object else {
            throw UsageError("\(path): write one mapping from setting to value")
        }
        var settings: [String: [Setting]] = [:]
        for member in root.members {
            let position = member.nameValue.position
            let origin = "\(path):\(position.line):\(position.column): \(member.name)"
            guard names.contains(member.name) else {
                throw UsageError("\(origin) is no setting; there are \(names.sorted().joined(separator: ", "))")
            }
            let values = member.value.kind == .array ? Array(member.value.elements) : [member.value]
            settings[member.name] = try values.map { value throws(UsageError) in
                switch value.kind {
                case .string: Setting(text: value.string ?? "", origin: origin)
                case .number: Setting(text: value.numberText ?? "", origin: origin)
                case .bool: Setting(text: value.bool == true ? "true" : "false", origin: origin)
                case .array, .object, .null: throw UsageError("\(origin) takes a value or a list of values")
                }
            }
        }
        return settings
    }

    func value(_ name: String, flag: String?) throws(UsageError) -> Setting? {
        if let flag { return Setting(text: flag, origin: "--\(name)") }
        let variableName = Self.variableName(name)
        if let text = variable(variableName) { return Setting(text: text, origin: variableName) }
        guard let values = file[name] else { return nil }
        guard values.count == 1 else {
            throw UsageError("\(values.first?.origin ?? name) takes one value, not \(values.count)")
        }
        return values.first
    }

    /// A list in a variable is separated by commas; spaces around them do not count.
    func list(_ name: String, flags: [String]) -> [String] {
        if !flags.isEmpty { return flags }
        if let text = variable(Self.variableName(name)) {
            return text.split(separator: ",").map(Self.withoutSpaces).filter { !$0.isEmpty }
        }
        return file[name]?.map(\.text) ?? []
    }

    private static func withoutSpaces(_ text: Substring) -> String {
        var text = text.drop { $0 == " " }
        while text.last == " " { text.removeLast() }
        return String(text)
    }

    /// A number within bounds; anything else is wrong usage, never a default.
    func integer(_ name: String, flag: String?, in range: ClosedRange<Int>) throws(UsageError) -> Int? {
        guard let setting = try value(name, flag: flag) else { return nil }
        guard let number = Int(setting.text), range.contains(number) else {
            throw UsageError(
                "\(setting.origin) takes a number from \(range.lowerBound) to \(range.upperBound), not '\(setting.text)'"
            )
        }
        return number
    }

    /// A time within bounds, as `90s`, `30m` or `24h`; anything else is wrong usage, never a default.
    func duration(_ name: String, flag: String?, in range: ClosedRange<Duration>) throws(UsageError) -> Duration? {
        guard let setting = try value(name, flag: flag) else { return nil }
        let seconds: [Character: Int] = ["s": 1, "m": 60, "h": 3600]
        // More digits than these are beyond every range.
        guard let unit = setting.text.last.flatMap({ seconds[$0] }), (2...9).contains(setting.text.utf8.count),
            setting.text.utf8.dropLast().allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
            let number = Int(setting.text.dropLast()), range.contains(.seconds(number * unit))
        else {
            let (least, most) = (range.lowerBound.components.seconds, range.upperBound.components.seconds)
            throw UsageError(
                "\(setting.origin) takes a time from \(least)s to \(most)s, as 90s, 30m or 24h, not '\(setting.text)'")
        }
        return .seconds(number * unit)
    }

    /// `true` or `false` in any of Go's spellings; anything else is wrong usage, never a default.
    func boolean(_ name: String, flag: String?) throws(UsageError) -> Bool? {
        try value(name, flag: flag).map { setting throws(UsageError) in try setting.boolean() }
    }

    static func variableName(_ name: String) -> String {
        "COUNTERSIGN_" + name.uppercased().split(separator: "-").joined(separator: "_")
    }
}
