// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import HTTPTransport
import ImageVerification
import OCI
import Policy
import Sigstore

/// What `verify` and `verify-attestation` have in common; names as cosign has them where it has the same notion.
struct ProofOptions: ParsableArguments {
    enum Output: String, CaseIterable {
        case json, report
    }

    static let defaultTimeout = "3m"

    @OptionGroup var signer: SignerOptions

    @Flag(name: .customLong("check-claims"), help: "Check what was signed against the image [always on]")
    var checksClaims = false

    @Option(
        name: .customLong("attachment-tag-prefix"),
        help: ArgumentHelp("Put this text in front of cosign's tags [default: none]", valueName: "prefix"))
    var tagPrefix: String?

    @Option(
        name: .customLong("rekor-url"),
        help: ArgumentHelp(
            "Ask this Rekor log for the entry of a signature that brings none [default: nobody is asked]",
            valueName: "url"))
    var rekorURL: String?

    @Flag(
        name: .customLong("local-image"), help: "Read the image from an OCI layout on disk, as 'cosign save' writes it")
    var isLocal = false

    @Option(
        name: [.customShort("o", allowingJoined: true), .long],
        help: ArgumentHelp(
            """
            Write to stdout json, the verified proofs if admitted, or report, the verdict with reason codes either way \
            [default: json]
            """,
            valueName: "form"))
    var output: String?

    @Option(
        name: [.customShort("t"), .long],
        help: ArgumentHelp("Give up after this time [as 90s, 3m or 1h, at most 24h; default: 3m]", valueName: "time"))
    var timeout: String?

    func form() throws(UsageError) -> Output {
        guard let output else { return .json }
        guard let form = Output(rawValue: output) else {
            throw UsageError("--output takes json or report, not '\(output)'")
        }
        return form
    }

    /// The flags that only say how a signer is looked for, as far as they are given.
    var flagsOfSigner: [String] {
        let flags = [
            rekorURL == nil ? nil : "--rekor-url", tagPrefix == nil ? nil : "--attachment-tag-prefix",
            isLocal ? "--local-image" : nil,
        ]
        return signer.given + flags.compactMap { $0 }
    }

    /// One signer as a policy over everything, so that a signer and a policy are judged by the same code.
    func policy(
        _ options: VerificationOptions, attestations: [AttestationRequirement]
    ) throws(UsageError) -> PolicySet {
        let everything: Glob
        do { everything = try Glob("**") } catch { throw UsageError("\(error)") }
        let name = options.key == nil ? "certificate-identity" : "key"
        let authority = Authority(
            name: name, check: .signer(options), sources: try proofSources(), attestations: attestations,
            logSearch: try logSearch())
        return PolicySet(policies: [
            ClusterImagePolicy(
                name: "--\(name)", mode: .enforce, images: [everything], match: [], authorities: [authority],
                documentHash: Digest(of: Array(name.utf8)))
        ])
    }

    private func logSearch() throws(UsageError) -> LogAddress? {
        guard let rekorURL else { return nil }
        guard !isLocal, !signer.ignoresLog else {
            throw UsageError("--rekor-url goes with neither --local-image nor --insecure-ignore-tlog")
        }
        do throws(RequestURLFault) { _ = try RequestURL(parsing: rekorURL) } catch {
            throw UsageError("--rekor-url: \(error)")
        }
        return LogAddress(rekorURL)
    }

    private func proofSources() throws(UsageError) -> [ProofSource] {
        guard let tagPrefix else { return [] }
        let isTag = tagPrefix.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: [UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-")].contains(byte)
            }
        }
        // A tag has 128 characters at most, of which `sha256-`, the hex and `.sig` take 75. With a slash the registry
        // would be asked for something else.
        guard isTag, tagPrefix.utf8.count <= 53 else {
            throw UsageError(
                "--attachment-tag-prefix takes at most 53 letters, digits, '_', '.' and '-', not '\(tagPrefix)'")
        }
        return [ProofSource(repository: nil, tagPrefix: tagPrefix)]
    }
}
