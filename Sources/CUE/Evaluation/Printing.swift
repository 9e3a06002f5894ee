// SPDX-License-Identifier: Apache-2.0
import JSON

/// Values and expressions as error messages show them: on one line, without spaces where none are needed.
extension Evaluation {
    func text(_ shown: Shown) -> String {
        switch shown {
        case .expression(let expression): text(expression)
        case .value(let value): text(value)
        case .json(let value): text(value)
        case .data(let value): text(Value.data(value))
        }
    }

    func text(_ value: Value) -> String {
        var printer = Printer()
        printer.print(value)
        return printer.text
    }

    func text(_ expression: Expression) -> String {
        var printer = Printer()
        printer.print(expression)
        return printer.text
    }

    func text(_ value: JSONValue) -> String {
        var printer = Printer()
        printer.print(value)
        return printer.text
    }

    func text(_ bound: Bound) -> String { "\(bound.relation.rawValue)\(bound.operand)" }
}
