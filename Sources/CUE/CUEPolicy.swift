// SPDX-License-Identifier: Apache-2.0
public import JSON

/// A policy in CUE, compiled once and evaluated on many documents.
///
/// Both happen on a stack of their own, whatever the caller's is, and both are bounded; see `docs/cue.md`.
public struct CUEPolicy: Sendable {
    private let literal: StructLiteral
    /// The parts of a document that it reads: of one that holds no more than these it says what it says of the whole.
    public let reads: JSONParts

    /// Compiles the text of one file. The Go implementation's order: parse, resolve names, and evaluate the policy by
    /// itself; a contradiction in it is an error for every document.
    public init(compiling source: [UInt8]) throws(CUECompileError) {
        let compiled = DeepStack.run { () -> Result<(StructLiteral, JSONParts), CUECompileError> in
            do throws(CUECompileError) {
                let literal = try Self.compile(source)
                try Self.check(literal, source)
                return .success((literal, Self.parts(of: literal)))
            } catch {
                return .failure(error)
            }
        }
        (literal, reads) = try (compiled ?? .failure(.noThread)).get()
    }

    /// What the policy asks of a document besides not contradicting it.
    public enum Demand: Hashable, Sendable {
        /// Nothing: a field that the document lacks does not fail, as image policies have always been read.
        case nothing
        /// That nothing is left open; a field to which the policy gives a value itself may be absent.
        case concreteValues
        /// That besides every field that the policy names, neither hidden nor optional, is in the document.
        case fields
    }

    /// Unifies the policy with the document and validates.
    ///
    /// - Parameter written: in what the demanded fields have to be, where the document has been completed by others.
    public func evaluate(
        _ document: JSONValue, demanding demand: Demand = .nothing, in written: JSONValue? = nil
    ) -> CUEVerdict {
        let literal = literal
        let verdict = DeepStack.run {
            Self.evaluate(
                literal, Conjunct(node: .json(document), origin: Origin()), bytes: document.raw.count,
                concrete: demand != .nothing, present: demand == .fields ? written ?? document : nil)
        }
        return verdict ?? .exceeded(CUECompileError.noThread.message)
    }

    /// As the reference implementation reads a document: as CUE, of which JSON is a part.
    func evaluate(cueDocument: [UInt8]) throws(CUECompileError) -> CUEVerdict {
        let literal = literal
        let verdict = DeepStack.run { () -> Result<CUEVerdict, CUECompileError> in
            do throws(CUECompileError) {
                let document = try Self.compile(cueDocument)
                try Self.check(document, cueDocument)
                let conjunct = Conjunct(node: .expression(.structure(document), nil), origin: Origin())
                return .success(Self.evaluate(literal, conjunct, bytes: cueDocument.count, concrete: false))
            } catch {
                return .failure(error)
            }
        }
        return try (verdict ?? .failure(.noThread)).get()
    }

    // MARK: Compiling

    static func compile(_ source: [UInt8]) throws(CUECompileError) -> StructLiteral {
        guard source.count <= CUELimits.sourceBytes else {
            throw CUECompileError(
                line: 1, column: 1, message: "a policy of more than \(CUELimits.sourceBytes) bytes is not supported",
                isUnsupported: true)
        }
        guard String(validating: source, as: UTF8.self) != nil else {
            throw CUECompileError(line: 1, column: 1, message: "the policy is no UTF-8", isUnsupported: false)
        }
        do throws(SyntaxError) {
            var parser = Parser(source)
            return try Compiler.compile(try parser.parseFile())
        } catch {
            throw CUECompileError(error, in: source)
        }
    }

    /// The policy by itself must be without conflict, and its outermost struct must not wait for anything.
    private static func check(_ literal: StructLiteral, _ source: [UInt8]) throws(CUECompileError) {
        let evaluation = Evaluation()
        defer { evaluation.end() }
        evaluation.root.conjuncts.append(
            Conjunct(node: .expression(.structure(literal), nil), origin: Origin()))
        evaluation.evaluateAll()
        var found = evaluation.conflicts(concrete: false)
        if let blocked = evaluation.root.resolved.blocked, found.isEmpty { found.append(blocked) }
        if let exceeded = evaluation.exceeded {
            throw CUECompileError(line: 1, column: 1, message: exceeded, isUnsupported: true)
        }
        guard let first = found.first else { return }
        throw CUECompileError(first, others: found.count - 1, in: source)
    }

    // MARK: Evaluating

    private static func evaluate(
        _ literal: StructLiteral, _ document: Conjunct, bytes: Int, concrete: Bool, present: JSONValue? = nil
    ) -> CUEVerdict {
        let evaluation = Evaluation(documentBytes: bytes)
        defer { evaluation.end() }
        evaluation.root.conjuncts.append(
            Conjunct(node: .expression(.structure(literal), nil), origin: Origin()))
        evaluation.root.conjuncts.append(document)
        evaluation.evaluateAll()
        var found = evaluation.conflicts(concrete: concrete)
        if let present { found += evaluation.absences(from: present) }
        if let exceeded = evaluation.exceeded { return .exceeded(exceeded) }
        if found.isEmpty { return .pass }
        return .conflict(
            found.prefix(CUELimits.reportedConflicts).map { CUEConflict(path: path($0.path), message: $0.message) })
    }
}

/// What a policy says of a document.
public enum CUEVerdict: Hashable, Sendable {
    case pass
    /// At least one, in the order of the reference implementation's report; at most two thousand.
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

extension CUEConflict: CustomStringConvertible {
    /// Path and message, as CUE writes them.
    public var description: String { path.isEmpty ? message : "\(path): \(message)" }
}
