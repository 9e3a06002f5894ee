// SPDX-License-Identifier: Apache-2.0
public import JSON

/// One thing that is wrong with a document, or worth a warning, and where.
public struct PolicyProblem: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// The text is no YAML or JSON, or is beyond a bound.
        case unreadable
        /// A field that the schema does not have, or a value of another type.
        case notUnderstood
        /// The document contradicts itself or lacks something.
        case invalid
        /// Understood, and nothing here can check it yet, so that the document cannot be compiled.
        case notSupported
        /// A warning: the document holds, and may not mean what its author hopes.
        case warning
    }

    public let kind: Kind
    /// `missing field(s)`, `invalid value: x`: the words that users of ClusterImagePolicy know.
    public let message: String
    /// The fields that the message is about, as those users know them; empty for a whole file.
    public let paths: [String]
    /// A second line that those users know; empty where there is none.
    public let details: String
    /// Why, or how to fix it, in our own words; empty where there is nothing to add.
    public let advice: String
    /// Where the value truly stands: `spec.policy.type`.
    public let path: String
    /// `nil` where no place is known, as for a file that cannot be opened.
    public let position: SourcePosition?
    /// What a warning is about; `nil` for an error.
    public let code: LintCode?

    public init(
        _ kind: Kind, _ message: String, paths: [String] = [], details: String = "", advice: String = "",
        path: String = "", position: SourcePosition? = nil, code: LintCode? = nil
    ) {
        self.kind = kind
        self.message = message
        self.paths = paths
        self.details = details
        self.advice = advice
        self.path = path
        self.position = position
        self.code = code
    }
}

extension PolicyProblem: CustomStringConvertible {
    /// `12:5: missing field(s): spec.images`, on one line; a warning with its code in brackets at the end.
    public var description: String {
        var parts: [String] = []
        if let position { parts.append("\(position.line):\(position.column)") }
        if !path.isEmpty, !paths.contains(path) { parts.append(path) }
        parts.append(([message] + (paths.isEmpty ? [] : [paths.joined(separator: ", ")])).joined(separator: ": "))
        var text = parts.joined(separator: ": ")
        for remark in [details, advice] where !remark.isEmpty { text += "; \(remark)" }
        if let code { text += " [\(code.rawValue)]" }
        return oneLine(text)
    }

    /// With the file's name before it and no place in it: for objects, whose text nobody sees.
    var placeless: PolicyProblem {
        PolicyProblem(
            kind, message, paths: paths, details: details, advice: advice, path: path, code: code)
    }

    /// With the file's name before it, as compilers write it.
    public func description(in file: String) -> String {
        position == nil ? "\(oneLine(file)): \(description)" : "\(oneLine(file)):\(description)"
    }
}

extension Sequence<PolicyProblem> {
    /// The text in which the API server's users know such errors: one line per message with all its paths, sorted, and
    /// the details on the next line.
    public var merged: String {
        Dictionary(grouping: self) { [$0.message, $0.details] }
            .sorted { ($0.key[0], $0.key[1]) < ($1.key[0], $1.key[1]) }
            .map { line, problems in
                let paths = Set(problems.flatMap(\.paths)).sorted().joined(separator: ", ")
                let head = paths.isEmpty ? line[0] : "\(line[0]): \(paths)"
                return line[1].isEmpty ? head : "\(head)\n\(line[1])"
            }
            .joined(separator: "\n")
    }
}
