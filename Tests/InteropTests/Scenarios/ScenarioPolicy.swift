// SPDX-License-Identifier: Apache-2.0

/// A ClusterImagePolicy as an administrator writes it; parts are YAML, indented as they are given.
struct ScenarioPolicy: Sendable {
    var name: String
    var version = "v1beta1"
    var globs: [String]
    /// Entries of `spec.authorities`, each without its dash.
    var authorities: [String] = []
    /// Further members of `spec`.
    var rest = ""

    init(
        _ name: String, _ globs: String..., version: String = "v1beta1", authorities: [String] = [], rest: String = ""
    ) {
        self.name = name
        self.version = version
        self.globs = globs
        self.authorities = authorities
        self.rest = rest
    }

    var text: String {
        var text = """
            apiVersion: policy.sigstore.dev/\(version)
            kind: ClusterImagePolicy
            metadata:
              name: \(name)
            spec:
              images:

            """
        for glob in globs { text += "  - glob: \"\(glob)\"\n" }
        if !authorities.isEmpty { text += "  authorities:\n" }
        for authority in authorities { text += "  -\n" + Self.indented(authority, by: 4) }
        return text + Self.indented(rest, by: 2)
    }

    static func indented(_ text: String, by width: Int) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.isEmpty ? "\n" : String(repeating: " ", count: width) + $0 + "\n" }.joined()
    }

    // MARK: Authorities

    /// `keyless` with one identity; what is left out is any.
    static func keyless(
        issuer: String? = nil, subject: String? = nil, subjectRegExp: String? = nil, more: String = ""
    ) -> String {
        let issuer = issuer.map { "issuer: \($0)" } ?? "issuerRegExp: .*"
        let subject =
            subject.map { "subject: \($0)" } ?? "subjectRegExp: \(subjectRegExp ?? ".*")"
        return "keyless:\n  url: https://fulcio.sigstore.dev\n  identities:\n  - \(issuer)\n    \(subject)\n"
            + (more.isEmpty ? "" : indented(more, by: 2))
    }

    static func key(_ pem: String, more: String = "") -> String {
        "key:\n  data: |\n" + indented(pem, by: 4) + (more.isEmpty ? "" : indented(more, by: 2))
    }

    static func `static`(_ action: String, message: String? = nil) -> String {
        "static:\n  action: \(action)\n" + (message.map { "  message: \($0)\n" } ?? "")
    }

    /// `attestations` with one requirement, and what a CUE text asks of it.
    static func attestation(_ name: String, type: String, cue: String? = nil) -> String {
        var text = "- name: \(name)\n  predicateType: \(type)\n"
        if let cue { text += "  policy:\n    type: cue\n    data: |\n" + indented(cue, by: 6) }
        return text
    }

    static func attestations(_ requirements: String...) -> String {
        "attestations:\n" + requirements.joined()
    }

    /// `policy` of a whole document.
    static func cue(_ text: String, including fields: String...) -> String {
        "policy:\n  type: cue\n" + fields.map { "  \($0): true\n" }.joined() + "  data: |\n" + indented(text, by: 4)
    }
}
