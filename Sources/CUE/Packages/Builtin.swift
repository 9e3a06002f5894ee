// SPDX-License-Identifier: Apache-2.0

/// How much a function of a standard package may make.
enum BuiltinLimits {
    /// Bytes of a string or of bytes. Ours: the largest document that is read, 16 MiB.
    static let bytes = 16 << 20
    /// Elements of a list. Ours: a list is kept whole, and CUE itself takes seconds for some millions.
    static let elements = 100_000
    /// Bytes that the searches for all matches of a regular expression see together, the rest of the text counting anew
    /// for each match. Ours: some seconds at worst.
    static let searched = 4 << 20
}

/// Why a call gives no value.
struct BuiltinError: Error, Hashable, Sendable {
    /// In CUE's wording, whole: `error in call to list.Take: negative index`.
    let message: String
    /// Whether CUE may have an answer that is not known here; the message names what is not supported.
    let isUnsupported: Bool

    init(_ message: String, isUnsupported: Bool = false) {
        self.message = message
        self.isUnsupported = isUnsupported
    }
}

/// One function of a standard package: values in, a value out.
struct Builtin: Sendable {
    /// The import path.
    let package: String
    let name: String
    let parameters: [BuiltinKind]
    let result: BuiltinKind
    /// What stands for the last parameters where a call leaves them out.
    let defaults: [BuiltinValue]
    /// The arguments are as many as there are parameters; checks them itself.
    let call: @Sendable ([BuiltinValue]) throws(BuiltinError) -> BuiltinValue

    /// As CUE names it in messages.
    var path: String { package + "." + name }

    init(
        _ package: String, _ name: String, _ parameters: [BuiltinKind], _ result: BuiltinKind,
        defaults: [BuiltinValue] = [],
        body: @escaping @Sendable (BuiltinCall) throws(BuiltinError) -> BuiltinValue
    ) {
        self.package = package
        self.name = name
        self.parameters = parameters
        self.result = result
        self.defaults = defaults
        call = { (arguments) throws(BuiltinError) in
            let call = try BuiltinCall(
                path: package + "." + name, parameters: parameters, defaults: defaults, arguments: arguments)
            let value = try body(call)
            try call.check(value)
            return value
        }
    }
}

/// A standard package: what of it is here, and what of it CUE has beside that.
struct Package: Sendable {
    /// The import path.
    let path: String
    let functions: [String: Builtin]
    let constants: [String: BuiltinValue]
    /// Names that CUE has and we do not.
    let unsupported: Set<String>
    /// Names that CUE has and that need the evaluator: their arguments are constraints or not concrete.
    let evaluated: Set<String>

    init(
        _ path: String, functions: [Builtin] = [], constants: [String: BuiltinValue] = [:],
        unsupported: Set<String> = [], evaluated: Set<String> = []
    ) {
        self.path = path
        self.functions = Dictionary(functions.map { ($0.name, $0) }) { _, last in last }
        self.constants = constants
        self.unsupported = unsupported
        self.evaluated = evaluated
    }

    /// CUE has the package, and nothing of it is here.
    var isUnsupported: Bool { functions.isEmpty && constants.isEmpty && evaluated.isEmpty }
}
