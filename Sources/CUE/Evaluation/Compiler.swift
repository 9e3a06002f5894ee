// SPDX-License-Identifier: Apache-2.0

/// Resolves the names of a file, innermost scope first: what is not found, and what is named and never used, is refused.
struct Compiler {
    private var scopes = Scopes()
    private var imports: [String: (package: Package, at: Int, isUsed: Bool)] = [:]
    private var importOrder: [String] = []
    private var labels: [Label] = []
    /// The names of fields whose labels are computed.
    private var labelAliases: Set<Int> = []

    static func compile(_ file: FileSyntax) throws(SyntaxError) -> StructLiteral {
        var compiler = Compiler()
        for item in file.imports { try compiler.declare(item) }
        let literal = try compiler.compile(struct: file.body)
        for name in compiler.importOrder {
            if let item = compiler.imports[name], !item.isUsed {
                throw SyntaxError(
                    offset: item.at, message: "imported and not used: \(Quotation.string(item.package.path))")
            }
        }
        return literal
    }

    private mutating func declare(_ item: FileSyntax.Import) throws(SyntaxError) {
        let path = item.path.split(separator: ":", maxSplits: 1).first.map(String.init) ?? item.path
        guard let package = BuiltinLibrary.package(path) else {
            throw SyntaxError(
                offset: item.at,
                message: path.contains(".")
                    ? "package \(Quotation.string(path)) is not of the standard library, and others are not supported"
                    : "builtin package \(Quotation.string(path)) undefined",
                isUnsupported: path.contains("."))
        }
        let base = path.split(separator: "/").last.map(String.init) ?? path
        let name = item.name ?? base
        guard imports[name] == nil else {
            throw SyntaxError(offset: item.at, message: "\(name) redeclared as imported package name")
        }
        imports[name] = (package, item.at, false)
        importOrder.append(name)
    }

    func failure(_ message: String, at: Int, isUnsupported: Bool = false) -> SyntaxError {
        let prefix = labels.isEmpty ? "" : path(labels) + ": "
        return SyntaxError(offset: at, message: prefix + message, isUnsupported: isUnsupported)
    }

    // MARK: Structs

    mutating func compile(struct syntax: StructSyntax) throws(SyntaxError) -> StructLiteral {
        var fields: Set<String> = []
        var names: [String: Int] = [:]
        var own: [Int] = []
        for declaration in syntax.declarations {
            switch declaration {
            case .field(let field):
                if case .identifier(let name) = field.label { fields.insert(name) }
                guard let alias = field.alias else { continue }
                let meaning: Scopes.Meaning
                switch field.label {
                case .identifier(let name): meaning = .target(.field(Label(identifier: name)))
                case .string(let string) where string.interpolations.isEmpty:
                    meaning = .target(.field(.string(Self.text(string))))
                case .string(let string): meaning = .pending(.string(string), nil)
                case .dynamic(let label): meaning = .pending(label, nil)
                case .pattern:
                    throw failure("an alias for a pattern's fields is not supported", at: field.at, isUnsupported: true)
                }
                let number = scopes.declare(alias, meaning, at: field.at)
                if case .pending = meaning { labelAliases.insert(number) }
                names[alias] = number
                own.append(number)
            case .letClause(let name, let value, let at):
                let number = scopes.declare(name, .pending(value, nil), at: at)
                guard names[name] == nil else {
                    throw failure(
                        "cannot have both alias and field with name \(Quotation.string(name)) in same scope", at: at)
                }
                names[name] = number
                own.append(number)
            default: break
            }
        }
        for name in names.keys where fields.contains(name) {
            throw failure(
                "cannot have both alias and field with name \(Quotation.string(name)) in same scope", at: syntax.at)
        }
        scopes.scopes.append(.init(content: .structure(fields: fields, names: names), isLevel: true))
        var declarations: [StructLiteral.Declaration] = []
        for declaration in syntax.declarations { declarations += try compile(declaration) }
        // In the order of the text; a let clause that nothing names is refused.
        for number in own {
            guard scopes.names[number].isUsed else {
                throw SyntaxError(
                    offset: scopes.names[number].at,
                    message: "unreferenced alias or let clause \(scopes.names[number].text)")
            }
        }
        scopes.scopes.removeLast()
        return StructLiteral(declarations: declarations, at: syntax.at)
    }

