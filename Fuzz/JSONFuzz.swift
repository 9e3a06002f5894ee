// SPDX-License-Identifier: Apache-2.0
import JSON

/// A value written again from what its accessors say.
private func write(_ value: JSONValue, to writer: inout JSONWriter) {
    switch value.kind {
    case .object:
        writer.object { writer in
            for (name, member, nameValue) in value.members {
                precondition(nameValue.rawText.first == UInt8(ascii: "\""))
                writer.name(name)
                write(member, to: &writer)
            }
        }
    case .array: writer.array { writer in for element in value.elements { write(element, to: &writer) } }
    case .string: writer.string(value.string ?? "")
    case .number:
        _ = value.integer
        writer.raw((value.numberText ?? "").utf8)
    case .bool: writer.bool(value.bool ?? false)
    case .null: writer.null()
    }
}

/// What comes in pieces is refused and kept as what is read at once, but for duplicates that are passed over.
private func prune(_ text: [UInt8], _ document: JSONDocument?, isDuplicate: Bool) {
    let piece = 1 + text.count % 7
    for parts in [JSONParts.all, .members(["a": .members(["b": .all]), "c": .all])] {
        var pruner = JSONPruner(parts)
        for start in stride(from: 0, to: text.count, by: piece) {
            pruner.read(Array(text[start..<min(text.count, start + piece)]))
        }
        let kept = try? pruner.finish()
        if isDuplicate { continue }
        precondition((kept == nil) == (document == nil))
        guard let kept, let document else { continue }
        if parts == .all { precondition(document.root.rawText.elementsEqual(kept)) }
        precondition((try? JSONDocument(parsing: kept)) != nil)
    }
}

/// Whatever is read is written and read again to the same text, and every member is found by its name.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJSON(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let text = Array(UnsafeBufferPointer(start: bytes, count: count))
    let document: JSONDocument
    do {
        document = try JSONDocument(parsing: text)
    } catch {
        precondition(0...count ~= error.offset)
        _ = error.description
        switch error.reason {
        case .duplicateKey, .tooManyValues, .tooLarge: prune(text, nil, isDuplicate: true)
        default: prune(text, nil, isDuplicate: false)
        }
        return 0
    }
    prune(text, document, isDuplicate: false)
    var first = JSONWriter()
    write(document.root, to: &first)
    guard let again = try? JSONDocument(parsing: first.bytes) else { preconditionFailure("unreadable when written") }
    var second = JSONWriter()
    write(again.root, to: &second)
    precondition(first.bytes == second.bytes)
    for (name, value, _) in document.root.members.prefix(8) {
        precondition(document.root[name].map { $0.rawText.elementsEqual(value.rawText) } == true)
        _ = value.position
    }
    return 0
}
