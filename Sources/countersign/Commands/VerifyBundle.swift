// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import OCI
import Sigstore

/// `countersign verify-bundle`: a bundle and a file, without any registry; the command line that Sigstore's conformance
/// suite calls.
struct VerifyBundle: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify-bundle",
        abstract: "Verify a Sigstore bundle about a file or a digest",
        usage: """
            countersign verify-bundle --bundle <file> (--key <file> | --certificate-identity <name> \
            --certificate-oidc-issuer <url>) [<options>] <file|digest>
            """,
        discussion: """
            Bundles of version 0.1, 0.2 and 0.3 are read, over the file itself or over a statement that names its digest; \
            words go to stderr

            Exit status: 0 verified, 1 not verified, 64 wrong usage or unreadable input

            Example: countersign verify-bundle --bundle app.sigstore.json --certificate-identity alice@example.com \
            --certificate-oidc-issuer https://accounts.google.com app.tar.gz
            """)

    /// Bytes of an artifact, which is read whole; of a larger one the digest can be given.
    static let maximumArtifactBytes = 1 << 30
    /// A bundle with a bill of materials in it: the bound of the core is below.
    static let maximumBundleBytes = 128 << 20

    @Option(name: .long, help: ArgumentHelp("Read this bundle, JSON", valueName: "file"))
    var bundle: String

    @OptionGroup var signer: SignerOptions

    /// Part of the conformance suite's protocol.
    @Flag(help: .hidden)
    var staging = false

    @Argument(help: ArgumentHelp("Verify this file, or what has this digest", valueName: "file|sha256:…"))
    var artifact: String

    func run() async throws {
        try await concluding {
            guard let options = try signer.options() else {
                throw UsageError("give --key FILE; \(IdentityOptions.missing)")
            }
            guard !staging || signer.trust.trustedRoot != nil else {
                throw UsageError("--staging: only the public-good root is built in; give --trusted-root FILE")
            }
            let verifier = Verifier(trust: try signer.trust.sources.read(), options: options)
            Words.say(lines: signer.warnings)
            let text = try readFile(bundle, limit: Self.maximumBundleBytes)
            let subject = try subject()
            do throws(VerificationError) {
                let verified = try verifier.artifact(subject, in: text)
                Words.say("\(artifact): verified (\(verified.artifact))")
                Words.say("  signed by \(verified.signer)")
                return .admitted
            } catch {
                Words.say("\(artifact): not verified: \(error)")
                return .denied
            }
        }
    }

    /// A digest that is no file's name, or else a file.
    private func subject() throws(UsageError) -> Artifact {
        if access(artifact, F_OK) != 0, artifact.hasPrefix("sha256:") {
            do throws(DigestError) { return .digest(try Digest(artifact)) } catch {
                throw UsageError("'\(artifact)': \(error)")
            }
        }
        return .bytes(try readFile(artifact, limit: Self.maximumArtifactBytes))
    }
}
