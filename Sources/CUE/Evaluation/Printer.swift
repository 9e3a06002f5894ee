// SPDX-License-Identifier: Apache-2.0
import JSON

/// Bounded in length and depth: what goes on behind that is left out.
struct Printer {
    private(set) var text = ""
    private var depth = 0

    /// Bytes of a message's part. Ours: the reference implementation has no bound.
    private static let length = 16_384
    private static let depths = 220

    private mutating func add(_ part: String) {
        if text.utf8.count < Self.length { text += part }
    }

    private mutating func nested(_ body: (inout Printer) -> Void) {
        depth += 1
        if depth < Self.depths, text.utf8.count < Self.length { body(&self) }
        depth -= 1
    }

    private mutating func list<Element>(
        _ elements: some Sequence<Element>, _ separator: String = ",", _ body: (inout Printer, Element) -> Void
    ) {
        var isFirst = true
        for element in elements {
            guard text.utf8.count < Self.length else { return }
            if !isFirst { add(separator) }
            isFirst = false
            body(&self, element)
        }
    }

    // MARK: Documents

    mutating func print(_ value: JSONValue) {
        nested { printer in
            switch value.kind {
            case .object:
                printer.add("{")
                printer.list(value.members) { printer, member in
                    printer.add(Label.string(member.name).description + ":")
                    printer.print(member.value)
                }
                printer.add("}")
            case .array:
                printer.add("[")
                printer.list(value.elements) { printer, element in printer.print(element) }
                printer.add("]")
            case .string: printer.add(Quotation.string(value.string ?? ""))
            case .number: printer.add(value.numberText.flatMap { Number(json: $0) }?.description ?? "NaN")
            case .bool: printer.add(value.bool == true ? "true" : "false")
            case .null: printer.add("null")
            }
        }
    }

    mutating func print(_ value: BuiltinValue) {
        nested { printer in
            switch value {
            case .structure(let fields):
                printer.add("{")
                printer.list(fields) { printer, field in
                    printer.add(Label.string(field.name).description + ":")
                    printer.print(field.value)
                }
                printer.add("}")
            case .list(let elements):
                printer.add("[")
                printer.list(elements) { printer, element in printer.print(element) }
                printer.add("]")
            case .null, .bool, .number, .string, .bytes: printer.add(value.scalar?.description ?? "")
            }
        }
    }

    // MARK: Values

    mutating func print(_ value: Value) {
        switch value {
        case .bottom(let bottom): add("_|_(\(bottom.message))")
        case .scalar(let scalar): add(scalar.description)
        case .top: add("_")
        case .type(let type): print(type)
        case .bound(let bound): add("\(bound.relation.rawValue)\(bound.operand)")
        case .validator(let validator):
            add(validator.function.path + "(")
            list(validator.arguments, ", ") { printer, argument in printer.print(argument) }
            add(")")
        case .conjunction(let values): nested { $0.list(values, " & ") { $0.print($1) } }
        case .alternatives(let values, _): nested { $0.list(values, " | ") { $0.print($1) } }
        case .vertex(let vertex): print(vertex)
        case .function(let function): add(function.path)
        case .data(let data): print(data)
        case .pair(let first, let second):
            add("{x:")
            print(first)
            add(",y:")
            print(second)
            add("}")
        case .elements(let nodes):
            add("[")
            list(nodes) { printer, node in printer.print(node) }
            add("]")
        }
    }

    private mutating func print(_ node: Conjunct.Node) {
        nested { printer in
            switch node {
            case .expression(let expression, _): printer.print(expression)
            case .json(let value): printer.print(value)
            case .data(let value): printer.print(value)
            case .value(let value): printer.print(value)
            }
        }
    }

    private mutating func print(_ type: TypeConstraint) {
        guard !type.bounds.isEmpty else { return add(type.name) }
        if type.kind == .int { add("int & ") }
        list(type.bounds, " & ") { printer, bound in printer.add("\(bound.relation.rawValue)\(bound.operand)") }
    }

    mutating func print(_ vertex: Vertex) {
        nested { printer in
            let vertex = vertex.resolved
            if vertex.inserted == 0, let first = vertex.conjuncts.first { return printer.print(first.node) }
            if let scalar = vertex.scalar { return printer.add(scalar.description) }
            if !vertex.alternatives.isEmpty {
                printer.add("(")
                printer.list(vertex.alternatives, "|") { printer, alternative in
                    printer.add(alternative.isDefault ? "*" : "")
                    printer.print(alternative.vertex)
                }
                return printer.add(")")
            }
            if vertex.kind == .list || vertex.list != nil {
                printer.add("[")
                printer.list(vertex.arcs) { printer, arc in printer.print(arc) }
                return printer.add("]")
            }
            if vertex.kind == .structure || vertex.structureShown != nil {
                printer.add("{")
                printer.list(vertex.arcs.filter { $0.presence == .regular }) { printer, arc in
                    printer.add((arc.label?.description ?? "") + ":")
                    printer.print(arc)
                }
                return printer.add("}")
            }
            printer.printConstraint(vertex)
        }
    }

