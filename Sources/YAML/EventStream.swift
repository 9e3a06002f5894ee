// SPDX-License-Identifier: Apache-2.0
import CLibYAML
import JSON

/// libyaml's events of one text, as values; the only file that touches C memory.
struct EventStream: ~Copyable {
    struct Event {
        enum Kind {
            case streamStart, streamEnd, documentStart, documentEnd
            case alias(String)
            case scalar(text: [UInt8], isPlain: Bool)
            case sequenceStart, sequenceEnd, mappingStart, mappingEnd
        }

        let kind: Kind
        let anchor: String?
        /// Written out, as in `tag:yaml.org,2002:str`; `nil` where there is none.
        let tag: String?
        let position: SourcePosition
    }

    private let parser: UnsafeMutablePointer<yaml_parser_t>
    /// The text that `parser` reads; it outlives the parser.
    private let text: UnsafeBufferPointer<UInt8>

    static func withEvents(
        of text: [UInt8], _ body: (inout EventStream) throws(YAMLError) -> Void
    ) throws(YAMLError) {
        try text.withUnsafeBufferPointer { (buffer: UnsafeBufferPointer<UInt8>) throws(YAMLError) in
            var stream = try EventStream(buffer)
            try body(&stream)
        }
    }

    private init(_ text: UnsafeBufferPointer<UInt8>) throws(YAMLError) {
        self.text = text
        parser = .allocate(capacity: 1)
        guard yaml_parser_initialize(parser) == 1 else {
            parser.deallocate()
            throw YAMLError(.syntax("out of memory"), at: SourcePosition(line: 1, column: 1))
        }
        // Named, so that libyaml does not look for the marks of other encodings.
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, text.baseAddress, text.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    mutating func next() throws(YAMLError) -> Event {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw error }
        defer { yaml_event_delete(&event) }
        let position = Self.position(event.start_mark)
        switch event.type {
        case YAML_STREAM_START_EVENT: return Event(kind: .streamStart, anchor: nil, tag: nil, position: position)
        case YAML_DOCUMENT_START_EVENT: return Event(kind: .documentStart, anchor: nil, tag: nil, position: position)
        case YAML_DOCUMENT_END_EVENT: return Event(kind: .documentEnd, anchor: nil, tag: nil, position: position)
        case YAML_SEQUENCE_END_EVENT: return Event(kind: .sequenceEnd, anchor: nil, tag: nil, position: position)
        case YAML_MAPPING_END_EVENT: return Event(kind: .mappingEnd, anchor: nil, tag: nil, position: position)
        case YAML_ALIAS_EVENT:
            let name = Self.string(event.data.alias.anchor) ?? ""
            return Event(kind: .alias(name), anchor: nil, tag: nil, position: position)
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let bytes = Array(UnsafeBufferPointer(start: scalar.value, count: scalar.length))
            return Event(
                kind: .scalar(text: bytes, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE),
                anchor: Self.string(scalar.anchor), tag: Self.string(scalar.tag), position: position)
        case YAML_SEQUENCE_START_EVENT:
            let start = event.data.sequence_start
            return Event(
                kind: .sequenceStart, anchor: Self.string(start.anchor), tag: Self.string(start.tag),
                position: position)
        case YAML_MAPPING_START_EVENT:
            let start = event.data.mapping_start
            return Event(
                kind: .mappingStart, anchor: Self.string(start.anchor), tag: Self.string(start.tag),
                position: position)
        default: return Event(kind: .streamEnd, anchor: nil, tag: nil, position: position)
        }
    }

    private var error: YAMLError {
        let problem = parser.pointee.problem.map { String(cString: $0) } ?? "invalid YAML"
        switch parser.pointee.error {
        case YAML_READER_ERROR:
            return YAMLError(.invalidUTF8, at: SourcePosition(ofByte: parser.pointee.problem_offset, in: text))
        case YAML_MEMORY_ERROR:
            return YAMLError(.syntax("out of memory"), at: SourcePosition(line: 1, column: 1))
        default:
            return YAMLError(.syntax(problem), at: Self.position(parser.pointee.problem_mark))
        }
    }

    /// libyaml counts from 0.
    private static func position(_ mark: yaml_mark_t) -> SourcePosition {
        SourcePosition(line: Int(clamping: mark.line) + 1, column: Int(clamping: mark.column) + 1)
    }

    private static func string(_ text: UnsafeMutablePointer<UInt8>?) -> String? {
        text.map { String(cString: $0) }
    }
}
