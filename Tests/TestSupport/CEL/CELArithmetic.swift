// SPDX-License-Identifier: Apache-2.0

/// Comparisons and sums.
enum CELArithmetic {
    static func binary(
        _ operation: CELNode.Operator, _ left: JSONTree, _ right: JSONTree
    ) throws(CELFailure) -> JSONTree {
        switch operation {
        case .equal: return .bool(equal(left, right))
        case .notEqual: return .bool(!equal(left, right))
        case .less: return .bool(try order(left, right) < 0)
        case .lessOrEqual: return .bool(try order(left, right) <= 0)
        case .greater: return .bool(try order(left, right) > 0)
        case .greaterOrEqual: return .bool(try order(left, right) >= 0)
        case .isIn:
            switch right {
            case .array(let values): return .bool(values.contains { equal($0, left) })
            case .object:
                guard let name = left.string else { return false }
                return .bool(right.member(name) != nil)
            default: throw .evaluation("no such overload: in")
            }
        case .plus:
            switch (left, right) {
            case (.string(let left), .string(let right)): return .string(left + right)
            case (.array(let left), .array(let right)): return .array(left + right)
            default: return try whole(left, right) { $0.addingReportingOverflow($1) }
            }
        case .minus: return try whole(left, right) { $0.subtractingReportingOverflow($1) }
        case .times: return try whole(left, right) { $0.multipliedReportingOverflow(by: $1) }
        case .divided: return try whole(left, right) { $0.dividedReportingOverflow(by: $1) }
        case .modulo: return try whole(left, right) { $0.remainderReportingOverflow(dividingBy: $1) }
        }
    }

    private static func whole(
        _ left: JSONTree, _ right: JSONTree, _ operation: (Int64, Int64) -> (partialValue: Int64, overflow: Bool)
    ) throws(CELFailure) -> JSONTree {
        guard let left = left.integer, let right = right.integer else { throw .evaluation("no such overload") }
        let (result, overflow) = operation(left, right)
        if overflow { throw .evaluation("integer overflow, or division by zero") }
        return .integer(result)
    }

    /// Values of different kinds are unequal, numbers excepted.
    private static func equal(_ left: JSONTree, _ right: JSONTree) -> Bool {
        if let left = number(left), let right = number(right) { return left == right }
        return left == right
    }

    private static func order(_ left: JSONTree, _ right: JSONTree) throws(CELFailure) -> Int {
        if let left = left.integer, let right = right.integer { return left < right ? -1 : left == right ? 0 : 1 }
        if let left = number(left), let right = number(right) { return left < right ? -1 : left == right ? 0 : 1 }
        guard let left = left.string, let right = right.string else { throw .evaluation("no such overload: order") }
        let (first, second) = (Array(left.utf8), Array(right.utf8))
        return first.lexicographicallyPrecedes(second) ? -1 : first == second ? 0 : 1
    }

    private static func number(_ value: JSONTree) -> Double? {
        switch value {
        case .integer(let number): Double(number)
        case .raw(let bytes): Double(String(decoding: bytes, as: UTF8.self))
        default: nil
        }
    }

    static func split(_ text: String, at separator: String) -> [String] {
        guard !separator.isEmpty else { return text.map(String.init) }
        var parts: [String] = []
        var rest = Substring(text)
        var part = ""
        while !rest.isEmpty {
            if rest.hasPrefix(separator) {
                parts.append(part)
                part = ""
                rest = rest.dropFirst(separator.count)
            } else {
                part.append(rest.removeFirst())
            }
        }
        return parts + [part]
    }
}
