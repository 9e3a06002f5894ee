// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import TestSupport
import Testing

/// A row of what was recorded about real signatures: how to verify them, and what came of it.
struct CosignCapture: Sendable, CustomTestStringConvertible {
    static let folder = "captures/cosign"

    let layout: String
    let digest: String
    let verdict: String
    /// cosign 3.1.1 itself accepts it.
    let isAcceptedByCosign: Bool
    /// The same flags for both programs, but for the hash.
    let flags: [String]
    let isAttestation: Bool

    var testDescription: String { "\(layout) \(digest.prefix(14)) \(flags.first ?? "")" }

    /// All rows; none where nothing was recorded.
    static let all: [CosignCapture] = {
        guard let bytes = SharedFolder.bytes("\(folder)/expected.json"),
            let rows = (try? JSONDocument(parsing: bytes))?.root["fixtures"]
        else { return [] }
        return rows.elements.compactMap { CosignCapture($0) }
    }()

    private init?(_ row: JSONValue) {
        guard let layout = row["layout"]?.string, let digest = row["digest"]?.string,
            let verdict = row["verdict"]?.string, let code = row["cosign311_rc"]?.integer
        else { return nil }
        func path(_ name: String?) -> String? { name.flatMap { SharedFolder.path("\(Self.folder)/\($0)") } }
        self.layout = layout
        self.digest = digest
        self.verdict = verdict
        isAcceptedByCosign = code == 0
        isAttestation = row["what"]?.string == "attestation"
        var flags: [String] = []
        if let key = path(row["key"]?.string) { flags += ["--key", key] }
        if let identity = row["identity"]?.string { flags += ["--certificate-identity", identity] }
        if let issuer = row["issuer"]?.string { flags += ["--certificate-oidc-issuer", issuer] }
        if let root = path(row["trustedRoot"]?.string) { flags += ["--trusted-root", root] }
        if row["tlog"]?.bool == false { flags.append("--insecure-ignore-tlog") }
        self.flags = flags
    }
}

extension JSONValue {
    /// The same text for the same value: members in the order of their names, numbers as they are written.
    var canonicalText: String {
        switch kind {
        case .object:
            "{"
                + members.map { "\($0.name): \($0.value.canonicalText)" }.sorted().joined(separator: ", ") + "}"
        case .array: "[" + elements.map(\.canonicalText).joined(separator: ", ") + "]"
        case .string: "'\(string ?? "")'"
        case .number, .bool, .null: String(decoding: rawText, as: UTF8.self)
        }
    }
}
