// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
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
        help: "Accept a signature without a transparency log entry; needed with --key until logs are checked here")
    var ignoresLog = false

    @Flag(name: .customLong("check-claims"), help: "Check what was signed against the image [always on]")
    var checksClaims = false

    @Option(
        name: .customLong("attachment-tag-prefix"),
        help: ArgumentHelp("Put this text in front of cosign's tags [default: none]", valueName: "prefix"))
    var tagPrefix: String?

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

    /// The flags that only say how `--key` is applied, as far as they are given.
    var flagsOfKey: [String] {
        [
            hash == nil ? nil : "--signature-digest-algorithm", ignoresLog ? "--insecure-ignore-tlog" : nil,
            tagPrefix == nil ? nil : "--attachment-tag-prefix", isLocal ? "--local-image" : nil,
        ].compactMap { $0 }
    }

    /// One key as a policy over everything, so that a key and a policy are judged by the same code.
    func policy(key path: String, attestations: [AttestationRequirement]) throws(UsageError) -> PolicySet {
        var algorithm: HashAlgorithm?
        if let hash {
            guard let named = HashAlgorithm(rawValue: hash.lowercased()) else {
                throw UsageError("--signature-digest-algorithm takes sha256, sha384 or sha512, not '\(hash)'")
            }
            algorithm = named
        }
        let verificationKey: VerificationKey
        let pem = try Self.pem(path)
        do throws(KeyError) { verificationKey = try VerificationKey(pem: pem, hash: algorithm) } catch {
            throw UsageError("\(path): \(error)")
        }
        let everything: Glob
        do { everything = try Glob("**") } catch { throw UsageError("\(error)") }
        let authority = Authority(
            name: "key", check: .key(VerificationOptions(key: verificationKey, requiresLogEntry: !ignoresLog)),
            sources: try proofSources(),
            attestations: attestations)
        return PolicySet(policies: [
            ClusterImagePolicy(
                name: "--key", mode: .enforce, images: [everything], match: [], authorities: [authority],
                documentHash: verificationKey.fingerprint)
        ])
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