    private mutating func compile(_ declaration: DeclarationSyntax) throws(SyntaxError) -> [StructLiteral.Declaration] {
        switch declaration {
        case .field(let field): return [try compile(field)]
        case .embedding(let value): return [.embedding(try compile(value))]
        case .comprehension(let comprehension): return [.comprehension(try compile(comprehension))]
        case .ellipsis(let type, let at):
            if let type, case .identifier("_", _) = type { return [.ellipsis] }
            guard type == nil else {
                throw failure("a typed ellipsis in a struct is not supported", at: at, isUnsupported: true)
            }
            return [.ellipsis]
        case .letClause(let name, let value, _):
            // Compiled here if nothing did so before, so that what is wrong in it is told in order.
            guard let number = number(ofLet: name) else { return [] }
            return [.letClause(try letClause(number, value, outward: 0))]
        }
    }

    private func number(ofLet name: String) -> Int? {
        guard case .structure(_, let names)? = scopes.scopes.last?.content else { return nil }
        return names[name]
    }

    /// The clause, compiled once, in the scope that it stands in.
    private mutating func letClause(_ number: Int, _ value: Syntax, outward: Int) throws(SyntaxError) -> LetClause {
        if case .pending(_, let clause?) = scopes.names[number].meaning { return clause }
        let inner = Array(scopes.scopes.suffix(outward))
        scopes.scopes.removeLast(outward)
        // A let clause that names itself does not see itself.
        scopes.names[number].meaning = .next
        let saved = labels
        let clause = LetClause(name: scopes.names[number].text, value: try compile(value))
        labels = saved
        scopes.names[number].meaning = .pending(value, clause)
        scopes.scopes += inner
        return clause
    }

    static func text(_ string: StringSyntax) -> String { String(decoding: string.texts.first ?? [], as: UTF8.self) }

    private mutating func compile(_ field: FieldSyntax) throws(SyntaxError) -> StructLiteral.Declaration {
        let presence: Presence =
            switch field.presence {
            case .regular: .regular
            case .optional: .optional
            case .required: .required
            }
        switch field.label {
        case .identifier(let name):
            return try compile(Label(identifier: name), presence, field.value)
        case .string(let string) where string.interpolations.isEmpty:
            return try compile(.string(Self.text(string)), presence, field.value)
        case .string(let string):
            let label = try compile(.string(string))
            return .dynamicField(label, presence, try compile(value: field.value, label: nil))
        case .dynamic(let label):
            let label = try compile(label)
            return .dynamicField(label, presence, try compile(value: field.value, label: nil))
        case .pattern(let pattern, let alias):
            let compiled = try compile(pattern)
            guard presence == .regular else {
                throw failure("a pattern is neither optional nor required", at: field.at)
            }
            var names: [String: Int] = [:]
            if let alias {
                names[alias] = scopes.declare(alias, .target(.matchedLabel), at: field.at)
            }
            scopes.scopes.append(.init(content: .clause(names), isLevel: true))
            let value = try compile(value: field.value, label: nil)
            scopes.scopes.removeLast()
            return .pattern(compiled, value)
        }
    }

    private mutating func compile(
        _ label: Label, _ presence: Presence, _ value: Syntax
    ) throws(SyntaxError) -> StructLiteral.Declaration {
        labels.append(label)
        let compiled = try compile(value: value, label: label)
        labels.removeLast()
        return .field(label, presence, compiled)
    }

    /// The value of a field, which can have a name of its own.
    private mutating func compile(value: Syntax, label: Label?) throws(SyntaxError) -> Expression {
        guard case .alias(let name, let inner, let at) = value else { return try compile(value) }
        let meaning: Scopes.Meaning
        if let label {
            meaning = .target(.field(label))
        } else if case .structure = inner {
            meaning = .next
        } else {
            throw failure("an alias for the value of such a field is not supported", at: at, isUnsupported: true)
        }
        let number = scopes.declare(name, meaning, at: at)
        scopes.scopes.append(.init(content: .alias(name, number), isLevel: false))
        let compiled = try compile(inner)
        scopes.scopes.removeLast()
        guard scopes.names[number].isUsed else {
            throw SyntaxError(offset: at, message: "unreferenced alias or let clause \(name)")
        }
        return compiled
    }

