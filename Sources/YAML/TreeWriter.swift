// SPDX-License-Identifier: Apache-2.0
import JSON

/// Writes a document's graph as JSON text, aliases expanded, and notes where each value and name came from.
struct TreeWriter {
    private let graph: Graph
    private let limits: JSONLimits
    private let maximumExpanded: Int
    private var text: [UInt8] = []
    /// One for each value and name, in the order of `text`.
    private var positions: [SourcePosition] = []

    static func document(_ graph: Graph, limits: JSONLimits) throws(YAMLError) -> JSONDocument {
        var tree = TreeWriter(graph: graph, limits: limits)
        try tree.write(graph.root, depth: 0)
        do {
            return try JSONDocument(parsing: tree.text, limits: limits, positions: tree.positions)
        } catch {
            // The text is ours and within the limits.
            throw YAMLError(.syntax("\(error)"), at: graph.nodes[graph.root].position)
        }
    }

    private init(graph: Graph, limits: JSONLimits) {
        self.graph = graph
        self.limits = limits
        maximumExpanded = graph.nodes.count + graph.keyCount + YAMLDocument.maximumAliasedValues
    }

    /// Recursion ends at `limits.maximumDepth`; a graph has no cycles, as no alias stands inside its own anchor.
    private mutating func write(_ index: Int, depth: Int) throws(YAMLError) {
        let node = graph.nodes[index]
        try count(node.position)
        switch node.content {
        case .scalar(let json):
            text += json
        case .sequence(let children):
            try checkDepth(depth, node.position)
            text.append(UInt8(ascii: "["))
            var isFirst = true
            for child in children {
                if !isFirst { text.append(UInt8(ascii: ",")) }
                isFirst = false
                try write(child, depth: depth + 1)
            }
            text.append(UInt8(ascii: "]"))
        case .mapping(let members):
            try checkDepth(depth, node.position)
            text.append(UInt8(ascii: "{"))
            var isFirst = true
            for (key, value) in members {
                if !isFirst { text.append(UInt8(ascii: ",")) }
                isFirst = false
                try count(key.position)
                text += key.json
                text.append(UInt8(ascii: ":"))
                try write(value, depth: depth + 1)
            }
            text.append(UInt8(ascii: "}"))
        }
        guard text.count <= limits.maximumBytes else {
            throw YAMLError(.tooLarge(limit: limits.maximumBytes), at: node.position)
        }
    }

    private func checkDepth(_ depth: Int, _ position: SourcePosition) throws(YAMLError) {
        guard depth < limits.maximumDepth else {
            throw YAMLError(.tooDeep(limit: limits.maximumDepth), at: position)
        }
    }

    private mutating func count(_ position: SourcePosition) throws(YAMLError) {
        guard positions.count < limits.maximumValues else {
            throw YAMLError(.tooManyValues(limit: limits.maximumValues), at: position)
        }
        guard positions.count < maximumExpanded else {
            throw YAMLError(.tooManyAliasedValues(limit: YAMLDocument.maximumAliasedValues), at: position)
        }
        positions.append(position)
    }
}
