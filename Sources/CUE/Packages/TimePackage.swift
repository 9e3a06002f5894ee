// SPDX-License-Identifier: Apache-2.0

/// `time`: times are strings, RFC 3339 unless a layout says otherwise.
enum TimePackage {
    static let path = "time"
    static let package = Package(path, functions: durations + times, constants: constants)

    private static let constants: [String: BuiltinValue] = {
        var constants: [String: BuiltinValue] = [
            "ANSIC": "Mon Jan _2 15:04:05 2006", "UnixDate": "Mon Jan _2 15:04:05 MST 2006",
            "RubyDate": "Mon Jan 02 15:04:05 -0700 2006", "RFC822": "02 Jan 06 15:04 MST",
            "RFC822Z": "02 Jan 06 15:04 -0700", "RFC850": "Monday, 02-Jan-06 15:04:05 MST",
            "RFC1123": "Mon, 02 Jan 2006 15:04:05 MST", "RFC1123Z": "Mon, 02 Jan 2006 15:04:05 -0700",
            "RFC3339": "2006-01-02T15:04:05Z07:00", "RFC3339Nano": "2006-01-02T15:04:05.999999999Z07:00",
            "RFC3339Date": "2006-01-02", "Kitchen": "3:04PM", "Kitchen24": "15:04",
        ].mapValues(BuiltinValue.string)
        for (at, name) in TimeLayout.months.enumerated() { constants[name] = .int(at + 1) }
        for (at, name) in TimeLayout.weekdays.enumerated() { constants[name] = .int(at) }
        let units = [
            ("Nanosecond", 1), ("Microsecond", 1_000), ("Millisecond", 1_000_000), ("Second", 1_000_000_000),
            ("Minute", 60_000_000_000), ("Hour", 3_600_000_000_000),
        ]
        for (name, nanoseconds) in units { constants[name] = .int(nanoseconds) }
        return constants
    }()

    private static let durations: [Builtin] = [
        Builtin(path, "Duration", [.string], .bool) { (call) throws(BuiltinError) in
            _ = try duration(call)
            return .bool(true)
        },
        Builtin(path, "ParseDuration", [.string], .int) { (call) throws(BuiltinError) in
            .int(try duration(call))
        },
        Builtin(path, "FormatDuration", [.int], .string) { (call) throws(BuiltinError) in
            .string(GoDuration.format(try call.int(0)))
        },
    ]

    private static func duration(_ call: BuiltinCall) throws(BuiltinError) -> Int {
        do throws(GoDuration.Malformed) {
            return try GoDuration.parse(string(call, 0))
        } catch { throw call.failure(error.message) }
    }

    /// The kind was checked before the call.
    private static func string(_ call: BuiltinCall, _ at: Int) -> String {
        guard case .string(let string) = call.value(at) else { return "" }
        return string
    }

    private static let rfc3339Nano = "2006-01-02T15:04:05.999999999Z07:00"

    private static let times: [Builtin] = [
        Builtin(path, "Time", [.string], .bool) { (call) throws(BuiltinError) in
            try check(try call.string(0), layout: rfc3339Nano, call)
        },
        Builtin(path, "Format", [.string, .string], .bool) { (call) throws(BuiltinError) in
            try check(try call.string(0), layout: try call.string(1), call)
        },
        Builtin(path, "Parse", [.string, .string], .string) { (call) throws(BuiltinError) in
            let time = try parse(try call.string(1), layout: try call.string(0), call)
            return try instant(time.seconds, time.nanosecond, call)
        },
        Builtin(path, "FormatString", [.string, .string], .string) { (call) throws(BuiltinError) in
            let layout = try call.string(0)
            try call.admit(bytes: layout.utf8.count.multipliedReportingOverflow(by: 8).partialValue)
            let time = try parse(try call.string(1), layout: rfc3339Nano, call)
            return .string(TimeLayout(layout).format(time))
        },
        Builtin(path, "Unix", [.int, .int], .string) { (call) throws(BuiltinError) in
            let (seconds, nanoseconds) = (try call.int(0), try call.int(1))
            var (carried, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
            if rest < 0 {
                carried -= 1
                rest += 1_000_000_000
            }
            let (sum, over) = seconds.addingReportingOverflow(carried)
            guard !over else { throw call.unsupported("a time so far from now") }
            return try instant(sum, rest, call)
        },
        Builtin(path, "Split", [.string], .structure) { (call) throws(BuiltinError) in
            let time = try parse(try call.string(0), layout: rfc3339Nano, call)
            let fields = time.fields
            return .structure(
                [
                    ("year", fields.year), ("month", fields.month), ("day", fields.day), ("hour", fields.hour),
                    ("minute", fields.minute), ("second", fields.second), ("nanosecond", time.nanosecond),
                ].map { BuiltinValue.Field(name: $0.0, value: .int($0.1)) })
        },
    ]

    private static func parse(
        _ value: String, layout: String, _ call: BuiltinCall
    ) throws(BuiltinError) -> CivilTime {
        do throws(TimeError) {
            return try TimeLayout(layout).parse(value, layout: layout)
        } catch {
            switch error {
            case .malformed(let message): throw call.failure(message)
            case .unsupported(let what): throw call.unsupported(what)
            }
        }
    }

    private static func check(
        _ value: String, layout: String, _ call: BuiltinCall
    ) throws(BuiltinError) -> BuiltinValue {
        do throws(BuiltinError) {
            _ = try parse(value, layout: layout, call)
        } catch {
            if error.isUnsupported { throw error }
            throw call.failure("invalid time \(GoQuoting.quoted(value))")
        }
        return .bool(true)
    }

    private static func instant(
        _ seconds: Int, _ nanosecond: Int, _ call: BuiltinCall
    ) throws(BuiltinError) -> BuiltinValue {
        guard let time = CivilTime(seconds: seconds, nanosecond: nanosecond) else {
            throw call.unsupported("a time so far from now")
        }
        return .string(TimeLayout.rfc3339Nano.format(time))
    }
}
