// SPDX-License-Identifier: Apache-2.0

/// Who signs, as an OpenID token told the certificate authority: names, and Fulcio's claims.
public struct SigningIdentity: Hashable, Sendable {
    /// What the SubjectAlternativeName holds.
    public var names: [GeneralName]
    /// The values of 1.3.6.1.4.1.57264.1.x by x; 1 and 8 are both the issuer.
    public var claims: [Int: String]

    /// The identity with these names, vouched for by that issuer.
    public init(names: [GeneralName], issuer: String) {
        self.names = names
        claims = [1: issuer, 8: issuer]
    }

    /// A person.
    public static func email(_ address: String, issuer: String) -> SigningIdentity {
        SigningIdentity(names: [.email(address)], issuer: issuer)
    }

    /// A workload with a URI, such as one of SPIFFE.
    public static func uri(_ uri: String, issuer: String) -> SigningIdentity {
        SigningIdentity(names: [.uri(uri)], issuer: issuer)
    }

    /// A user name of the form `user!domain`.
    public static func username(_ name: String, issuer: String) -> SigningIdentity {
        SigningIdentity(names: [.username(name)], issuer: issuer)
    }

    /// A GitHub workflow, with every claim that Fulcio writes for one.
    public static func workflow(
        repository: String = "octo/app", workflow: String = ".github/workflows/release.yml",
        ref: String = "refs/heads/main", issuer: String = "https://token.actions.githubusercontent.com"
    ) -> SigningIdentity {
        let uri = "https://github.com/\(repository)/\(workflow)@\(ref)"
        let home = "https://github.com/\(repository)"
        let commit = String(repeating: "c0ffee1234", count: 4)
        var identity = SigningIdentity(names: [.uri(uri)], issuer: issuer)
        identity.claims.merge([
            2: "push", 3: commit, 4: "Release", 5: repository, 6: ref, 9: uri, 10: commit, 11: "github-hosted",
            12: home, 13: commit, 14: ref, 15: "1234567",
            16: String(home[..<(home.lastIndex(of: "/") ?? home.endIndex)]),
            17: "7654321", 18: uri, 19: commit, 20: "push", 21: "\(home)/actions/runs/42/attempts/1", 22: "public",
            23: "production", 24: "repo:\(repository):ref:\(ref)",
        ]) { $1 }
        return identity
    }

    /// The claims as extensions: 1 to 6 as bare text, the rest as UTF8String.
    public var extensions: [CertificateTemplate.Extension] {
        claims.keys.sorted().map { number in
            let text = claims[number] ?? ""
            return CertificateTemplate.Extension(
                oid: "1.3.6.1.4.1.57264.1.\(number)",
                value: number <= 6 ? Array(text.utf8) : ASN1Writer.utf8(text))
        }
    }
}
