// SPDX-License-Identifier: Apache-2.0
import RE2

/// A pattern, a zero byte and a text: both ways to match agree with the span that is found, within the bounds of time
/// and memory, and whether a pattern is fixed at either end is true of every match.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRE2(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = UnsafeBufferPointer(start: bytes, count: count)
    let separator = input.firstIndex(of: 0) ?? count
    let pattern = String(decoding: input[..<separator], as: UTF8.self)
    let expression: RegularExpression
    do {
        expression = try RegularExpression(pattern)
    } catch {
        precondition(0...pattern.utf8.count ~= error.offset)
        _ = error.description
        return 0
    }
    // Large programs are slow on long texts, and that is all that these would show.
    let text = Array(input.dropFirst(separator + 1).prefix(max(32, 4_000_000 / expression.programSize)))
    let slow = expression.matchesWithoutCache(text)
    precondition(slow.steps <= (text.count + 1) * expression.programSize)
    let span = expression.firstMatch(in: text)
    precondition((span != nil) == slow.matches)
    for _ in 0..<2 { precondition(expression.matches(text) == slow.matches) }
    precondition(expression.cachedBytes <= 262_144)
    let decoded = String(decoding: text, as: UTF8.self)
    if Array(decoded.utf8) == text { precondition(expression.matches(decoded) == slow.matches) }
    if let span {
        precondition(0 <= span.lowerBound && span.upperBound <= text.count)
        precondition(!expression.hasFixedBeginning || span.lowerBound == 0)
        precondition(!expression.hasFixedEnd || span.upperBound == text.count)
    }
    return 0
}
