// SPDX-License-Identifier: Apache-2.0
@testable import Policy

extension LintTests {
    static let cases: [Case] = globs + identities + rules + proofs

    private static func glob(_ code: LintCode, _ wrong: String, _ right: String) -> Case {
        Case(
            code: code, wrong: wrong, right: right, part: .glob, path: "spec.images[0].glob",
            better: "write \"\(right)\"")
    }

    private static let globs: [Case] = [
        glob(.globNeverMatches, "ghcr.io/acme/app:v1", "ghcr.io/acme/app@*"),
        glob(.globNeverMatches, "ghcr.io/acme/app", "ghcr.io/acme/app@*"),
        glob(.globNeverMatches, "nginx*", "index.docker.io/library/nginx@*"),
        glob(.globNeverMatches, "acme/app", "index.docker.io/acme/app@*"),
        glob(.globNeverMatches, "acme/app*", "index.docker.io/acme/app*"),
        glob(.globDockerHub, "*", "**"),
        glob(.globDockerHub, "*/*", "**"),
        glob(.globDockerHub, "docker.io/acme/*", "index.docker.io/acme/*"),
        glob(.globDockerHub, "hub.docker.com/acme/*", "index.docker.io/acme/*"),
        glob(.globDockerHub, "docker.io**", "index.docker.io/**"),
        glob(.globAcrossHosts, "ghcr.io**", "ghcr.io/**"),
        glob(.globAcrossHosts, "localhost:5000**", "localhost:5000/**"),
        Case(
            code: .globAcrossHosts, wrong: "**demo**", right: "ghcr.io/acme/*demo*", part: .glob,
            path: "spec.images[0].glob", better: "\"registry.example/acme/**\""),
        Case(
            code: .globAcrossHosts, wrong: "*.azurecr.io/app/**", right: "acme.azurecr.io/app/**", part: .glob,
            path: "spec.images[0].glob", better: "write the registry out"),
        Case(
            code: .globAcrossHosts, wrong: "**/acme/app@*", right: "**/**", part: .glob,
            path: "spec.images[0].glob", better: "write the registry out"),
        glob(.globNeverMatches, "images.*", "index.docker.io/library/images@*"),
        glob(.globAcrossOwners, "ghcr.io/acme**", "ghcr.io/acme/**"),
        glob(.globAcrossOwners, "index.docker.io/acme**", "index.docker.io/acme/**"),
        Case(
            code: .globAcrossOwners, wrong: "ghcr.io/acme**", right: "ghcr.io/acme/app**", part: .glob,
            path: "spec.images[0].glob", better: "\"ghcr.io/acme-other/app\" is one of them"),
    ]

    private static func identity(
        _ code: LintCode, _ field: String, _ wrong: String, _ right: String, better: String? = nil
    ) -> Case {
        func text(_ field: String, _ value: String) -> String {
            let other = field.hasPrefix("issuer") ? "subject: a@acme.example" : "issuer: \"https://issuer.example\""
            return "{\(field): '\(value)', \(other)}"
        }
        let rightField = code == .identityPattern ? "\(field)RegExp" : field
        return Case(
            code: code, wrong: text(field, wrong), right: text(rightField, right), part: .identity,
            path: "spec.authorities[0].keyless.identities[0].\(field)", better: better ?? quoted(right))
    }

    private static let workflow = #"^https://github\.com/acme/app/\.github/workflows/release\.yml@refs/heads/main$"#

