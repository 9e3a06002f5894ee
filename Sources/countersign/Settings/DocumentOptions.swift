// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Policy

/// How documents are read; the same for every command that reads policies.
struct DocumentOptions: ParsableArguments {
    @Option(
        name: .customLong("fail-on-empty-authorities"),
        help: ArgumentHelp(
            """
            Take a policy without authorities for an error; with false it admits what it names, with a warning [default: \
            true]
            """,
            valueName: "true|false"))
    var failsOnEmptyAuthorities: String?

    @Option(
        name: .customLong("policy-namespace"),
        help: ArgumentHelp(
            "Take this for the namespace of the Secrets and ConfigMaps that policies name [default: cosign-system]",
            valueName: "name"))
    var namespace: String?

    /// The flags that were given.
    var given: [String] {
        (failsOnEmptyAuthorities == nil ? [] : ["--fail-on-empty-authorities"])
            + (namespace == nil ? [] : ["--policy-namespace"])
    }

    func rules() throws(UsageError) -> DocumentRules {
        try Self.rules(
            failsOnEmptyAuthorities: failsOnEmptyAuthorities.map {
                SettingSources.Setting(text: $0, origin: "--fail-on-empty-authorities")
            },
            namespace: namespace.map { SettingSources.Setting(text: $0, origin: "--policy-namespace") })
    }

    /// The rules that settings make, wherever they were written; what is not written is as it is by default.
    static func rules(
        failsOnEmptyAuthorities: SettingSources.Setting?, namespace: SettingSources.Setting?
    ) throws(UsageError) -> DocumentRules {
        var rules = DocumentRules()
        if let failsOnEmptyAuthorities { rules.admitsNoAuthorities = !(try failsOnEmptyAuthorities.boolean()) }
        if let namespace {
            guard isNamespace(namespace.text) else {
                throw UsageError("\(namespace.origin) takes the name of a namespace, not '\(namespace.text)'")
            }
            rules.namespace = namespace.text
        }
        return rules
    }

    /// A label of DNS, RFC 1123: lower-case letters, digits and `-`, 63 at most.
    private static func isNamespace(_ text: String) -> Bool {
        let hyphen = UInt8(ascii: "-")
        return (1...63).contains(text.utf8.count) && text.utf8.first != hyphen && text.utf8.last != hyphen
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), hyphen: true
                default: false
                }
            }
    }
}

/// Whether attestations may stand in for a signature.
struct SignatureOption: ParsableArguments {
    static let name = "--require-signature"
    static let negation = "--no-require-signature"

    @Flag(
        name: .customLong("require-signature"), inversion: .prefixedNo, exclusivity: .chooseLast,
        help: "Ask for a signature of the image too where an authority asks for attestations")
    var choice: Bool?

    /// Where nothing but the flag says so.
    var isRequired: Bool { choice ?? false }
}
