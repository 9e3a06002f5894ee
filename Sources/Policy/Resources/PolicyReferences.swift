// SPDX-License-Identifier: Apache-2.0

/// The Secrets and ConfigMaps that policies refer to, by name, in the namespace where policies look.
public struct PolicyReferences: Hashable, Sendable {
    public var secrets: Set<String> = []
    public var configMaps: Set<String> = []

    public init() {}

    public mutating func formUnion(_ other: PolicyReferences) {
        secrets.formUnion(other.secrets)
        configMaps.formUnion(other.configMaps)
    }
}

extension ClusterImagePolicy {
    /// What it refers to, before that is put in its place.
    var references: PolicyReferences {
        var names = PolicyReferences()
        for case .keyInSecret(let key) in authorities.map(\.check) { names.secrets.insert(key.secret) }
        for program in [program] + authorities.flatMap({ $0.attestations.map(\.program) }) {
            if case .elsewhere(.configMap(let name, _))? = program?.body { names.configMaps.insert(name) }
        }
        return names
    }

    /// Why keys, certificates or trust roots of its authorities cannot be used, a sentence each.
    public var unusableAuthorities: [String] {
        authorities.compactMap { authority in
            if case .unavailable(let why) = authority.check {
                "authority \(quoted(authority.name)): \(why)"
            } else {
                nil
            }
        }
    }

    /// Why policies in a language that it holds cannot be evaluated, a sentence each.
    public var unusablePrograms: [String] {
        ([program] + authorities.flatMap { $0.attestations.map(\.program) }).compactMap { program in
            if case .unavailable(let why)? = program?.body { why } else { nil }
        }
    }
}
