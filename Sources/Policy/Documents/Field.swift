// SPDX-License-Identifier: Apache-2.0
import JSON
public import Sigstore

/// A place in a document where a value may stand.
///
/// `null` is read as absence, as the API server's decoders do, except by readers that ask for `isNamed`; in `spec` it is
/// an error besides, wherever absence could ask for less than its author meant.
struct Field {
    /// `nil` where there is none, or `null`.
    let value: JSONValue?
    /// Whether the field's name stands in the document, whatever its value.
    let isNamed: Bool
    /// `spec.authorities[0].key`
    let path: String
    /// The value, or what would hold it.
    private let anchor: JSONValue

    var isPresent: Bool { value != nil }

    /// Of the value, or of what would hold it. Costs a walk through the text where that is JSON.
    var position: SourcePosition { anchor.position }

    init(root: JSONValue, path: String = "") {
        self.init(found: root, path: path)
    }

    fileprivate init(found value: JSONValue, path: String) {
        self.value = value.isNull ? nil : value
        isNamed = true
        self.path = path
        anchor = value
    }

    fileprivate init(absent path: String, in parent: JSONValue) {
        value = nil
        isNamed = false
        self.path = path
        anchor = parent
    }

    /// The object itself, where a member of it could stand.
    fileprivate var holder: JSONValue { anchor }
}

/// The members of an object whose names have been checked; every field where the object is absent is absent.
struct Fields {
    let path: String
    private let holder: JSONValue
    private let members: [String: JSONValue]

    fileprivate init(path: String, holder: JSONValue, members: [String: JSONValue]) {
        self.path = path
        self.holder = holder
        self.members = members
    }

    subscript(name: String) -> Field {
        let path = path.isEmpty ? name : "\(self.path).\(name)"
        guard let value = members[name] else { return Field(absent: path, in: holder) }
        return Field(found: value, path: path)
    }
}

/// What the operator decides about documents, wherever they come from.
public struct DocumentRules: Hashable, Sendable {
    /// Whether a policy without authorities is one (`fail-on-empty-authorities=false`); it admits what it governs, with a
    /// warning.
    public var admitsNoAuthorities = false
    /// Where the Secrets and ConfigMaps are that documents refer to.
    public var namespace = "cosign-system"
    /// The time at which they are read: a trust root's repository that has expired then is an error. Without one it is
    /// not looked at, and only `TrustRoots` tells.
    public var now: Instant?

    public init() {}
}

/// Reads one document field by field, and gathers everything that is wrong with it.
struct DocumentReader {
    private(set) var errors: [PolicyProblem] = []
    private(set) var warnings: [PolicyProblem] = []
    let rules: DocumentRules
    /// The time at which a document is read; without one nothing in it counts as expired.
    var now: Instant? { rules.now }

    init(_ rules: DocumentRules = DocumentRules()) { self.rules = rules }

    /// Of errors and of warnings: more than anybody reads at once, and few enough to find the place of each.
    static let maximumProblems = 100

    mutating func report(
        _ kind: PolicyProblem.Kind, _ message: String, _ fields: [Field], details: String = "", advice: String = "",
        as paths: [String]? = nil, code: LintCode? = nil
    ) {
        // A document with so many errors is broken whatever else is in it.
        guard (kind == .warning ? warnings : errors).count < Self.maximumProblems else { return }
        let problem = PolicyProblem(
            kind, Self.withoutBlocks(message), paths: (paths ?? fields.map(\.path)).map(Self.withoutBlocks),
            details: Self.withoutBlocks(details), advice: advice,
            path: Self.withoutBlocks(fields.first?.path ?? ""), position: fields.first?.position, code: code)
        if kind == .warning { warnings.append(problem) } else { errors.append(problem) }
    }

    /// Text that quotes a document, up to any PEM block: a key pasted at the wrong place is not for denials and logs.
    /// Advice is our own words, and quotes nothing that could hold a block.
    static func withoutBlocks(_ text: String) -> String {
        guard let begin = text.firstRange(of: "-----BEGIN ") else { return text }
        return text[..<begin.lowerBound] + "(a PEM block)"
    }

    static let nullMessage = "null is no value"

