// SPDX-License-Identifier: Apache-2.0

/// A label selector, as a query writes it or as an object.
struct LabelSelector: Sendable {
    enum Requirement: Sendable {
        case isIn(String, [String]), notIn(String, [String]), exists(String), doesNotExist(String)

        func holds(for labels: [String: String]) -> Bool {
            switch self {
            case .isIn(let key, let values): labels[key].map { values.contains($0) } ?? false
            case .notIn(let key, let values): labels[key].map { !values.contains($0) } ?? true
            case .exists(let key): labels[key] != nil
            case .doesNotExist(let key): labels[key] == nil
            }
        }
    }

    var requirements: [Requirement] = []

    func matches(_ labels: [String: String]) -> Bool { requirements.allSatisfy { $0.holds(for: labels) } }

    /// `a=b,c!=d,e in (x,y),f notin (z),g,!h`.
    init(query: String) throws(APIFault) {
        for part in Self.split(query) {
            let words = part.split(whereSeparator: { $0 == " " || $0 == "(" || $0 == ")" || $0 == "," }).map(
                String.init)
            if let equals = part.firstIndex(of: "=") {
                let isNegative = part[..<equals].hasSuffix("!")
                let key = part[..<equals].filter { $0 != "!" && $0 != " " }
                let value = part[equals...].drop { $0 == "=" }.filter { $0 != " " }
                requirements.append(isNegative ? .notIn(key, [value]) : .isIn(key, [value]))
            } else if words.count >= 2, words[1] == "in" {
                requirements.append(.isIn(words[0], Array(words.dropFirst(2))))
            } else if words.count >= 2, words[1] == "notin" {
                requirements.append(.notIn(words[0], Array(words.dropFirst(2))))
            } else if words.count == 1 {
                requirements.append(
                    words[0].hasPrefix("!") ? .doesNotExist(String(words[0].dropFirst())) : .exists(words[0]))
            } else {
                throw .badRequest("unable to parse requirement: \(part)")
            }
        }
    }

    /// `matchLabels` and `matchExpressions`; an empty or absent one matches everything.
    init(object: JSONTree) {
        requirements = object["matchLabels"].members.map { .isIn($0.name, [$0.value.text]) }
        for expression in object["matchExpressions"].elements {
            let (key, values) = (expression["key"].text, expression["values"].elements.map(\.text))
            switch expression["operator"].text {
            case "In": requirements.append(.isIn(key, values))
            case "NotIn": requirements.append(.notIn(key, values))
            case "Exists": requirements.append(.exists(key))
            case "DoesNotExist": requirements.append(.doesNotExist(key))
            // What a real server would not have stored matches nothing here.
            default: requirements.append(.isIn(key, []))
            }
        }
    }

    /// At commas outside of parentheses.
    private static func split(_ query: String) -> [String] {
        var parts = [""]
        var depth = 0
        for character in query {
            switch character {
            case "(": depth += 1
            case ")": depth -= 1
            default: break
            }
            if character == ",", depth == 0 {
                parts.append("")
            } else {
                parts[parts.count - 1].append(character)
            }
        }
        return parts.filter { !$0.allSatisfy { $0 == " " } }
    }
}

/// A field selector: `metadata.name=a,metadata.namespace!=b`.
struct FieldSelector: Sendable {
    private var terms: [(path: [String], value: String, isEqual: Bool)] = []

    /// Fields beside `metadata.name` and `metadata.namespace` that a resource can be chosen by.
    private static let selectable: [String: Set<String>] = [
        "pods": ["spec.nodeName", "spec.restartPolicy", "spec.serviceAccountName", "status.phase"],
        "events": [
            "involvedObject.kind", "involvedObject.name", "involvedObject.namespace", "involvedObject.uid", "reason",
            "type",
        ],
        "secrets": ["type"], "namespaces": ["status.phase"], "jobs": ["status.successful"],
    ]

    init(query: String, of resource: APIResource) throws(APIFault) {
        for term in query.split(separator: ",") {
            guard let equals = term.firstIndex(of: "=") else { throw .badRequest("invalid selector: '\(term)'") }
            let field = String(term[..<equals].filter { $0 != "!" })
            let isKnown =
                field == "metadata.name" || (field == "metadata.namespace" && resource.isNamespaced)
                || Self.selectable[resource.plural]?.contains(field) == true
            guard isKnown else { throw .badRequest("field label not supported: \(field)") }
            terms.append(
                (
                    field.split(separator: ".").map(String.init), String(term[equals...].drop { $0 == "=" }),
                    !term[..<equals].hasSuffix("!")
                ))
        }
    }

    func matches(_ object: JSONTree) -> Bool {
        terms.allSatisfy { term in
            let found = term.path.reduce(JSONTree?.some(object)) { $0?.member($1) }?.text ?? ""
            return (found == term.value) == term.isEqual
        }
    }
}

/// What a list or a watch asks for.
struct ObjectFilter: Sendable {
    let resource: APIResource
    /// The version in which objects are shown.
    let version: String
    /// Empty for all namespaces.
    let namespace: String
    private let labels: LabelSelector
    private let fields: FieldSelector

    init(_ call: APICall, _ resource: APIResource) throws(APIFault) {
        self.resource = resource
        version = call.version
        namespace = call.namespace
        labels = try LabelSelector(query: call.parameter("labelSelector") ?? "")
        fields = try FieldSelector(query: call.parameter("fieldSelector") ?? "", of: resource)
    }

    func covers(_ key: ObjectKey) -> Bool {
        key.group == resource.group && key.plural == resource.plural
            && (namespace.isEmpty || key.namespace == namespace)
    }

    func matches(_ key: ObjectKey, _ object: JSONTree) -> Bool {
        covers(key) && labels.matches(object.labels) && fields.matches(object)
    }
}
