// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ImageVerification
import Policy
import Registry

/// `countersign verify-attestation`: the attestations of one predicate type, by a key or an identity.
struct VerifyAttestation: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify-attestation",
        abstract: "Verify that images carry an attestation of a predicate type, by a key or an identity",
        usage: """
            countersign verify-attestation (--key <file> | --certificate-identity <name> --certificate-oidc-issuer \
            <url>) [<options>] <image> ...
            """,
        discussion: """
            stdout carries one verified DSSE envelope per line if every image is admitted, and nothing otherwise; words go \
            to stderr

            Exit status: 0 admitted, 1 denied or no such image, 2 undecided because of an outage, 64 wrong usage or \
            unreadable input; of several images, the worst

            Example: countersign verify-attestation --key cosign.pub --insecure-ignore-tlog --type spdxjson \
            ghcr.io/acme/app:v1
            """)

    @OptionGroup var proof: ProofOptions
    @OptionGroup var registry: RegistryOptions

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            Ask for this predicate type, a URI or one of custom, slsaprovenance, slsaprovenance02, slsaprovenance1, spdx, \
            spdxjson, cyclonedx, link, vuln, openvex [default: custom]
            """,
            valueName: "type"))
    var type: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Ask every attestation of the type to satisfy this policy in CUE, with all that it names [repeatable]",
            valueName: "file"))
    var policy: [String] = []

    @Argument(help: ArgumentHelp("Judge these references, or with --local-image DIR[@sha256:…]", valueName: "image"))
    var images: [String]

    func run() async throws {
        try await concluding {
            let form = try proof.form()
            guard let options = try proof.signer.options() else {
                throw UsageError("give --key FILE; \(IdentityOptions.missing)")
            }
            let type = type ?? "custom"
            let uri = PredicateType.uri(type)
            // A word that is neither known nor a URI is a slip, which would read as "no such attestation".
            guard uri.utf8.contains(UInt8(ascii: ":")) else {
                let known = PredicateType.aliases.keys.sorted().joined(separator: ", ")
                throw UsageError("--type takes a URI or one of \(known), not '\(type)'")
            }
            let requirement = AttestationRequirement(name: type, predicateType: uri)
            let programs = try RequiredPrograms(policy, type: type, uri: uri)
            // Envelopes are printed, and policies of files read what they like: proofs are held, however large they are.
            let criteria = Criteria(
                policies: try proof.policy(options, attestations: [requirement]), noMatch: .deny,
                limits: .holdingLargeProofs)
            return try await proof.judging(images, under: criteria, registry: registry.access) { verdicts in
                let reports = verdicts.map { ImageReport($0, required: .none, programs: programs) }
                let status = ImageReport.give(reports, form, CosignOutput.envelopes)
                for types in reports.map(\.otherPredicateTypes) where !types.isEmpty {
                    Words.say(
                        "countersign: none of the attestations matched the predicate type: \(uri), found: "
                            + types.joined(separator: ", "))
                }
                return status
            }
        }
    }
}
