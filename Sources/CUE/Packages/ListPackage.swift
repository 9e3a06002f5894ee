// SPDX-License-Identifier: Apache-2.0

/// `list`, as far as elements are concrete.
enum ListPackage {
    static let path = "list"
    static let package = Package(
        path, functions: cutting + arithmetic + sorting,
        constants: ["Ascending": ascending, "Descending": descending],
        unsupported: ["Comparer"],
        evaluated: ["Contains", "MatchN", "MaxItems", "MinItems", "UniqueItems"])

    /// `list.Ascending` and `list.Descending` stand for themselves: they are schemas that only sorting understands.
    static let ascending = order("x < y")
    static let descending = order("x > y")

    private static func order(_ less: String) -> BuiltinValue {
        .structure(
            [("T", "number | string"), ("x", "T"), ("y", "T"), ("less", less)].map {
                BuiltinValue.Field(name: $0.0, value: .string($0.1))
            })
    }

    private static let cutting: [Builtin] = [
        Builtin(path, "Drop", [.list, .int], .list) { (call) throws(BuiltinError) in
            let (list, count) = (try call.list(0), try call.int(1))
            guard count >= 0 else { throw call.failure("negative index") }
            return .list(Array(list.dropFirst(count)))
        },
        Builtin(path, "Take", [.list, .int], .list) { (call) throws(BuiltinError) in
            let (list, count) = (try call.list(0), try call.int(1))
            guard count >= 0 else { throw call.failure("negative index") }
            return .list(Array(list.prefix(count)))
        },
        Builtin(path, "Slice", [.list, .int, .int], .list) { (call) throws(BuiltinError) in
            let (list, start, end) = (try call.list(0), try call.int(1), try call.int(2))
            guard start >= 0 else { throw call.failure("negative index") }
            guard start <= end else { throw call.failure("invalid index: \(start) > \(end)") }
            guard end <= list.count else { throw call.failure("slice bounds out of range") }
            return .list(Array(list[start..<end]))
        },
        Builtin(path, "Reverse", [.list], .list) { (call) throws(BuiltinError) in
            .list(try call.list(0).reversed())
        },
        Builtin(path, "Repeat", [.list, .int], .list) { (call) throws(BuiltinError) in
            let (list, count) = (try call.list(0), try call.int(1))
            guard count >= 0 else { throw call.failure("negative count") }
            guard !list.isEmpty else { return .list([]) }
            let (length, over) = list.count.multipliedReportingOverflow(by: count)
            try call.admit(elements: over ? Int.max : length)
            return .list(Array(repeatElement(list, count: count).joined()))
        },
        Builtin(path, "Concat", [.list], .list) { (call) throws(BuiltinError) in
            var joined: [BuiltinValue] = []
            for element in try call.list(0) {
                joined += try elements(of: element, call)
                try call.admit(elements: joined.count)
            }
            return .list(joined)
        },
        Builtin(path, "FlattenN", [.any, .int], .list) { (call) throws(BuiltinError) in
            var flat: [BuiltinValue] = []
            try flatten(try elements(of: call.value(0), call), depth: try call.int(1), into: &flat, call)
            return .list(flat)
        },
    ]

    private static func elements(of value: BuiltinValue, _ call: BuiltinCall) throws(BuiltinError) -> [BuiltinValue] {
        guard case .list(let elements) = value else {
            throw call.failure("cannot use value \(value) (type \(value.kind)) as list")
        }
        return elements
    }

    /// As deep as the value is, which its maker bounds; a negative depth means all.
    private static func flatten(
        _ list: [BuiltinValue], depth: Int, into flat: inout [BuiltinValue], _ call: BuiltinCall
    ) throws(BuiltinError) {
        for element in list {
            if depth != 0, case .list(let inner) = element {
                try flatten(inner, depth: max(depth, 0) - 1, into: &flat, call)
            } else {
                flat.append(element)
                try call.admit(elements: flat.count)
            }
        }
    }

    private static let arithmetic: [Builtin] = [
        fold("Sum", from: 0) { (sum, next) throws(NumberError) in try next.adding(sum) },
        fold("Product", from: 1) { (product, next) throws(NumberError) in try next.multiplying(product) },
        extreme("Max") { $0 < $1 },
        extreme("Min") { $0 > $1 },
        Builtin(path, "Avg", [.list], .number) { (call) throws(BuiltinError) in
            let numbers = try call.numbers(0)
            guard !numbers.isEmpty else { throw call.failure("empty list") }
            return try call.decimal { () throws(NumberError) in
                var sum = Number.zero
                for number in numbers { sum = try number.adding(sum) }
                return try sum.dividedBy(Number(numbers.count))
            }
        },
        Builtin(path, "Range", [.number, .number, .number], .list) { (call) throws(BuiltinError) in
            try range(from: call.number(0), to: call.number(1), by: call.number(2), call)
        },
    ]

