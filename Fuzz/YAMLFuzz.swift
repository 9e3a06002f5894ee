// SPDX-License-Identifier: Apache-2.0
import JSON
import YAML

/// Whatever is read is JSON within the limits, and what it says is read to the same when it is given as YAML again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzYAML(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let text = Array(UnsafeBufferPointer(start: bytes, count: count))
    let limits = JSONLimits(maximumBytes: 1 << 20, maximumDepth: 50, maximumValues: 1 << 16)
    do {
        for document in try YAMLDocument.parse(text, limits: limits) {
            precondition(document.text.count <= limits.maximumBytes)
            check(document.root)
        }
    } catch {
        precondition(error.position.line >= 1 && error.position.column >= 1)
        _ = error.description
    }
    return 0
}

private func check(_ value: JSONValue) {
    precondition(value.position.line >= 1 && value.position.column >= 1)
    for element in value.elements { check(element) }
    for (_, member, nameValue) in value.members {
        precondition(nameValue.position.line >= 1)
        check(member)
    }
}