    // MARK: Comprehensions

    mutating func compile(_ syntax: ComprehensionSyntax) throws(SyntaxError) -> Comprehension {
        var clauses: [Comprehension.Clause] = []
        var levels = 0
        for clause in syntax.clauses {
            switch clause {
            case .condition(let condition): clauses.append(.condition(try compile(condition)))
            case .forEach(let key, let value, let source, let at):
                clauses.append(.forEach(key: key, value: value, try compile(source)))
                var names: [String: Int] = [:]
                for name in [key, value].compactMap({ $0 }) where name != "_" {
                    names[name] = scopes.declare(name, .target(.field(.string(name))), at: at)
                }
                scopes.scopes.append(.init(content: .clause(names), isLevel: true))
                levels += 1
            case .letClause(let name, let value, let at):
                clauses.append(.letClause(name, try compile(value)))
                let number = scopes.declare(name, .target(.field(.string(name))), at: at)
                scopes.scopes.append(.init(content: .clause([name: number]), isLevel: true))
                levels += 1
            }
        }
        let body = try compile(struct: syntax.body)
        scopes.scopes.removeLast(levels)
        return Comprehension(clauses: clauses, body: body, at: syntax.at)
    }

    // MARK: Names

    mutating func resolve(_ name: String, at: Int) throws(SyntaxError) -> Expression {
        var up = 0
        for position in scopes.scopes.indices.reversed() {
            let scope = scopes.scopes[position]
            let number: Int?
            switch scope.content {
            case .structure(let fields, let names):
                if fields.contains(name) {
                    return .reference(
                        Reference(name: name, up: up, target: .field(Label(identifier: name)), at: at))
                }
                number = names[name]
            case .clause(let names): number = names[name]
            case .alias(let alias, let own): number = alias == name ? own : nil
            }
            if let number {
                scopes.names[number].isUsed = true
                switch scopes.names[number].meaning {
                case .target(let target): return .reference(Reference(name: name, up: up, target: target, at: at))
                case .next:
                    if case .alias = scope.content {
                        return .reference(Reference(name: name, up: max(0, up - 1), target: .enclosing, at: at))
                    }
                // A let clause within itself: what is further out.
                case .pending(let value, _):
                    let outward = scopes.scopes.count - 1 - position
                    let clause = try letClause(number, value, outward: outward)
                    if labelAliases.contains(number) {
                        return .reference(
                            Reference(name: name, up: up, target: .dynamicField(clause.value), at: at))
                    }
                    return .reference(Reference(name: name, up: up, target: .letClause(clause), at: at))
                }
            }
            if scope.isLevel { up += 1 }
        }
        if let item = imports[name] {
            throw failure("package \(name) is not a value; expected a selector behind it", at: item.at)
        }
        if let predeclared = Predeclared.named(name) { return predeclared }
        throw failure("reference \(Quotation.string(name)) not found", at: at)
    }

    /// A member of an imported package, if the name is one's and nothing hides it.
    mutating func member(_ name: String, of package: String, at: Int) throws(SyntaxError) -> Expression? {
        guard let item = imports[package], !isDeclared(package) else { return nil }
        imports[package]?.isUsed = true
        let path = item.package.path
        if path == "list", let comparer = Predeclared.comparer(name) { return comparer }
        if let function = EvaluatedFunction(rawValue: path + "." + name) { return .function(.evaluated(function)) }
        if let builtin = item.package.functions[name] { return .function(.library(builtin)) }
        if let constant = item.package.constants[name] { return Predeclared.expression(constant, at: at) }
        if item.package.unsupported.contains(name) || item.package.evaluated.contains(name)
            || item.package.isUnsupported
        {
            throw failure("\(path).\(name) is not supported", at: at, isUnsupported: true)
        }
        throw failure("cannot call non-function \(package).\(name) (type _|_)", at: at)
    }

    private func isDeclared(_ name: String) -> Bool {
        scopes.scopes.contains { scope in
            switch scope.content {
            case .structure(let fields, let names): fields.contains(name) || names[name] != nil
            case .clause(let names): names[name] != nil
            case .alias(let alias, _): alias == name
            }
        }
    }
}
