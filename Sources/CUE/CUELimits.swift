// SPDX-License-Identifier: Apache-2.0

/// How large a policy, and how much work an evaluation, may be.
enum CUELimits {
    /// Bytes of a policy. Ours: a Kubernetes object holds less than 1.5 MiB.
    static let sourceBytes = 1 << 20
    /// Brackets, operators and labels within each other. Ours: policies in use have ten.
    static let syntaxDepth = 256
    /// Operators of one precedence in a row; alternatives of a disjunction are not counted. Ours.
    static let chainLength = 10_000
    /// Steps of one evaluation: conjuncts that are put into a value, and expressions that are evaluated. Ours: a policy
    /// in use takes some thousands and, for each element of a list that it looks at, some hundreds, which is what the
    /// document's bytes stand for.
    static func steps(documentBytes: Int) -> Int {
        min(400_000 + 40 * min(documentBytes, 1 << 20), 10_000_000)
    }

    /// Evaluations within each other. Ours: the longest chain of references that ends.
    static let depth = 1_500
    /// Values that one evaluation makes. Ours: 400 bytes for each.
    static let values = 400_000
    /// Bytes of all texts that one evaluation makes. Ours: thirty times a large document.
    static let textBytes = 64 << 20
    /// Elements of a list that a function makes. Ours.
    static let listElements = 200_000
    /// Errors that are reported. Ours: more are counted and not kept.
    static let reportedConflicts = 2_000
    /// Bytes of the stack on which a policy is compiled and evaluated; a page is taken when it is touched. Ours: what
    /// `depth` and `syntaxDepth` need where nothing is optimized, four times over.
    static let stackBytes = 256 << 20
}
