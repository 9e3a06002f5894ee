// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Sigstore

/// Whom to believe about certificates, logs and times; the same for every command that verifies.
struct TrustOptions: ParsableArguments {
    @Option(
        name: .customLong("trusted-root"),
        help: ArgumentHelp(
            """
            Believe the authorities and logs in this Sigstore trusted_root.json [default: the public-good instance, as \
            this version was made with]
            """,
            valueName: "file"))
    var trustedRoot: String?

    @Option(
        name: .customLong("rekor-public-key"),
        help: ArgumentHelp(
            "Believe the transparency log of this public key in PEM instead of all others [repeatable]",
            valueName: "file"))
    var rekorPublicKeys: [String] = []

    @Option(
        name: .customLong("ctlog-public-key"),
        help: ArgumentHelp(
            "Believe the certificate transparency log of this public key in PEM instead of all others [repeatable]",
            valueName: "file"))
    var certificateLogKeys: [String] = []

    @Option(
        name: .customLong("ca-roots"),
        help: ArgumentHelp(
            "Believe these root certificates in PEM instead of all certificate authorities", valueName: "file"))
    var roots: String?

    @Option(
        name: .customLong("ca-intermediates"),
        help: ArgumentHelp(
            "Let these certificates in PEM lead to --ca-roots [default: the ones that come with a proof]",
            valueName: "file"))
    var intermediates: String?

    @Option(
        name: .customLong("timestamp-certificate-chain"),
        help: ArgumentHelp(
            "Believe the timestamp authority of this chain in PEM, its root last, instead of all others",
            valueName: "file"))
    var timestampChain: String?

    var sources: TrustSources {
        TrustSources(
            trustedRoot: trustedRoot, rekorPublicKeys: rekorPublicKeys, certificateLogKeys: certificateLogKeys,
            roots: roots, intermediates: intermediates, timestampChain: timestampChain)
    }
}

/// The files of trust material, wherever they were named.
struct TrustSources: Hashable, Sendable {
    var trustedRoot: String?
    var rekorPublicKeys: [String] = []
    var certificateLogKeys: [String] = []
    var roots: String?
    var intermediates: String?
    var timestampChain: String?

    /// Whether the embedded root is part of it, which grows old.
    var usesEmbeddedRoot: Bool { trustedRoot == nil }

    /// Whether the built-in root is in use and past its best.
    func isOld(now: Instant) -> Bool { usesEmbeddedRoot && TrustSamples.age(now: now) > TrustSamples.oldAge }

    var files: [String] {
        [trustedRoot, roots, intermediates, timestampChain].compactMap { $0 } + rekorPublicKeys + certificateLogKeys
    }

    /// Reads all of them; throws for anything that is not whole.
    func read() throws(UsageError) -> TrustMaterial { try material(of: try contents()) }

    /// The bytes of all files by their paths; what they say depends on nothing else.
    func contents() throws(UsageError) -> [String: [UInt8]] {
        guard !files.contains("") else {
            throw UsageError("the flags of trust material, --trusted-root and its kin, take a value that is not empty")
        }
        guard intermediates == nil || roots != nil else { throw UsageError("--ca-intermediates goes with --ca-roots") }
        var contents: [String: [UInt8]] = [:]
        for path in files { contents[path] = try readFile(path, limit: path == trustedRoot ? 4 << 20 : 1 << 20) }
        return contents
    }

    func material(of contents: [String: [UInt8]]) throws(UsageError) -> TrustMaterial {
        func text(_ path: String) -> String { String(decoding: contents[path] ?? [], as: UTF8.self) }
        let base: TrustMaterial
        do throws(TrustError) {
            if let trustedRoot {
                base = try TrustMaterial(trustedRoot: contents[trustedRoot] ?? [])
            } else {
                base = try .publicGood()
            }
        } catch { throw UsageError("\(trustedRoot ?? "the embedded trusted root"): \(error)") }
        var keys = OperatorKeys()
        keys.logKeys = rekorPublicKeys.map(text)
        keys.certificateLogKeys = certificateLogKeys.map(text)
        keys.roots = roots.map(text)
        keys.intermediates = intermediates.map(text)
        keys.timestampChain = timestampChain.map(text)
        do throws(TrustError) { return try base.replacing(with: keys) } catch { throw UsageError("\(error)") }
    }
}