    private static let identities: [Case] = [
        identity(.identityLoose, "subjectRegExp", ".*", workflow),
        identity(.identityLoose, "subjectRegExp", "^.+$", workflow),
        identity(.identityLoose, "subjectRegExp", #"^https://github\.com/.*$"#, workflow),
        identity(.identityLoose, "subjectRegExp", #"^https://github\.com/acme.*$"#, workflow),
        identity(.identityLoose, "subjectRegExp", ".*@.*", workflow),
        identity(
            .identityLoose, "subjectRegExp", #"@gmail\.com$"#, #"^jane\.doe@gmail\.com$"#, better: "write who signs"),
        identity(
            .identityLoose, "issuerRegExp", ".*", #"^https://issuer\.example$"#, better: "write the issuer whole"),
        identity(
            .identityLoose, "issuerRegExp", "^https://.*$", #"^https://issuer\.example$"#,
            better: "write the issuer whole"),
        identity(
            .identityLoose, "issuerRegExp", #"^https://issuer\.example.*$"#, #"^https://issuer\.example/.*$"#,
            better: "write the issuer whole"),
        identity(
            .identityPattern, "subject", "https://k8s.example/ns/*/sa/*", #"^https://k8s\.example/ns/[^/]*/sa/[^/]*$"#),
        identity(.identityPattern, "subject", workflow, workflow),
        identity(
            .regexpUnanchored, "subjectRegExp", #"https://github\.com/acme/app/\.github/workflows/release\.yml"#,
            #"^https://github\.com/acme/app/\.github/workflows/release\.yml@refs/.*$"#),
        identity(
            .regexpUnanchored, "subjectRegExp",
            #"https://github\.com/acme/app/\.github/workflows/ci\.yml@refs/tags/v.*"#,
            #"^https://github\.com/acme/app/\.github/workflows/ci\.yml@refs/tags/v.*$"#),
        identity(
            .regexpUnanchored, "subjectRegExp", ".*kubernetes.io/namespaces/acme/serviceaccounts/default",
            #"^https://kubernetes\.io/namespaces/acme/serviceaccounts/default$"#),
        identity(
            .regexpUnanchored, "subjectRegExp", ".*acme.iam.gserviceaccount.com",
            #"^[^@]+@acme\.iam\.gserviceaccount\.com$"#),
        identity(.regexpUnanchored, "subjectRegExp", "github.com/acme/", #"^https://github\.com/acme/.*$"#),
        identity(
            .regexpUnanchored, "subjectRegExp", "^https://github.com/acme/app", #"^https://github\.com/acme/app/.*$"#),
        identity(
            .regexpUnanchored, "subjectRegExp", "^a@acme[.]example|^b@acme[.]example$", "^(?:a|b)@acme[.]example$",
            better: "^(?:^a@acme[.]example|^b@acme[.]example$)$"),
        identity(.regexpUnanchored, "issuerRegExp", ".*issuer.example.*", #"^https://issuer\.example$"#),
        identity(.regexpUnanchored, "issuerRegExp", "subject", #"^https://subject$"#),
        identity(
            .regexpUnescapedDot, "subjectRegExp", "^https://github.com/acme/app/.github/workflows/r[.]yml@.*$",
            #"^https://github\.com/acme/app/\.github/workflows/r[.]yml@.*$"#),
        identity(
            .regexpUnescapedDot, "subjectRegExp", #"^https://acme\.example/v[0-9]+.[0-9]+$"#,
            #"^https://acme\.example/v[0-9]+\.[0-9]+$"#),
    ]

    private static func rule(_ code: LintCode, _ wrong: String, _ right: String, path: String, better: String) -> Case {
        Case(code: code, wrong: wrong, right: right, part: .match, path: path, better: better)
    }

    private static let rules: [Case] = [
        rule(
            .matchLeavesPodsOut, "[{group: apps, version: v1, resource: deployments}]",
            "[{group: apps, version: v1, resource: deployments}, {version: v1, resource: pods}]", path: "spec.match",
            better: "{version: v1, resource: pods}"),
        rule(.matchEmpty, "[]", "[{version: v1, resource: pods}]", path: "spec.match", better: "leave it out"),
        rule(
            .matchNamesNothing, "[{version: v1, resource: pods}, {version: v1, resource: deployments}]",
            "[{version: v1, resource: pods}, {group: apps, version: v1, resource: deployments}]",
            path: "spec.match[1]", better: "{group: apps, version: v1, resource: deployments}"),
        rule(
            .matchNamesNothing, "[{version: v2, resource: pods}]", "[{version: v1, resource: pods}]",
            path: "spec.match[0]", better: "{version: v1, resource: pods}"),
        rule(
            .matchNamesNothing, "[{version: v1, resource: pods}, {group: batch, resource: jobs}]",
            "[{version: v1, resource: pods}, {group: batch, version: v1, resource: jobs}]",
            path: "spec.match[1].version", better: ""),
    ]

    private static func authority(
        _ code: LintCode, _ wrong: String, _ right: String, at path: String, line: Int = 0, better: String
    ) -> Case {
        Case(
            code: code, wrong: wrong, right: right, part: .authority, line: line,
            path: path.isEmpty ? "spec.authorities[0]" : "spec.authorities[0].\(path)", better: better)
    }

    private static let bom = "attestations: [{name: a, predicateType: \"https://cyclonedx.org/bom\"}]"
    private static let keyless = "keyless: {identities: [IDENTITY]}"

    private static let proofs: [Case] = [
        authority(
            .attestationsOnly, "\(keyless)\n    \(bom)", "\(keyless)\n    requireSignature: true\n    \(bom)",
            at: "attestations", line: 1, better: "requireSignature: true"),
        authority(
            .attestationsOnly, "\(keyless)\n    \(bom)",
            "\(keyless)\n    attestations: [{name: a, predicateType: \"https://sigstore.dev/cosign/sign/v1\"}]",
            at: "attestations", line: 1, better: "requireSignature: true"),
        authority(
            .noLogNoTimestamp, "key: {data: KEY}", "key: {data: KEY}\n    ctlog: {}", at: "key", better: "ctlog: {}"),
        authority(
            .noLogNoTimestamp, "key: {secretRef: {name: a}}", "key: {secretRef: {name: a}}\n    rfc3161timestamp: {}",
            at: "key", better: "rfc3161timestamp: {}"),
        authority(
            .authorityUnavailable, "key: {kms: \"hashivault://a\"}\n    ctlog: {}", "key: {data: KEY}\n    ctlog: {}",
            at: "key", better: "key management"),
        authority(
            .authorityUnavailable, "keyless: {identities: [IDENTITY], ca-cert: {data: KEY}}", keyless, at: "keyless",
            better: "TrustRoot"),
        authority(
            .signatureFormatUnknown, "\(keyless)\n    signatureFormat: x", "\(keyless)\n    signatureFormat: bundle",
            at: "signatureFormat", line: 1, better: "leave it out"),
        authority(
            .hashUnavailable, "key: {data: KEY, hashAlgorithm: sha224}\n    ctlog: {}",
            "key: {data: KEY, hashAlgorithm: sha256}\n    ctlog: {}", at: "key.hashAlgorithm", better: "sha256"),
        authority(
            .sourceWithoutHost, "\(keyless)\n    source: [{oci: acme}]", "\(keyless)\n    source: [{oci: a.example/b}]",
            at: "source[0].oci", line: 1, better: "with its host"),
        Case(
            code: .predicateTypeAlias, wrong: "{name: a, predicateType: cyclonedx}",
            right: "{name: a, predicateType: \"https://cyclonedx.org/bom\"}", part: .attestation,
            path: "spec.authorities[0].attestations[0].predicateType", better: "https://cyclonedx.org/bom"),
        Case(
            code: .regoNotEvaluated,
            wrong: "{name: a, predicateType: \"https://cyclonedx.org/bom\", policy: {type: rego, data: x}}",
            right: "{name: a, predicateType: \"https://cyclonedx.org/bom\"}", part: .attestation,
            path: "spec.authorities[0].attestations[0].policy.type", better: "denied until then"),
    ]
}