    private mutating func printConstraint(_ vertex: Vertex) {
        var parts: [String] = []
        let bounds = [vertex.lower, vertex.upper].compactMap { $0 } + vertex.checks
        if bounds.isEmpty && vertex.validators.isEmpty || vertex.kind == .int { parts.append(vertex.kind.description) }
        parts += bounds.map { "\($0.relation.rawValue)\($0.operand)" }
        for validator in vertex.validators {
            var printer = Printer()
            printer.print(.validator(validator))
            parts.append(printer.text)
        }
        add(parts.joined(separator: " & "))
    }

    // MARK: Expressions

    mutating func print(_ expression: Expression) {
        nested { printer in printer.printNested(expression) }
    }

    private mutating func printNested(_ expression: Expression) {
        switch expression {
        case .scalar(let scalar, _): add(scalar.description)
        case .bottom: add("_|_(explicit error (_|_ literal) in source)")
        case .top: add("_")
        case .type(let type): print(type)
        case .structure(let literal): print(literal)
        case .list(let literal):
            add("[")
            list(literal.elements) { printer, element in
                switch element {
                case .value(let value): printer.print(value)
                case .comprehension(let comprehension): printer.print(comprehension)
                }
            }
            if literal.isOpen {
                add(literal.elements.isEmpty ? "..." : ",...")
                if let rest = literal.rest { print(rest) }
            }
            add("]")
        case .reference(let reference): add(reference.name)
        case .function(let function): add(function.path)
        case .member(let name, _): add(name)
        case .selection(let selection):
            print(selection.base)
            add("." + selection.label.description)
        case .index(let index):
            print(index.base)
            add("[")
            print(index.index)
            add("]")
        case .slice(let slice):
            print(slice.base)
            add("[")
            if let low = slice.low { print(low) }
            add(":")
            if let high = slice.high { print(high) }
            add("]")
        case .interpolation(let interpolation): print(interpolation)
        case .bound(let relation, let operand, _):
            add(relation.rawValue)
            print(operand)
        case .unary(let name, let operand, _):
            add(name)
            print(operand)
        case .binary(let operation):
            add("(")
            print(operation.left)
            add(" \(operation.name) ")
            print(operation.right)
            add(")")
        case .call(let call):
            print(call.function)
            add("(")
            list(call.arguments, ", ") { printer, argument in printer.print(argument) }
            add(")")
        case .disjunction(let disjunction):
            add("(")
            list(disjunction.alternatives, "|") { printer, alternative in
                printer.add(alternative.isDefault ? "*" : "")
                printer.print(alternative.value)
            }
            add(")")
        }
    }

    private mutating func print(_ interpolation: Interpolation) {
        let quote = interpolation.isBytes ? "'" : "\""
        add(quote)
        for (position, text) in interpolation.texts.enumerated() {
            let quoted =
                interpolation.isBytes ? Quotation.bytes(text) : Quotation.string(String(decoding: text, as: UTF8.self))
            add(String(quoted.dropFirst().dropLast()))
            if interpolation.values.indices.contains(position) {
                add("\\(")
                print(interpolation.values[position])
                add(")")
            }
        }
        add(quote)
    }

    private mutating func print(_ comprehension: Comprehension) {
        for clause in comprehension.clauses {
            switch clause {
            case .forEach(let key, let value, let source):
                add("for " + (key.map { $0 + ", " } ?? "") + value + " in ")
                print(source)
            case .condition(let condition):
                add("if ")
                print(condition)
            case .letClause(let name, let value):
                add("let \(name) = ")
                print(value)
            }
            add(" ")
        }
        print(comprehension.body)
    }

    private mutating func print(_ literal: StructLiteral) {
        add("{")
        let shown = literal.declarations.filter {
            if case .letClause = $0 { return false }
            return true
        }
        list(shown) { printer, declaration in printer.print(declaration) }
        add("}")
    }

    private mutating func print(_ declaration: StructLiteral.Declaration) {
        switch declaration {
        case .field(let label, let presence, let value):
            add(label.description + mark(presence) + ":")
            print(value)
        case .dynamicField(let label, let presence, let value):
            if case .interpolation = label {
                print(label)
            } else {
                add("(")
                print(label)
                add(")")
            }
            add(mark(presence) + ":")
            print(value)
        case .pattern(let matcher, let value):
            add("[")
            print(matcher)
            add("]:")
            print(value)
        case .embedding(let value): print(value)
        case .comprehension(let comprehension): print(comprehension)
        case .ellipsis: add("...")
        case .letClause: break
        }
    }

    private func mark(_ presence: Presence) -> String {
        switch presence {
        case .regular: ""
        case .optional: "?"
        case .required: "!"
        }
    }
}
