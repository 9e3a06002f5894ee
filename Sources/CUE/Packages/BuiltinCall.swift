// SPDX-License-Identifier: Apache-2.0

/// The arguments of one call, read by their kinds.
struct BuiltinCall: Sendable {
    /// The function's name with its package, for messages.
    let path: String
    private let arguments: [BuiltinValue]

    init(
        path: String, parameters: [BuiltinKind], defaults: [BuiltinValue], arguments: [BuiltinValue]
    ) throws(BuiltinError) {
        self.path = path
        var arguments = arguments
        let missing = parameters.count - arguments.count
        guard missing >= 0 else {
            throw BuiltinError(
                "too many arguments in call to \(path) (have \(arguments.count), want \(parameters.count))")
        }
        guard missing <= defaults.count else {
            throw BuiltinError(
                "not enough arguments in call to \(path) (have \(arguments.count), want \(parameters.count))")
        }
        arguments += defaults.suffix(missing)
        for (at, (parameter, argument)) in zip(parameters, arguments).enumerated()
        where !parameter.admits(argument) {
            throw BuiltinError(
                "cannot use \(argument) (type \(argument.kind)) as \(parameter) in argument \(at + 1) to \(path)")
        }
        self.arguments = arguments
    }

    /// The call fails as the function itself says.
    func failure(_ reason: String) -> BuiltinError { BuiltinError("error in call to \(path): \(reason)") }

    func failure(_ error: NumberError) -> BuiltinError {
        switch error {
        case .tooLarge, .exponent: unsupported("\(error)")
        default: failure("\(error)")
        }
    }

    /// CUE may have an answer here, and we have none.
    func unsupported(_ what: String) -> BuiltinError {
        BuiltinError("\(path) is not supported here: \(what)", isUnsupported: true)
    }

    // MARK: Arguments

    /// What is not there reads as null, which no other accessor takes.
    func value(_ at: Int) -> BuiltinValue { arguments.indices.contains(at) ? arguments[at] : .null }

    private func mistyped(_ at: Int, as type: String) -> BuiltinError {
        BuiltinError("cannot use \(value(at)) (type \(value(at).kind)) as \(type) in argument \(at) to \(path)")
    }

    func string(_ at: Int) throws(BuiltinError) -> String {
        guard case .string(let string) = value(at) else { throw mistyped(at, as: "string") }
        return string
    }

    func utf8(_ at: Int) throws(BuiltinError) -> [UInt8] { Array(try string(at).utf8) }

    /// Of bytes or of a string.
    func bytes(_ at: Int) throws(BuiltinError) -> [UInt8] {
        switch value(at) {
        case .bytes(let bytes): return bytes
        case .string(let string): return Array(string.utf8)
        default: throw mistyped(at, as: "bytes")
        }
    }

    func bool(_ at: Int) throws(BuiltinError) -> Bool {
        guard case .bool(let bool) = value(at) else { throw mistyped(at, as: "bool") }
        return bool
    }

    func number(_ at: Int) throws(BuiltinError) -> Number {
        guard case .number(let number) = value(at) else { throw mistyped(at, as: "Decimal") }
        return number
    }

    /// An int of any size, with the exponent 0.
    func integer(_ at: Int) throws(BuiltinError) -> Number {
        guard case .number(let number) = value(at), number.isInteger else { throw mistyped(at, as: "int") }
        do throws(NumberError) { return try number.expanded() } catch { throw failure(error) }
    }

    /// An int of 64 bits. CUE is lenient about the 65th bit; such calls are not supported here.
    func int(
        _ at: Int, type: String = "int64", range: ClosedRange<Int> = Int.min...Int.max
    ) throws(BuiltinError) -> Int {
        guard case .number(let number) = value(at), number.isInteger else { throw mistyped(at, as: type) }
        guard let int = number.int, range.contains(int) else {
            throw BuiltinError(
                "int \(number) overflows \(type) in argument \(at) in call to \(path)", isUnsupported: true)
        }
        return int
    }

    /// An int from 0 up.
    func unsigned(_ at: Int, type: String = "uint64", limit: Int = Int.max) throws(BuiltinError) -> Int {
        if case .number(let number) = value(at), number.sign < 0 { throw mistyped(at, as: type) }
        return try int(at, type: type, range: 0...limit)
    }

    func double(_ at: Int) throws(BuiltinError) -> Double {
        guard let double = try number(at).double else { throw mistyped(at, as: "float64") }
        return double
    }

    func list(_ at: Int) throws(BuiltinError) -> [BuiltinValue] {
        guard case .list(let list) = value(at) else { throw mistyped(at, as: "list") }
        return list
    }

    private func badElement(_ element: BuiltinValue, _ position: Int, _ at: Int, as type: String) -> BuiltinError {
        BuiltinError(
            "invalid list element \(position) in argument \(at) to call: "
                + "cannot use value \(element) (\(element.kind)) as \(type)")
    }

    func strings(_ at: Int) throws(BuiltinError) -> [String] {
        var strings: [String] = []
        for (position, element) in try list(at).enumerated() {
            guard case .string(let string) = element else { throw badElement(element, position, at, as: "string") }
            strings.append(string)
        }
        return strings
    }

    func numbers(_ at: Int) throws(BuiltinError) -> [Number] {
        var numbers: [Number] = []
        for (position, element) in try list(at).enumerated() {
            guard case .number(let number) = element else { throw badElement(element, position, at, as: "number") }
            numbers.append(number)
        }
        return numbers
    }

    // MARK: Results

    /// Arithmetic within a function.
    func compute(_ body: () throws(NumberError) -> Number) throws(BuiltinError) -> Number {
        do throws(NumberError) { return try body() } catch { throw failure(error) }
    }

    /// A decimal that a function gives: an int where it is integral.
    func decimal(_ body: () throws(NumberError) -> Number) throws(BuiltinError) -> BuiltinValue {
        do throws(NumberError) { return .number(try body().asResult()) } catch { throw failure(error) }
    }

    func admit(bytes count: Int) throws(BuiltinError) {
        guard count <= BuiltinLimits.bytes else {
            throw unsupported("its result has more than \(BuiltinLimits.bytes) bytes")
        }
    }

    func admit(elements count: Int) throws(BuiltinError) {
        guard count <= BuiltinLimits.elements else {
            throw unsupported("its result has more than \(BuiltinLimits.elements) elements")
        }
    }

    /// What every result is held against, beside what a function checks before it makes something.
    func check(_ result: BuiltinValue) throws(BuiltinError) {
        switch result {
        case .string(let string): try admit(bytes: string.utf8.count)
        case .bytes(let bytes): try admit(bytes: bytes.count)
        case .list(let list): try admit(elements: list.count)
        case .structure(let fields): try admit(elements: fields.count)
        default: break
        }
    }
}
