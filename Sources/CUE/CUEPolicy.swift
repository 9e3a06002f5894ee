// SPDX-License-Identifier: Apache-2.0
public import JSON

/// A policy in CUE, compiled once and evaluated on many documents.
public struct CUEPolicy: Sendable {
    /// Compiles the text of one file. The Go implementation's order: parse, resolve names, and evaluate the policy by
    /// itself; a contradiction in it is an error for every document.
    public init(compiling source: [UInt8]) throws(CUECompileError) {
        throw CUECompileError(line: 1, column: 1, message: "CUE is not read yet", isUnsupported: true)
    }

    /// Unifies the policy with the document and validates without asking for concreteness; `concrete` asks for it too.
    public func evaluate(_ document: JSONValue, concrete: Bool = false) -> CUEVerdict {
        .conflict([CUEConflict(path: "", message: "CUE is not read yet")])
    }
}

/// What a policy says of a document.
public enum CUEVerdict: Hashable, Sendable {
    case pass
    /// At least one, in the order of the reference implementation's report.
    case conflict([CUEConflict])
    /// A bound of steps, depth or memory was reached before there was an answer; it is no pass.
    case exceeded(String)
}

/// One thing that does not fit: `config."linux/amd64".config.User: conflicting values "a" and "b"`.
public struct CUEConflict: Hashable, Sendable {
    /// In CUE's spelling; empty for the document as a whole.
    public let path: String
    public let message: String
}

/// Why a text is no policy, or none that can be evaluated here.
public struct CUECompileError: Error, Hashable, Sendable {
    /// From 1.
    public let line: Int
    public let column: Int
    public let message: String
    /// Whether the text may be good CUE that uses something which is not supported here; the message names it.
    public let isUnsupported: Bool
}
