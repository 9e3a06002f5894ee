// SPDX-License-Identifier: Apache-2.0

/// The names that every policy has.
enum Predeclared {
    static func named(_ name: String) -> Expression? {
        let plain = name.hasPrefix("__") ? String(name.dropFirst(2)) : name
        if let type = types[plain] { return .type(type) }
        switch plain {
        case "len", "close", "and", "or", "div", "mod", "quo", "rem", "matchN", "matchIf", "error":
            return EvaluatedFunction(rawValue: plain).map { .function(.evaluated($0)) }
        default: return nil
        }
    }

    /// A constant of a package.
    static func expression(_ value: BuiltinValue, at: Int) -> Expression {
        switch value {
        case .null: .scalar(.null, at: at)
        case .bool(let bool): .scalar(.bool(bool), at: at)
        case .number(let number): .scalar(.number(number), at: at)
        case .string(let string): .scalar(.string(string), at: at)
        case .bytes(let bytes): .scalar(.bytes(bytes), at: at)
        case .list(let elements):
            .list(
                ListLiteral(
                    elements: elements.map { .value(expression($0, at: at)) }, isOpen: false, rest: nil, at: at))
        case .structure(let fields):
            .structure(
                StructLiteral(
                    declarations: fields.map { .field(label($0.name), .regular, expression($0.value, at: at)) }, at: at)
            )
        }
    }

    /// Whole division of literals, which is done once.
    static func divided(_ left: Expression, _ right: Expression, _ name: String) -> Expression? {
        guard case .scalar(.number(let first), let at) = left, case .scalar(.number(let second), _) = right,
            first.isInteger, second.isInteger, !second.isZero
        else { return nil }
        do throws(NumberError) {
            switch name {
            case "div": return .scalar(.number(try first.div(second)), at: at)
            case "mod": return .scalar(.number(try first.mod(second)), at: at)
            case "quo": return .scalar(.number(try first.quo(second)), at: at)
            case "rem": return .scalar(.number(try first.rem(second)), at: at)
            default: return nil
            }
        } catch {
            return nil
        }
    }

    /// The fields of `list.Comparer` are `T`, `x`, `y` and `less`.
    private static func label(_ name: String) -> Label { .string(name) }

    /// `list.Ascending`, `list.Descending` and `list.Comparer`.
    static func comparer(_ name: String) -> Expression? { comparers[name] }

    private static let comparers: [String: Expression] = {
        let texts = [
            "Ascending": "T: number | string, x: T, y: T, less: x < y",
            "Descending": "T: number | string, x: T, y: T, less: x > y",
            "Comparer": "T: _, x: T, y: T, less: bool",
        ]
        var comparers: [String: Expression] = [:]
        for (name, text) in texts {
            var parser = Parser(Array(text.utf8))
            guard let file = try? parser.parseFile(), let literal = try? Compiler.compile(file) else { continue }
            comparers[name] = .structure(literal)
        }
        return comparers
    }()

    private static let types: [String: TypeConstraint] = {
        var types: [TypeConstraint] = [
            TypeConstraint(name: "string", kind: .string), TypeConstraint(name: "bytes", kind: .bytes),
            TypeConstraint(name: "bool", kind: .bool), TypeConstraint(name: "int", kind: .int),
            TypeConstraint(name: "float", kind: .float), TypeConstraint(name: "number", kind: .number),
        ]
        types.append(integer("uint", from: "0", to: nil))
        types.append(integer("rune", from: "0", to: "1114111"))
        types.append(integer("uint8", from: "0", to: "255"))
        types.append(integer("uint16", from: "0", to: "65535"))
        types.append(integer("uint32", from: "0", to: "4294967295"))
        types.append(integer("uint64", from: "0", to: "18446744073709551615"))
        types.append(integer("uint128", from: "0", to: "340282366920938463463374607431768211455"))
        types.append(integer("int8", from: "-128", to: "127"))
        types.append(integer("int16", from: "-32768", to: "32767"))
        types.append(integer("int32", from: "-2147483648", to: "2147483647"))
        types.append(integer("int64", from: "-9223372036854775808", to: "9223372036854775807"))
        types.append(
            integer(
                "int128", from: "-170141183460469231731687303715884105728",
                to: "170141183460469231731687303715884105727"))
        types.append(float("float32", "3.40282346638528859811704183484516925440e+38"))
        types.append(float("float64", "1.797693134862315708145274237317043567981e+308"))
        return Dictionary(types.map { ($0.name, $0) }) { first, _ in first }
    }()

    private static func bound(_ relation: Bound.Relation, _ text: String) -> [Bound] {
        Number(literal: text.hasPrefix("-") ? String(text.dropFirst()) : text).map {
            [Bound(relation: relation, operand: .number(text.hasPrefix("-") ? -$0 : $0), at: nil)]
        } ?? []
    }

    private static func integer(_ name: String, from low: String, to high: String?) -> TypeConstraint {
        TypeConstraint(
            name: name, kind: .int,
            bounds: bound(.greaterOrEqual, low) + (high.map { bound(.lessOrEqual, $0) } ?? []))
    }

    private static func float(_ name: String, _ most: String) -> TypeConstraint {
        TypeConstraint(
            name: name, kind: .number, bounds: bound(.greaterOrEqual, "-" + most) + bound(.lessOrEqual, most))
    }
}
