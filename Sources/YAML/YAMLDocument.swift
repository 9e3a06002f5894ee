// SPDX-License-Identifier: Apache-2.0
public import JSON

/// YAML as Kubernetes' tools read it (YAML 1.1 by libyaml), into the same tree as JSON.
///
/// Plain scalars become what sigs.k8s.io/yaml makes of them; see `PlainScalar`. What JSON cannot hold is refused: keys
/// that are no scalars, tags beyond the core ones, infinities. Refused as well are duplicate keys and merge keys (`<<`),
/// as both let one text mean two things.
public enum YAMLDocument {
    /// Values that aliases may add to one document. A few shared label blocks need hundreds; nested aliases multiply.
    public static let maximumAliasedValues = 100_000
    /// `%TAG` lines in one text. libyaml compares each with all before it; and as only the core tags are read, hardly
    /// anybody has one.
    public static let maximumTagDirectives = 64

    /// Reads a stream of documents; those that are empty are left out. Positions count from 1.
    ///
    /// `limits` hold for the text and for the tree of each document after its aliases are expanded.
    public static func parse(_ text: [UInt8], limits: JSONLimits = .default) throws(YAMLError) -> [JSONDocument] {
        guard text.count <= limits.maximumBytes else {
            throw YAMLError(.tooLarge(limit: limits.maximumBytes), at: SourcePosition(line: 1, column: 1))
        }
        // A byte order mark says nothing in UTF-8, and would count as a column.
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let text = text.starts(with: mark) ? Array(text.dropFirst(mark.count)) : text
        try checkTagDirectives(text)
        var documents: [JSONDocument] = []
        try EventStream.withEvents(of: text) { (events: inout EventStream) throws(YAMLError) in
            var composer = Composer(limits: limits)
            while let graph = try composer.nextDocument(&events) {
                if graph.isEmpty { continue }
                documents.append(try TreeWriter.document(graph, limits: limits))
            }
        }
        return documents
    }
    private static func checkTagDirectives(_ text: [UInt8]) throws(YAMLError) {
        let directive = Array("%TAG".utf8)
        // Line feed, carriage return, and the last bytes of NEL, LS and PS.
        let breaks: [UInt8] = [0x0A, 0x0D, 0x85, 0xA8, 0xA9]
        var rest = text[...]
        var count = 0
        while let percent = rest.firstIndex(of: UInt8(ascii: "%")) {
            rest = rest[(percent + 1)...]
            guard percent == 0 || breaks.contains(text[percent - 1]), text[percent...].starts(with: directive) else {
                continue
            }
            count += 1
            guard count <= maximumTagDirectives else {
                throw YAMLError(
                    .tooManyTagDirectives(limit: maximumTagDirectives),
                    at: SourcePosition(ofByte: percent, in: text))
            }
        }
    }
}
