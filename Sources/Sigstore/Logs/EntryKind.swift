// SPDX-License-Identifier: Apache-2.0

/// The kinds of entry that are read, each in its version. Every other one is an error: what is not understood binds
/// nothing (sigstore-go d061433).
enum EntryKind: String, Hashable, Sendable, CaseIterable {
    case hashedrekord1 = "hashedrekord 0.0.1"
    case hashedrekord2 = "hashedrekord 0.0.2"
    case dsse1 = "dsse 0.0.1"
    case dsse2 = "dsse 0.0.2"
    case intoto1 = "intoto 0.0.1"
    case intoto2 = "intoto 0.0.2"
    case rekord1 = "rekord 0.0.1"

    init?(name: String, version: String) {
        guard let kind = Self.allCases.first(where: { $0.rawValue.isExactly("\(name) \(version)") }) else { return nil }
        self = kind
    }

    /// Which Rekor writes it. The `0.0.2` of intoto is one of the first design's.
    var design: RekorDesign {
        switch self {
        case .hashedrekord1, .dsse1, .intoto1, .intoto2, .rekord1: .v1
        case .hashedrekord2, .dsse2: .v2
        }
    }
}