    /// Names of fields that ask for as much without a value, or for more: names and messages decide nothing, a policy
    /// without mode enforces, a log or timestamp that is named at all is asked for, and a trust root without a list
    /// believes fewer.
    private static let mayBeNull: Set<String> = [
        "name", "message", "mode", "ctlog", "rfc3161timestamp", "targets", "trustedRootTarget", "tLogs", "ctLogs",
        "certificateAuthorities", "timestampAuthorities",
    ]

    /// `source:` whose value somebody commented out is not the same as no `source`.
    private mutating func refuseNull(_ field: Field) {
        guard field.isNamed, !field.isPresent, field.path.hasPrefix("spec.") else { return }
        report(.notUnderstood, Self.nullMessage, [field], advice: "write a value, or leave the field out")
    }

    /// The members of an object; `nil` (and an error) where the value is of another type. Unknown members are errors.
    mutating func object(_ field: Field, _ known: [String]) -> Fields? {
        guard let value = field.value else { return Fields(path: field.path, holder: field.holder, members: [:]) }
        guard value.kind == .object else { return wrongType(field, value, "an object") }
        var members: [String: JSONValue] = [:]
        for member in value.members {
            if known.contains(member.name) {
                members[member.name] = member.value
                continue
            }
            let lowered = member.name.lowercased()
            let meant = known.first { $0.lowercased() == lowered }
            let unknown = Field(
                found: member.nameValue, path: field.path.isEmpty ? member.name : "\(field.path).\(member.name)")
            report(
                .notUnderstood, "unknown field \(quoted(member.name))", [unknown],
                advice: meant.map { "write \(quoted($0))" } ?? "fields here: \(known.joined(separator: ", "))")
        }
        let fields = Fields(path: field.path, holder: value, members: members)
        for name in known where !Self.mayBeNull.contains(name) { refuseNull(fields[name]) }
        return fields
    }

    /// A map from names to strings; `nil` (and an error) where it is anything else.
    mutating func stringMap(_ field: Field) -> [(key: String, value: Field)]? {
        guard let value = field.value else { return [] }
        guard value.kind == .object else { return wrongType(field, value, "an object") }
        let entries = value.members.map { ($0.name, Field(found: $0.value, path: "\(field.path).\($0.name)")) }
        for (_, entry) in entries { refuseNull(entry) }
        return entries
    }

    /// The elements of a list; `nil` (and an error) where the value is of another type.
    mutating func list(_ field: Field) -> [Field]? {
        guard let value = field.value else { return [] }
        guard value.kind == .array else { return wrongType(field, value, "a list") }
        let entries = value.elements.enumerated().map {
            Field(found: $0.element, path: "\(field.path)[\($0.offset)]")
        }
        for entry in entries { refuseNull(entry) }
        return entries
    }

    /// The string, `""` where there is none; `nil` (and an error) where the value is of another type.
    mutating func string(_ field: Field) -> String? {
        guard let value = field.value else { return "" }
        return value.string ?? wrongType(field, value, "a string")
    }

    /// The boolean, `false` where there is none; `nil` (and an error) where the value is of another type.
    mutating func bool(_ field: Field) -> Bool? {
        guard let value = field.value else { return false }
        return value.bool ?? wrongType(field, value, "true or false")
    }

    private mutating func wrongType<Value>(_ field: Field, _ value: JSONValue, _ expected: String) -> Value? {
        report(.notUnderstood, "expected \(expected), found \(value.kind.withArticle)", [field])
        return nil
    }

    // MARK: What several readers say

    mutating func missing(_ fields: [Field], as paths: [String]? = nil) {
        report(.invalid, "missing field(s)", fields, as: paths)
    }

    mutating func neither(_ fields: [Field], as paths: [String]? = nil) {
        report(.invalid, "expected exactly one, got neither", fields, as: paths)
    }

    mutating func both(_ fields: [Field], as paths: [String]? = nil) {
        report(.invalid, "expected exactly one, got both", fields, as: paths)
    }

    mutating func invalid(
        _ value: String, _ field: Field, details: String = "", advice: String = "", as path: String? = nil
    ) {
        report(
            .invalid, "invalid value: \(value)", [field], details: details, advice: advice, as: path.map { [$0] })
    }
}

extension JSONValue.Kind {
    fileprivate var withArticle: String {
        switch self {
        case .object: "an object"
        case .array: "a list"
        case .string: "a string"
        case .number: "a number"
        case .bool: "true or false"
        case .null: "null"
        }
    }
}
