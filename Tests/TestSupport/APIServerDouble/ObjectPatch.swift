// SPDX-License-Identifier: Apache-2.0

/// The kinds of patches but server-side apply.
enum ObjectPatch {
    /// RFC 7386.
    static func merged(_ target: JSONTree?, _ patch: JSONTree) -> JSONTree {
        guard case .object(let members) = patch else { return patch }
        var result = target?.isObject == true ? target ?? [:] : [:]
        for member in members {
            if member.value.isNull {
                result.remove(member.name)
            } else {
                result[member.name] = merged(result.member(member.name), member.value)
            }
        }
        return result
    }

    /// RFC 6902. Throws the sentence of what failed.
    static func applied(_ operations: JSONTree, to target: JSONTree) throws(PatchFailure) -> JSONTree {
        guard case .array(let operations) = operations else { throw PatchFailure("a JSON patch is an array") }
        var result = target
        for operation in operations { try apply(operation, to: &result) }
        return result
    }

    private static func apply(_ operation: JSONTree, to target: inout JSONTree) throws(PatchFailure) {
        let path = try pointer(operation["path"].text)
        switch operation["op"].text {
        case "add":
            guard let value = operation.member("value") else { throw PatchFailure("add without a value") }
            target = try changed(target, path[...], .add(value))
        case "remove": target = try changed(target, path[...], .remove)
        case "replace":
            guard let value = operation.member("value") else { throw PatchFailure("replace without a value") }
            target = try changed(target, path[...], .replace(value))
        case "test":
            guard try value(target, path) == operation["value"] else {
                throw PatchFailure("testing path \(operation["path"].text) failed")
            }
        case "move":
            let from = try pointer(operation["from"].text)
            let moved = try value(target, from)
            target = try changed(target, from[...], .remove)
            target = try changed(target, path[...], .add(moved))
        case "copy":
            target = try changed(target, path[...], .add(try value(target, try pointer(operation["from"].text))))
        case let other: throw PatchFailure("unexpected kind: \(other)")
        }
    }

    private enum Change {
        case add(JSONTree), replace(JSONTree), remove
    }

    private static func pointer(_ text: String) throws(PatchFailure) -> [String] {
        if text.isEmpty { return [] }
        guard text.hasPrefix("/") else { throw PatchFailure("invalid JSON pointer \(text)") }
        return text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map { part in
            part.split(separator: "~1", omittingEmptySubsequences: false).joined(separator: "/")
                .split(separator: "~0", omittingEmptySubsequences: false).joined(separator: "~")
        }
    }

    private static func value(_ target: JSONTree, _ path: [String]) throws(PatchFailure) -> JSONTree {
        var found = target
        for part in path {
            switch found {
            case .object:
                guard let next = found.member(part) else { throw PatchFailure("missing path: \(part)") }
                found = next
            case .array(let values):
                guard let index = Int(part), values.indices.contains(index) else {
                    throw PatchFailure("invalid index: \(part)")
                }
                found = values[index]
            default: throw PatchFailure("missing path: \(part)")
            }
        }
        return found
    }

    private static func changed(
        _ target: JSONTree, _ path: ArraySlice<String>, _ change: Change
    ) throws(PatchFailure) -> JSONTree {
        guard let first = path.first else {
            switch change {
            case .add(let value), .replace(let value): return value
            case .remove: throw PatchFailure("cannot remove the whole document")
            }
        }
        let rest = path.dropFirst()
        var result = target
        switch target {
        case .object:
            if !rest.isEmpty {
                guard let next = target.member(first) else { throw PatchFailure("missing path: \(first)") }
                result[first] = try changed(next, rest, change)
                return result
            }
            switch change {
            case .add(let value): result[first] = value
            case .replace(let value):
                guard target.member(first) != nil else { throw PatchFailure("missing path: \(first)") }
                result[first] = value
            case .remove:
                guard target.member(first) != nil else { throw PatchFailure("missing path: \(first)") }
                result.remove(first)
            }
            return result
        case .array(var values):
            if first == "-", rest.isEmpty, case .add(let value) = change { return .array(values + [value]) }
            guard let index = Int(first), index >= 0, index <= values.count else {
                throw PatchFailure("invalid index: \(first)")
            }
            if rest.isEmpty, case .add(let value) = change {
                values.insert(value, at: index)
                return .array(values)
            }
            guard index < values.count else { throw PatchFailure("invalid index: \(first)") }
            if !rest.isEmpty {
                values[index] = try changed(values[index], rest, change)
            } else if case .replace(let value) = change {
                values[index] = value
            } else {
                values.remove(at: index)
            }
            return .array(values)
        default: throw PatchFailure("missing path: \(first)")
        }
    }
}

/// Why a patch does not apply.
struct PatchFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
