// SPDX-License-Identifier: Apache-2.0

/// Which characters are one and the same under simple case folding: Unicode's CaseFolding.txt, statuses C and S, which
/// is what Go's `unicode.SimpleFold` walks.
enum CaseFolding {
    /// The characters that fold together with `scalar`, without itself.
    static func equivalents(of scalar: UInt32) -> [UInt32] {
        switch scalar {
        // Of ASCII, k and s have a third form: the Kelvin sign and the long s.
        case 0x4B: [0x6B, 0x212A]
        case 0x6B: [0x4B, 0x212A]
        case 0x53: [0x73, 0x17F]
        case 0x73: [0x53, 0x17F]
        case 0x41...0x5A: [scalar + 0x20]
        case 0x61...0x7A: [scalar - 0x20]
        case ..<0x80: []
        default: orbits[scalar] ?? []
        }
    }

    static func appendEquivalents(of range: ScalarRange, to ranges: inout [ScalarRange]) {
        func append(_ scalar: UInt32) {
            for other in equivalents(of: scalar) where other < range.first || other > range.last {
                ranges.append(ScalarRange(other, other))
            }
        }
        for scalar in range.first...max(range.first, min(range.last, 0x7F)) where scalar < 0x80 { append(scalar) }
        guard range.last >= 0x80 else { return }
        var low = 0
        var high = sortedMembers.count
        while low < high {
            let middle = (low + high) / 2
            if sortedMembers[middle] < max(range.first, 0x80) { low = middle + 1 } else { high = middle }
        }
        while low < sortedMembers.count, sortedMembers[low] <= range.last {
            append(sortedMembers[low])
            low += 1
        }
    }

    private static let sortedMembers = orbits.keys.sorted()

    /// Every character that folds together with another, and those it folds together with.
    private static let orbits: [UInt32: [UInt32]] = {
        var groups: [UInt32: [UInt32]] = [:]
        func join(_ left: UInt32, _ right: UInt32) {
            let members = Set(groups[left] ?? [left]).union(groups[right] ?? [right]).sorted()
            for member in members { groups[member] = members }
        }
        // Characters with case lie within these; the rest of the planes holds none.
        for span in [0x41...0x2FFF, 0xA640...0xABFF, 0xFB00...0xFF5A, 0x10000...0x1FFFF] as [ClosedRange<UInt32>] {
            for value in span {
                // The dotted and the dotless i fold to nothing else but in Turkish.
                guard value != 0x130, value != 0x131, let scalar = Unicode.Scalar(value) else { continue }
                let properties = scalar.properties
                guard properties.changesWhenCaseMapped else { continue }
                for mapping in [
                    properties.lowercaseMapping, properties.uppercaseMapping, properties.titlecaseMapping,
                ] {
                    let mapped = mapping.unicodeScalars
                    if let only = mapped.first, mapped.count == 1, only != scalar { join(value, only.value) }
                }
            }
        }
        // Pairs that have no simple mapping to each other and yet fold together.
        join(0x390, 0x1FD3)
        join(0x3B0, 0x1FE3)
        join(0xFB05, 0xFB06)
        return groups.reduce(into: [:]) { orbits, group in
            orbits[group.key] = group.value.filter { $0 != group.key }
        }
    }()
}
