// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import RE2
import Sigstore

/// Whose certificate has to have signed; names and meanings as cosign has them.
struct IdentityOptions: ParsableArguments {
    @Option(
        name: .customLong("certificate-identity"),
        help: ArgumentHelp(
            "Require a certificate with exactly this subject, an e-mail address or URI", valueName: "name"))
    var identity: String?

    @Option(
        name: .customLong("certificate-identity-regexp"),
        help: ArgumentHelp(
            "Require a certificate with a subject that this regular expression finds [RE2, unanchored]",
            valueName: "regexp"))
    var identityRegexp: String?

    @Option(
        name: .customLong("certificate-oidc-issuer"),
        help: ArgumentHelp("Require a certificate of a signer who logged in at exactly this issuer", valueName: "url"))
    var issuer: String?

    @Option(
        name: .customLong("certificate-oidc-issuer-regexp"),
        help: ArgumentHelp(
            "Require a certificate of a signer who logged in at an issuer that this regular expression finds",
            valueName: "regexp"))
    var issuerRegexp: String?

    @Option(
        name: .customLong("certificate-github-workflow-trigger"),
        help: ArgumentHelp("Require this GitHub event in the certificate", valueName: "event"))
    var workflowTrigger: String?

    @Option(
        name: .customLong("certificate-github-workflow-sha"),
        help: ArgumentHelp("Require this commit in the certificate", valueName: "sha"))
    var workflowSHA: String?

    @Option(
        name: .customLong("certificate-github-workflow-name"),
        help: ArgumentHelp("Require this workflow name in the certificate", valueName: "name"))
    var workflowName: String?

    @Option(
        name: .customLong("certificate-github-workflow-repository"),
        help: ArgumentHelp("Require this GitHub repository in the certificate", valueName: "owner/name"))
    var workflowRepository: String?

    @Option(
        name: .customLong("certificate-github-workflow-ref"),
        help: ArgumentHelp("Require this git ref in the certificate", valueName: "ref"))
    var workflowRef: String?

    @Flag(
        name: .customLong("insecure-ignore-sct"),
        help: "Accept a certificate without proof that a certificate transparency log has it")
    var ignoresSCT = false

    /// The flags that take a value, with it where they are given.
    var values: [(flag: String, value: String?)] {
        [
            ("--certificate-identity", identity), ("--certificate-identity-regexp", identityRegexp),
            ("--certificate-oidc-issuer", issuer), ("--certificate-oidc-issuer-regexp", issuerRegexp),
            ("--certificate-github-workflow-trigger", workflowTrigger),
            ("--certificate-github-workflow-sha", workflowSHA), ("--certificate-github-workflow-name", workflowName),
            ("--certificate-github-workflow-repository", workflowRepository),
            ("--certificate-github-workflow-ref", workflowRef),
        ]
    }

    /// The flags that are given, by name.
    var given: [String] {
        values.filter { $0.value != nil }.map(\.flag) + (ignoresSCT ? ["--insecure-ignore-sct"] : [])
    }

    /// What to give where neither a key nor an identity is.
    static let missing =
        "--certificate-identity or --certificate-identity-regexp is required for verification in keyless mode, and "
        + "--certificate-oidc-issuer or --certificate-oidc-issuer-regexp"

    /// The one identity that these flags describe; `nil` where none of them is given.
    func required() throws(UsageError) -> CertificateIdentity? {
        guard !given.isEmpty else { return nil }
        let subject = try Self.requirements("certificate-identity", identity, identityRegexp)
        let issuer = try Self.requirements("certificate-oidc-issuer", self.issuer, issuerRegexp)
        var workflow: [WorkflowClaim: String] = [:]
        workflow[.trigger] = workflowTrigger
        workflow[.sha] = workflowSHA
        workflow[.name] = workflowName
        workflow[.repository] = workflowRepository
        workflow[.ref] = workflowRef
        do throws(CertificateIdentityError) {
            return try CertificateIdentity(subject: subject, issuer: issuer, workflow: workflow)
        } catch { throw UsageError("\(error)") }
    }

    /// What stands on one side; where both forms do, both have to hold.
    private static func requirements(
        _ name: String, _ exact: String?, _ pattern: String?
    ) throws(UsageError) -> [TextRequirement] {
        guard exact != nil || pattern != nil else {
            throw UsageError("--\(name) or --\(name)-regexp is required for verification in keyless mode")
        }
        var requirements: [TextRequirement] = []
        if let exact { requirements.append(.exactly(exact)) }
        if let pattern {
            do throws(RegularExpressionError) {
                requirements.append(.matching(try RegularExpression(pattern)))
            } catch { throw UsageError("--\(name)-regexp: \(error)") }
        }
        return requirements
    }
}
