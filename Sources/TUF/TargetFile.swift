// SPDX-License-Identifier: Apache-2.0
public import JSON

/// A target that the trusted targets role lists: what it is called, and what its bytes must be.
public struct TargetFile: Sendable {
    /// A path with `/`, as it is listed.
    public let name: String
    public let length: Int64
    /// Facts of the repository's owner about the target, for whoever uses it.
    public let custom: JSONValue?
    private let facts: FileFacts

    init(name: String, length: Int64, facts: FileFacts, custom: JSONValue?) {
        self.name = name
        self.length = length
        self.facts = facts
        self.custom = custom
    }

    /// The names under which the bytes can lie below the folder of targets, first choice first: with one of the hashes
    /// before the last part of the path where snapshots are consistent, plain otherwise. TUF 1.0 §6.2.
    ///
    /// Throws for a name that is no path below a folder: empty, absolute, with `.`, `..` or empty parts, with `\` or
    /// control characters.
    func paths(hasConsistentSnapshots: Bool) throws(MetadataError) -> [String] {
        let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let isPath = parts.allSatisfy { part in
            !part.isEmpty && !part.elementsEqual(".".utf8) && !part.elementsEqual("..".utf8)
                && part.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\\") }
        }
        guard isPath, let last = parts.last else { throw .unsafeName(name) }
        guard hasConsistentSnapshots else { return [name] }
        let folder = name.utf8.prefix(name.utf8.count - last.count)
        return facts.hashes.map { _, value in
            String(decoding: Array(folder) + Array("\(Hexadecimal.encode(value)).".utf8) + Array(last), as: UTF8.self)
        }
    }

    func verify(_ bytes: [UInt8]) throws(MetadataError) { try facts.verify(bytes, file: name) }
}
