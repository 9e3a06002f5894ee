// SPDX-License-Identifier: Apache-2.0

/// Material that came with a proof and was ignored because nobody asked for it to be checked.
public enum UncheckedMaterial: String, Hashable, Sendable, CaseIterable, Comparable {
    case certificate
    case transparencyLogEntry = "transparency log entry"
    case timestamp

    public static func < (one: UncheckedMaterial, other: UncheckedMaterial) -> Bool { one.rawValue < other.rawValue }
}
