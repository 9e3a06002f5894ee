// SPDX-License-Identifier: Apache-2.0
public import OCI

/// A case of Sigstore's conformance suite, read in place: a bundle, what it is about, and whether it has to be refused.
public struct ConformanceCase: Sendable, CustomStringConvertible {
    /// Where the cases lie in the shared folder.
    public static let folder = "data/conformance/cases"
    /// The identity that the suite asks for where a case has none of its own.
    public static let defaultIdentity =
        "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/"
        + "extremely-dangerous-oidc-beacon.yml@refs/heads/main"
    /// The issuer that goes with it.
    public static let defaultIssuer = "https://token.actions.githubusercontent.com"

    /// The name of the case's folder.
    public let name: String
    /// Whose certificate has to have signed, where the case has no key.
    public let identity: String
    /// Who vouches for that identity.
    public let issuer: String
    /// Full paths.
    public let bundlePath: String
    /// The file that was signed.
    public let artifactPath: String
    /// The key that has to have signed; `nil` where an identity has to.
    public let keyPath: String?
    /// `nil` for the public-good instance.
    public let trustedRootPath: String?

    /// A name ending so must be refused.
    public var mustFail: Bool { name.hasSuffix("_fail") }

    public var description: String { name }

    /// Every case that is there, by name.
    public static let all: [ConformanceCase] = SharedFolder.names(in: folder).compactMap { ConformanceCase($0) }

    private init?(_ name: String) {
        let folder = "\(Self.folder)/\(name)"
        guard let bundle = SharedFolder.path("\(folder)/bundle.sigstore.json"),
            let artifact = SharedFolder.path("\(folder)/artifact") ?? SharedFolder.path("\(Self.folder)/a.txt")
        else { return nil }
        self.name = name
        bundlePath = bundle
        artifactPath = artifact
        keyPath = SharedFolder.path("\(folder)/key.pub")
        trustedRootPath = SharedFolder.path("\(folder)/trusted_root.json")
        identity = Self.line("\(folder)/identity") ?? Self.defaultIdentity
        issuer = Self.line("\(folder)/issuer") ?? Self.defaultIssuer
    }

    /// The bundle's bytes.
    public var bundle: [UInt8] { Self.read(bundlePath) }
    /// The artifact's bytes.
    public var artifact: [UInt8] { Self.read(artifactPath) }
    /// SHA-256 of the artifact.
    public var digest: Digest { Digest(of: artifact) }
    /// The key in PEM.
    public var key: String? { keyPath.map { String(decoding: Self.read($0), as: UTF8.self) } }
    /// The case's own trusted root.
    public var trustedRoot: [UInt8]? { trustedRootPath.map(Self.read) }

    /// The suite's command line for `verify-bundle`, in its order, about a path or a digest.
    public func arguments(_ operand: String) -> [String] {
        let signer =
            keyPath.map { ["--key", $0] }
            ?? ["--certificate-identity", identity, "--certificate-oidc-issuer", issuer]
        let root = trustedRootPath.map { ["--trusted-root", $0] } ?? []
        return ["verify-bundle", "--bundle", bundlePath] + signer + root + [operand]
    }

    private static func read(_ path: String) -> [UInt8] { SharedFolder.contents(path) ?? [] }

    /// A file of one line.
    private static func line(_ path: String) -> String? {
        SharedFolder.bytes(path).map { bytes in
            String(decoding: bytes.filter { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }, as: UTF8.self)
        }
    }
}