    private static func fold(
        _ name: String, from initial: Int,
        _ next: @escaping @Sendable (Number, Number) throws(NumberError) -> Number
    ) -> Builtin {
        Builtin(path, name, [.list], .number) { (call) throws(BuiltinError) in
            let numbers = try call.numbers(0)
            return try call.decimal { () throws(NumberError) in
                var result = Number(initial)
                for number in numbers { result = try next(result, number) }
                return result
            }
        }
    }

    private static func extreme(
        _ name: String, isReplaced: @escaping @Sendable (_ best: Number, _ next: Number) -> Bool
    ) -> Builtin {
        Builtin(path, name, [.list], .number) { (call) throws(BuiltinError) in
            let numbers = try call.numbers(0)
            guard var best = numbers.first else { throw call.failure("empty list") }
            for number in numbers.dropFirst() where isReplaced(best, number) { best = number }
            return try call.decimal { () throws(NumberError) in best }
        }
    }

    private static func range(
        from start: Number, to limit: Number, by step: Number, _ call: BuiltinCall
    ) throws(BuiltinError) -> BuiltinValue {
        guard !step.isZero else { throw call.failure("step must be non zero") }
        let isDescending = step.isNegative
        if !isDescending, start > limit {
            throw call.failure("end must be greater than start when step is positive")
        }
        if isDescending, start < limit {
            throw call.failure("end must be less than start when step is negative")
        }
        // Known before the first step; also ends a range whose steps are lost to rounding.
        let steps = try call.compute { () throws(NumberError) in
            try limit.subtracting(start).dividedBy(step)
        }
        guard steps <= Number(BuiltinLimits.elements) else {
            throw call.unsupported("more than \(BuiltinLimits.elements) elements")
        }
        var values: [BuiltinValue] = []
        var next = start
        while isDescending ? next > limit : next < limit {
            values.append(try call.decimal { () throws(NumberError) in next })
            try call.admit(elements: values.count)
            next = try call.compute { () throws(NumberError) in try step.adding(next) }
        }
        return .list(values)
    }

    private static let sorting: [Builtin] = [
        Builtin(path, "Sort", [.list, .any], .list) { (call) throws(BuiltinError) in try sorted(call) },
        Builtin(path, "SortStable", [.list, .any], .list) { (call) throws(BuiltinError) in try sorted(call) },
        Builtin(path, "IsSorted", [.list, .any], .bool) { (call) throws(BuiltinError) in
            let list = try call.list(0)
            return .bool(try sorted(call) == .list(list))
        },
        Builtin(path, "SortStrings", [.list], .list) { (call) throws(BuiltinError) in
            .strings(try call.strings(0).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        },
        Builtin(path, "IsSortedStrings", [.list], .bool) { (call) throws(BuiltinError) in
            let strings = try call.strings(0)
            return .bool(zip(strings, strings.dropFirst()).allSatisfy { !$1.utf8.lexicographicallyPrecedes($0.utf8) })
        },
    ]

    private static func sorted(_ call: BuiltinCall) throws(BuiltinError) -> BuiltinValue {
        let list = try call.list(0)
        let isDescending = call.value(1) == descending
        guard isDescending || call.value(1) == ascending else {
            throw call.unsupported("an order other than list.Ascending and list.Descending")
        }
        let areNumbers = list.allSatisfy { BuiltinKind.number.admits($0) }
        guard list.count < 2 || areNumbers || list.allSatisfy({ BuiltinKind.string.admits($0) }) else {
            throw call.failure("the elements are neither all numbers nor all strings")
        }
        return .list(
            list.enumerated().sorted { left, right in
                let ordered = isDescending ? (right, left) : (left, right)
                if precedes(ordered.0.element, ordered.1.element) { return true }
                return !precedes(ordered.1.element, ordered.0.element) && left.offset < right.offset
            }.map(\.element))
    }

    private static func precedes(_ left: BuiltinValue, _ right: BuiltinValue) -> Bool {
        switch (left, right) {
        case (.number(let left), .number(let right)): left < right
        case (.string(let left), .string(let right)): left.utf8.lexicographicallyPrecedes(right.utf8)
        default: false
        }
    }
}
