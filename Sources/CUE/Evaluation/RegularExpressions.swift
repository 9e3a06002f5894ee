// SPDX-License-Identifier: Apache-2.0
import RE2

extension Evaluation {
    /// Each pattern is compiled once per evaluation.
    func expression(_ pattern: String) -> Result<RegularExpression, RegularExpressionError> {
        if let known = expressions[pattern], case .success(let expression) = known,
            expression.pattern.utf8.elementsEqual(pattern.utf8)
        {
            return known
        }
        let result: Result<RegularExpression, RegularExpressionError>
        do throws(RegularExpressionError) {
            result = .success(try RegularExpression(pattern))
        } catch {
            if RegularExpressionText.isOurs(error) { exceed(error.description) }
            result = .failure(error)
        }
        // A pattern costs by its length.
        _ = step(pattern.utf8.count / 16 + 1)
        expressions[pattern] = result
        return result
    }

    func matchesExpression(_ bound: Bound, _ scalar: Scalar) -> Result<Bool, RegularExpressionError>? {
        let pattern: String
        switch bound.operand {
        case .string(let text): pattern = text
        case .bytes(let bytes): pattern = String(decoding: bytes, as: UTF8.self)
        default: return nil
        }
        return expression(pattern).map { expression in
            switch scalar {
            case .string(let text):
                _ = step(text.utf8.count / 64 + 1)
                return expression.matches(text)
            case .bytes(let bytes):
                _ = step(bytes.count / 64 + 1)
                return expression.matches(bytes)
            default: return false
            }
        }
    }

    /// Whether a field's name fulfils a pattern constraint.
    func matches(_ name: String, _ matcher: Value) -> Bool {
        guard step() else { return false }
        let scalar = Scalar.string(name)
        switch matcher {
        case .top: return true
        case .type(let type): return type.kind.contains(.string)
        case .scalar(let other): return other == scalar
        case .bound(let bound):
            switch bound.relation {
            case .matches, .matchesNot:
                guard case .success(let isMatch)? = matchesExpression(bound, scalar) else { return false }
                return isMatch == (bound.relation == .matches)
            case .unequal where kind(of: bound) != .string: return kind(of: bound).contains(.string)
            default: return holds(bound, for: scalar)
            }
        case .conjunction(let values): return values.allSatisfy { matches(name, $0) }
        case .alternatives(let values, _): return values.contains { matches(name, $0) }
        case .validator(let validator): return violation(of: validator, by: .scalar(scalar)) == nil
        case .vertex(let vertex): return matches(name, vertex)
        case .bottom, .function, .data, .elements, .pair: return false
        }
    }

    private func matches(_ name: String, _ vertex: Vertex) -> Bool {
        evaluate(vertex)
        let resolved = vertex.resolved
        if !resolved.alternatives.isEmpty { return resolved.alternatives.contains { matches(name, $0.vertex) } }
        guard resolved.errors.isEmpty, resolved.kind.contains(.string) else { return false }
        if let scalar = resolved.scalar { return scalar == .string(name) }
        let bounds = [resolved.lower, resolved.upper].compactMap { $0 } + resolved.checks
        return bounds.allSatisfy { matches(name, .bound($0)) }
            && resolved.validators.allSatisfy { violation(of: $0, by: .scalar(.string(name))) == nil }
    }
}

/// What Go says of a pattern that is refused.
enum RegularExpressionText {
    /// Beyond our own bounds, within Go's.
    static func isOurs(_ error: RegularExpressionError) -> Bool {
        switch error.reason {
        case .patternTooLong, .programTooLarge, .classesTooLarge: true
        default: false
        }
    }

    static func go(_ error: RegularExpressionError) -> String {
        let reason: String
        switch error.reason {
        case .missingClosingParenthesis: reason = "missing closing )"
        case .unexpectedClosingParenthesis: reason = "unexpected )"
        case .missingClosingBracket: reason = "missing closing ]"
        case .trailingBackslash: return "error parsing regexp: trailing backslash at end of expression: ``"
        case .nothingToRepeat: reason = "missing argument to repetition operator"
        case .repeatedRepetition: reason = "invalid nested repetition operator"
        case .invalidRepeatCount: reason = "invalid repeat count"
        case .invalidGroupName: reason = "invalid named capture"
        case .lookahead, .lookbehind, .atomicGroup, .comment, .unknownGroup:
            reason = "invalid or unsupported Perl syntax"
        case .backreference, .anyByte, .unknownEscape: reason = "invalid escape sequence"
        case .reversedRange, .unknownNamedClass, .unknownUnicodeClass: reason = "invalid character class range"
        case .nestedTooDeeply: return "error parsing regexp: expression nests too deeply"
        default: reason = "expression too large"
        }
        return "error parsing regexp: \(reason): `\(error.fragment)`"
    }
}
