// SPDX-License-Identifier: Apache-2.0
import JSON

/// One document as written: nodes in the order of the text, an alias being the node that it names.
struct Graph {
    enum Content {
        /// JSON text.
        case scalar([UInt8])
        case sequence([Int])
        case mapping([(key: Key, value: Int)])
    }

    struct Key {
        /// The name as JSON text.
        let json: [UInt8]
        let position: SourcePosition
    }

    struct Node {
        var content: Content
        /// Whether everything in it has been read; until then no alias may stand for it.
        var isComplete: Bool
        let position: SourcePosition
    }

    var nodes: [Node] = []
    /// How many names the mappings have together.
    var keyCount = 0
    /// Index of the outermost node.
    var root = 0
    /// Whether the document has no content at all.
    var isEmpty = false
}

/// Builds the graph of each document from its events. No recursion; work is linear in the text.
struct Composer {
    private let limits: JSONLimits
    private var graph = Graph()
    private var open: [OpenNode] = []
    /// The node that each name stands for at this place; a name may be used again.
    private var anchors: [String: Int] = [:]

    private struct OpenNode {
        let node: Int
        let isMapping: Bool
        /// Children of a sequence, or values of a mapping, so far.
        var children: [Int] = []
        var keys: [Graph.Key] = []
        /// Bytes and not strings, which Swift compares canonically.
        var places: [[UInt8]: SourcePosition] = [:]
    }

    init(limits: JSONLimits) { self.limits = limits }

    /// The next document; `nil` at the end of the stream.
    mutating func nextDocument(_ events: inout EventStream) throws(YAMLError) -> Graph? {
        graph = Graph()
        open = []
        anchors = [:]
        while true {
            let event = try events.next()
            switch event.kind {
            case .streamEnd: return nil
            case .streamStart, .documentStart: continue
            case .documentEnd: return graph
            case .sequenceEnd, .mappingEnd: try close(at: event.position)
            case .alias(let name): try alias(name, at: event.position)
            case .sequenceStart: try start(event, isMapping: false)
            case .mappingStart: try start(event, isMapping: true)
            case .scalar(let text, let isPlain): try scalar(event, text: text, isPlain: isPlain)
            }
        }
    }

    private var expectsKey: Bool {
        guard let container = open.last else { return false }
        return container.isMapping && container.keys.count == container.children.count
    }

    // MARK: Events

    private mutating func scalar(_ event: EventStream.Event, text: [UInt8], isPlain: Bool) throws(YAMLError) {
        if expectsKey {
            try key(event, text: text, isPlain: isPlain)
            return
        }
        if open.isEmpty, isPlain, text.isEmpty, event.tag == nil, event.anchor == nil { graph.isEmpty = true }
        let json = try PlainScalar.json(text, isPlain: isPlain, tag: event.tag, at: event.position)
        add(try append(.scalar(json), event, isComplete: true))
    }

    private mutating func key(_ event: EventStream.Event, text: [UInt8], isPlain: Bool) throws(YAMLError) {
        if isPlain, event.tag == nil || event.tag == CoreTag.merge, text == Array("<<".utf8) {
            throw YAMLError(.mergeKey, at: event.position)
        }
        if let tag = event.tag, tag != CoreTag.string, tag != CoreTag.nonSpecific {
            throw YAMLError(.unsupportedTag(tag), at: event.position)
        }
        // `~: 1` and `: 1`, which no JSON can say; `"": 1` it can.
        if isPlain, event.tag == nil, PlainScalar.isNull(text) { throw YAMLError(.emptyKey, at: event.position) }
        let json = PlainScalar.string(text)
        if event.anchor != nil { _ = try append(.scalar(json), event, isComplete: true) }
        let container = open.count - 1
        if let first = open[container].places.updateValue(event.position, forKey: text) {
            let name = String(decoding: text, as: UTF8.self)
            throw YAMLError(.duplicateKey(name, first: first), at: event.position)
        }
        open[container].keys.append(Graph.Key(json: json, position: event.position))
        graph.keyCount += 1
    }

    private mutating func start(_ event: EventStream.Event, isMapping: Bool) throws(YAMLError) {
        guard !expectsKey else { throw YAMLError(.keyIsNoScalar, at: event.position) }
        if let tag = event.tag, tag != (isMapping ? CoreTag.mapping : CoreTag.sequence), tag != CoreTag.nonSpecific {
            throw YAMLError(.unsupportedTag(tag), at: event.position)
        }
        guard open.count < limits.maximumDepth else {
            throw YAMLError(.tooDeep(limit: limits.maximumDepth), at: event.position)
        }
        let node = try append(isMapping ? .mapping([]) : .sequence([]), event, isComplete: false)
        open.append(OpenNode(node: node, isMapping: isMapping))
    }

    private mutating func close(at position: SourcePosition) throws(YAMLError) {
        // libyaml balances its events.
        guard let container = open.popLast() else { throw YAMLError(.syntax("unbalanced end"), at: position) }
        graph.nodes[container.node].content =
            container.isMapping
            ? .mapping(zip(container.keys, container.children).map { ($0, $1) })
            : .sequence(container.children)
        graph.nodes[container.node].isComplete = true
        add(container.node)
    }

    private mutating func alias(_ name: String, at position: SourcePosition) throws(YAMLError) {
        guard !expectsKey else { throw YAMLError(.keyIsNoScalar, at: position) }
        guard let node = anchors[name] else { throw YAMLError(.unknownAlias(name), at: position) }
        guard graph.nodes[node].isComplete else { throw YAMLError(.aliasInsideItself(name), at: position) }
        add(node)
    }

    // MARK: Nodes

    private mutating func append(
        _ content: Graph.Content, _ event: EventStream.Event, isComplete: Bool
    ) throws(YAMLError) -> Int {
        guard graph.nodes.count < limits.maximumValues else {
            throw YAMLError(.tooManyValues(limit: limits.maximumValues), at: event.position)
        }
        graph.nodes.append(Graph.Node(content: content, isComplete: isComplete, position: event.position))
        let node = graph.nodes.count - 1
        if let anchor = event.anchor { anchors[anchor] = node }
        return node
    }

    private mutating func add(_ node: Int) {
        if open.isEmpty {
            graph.root = node
        } else {
            open[open.count - 1].children.append(node)
        }
    }
}
