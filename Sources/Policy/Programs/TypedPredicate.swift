// SPDX-License-Identifier: Apache-2.0
public import JSON

/// What a policy sees of a statement whose predicate type is written by one of three short names: there a member that the
/// statement lacks is not absent but empty, so that a policy that asks for a value of it conflicts.
enum TypedPredicate {
    /// A member that is always there, and what it is where the statement has none.
    private indirect enum Shape: Sendable {
        case value(String)
        case object([(name: String, shape: Shape)])
        /// Completed only where the statement has it.
        case present(Shape)
    }

    private static let empty = Shape.value(#""""#)
    private static let null = Shape.value("null")
    private static let no = Shape.value("false")
    private static let noTime = Shape.value(#""0001-01-01T00:00:00Z""#)

    private static func shape(_ alias: String) -> Shape? {
        switch alias {
        case "slsaprovenance":
            .object([
                ("builder", .object([("id", empty)])), ("buildType", empty),
                ("invocation", .object([("configSource", .object([]))])),
                (
                    "metadata",
                    .present(
                        .object([
                            ("completeness", .object([("parameters", no), ("environment", no), ("materials", no)])),
                            ("reproducible", no),
                        ]))
                ),
            ])
        case "link":
            .object([
                ("_type", empty), ("name", empty), ("materials", null), ("products", null), ("byproducts", null),
                ("command", null), ("environment", null),
            ])
        case "vuln":
            .object([
                (
                    "invocation",
                    .object([
                        ("parameters", null), ("uri", empty), ("event_id", empty), ("builder.id", empty),
                    ])
                ),
                (
                    "scanner",
                    .object([
                        ("uri", empty), ("version", empty), ("db", .object([("uri", empty), ("version", empty)])),
                        ("result", null),
                    ])
                ),
                ("metadata", .object([("scanStartedOn", noTime), ("scanFinishedOn", noTime)])),
            ])
        default: nil
        }
    }

    /// Whether the short name is one of the three.
    static func isTyped(_ alias: String) -> Bool { shape(alias) != nil }

    /// The statement as a policy for this short name sees it; `nil` where that is the statement itself.
    static func completed(_ statement: JSONValue, for alias: String) throws(JSONError) -> JSONDocument? {
        guard let shape = shape(alias), statement.kind == .object else { return nil }
        var writer = JSONWriter()
        writer.object { writer in
            for member in statement.members where member.name != "predicate" {
                writer.name(member.name)
                writer.raw(member.value.rawText)
            }
            writer.name("predicate")
            write(statement["predicate"], shape, into: &writer)
        }
        // Not larger than twice what was read within the bounds of a statement.
        return try JSONDocument(
            parsing: writer.bytes,
            limits: JSONLimits(maximumBytes: .max, maximumDepth: 256, maximumValues: .max))
    }

    /// Why the predicate is not of the type that the short name means; `nil` where it is, and for every other name.
    static func mismatch(of statement: JSONValue, with alias: String) -> String? {
        guard let shape = shape(alias), let predicate = statement["predicate"] else { return nil }
        return mismatch(predicate, shape, "predicate")
    }

    private static func mismatch(_ value: JSONValue, _ shape: Shape, _ path: String) -> String? {
        if value.isNull { return nil }
        switch shape {
        case .value(let text):
            let expected: JSONValue.Kind? = text.hasPrefix("\"") ? .string : text == "false" ? .bool : nil
            guard let expected, value.kind != expected else { return nil }
            return "\(path): is no \(expected == .bool ? "boolean" : "string")"
        case .present(let inner): return mismatch(value, inner, path)
        case .object(let members):
            guard value.kind == .object else { return "\(path): is no object" }
            for (name, shape) in members {
                if let member = value[name], let found = mismatch(member, shape, "\(path).\(name)") { return found }
            }
            return nil
        }
    }

    private static func write(_ value: JSONValue?, _ shape: Shape, into writer: inout JSONWriter) {
        switch shape {
        case .value(let text):
            if let value { writer.raw(value.rawText) } else { writer.raw(text.utf8) }
        case .present(let inner): write(value, inner, into: &writer)
        case .object(let members):
            // A value of another kind is the policy's to refuse.
            if let value, !value.isNull, value.kind != .object {
                writer.raw(value.rawText)
                return
            }
            writer.object { writer in
                let written = value.flatMap { $0.kind == .object ? Array($0.members) : nil } ?? []
                for member in written {
                    writer.name(member.name)
                    if let known = members.first(where: { $0.name == member.name }) {
                        write(member.value, known.shape, into: &writer)
                    } else {
                        writer.raw(member.value.rawText)
                    }
                }
                for (name, shape) in members where !written.contains(where: { $0.name == name }) {
                    if case .present = shape { continue }
                    writer.name(name)
                    write(nil, shape, into: &writer)
                }
            }
        }
    }
}

extension AttestationRequirement {
    /// Why the statement, which is of the required type, does not satisfy the policy; `nil` where it does, or where there
    /// is none.
    public func objection(to statement: JSONValue) -> PolicyObjection? {
        if let mismatch = TypedPredicate.mismatch(of: statement, with: writtenType) { return .conflict(mismatch) }
        guard let program else { return nil }
        do throws(JSONError) {
            guard let completed = try TypedPredicate.completed(statement, for: writtenType) else {
                return program.objection(to: statement)
            }
            return program.objection(to: completed.root, as: statement)
        } catch {
            return .notEvaluated("the statement cannot be put into one document: \(error)")
        }
    }
}
