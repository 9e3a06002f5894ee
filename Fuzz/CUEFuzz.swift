// SPDX-License-Identifier: Apache-2.0
import CUE
import JSON

/// A policy, a zero byte and a document: both end within their bounds, the answer is the same twice, and a document
/// that passes where concrete values are asked for passes without.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCUE(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = UnsafeBufferPointer(start: bytes, count: count)
    let separator = input.firstIndex(of: 0) ?? count
    let policy: CUEPolicy
    do throws(CUECompileError) {
        policy = try CUEPolicy(compiling: Array(input[..<separator]))
    } catch {
        precondition(error.line >= 1 && error.column >= 1 && !error.message.isEmpty)
        return 0
    }
    guard let document = try? JSONDocument(parsing: Array(input.dropFirst(separator + 1))) else { return 0 }
    let verdict = policy.evaluate(document.root)
    precondition(policy.evaluate(document.root) == verdict)
    if case .conflict(let conflicts) = verdict { precondition(!conflicts.isEmpty) }
    // Whoever demands more is satisfied by less.
    let concrete = policy.evaluate(document.root, demanding: .concreteValues)
    if concrete == .pass { precondition(verdict == .pass) }
    if policy.evaluate(document.root, demanding: .fields) == .pass { precondition(concrete == .pass) }
    return 0
}
