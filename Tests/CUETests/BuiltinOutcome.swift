// SPDX-License-Identifier: Apache-2.0

@testable import CUE

/// What a call gives, as text: the value as CUE shows it, or `failed: ` and the message, or `unsupported`.
/// The arguments are a list in JSON.
func outcome(_ function: String, _ arguments: String) -> String {
    guard let dot = function.lastIndex(of: "."),
        let package = BuiltinLibrary.package(String(function[..<dot]))
    else { return "no such package" }
    guard let builtin = package.functions[String(function[function.index(after: dot)...])] else {
        return "no such function"
    }
    do throws(BuiltinError) {
        guard case .list(let list) = try json(arguments) else { return "no list" }
        return try builtin.call(list).description
    } catch {
        return error.isUnsupported ? "unsupported" : "failed: " + error.message
    }
}

private func json(_ text: String) throws(BuiltinError) -> BuiltinValue {
    guard let unmarshal = BuiltinLibrary.package("encoding/json")?.functions["Unmarshal"] else { return .null }
    return try unmarshal.call([.string(text)])
}

/// One call and what it gives.
struct BuiltinCase: Sendable, CustomStringConvertible {
    let function: String
    let arguments: String
    let outcome: String

    init(_ function: String, _ arguments: String, _ outcome: String) {
        self.function = function
        self.arguments = arguments
        self.outcome = outcome
    }

    var description: String { function + arguments }
}
