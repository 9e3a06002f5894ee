// SPDX-License-Identifier: Apache-2.0
import JSON

/// Something in a whole document that may not mean what its author hopes.
struct Finding: Hashable {
    let code: LintCode
    /// `spec.images[0].glob`
    let path: String
    let position: SourcePosition
    let what: String
    /// Why it matters, in half a sentence.
    let why: String
    /// The text to write instead; half a sentence.
    let better: String

    /// As it stands in the list of a document's warnings.
    var problem: PolicyProblem {
        PolicyProblem(
            .warning, DocumentReader.withoutBlocks(what), paths: [DocumentReader.withoutBlocks(path)],
            advice: DocumentReader.withoutBlocks([why, better].filter { !$0.isEmpty }.joined(separator: "; ")),
            path: DocumentReader.withoutBlocks(path), position: position, code: code)
    }
}

/// A value of a document that has been read without errors, and its path.
struct Place {
    let value: JSONValue
    let path: String

    /// The member of an object; `nil` where there is none, or `null`.
    subscript(name: String) -> Place? {
        guard let member = value[name], !member.isNull else { return nil }
        return Place(value: member, path: path.isEmpty ? name : "\(path).\(name)")
    }

    /// The elements of a list; none where it is anything else.
    var elements: [Place] {
        guard value.kind == .array else { return [] }
        return value.elements.enumerated().map { Place(value: $0.element, path: "\(path)[\($0.offset)]") }
    }
}

/// What has been found so far. The position of a value costs a walk through the text, so that only as much is kept as
/// anybody reads.
struct Findings {
    private(set) var all: [Finding] = []

    var isFull: Bool { all.count >= DocumentReader.maximumProblems }

    mutating func report(_ code: LintCode, _ place: Place, _ what: String, why: String, better: String) {
        guard !isFull else { return }
        all.append(
            Finding(
                code: code, path: place.path, position: place.value.position, what: what, why: why, better: better))
    }

    /// A text of the document as it is shown in a sentence: whole, as far as anybody reads it.
    static func shown(_ text: String) -> String {
        text.utf8.count <= maximumShown ? quoted(text) : "\(quoted(String(text.prefix(maximumShown / 4)))) …"
    }

    /// Bytes of a text that is shown whole: three lines of a terminal.
    static let maximumShown = 240
}
