// SPDX-License-Identifier: Apache-2.0
import JSON
public import OCI

/// An image that cosign signed and that was recorded as an OCI layout, with the verdict that it has to get.
public struct RecordedFixture: Sendable, CustomStringConvertible {
    /// Where the recordings lie in the shared folder.
    public static let folder = "captures/cosign"

    /// What has to become of the image.
    public enum Verdict: String, Sendable {
        case accept, reject, unsigned
        /// Depends on what is asked; the tests say how it is decided here.
        case policy
    }

    /// Who has to have signed.
    public enum Signer: Sendable, Hashable {
        /// A public key, by its name in the folder.
        case key(String)
        case identity(String, issuer: String)
    }

    /// The layout's name in the folder.
    public let layout: String
    /// The image.
    public let image: Digest
    public let signer: Signer
    public let verdict: Verdict
    /// Whether a log entry is required.
    public let requiresLog: Bool
    /// Whether a timestamp is.
    public let requiresTimestamp: Bool
    /// The predicate type of the attestation that is asked for; `nil` where a signature is.
    public let predicateType: String?
    /// Name of the trusted root in the folder; `nil` where nothing has to be believed but the key.
    public let trustedRoot: String?
    /// What is particular about it.
    public let note: String

    public var description: String {
        "\(layout) \(image.hex.prefix(4)) \(predicateType ?? "signature") \(verdict.rawValue) (\(note))"
    }

    /// The layout's path from the shared folder.
    public var layoutFolder: String { "\(Self.folder)/\(layout)" }

    /// Whether an identity is asked for and not a key.
    public var isKeyless: Bool {
        if case .identity = signer { return true }
        return false
    }

    /// Every one that is recorded.
    public static let all: [RecordedFixture] = {
        let document = SharedFolder.bytes("\(folder)/expected.json").flatMap { try? JSONDocument(parsing: $0) }
        return document?.root["fixtures"]?.elements.compactMap { RecordedFixture($0) } ?? []
    }()

    private init?(_ entry: JSONValue) {
        guard let layout = entry["layout"]?.string, let image = entry["digest"]?.string.flatMap({ try? Digest($0) }),
            let verdict = entry["verdict"]?.string.flatMap({ Verdict(rawValue: $0) }), let log = entry["tlog"]?.bool
        else { return nil }
        switch entry["mode"]?.string {
        case "key":
            guard let key = entry["key"]?.string else { return nil }
            signer = .key(key)
        case "identity":
            guard let identity = entry["identity"]?.string, let issuer = entry["issuer"]?.string else { return nil }
            signer = .identity(identity, issuer: issuer)
        default: return nil
        }
        self.layout = layout
        self.image = image
        self.verdict = verdict
        requiresLog = log
        requiresTimestamp = entry["requireTimestamp"]?.bool ?? false
        predicateType = entry["what"]?.string == "attestation" ? entry["type"]?.string : nil
        trustedRoot = entry["trustedRoot"]?.string
        note = entry["note"]?.string ?? ""
    }

    /// The program's command line for it. `signer` may ask for somebody else.
    public func arguments(_ operand: [String], signer: Signer? = nil) -> [String] {
        func path(_ name: String) -> String { "\(SharedFolder.root ?? "")/\(Self.folder)/\(name)" }
        var arguments = predicateType.map { ["verify-attestation", "--type", $0] } ?? ["verify"]
        switch signer ?? self.signer {
        case .key(let name): arguments += ["--key", path(name)]
        case .identity(let name, let issuer):
            arguments += ["--certificate-identity", name, "--certificate-oidc-issuer", issuer]
        }
        if let trustedRoot { arguments += ["--trusted-root", path(trustedRoot)] }
        if !requiresLog { arguments.append("--insecure-ignore-tlog") }
        if requiresTimestamp { arguments.append("--use-signed-timestamps") }
        return arguments + operand
    }
}
