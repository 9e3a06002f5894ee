// SPDX-License-Identifier: Apache-2.0

/// Why a text is no policy, or none that can be evaluated here.
public struct CUECompileError: Error, Hashable, Sendable {
    /// From 1.
    public let line: Int
    public let column: Int
    public let message: String
    /// Whether the text may be good CUE that uses something which is not supported here; the message names it.
    public let isUnsupported: Bool
}

extension CUECompileError {
    init(_ error: SyntaxError, in source: [UInt8]) {
        let (line, column) = Self.place(error.offset, in: source)
        self.init(line: line, column: column, message: error.message, isUnsupported: error.isUnsupported)
    }

    /// A conflict within the policy itself.
    init(_ bottom: Bottom, others: Int, in source: [UInt8]) {
        let (line, column) = Self.place(bottom.at ?? 0, in: source)
        let text = bottom.path.isEmpty ? bottom.message : "\(path(bottom.path)): \(bottom.message)"
        self.init(
            line: line, column: column, message: others > 0 ? "\(text) (and \(others) more errors)" : text,
            isUnsupported: false)
    }

    /// Line and column of a byte, both from 1; columns are bytes, as in the reference implementation.
    private static func place(_ offset: Int, in source: [UInt8]) -> (line: Int, column: Int) {
        var (line, column) = (1, 1)
        for byte in source.prefix(max(0, offset)) {
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else {
                column += 1
            }
        }
        return (line, column)
    }
}
