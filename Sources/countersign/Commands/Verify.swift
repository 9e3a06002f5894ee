// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ImageVerification
import JSON
import OCI
import Policy
import Registry

/// `countersign verify`: a verdict on each image, by a key or by policies, reached by the code that admission uses.
struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Verify the signatures of images, by a key, an identity or as policies ask",
        usage: """
            countersign verify (--key <file> | --certificate-identity <name> --certificate-oidc-issuer <url> | \
            --policies <dir|file>) [<options>] <image> ...
            """,
        discussion: """
            A tag is resolved once, and its digest is judged; stdout carries the verified signatures as cosign's JSON array \
            if every image is admitted, and nothing otherwise; words go to stderr

            Exit status: 0 admitted (with warnings too), 1 denied or no such image, 2 undecided because of an outage, \
            64 wrong usage or unreadable input; of several images, the worst

            Example: countersign verify --certificate-identity alice@example.com \
            --certificate-oidc-issuer https://accounts.google.com ghcr.io/acme/app:v1
            """)

    @OptionGroup var proof: ProofOptions
    @OptionGroup var registry: RegistryOptions

    @Option(
        name: .long,
        help: ArgumentHelp("Judge by the policies in this file or directory [repeatable]", valueName: "dir|file"))
    var policies: [String] = []

    @OptionGroup var unnamed: NoMatchOption
    @OptionGroup var signature: SignatureOption
    @OptionGroup var documents: DocumentOptions

    @Option(
        name: [.customShort("a", allowingJoined: true), .customLong("annotations")],
        help: ArgumentHelp(
            "Require this signed annotation, with --key or an identity [repeatable]", valueName: "key=value"))
    var annotations: [String] = []

    @Argument(help: ArgumentHelp("Judge these references, or with --local-image DIR[@sha256:…]", valueName: "image"))
    var images: [String]

    func run() async throws {
        try await concluding {
            let form = try proof.form()
            let required = try RequiredAnnotations(annotations)
            let criteria = try await criteria()
            return try await proof.judging(images, under: criteria, registry: registry.access) { verdicts in
                ImageReport.give(verdicts.map { ImageReport($0, required: required) }, form, CosignOutput.signatures)
            }
        }
    }

    /// A flag that would change nothing is refused, since whoever gave it relies on it.
    private func criteria() async throws(UsageError) -> Criteria {
        guard policies.isEmpty else {
            guard !proof.signer.namesSigner else { throw UsageError("give either --policies or a signer, not both") }
            if let flag = (proof.flagsOfSigner + (annotations.isEmpty ? [] : ["--annotations"])).first {
                throw UsageError(
                    "\(flag) goes with --key or an identity; what policies ask is written in the policies")
            }
            return Criteria(
                policies: try await PolicyFiles.load(
                    policies, rules: try documents.rules(), network: registry.access),
                noMatch: try unnamed.action(), requiresSignature: signature.isRequired)
        }
        guard let options = try proof.signer.options() else {
            throw UsageError("give --key FILE, or --policies DIR|FILE; \(IdentityOptions.missing)")
        }
        let flagsOfPolicies =
            (unnamed.noMatch == nil ? [] : ["--no-match"]) + (signature.choice == nil ? [] : [SignatureOption.name])
            + documents.given
        if let flag = flagsOfPolicies.first { throw UsageError("\(flag) goes with --policies") }
        return Criteria(policies: try proof.policy(options, attestations: []), noMatch: .deny)
    }
}

/// What becomes of an image that no policy names.
struct NoMatchOption: ParsableArguments {
    @Option(
        name: .customLong("no-match"),
        help: ArgumentHelp(
            "Deny, warn of or allow an image that no policy names [default: deny]", valueName: "deny|warn|allow"))
    var noMatch: String?

    func action() throws(UsageError) -> NoMatchAction {
        guard let noMatch else { return .deny }
        guard let action = NoMatchAction(rawValue: noMatch) else {
            throw UsageError("--no-match takes deny, warn or allow, not '\(noMatch)'")
        }
        return action
    }
}

/// What images are judged by.
struct Criteria: Sendable {
    let policies: PolicySet
    let noMatch: NoMatchAction
    /// Whether every authority with attestations asks for a signature too.
    var requiresSignature = false
    /// How much is held of what is found.
    var limits = RegistryLimits()
}
