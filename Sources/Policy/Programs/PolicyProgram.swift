// SPDX-License-Identifier: Apache-2.0
public import CUE
public import JSON

/// `policy`: a text in a policy language, over an attestation's statement or over all that a policy's authorities found.
/// It is compiled once, with the document.
public struct PolicyProgram: Sendable {
    public enum Body: Sendable {
        case cue(CUEPolicy)
        /// The text lies elsewhere; `resolved(with:)` fetches it. Until then nothing satisfies it.
        case elsewhere(PolicyTextSource)
        /// What cannot be evaluated, and why; nothing satisfies it.
        case unavailable(String)
    }

    public let language: PolicyLanguage
    public var body: Body
    /// What it asks of a document besides not contradicting it: every field that it names with `policy.concrete` (ours).
    public let demand: CUEPolicy.Demand
    /// What a policy over authorities reads besides them; nothing for one over a statement.
    public let inputs: PolicyInputs

    public init(
        language: PolicyLanguage, body: Body, demand: CUEPolicy.Demand = .nothing,
        inputs: PolicyInputs = PolicyInputs()
    ) {
        self.language = language
        self.body = body
        self.demand = demand
        self.inputs = inputs
    }

    /// Compiles the text; what is no policy is `unavailable`, with the line.
    public static func body(of text: [UInt8], in language: PolicyLanguage) -> Body {
        switch language {
        case .cue:
            do throws(CUECompileError) {
                return .cue(try CUEPolicy(compiling: text))
            } catch {
                return .unavailable("failed to compile the cue policy with error: \(error.sentence)")
            }
        case .rego: return .unavailable(PolicyLanguage.regoIsNotEvaluated)
        }
    }

    /// Why the document does not satisfy it; `nil` where it does.
    ///
    /// - Parameter written: the document as it was before it was completed, where it was.
    public func objection(to document: JSONValue, as written: JSONValue? = nil) -> PolicyObjection? {
        switch body {
        case .cue(let policy):
            switch policy.evaluate(document, demanding: demand, in: written) {
            case .pass: return nil
            case .conflict(let conflicts):
                let shown = conflicts.prefix(Self.maximumConflicts).map(\.description)
                let rest = conflicts.count - shown.count
                return .conflict(
                    "failed to evaluate the policy with error: " + shown.joined(separator: "; ")
                        + (rest > 0 ? " (and \(rest) more)" : ""))
            case .exceeded(let bound):
                return .notEvaluated("the policy's evaluation was stopped at a bound: \(bound)")
            }
        case .elsewhere(let source): return .notEvaluated("\(source) has not been read")
        case .unavailable(let why): return .notEvaluated(why)
        }
    }

    /// Conflicts that one sentence tells: a document that is another one altogether conflicts everywhere.
    private static let maximumConflicts = 3
}

/// Why a document does not satisfy a policy.
public enum PolicyObjection: Hashable, Sendable {
    /// What does not fit, in the language's own words.
    case conflict(String)
    /// There was no answer; that is no consent.
    case notEvaluated(String)

    public var sentence: String {
        switch self {
        case .conflict(let words), .notEvaluated(let words): words
        }
    }

    public var code: DenialReason.Code {
        switch self {
        case .conflict: .policyConflict
        case .notEvaluated: .policyNotEvaluated
        }
    }
}

public enum PolicyLanguage: String, Hashable, Sendable {
    case cue, rego

    static let regoIsNotEvaluated = "policies in Rego are not evaluated yet; nothing satisfies this one"
}

/// What a policy over authorities reads besides what they found.
public struct PolicyInputs: Hashable, Sendable {
    /// The image's configuration, of every platform.
    public var configuration = false
    public var specification = false
    public var metadata = false
    public var type = false

    public init() {}

    /// Whether any of it is of the workload that names the image.
    package var readsWorkload: Bool { specification || metadata || type }
}

/// Where a policy's text lies, if not in the document.
public enum PolicyTextSource: Hashable, Sendable, CustomStringConvertible {
    case configMap(name: String, key: String)
    case remote(url: String, sha256: String)

    public var description: String {
        switch self {
        case .configMap(let name, let key): "the policy at key \(quoted(key)) of ConfigMap \(quoted(name))"
        case .remote(let url, _): "the policy at \(url)"
        }
    }
}

extension CUEConflict {
    /// `path: message`, as CUE prints it.
    fileprivate var description: String { path.isEmpty ? message : "\(path): \(message)" }
}

extension CUECompileError {
    var sentence: String { "\(line):\(column): \(message)" }
}
