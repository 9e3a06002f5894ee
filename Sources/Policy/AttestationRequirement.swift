// SPDX-License-Identifier: Apache-2.0

/// `attestations[]`: one statement of this predicate type must verify, and satisfy the policy.
public struct AttestationRequirement: Sendable {
    public let name: String
    /// The URI, after aliases have been replaced.
    public let predicateType: String
    /// As the document writes it: an alias, or the URI.
    public let writtenType: String
    /// What the statement has to say; `nil` asks for the type alone.
    public var program: PolicyProgram?

    public init(name: String, predicateType: String, writtenType: String? = nil, program: PolicyProgram? = nil) {
        self.name = name
        self.predicateType = predicateType
        self.writtenType = writtenType ?? predicateType
        self.program = program
    }
}

/// The short names that cosign gives to predicate types.
public enum PredicateType {
    /// cosign `cmd/cosign/cli/options/predicate.go`; the command line's `--type` reads the same names.
    public static let aliases: [String: String] = [
        "custom": "https://cosign.sigstore.dev/attestation/v1",
        "slsaprovenance": "https://slsa.dev/provenance/v0.2",
        "slsaprovenance02": "https://slsa.dev/provenance/v0.2",
        "slsaprovenance1": "https://slsa.dev/provenance/v1",
        "spdx": "https://spdx.dev/Document",
        "spdxjson": "https://spdx.dev/Document",
        "cyclonedx": "https://cyclonedx.org/bom",
        "link": "https://in-toto.io/Link/v1",
        "vuln": "https://cosign.sigstore.dev/attestation/vuln/v1",
        "openvex": "https://openvex.dev/ns",
    ]

    /// The URI that the name stands for, also in the spelling of older releases; any other text stands for itself.
    public static func uri(_ name: String) -> String {
        aliases[name] ?? String(decoding: withScheme(name), as: UTF8.self)
    }

    /// Whether a statement's type is the one that is asked for: byte by byte, but for cosign's own two types, which
    /// older releases wrote without `https://`.
    public static func isSame(_ one: String, _ other: String) -> Bool {
        withScheme(one).elementsEqual(withScheme(other))
    }

    private static let olderSpellings = [
        "cosign.sigstore.dev/attestation/v1", "cosign.sigstore.dev/attestation/vuln/v1",
    ]

    private static func withScheme(_ uri: String) -> [UInt8] {
        let isOlder = olderSpellings.contains { $0.utf8.elementsEqual(uri.utf8) }
        return Array((isOlder ? "https://" : "").utf8) + Array(uri.utf8)
    }
}
