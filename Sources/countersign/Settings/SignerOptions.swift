// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import Sigstore

/// Who has to have signed and what has to support it; the same for every command that takes a signer.
struct SignerOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("Require a signature by this public key in PEM, a file or env://VARIABLE", valueName: "file")
    )
    var key: String?

    @Option(
        name: .customLong("signature-digest-algorithm"),
        help: ArgumentHelp(
            """
            Hash with sha256, sha384 or sha512 what the key signed [default: each hash that cosign has used with this kind \
            of key]
            """,
            valueName: "hash"))
    var hash: String?

    @Flag(
        name: .customLong("insecure-ignore-tlog"),
        help: "Accept a signature without a transparency log entry")
    var ignoresLog = false

    @Flag(
        name: .customLong("use-signed-timestamps"),
        help: "Require a signed timestamp of a trusted timestamp authority")
    var requiresTimestamp = false

    @OptionGroup var identity: IdentityOptions
    @OptionGroup var trust: TrustOptions

    /// The flags that only say how a signer is looked for, as far as they are given.
    var given: [String] {
        let flags = [
            hash == nil ? nil : "--signature-digest-algorithm", ignoresLog ? "--insecure-ignore-tlog" : nil,
            requiresTimestamp ? "--use-signed-timestamps" : nil,
        ]
        return flags.compactMap { $0 } + identity.given
    }

    /// Whether a key or any part of an identity is given.
    var namesSigner: Bool { key != nil || identity.values.contains { $0.value != nil } }

    /// What the insecure flags give up, a sentence each.
    var warnings: [String] {
        var warnings: [String] = []
        if ignoresLog {
            warnings.append(
                "WARNING: --insecure-ignore-tlog: no transparency log is asked, so a signature that its owner knows "
                    + "nothing of is not noticed")
        }
        if identity.ignoresSCT {
            warnings.append(
                "WARNING: --insecure-ignore-sct: no certificate transparency log is asked, so a certificate that its "
                    + "owner knows nothing of is not noticed")
        }
        if trust.sources.isOld(now: .now) {
            warnings.append(
                "WARNING: the built-in trusted root was taken on \(TrustMaterial.publicGoodTaken); newer logs and "
                    + "authorities are not in it: name a newer one with --trusted-root")
        }
        return warnings
    }

    /// What is asked for by `--key` or by an identity; `nil` where neither is given.
    func options() throws(UsageError) -> VerificationOptions? {
        for (flag, value) in [("--key", key), ("--signature-digest-algorithm", hash)] + identity.values
        where value?.isEmpty == true {
            throw UsageError("\(flag) takes a value that is not empty")
        }
        let identity = try identity.required()
        switch (key, identity) {
        case (nil, nil): return nil
        case (_?, _?):
            // cosign takes the pair and ignores half of it.
            let flag = self.identity.given.first ?? "--certificate-identity"
            throw UsageError("give either --key or \(flag), not both: a key has no certificate")
        case (let path?, nil):
            return VerificationOptions(
                signer: .key(try verificationKey(path)), logs: ignoresLog ? 0 : 1,
                timestamps: requiresTimestamp ? 1 : 0)
        case (nil, let identity?):
            guard hash == nil else {
                throw UsageError("--signature-digest-algorithm goes with --key; a certificate's key has its own")
            }
            // Only whoever gives up the log lets the clock stand in for it, as cosign has it: a certificate of minutes
            // is then as good as it is now.
            return VerificationOptions(
                signer: .certificate([identity]), logs: ignoresLog ? 0 : 1, timestamps: requiresTimestamp ? 1 : 0,
                certificateLogs: self.identity.ignoresSCT ? 0 : 1, timeWithoutProof: ignoresLog ? .now : nil)
        }
    }

    private func verificationKey(_ path: String) throws(UsageError) -> VerificationKey {
        var algorithm: HashAlgorithm?
        if let hash {
            guard let named = HashAlgorithm(rawValue: hash.lowercased()) else {
                throw UsageError("--signature-digest-algorithm takes sha256, sha384 or sha512, not '\(hash)'")
            }
            algorithm = named
        }
        let pem = try Self.pem(path)
        do throws(KeyError) { return try VerificationKey(pem: pem, hash: algorithm) } catch {
            throw UsageError("\(path): \(error)")
        }
    }

    private static func pem(_ path: String) throws(UsageError) -> String {
        if let name = path.suffix(after: "env://") {
            guard let value = getenv(name) else { throw UsageError("--key: the variable \(name) is not set") }
            return String(cString: value)
        }
        if path.firstRange(of: "://") != nil {
            throw UsageError("--key: '\(path)' is no file; keys in a KMS, on the web or in a cluster are not read here")
        }
        return String(decoding: try readFile(path, limit: 1 << 20), as: UTF8.self)
    }
}

extension String {
    /// What follows `prefix`, where the text begins with it.
    fileprivate func suffix(after prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}
