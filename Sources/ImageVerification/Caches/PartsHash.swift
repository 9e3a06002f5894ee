// SPDX-License-Identifier: Apache-2.0
import OCI

/// SHA-256 of a list of parts, to remember something by: equal where all parts are.
package struct PartsHash: Hashable, Sendable {
    fileprivate let words: (UInt64, UInt64, UInt64, UInt64)

    package static func == (one: PartsHash, other: PartsHash) -> Bool { one.words == other.words }

    package func hash(into hasher: inout Hasher) {
        // Any part of a hash is as good as another.
        hasher.combine(words.0)
    }
}

/// Parts, each with its length before it, so that no two lists of parts read the same.
package struct HashedParts {
    private var bytes: [UInt8] = []

    package init() { bytes.reserveCapacity(1024) }

    package mutating func add(_ number: Int) {
        withUnsafeBytes(of: Int64(number).littleEndian) { bytes.append(contentsOf: $0) }
    }

    package mutating func add(_ text: String?) {
        // -1 keeps an absent part from an empty one.
        add(text?.utf8.count ?? -1)
        if let text { bytes.append(contentsOf: text.utf8) }
    }

    package mutating func add(_ part: [UInt8]?) { add(part?[...]) }

    package mutating func add(_ part: ArraySlice<UInt8>?) {
        add(part?.count ?? -1)
        if let part { bytes.append(contentsOf: part) }
    }

    package var hash: PartsHash { PartsHash(words: sha256Words(of: bytes)) }
}
