// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import Sigstore
import Testing

@testable import Policy

@Suite("Reading a document")
struct PolicyDocumentTests {
    @Test("a document with every field that can be checked compiles", arguments: ["v1alpha1", "v1beta1"])
    func everyField(_ version: String) throws {
        let policy = try Source(
            version: version, name: "every.field-1",
            images: "  images:\n  - glob: registry.example/acme/*\n  - glob: docker.io/acme/**\n",
            authorities: """
                  authorities:
                  - name: signer
                    key:
                      data: \(Keys.block())
                      hashAlgorithm: " SHA512 "
                    source:
                    - oci: proofs.example/acme/signatures
                      tagPrefix: v1-
                    attestations:
                    - name: bom
                      predicateType: cyclonedx
                    - name: own
                      predicateType: https://example.com/own/v1
                  - key:
                      data: \(Keys.block(Keys.second))
                    ctlog: {}
                    rfc3161timestamp: {}
                  - static:
                      action: fail
                      message: not this one
                  - static: {action: pass}

                """,
            rest: """
                  mode: warn
                  match:
                  - {group: apps, version: v1, resource: deployments}
                """
        ).policy
        #expect(policy.name == "every.field-1")
        #expect(policy.mode == .warn)
        #expect(policy.images.map(\.pattern) == ["registry.example/acme/*", "docker.io/acme/**"])
        #expect(policy.match == [WorkloadRule(group: "apps", version: "v1", resource: "deployments")])
        #expect(policy.authorities.map(\.name) == ["signer", "authority-1", "authority-2", "authority-3"])
        let signer = policy.authorities[0]
        guard case .signer(let options) = signer.check else {
            Issue.record("\(signer.check)")
            return
        }
        #expect(options == VerificationOptions(key: try VerificationKey(pem: Keys.first, hash: .sha512)))
        #expect(signer.sources.map(\.repository?.description) == ["proofs.example/acme/signatures"])
        #expect(signer.sources.map(\.tagPrefix) == ["v1-"])
        #expect(
            signer.attestations.map { [$0.name, $0.predicateType] } == [
                ["bom", "https://cyclonedx.org/bom"], ["own", "https://example.com/own/v1"],
            ])
        guard case .signer(let witnessed) = policy.authorities[1].check,
            case .staticFail("not this one") = policy.authorities[2].check,
            case .staticPass = policy.authorities[3].check
        else {
            Issue.record("\(policy.authorities)")
            return
        }
        #expect(witnessed.requiresLogEntry && witnessed.requiresTimestamp)
    }

    @Test("mode is enforce where it is not written, and a key asks for neither log nor timestamp")
    func defaults() throws {
        let policy = try Source().policy
        #expect(policy.mode == .enforce)
        #expect(policy.match.isEmpty)
        guard case .signer(let options) = policy.authorities[0].check else {
            Issue.record("no key")
            return
        }
        #expect(options.key?.hash == nil && !options.requiresLogEntry && !options.requiresTimestamp)
    }

    @Test(
        "what the schema knows and nothing here can check compiles, and never passes",
        arguments: [
            ("    keyless: {ca-cert: {kms: 'hashivault://k'}, identities: [{issuer: a, subject: b}]}", "trustRootRef"),
            ("    key: {kms: 'gcpkms://projects/p'}", "write the public key into key.data"),
            ("    key: {secretRef: {name: keys}}", "secret \"keys\" not found"),
            (
                "    key: {data: \(Keys.block(indentation: 10).yamlString)}\n    signatureFormat: any",
                "neither legacy nor bundle"
            ),
            ("    static: {action: pass}\n    signatureFormat: none", "neither legacy nor bundle"),
            (
                "    key: {data: \(Keys.block(indentation: 10).yamlString)}\n    ctlog: {trustRootRef: r}",
                "trustRootRef r not found"
            ),
            (
                "    key: {data: \(Keys.block(indentation: 10).yamlString)}\n    rfc3161timestamp: {trustRootRef: r}",
                "trustRootRef r not found"
            ),
            (
                "    keyless: {identities: [{issuerRegExp: a, subjectRegExp: b}], trustRootRef: r}",
                "trustRootRef r not found"
            ),
        ])
    func unavailable(_ members: String, _ why: String) throws {
        let policy = try Source.authority(members).policy
        let resolved = try #require(PolicySet(policies: [policy]).policies.first)
        guard case .unavailable(let reason)? = resolved.authorities.first?.check else {
            Issue.record("\(resolved.authorities)")
            return
        }
        #expect(reason.contains(why))
    }

    @Test(
        "what is accepted and does less than its author hopes is warned of",
        arguments: [
            ("    key: {data: KEY, hashAlgorithm: sha224}", "sha224 are not checked"),
            ("    key: {data: KEY}\n    signatureFormat: x", "neither legacy nor bundle"),
            (
                "    key: {data: KEY}\n    attestations: [{name: a, predicateType: 'https://a.example', "
                    + "policy: {type: rego, data: x}}]",
                "Rego are not evaluated yet"
            ),
        ])
    func warned(_ members: String, _ words: String) throws {
        let key = Keys.block(indentation: 10).yamlString
        let document = try Source.authority(members.replacing("KEY", with: key)).document
        #expect(document.policy != nil, "\(document.errors)")
        #expect(document.warnings.contains { $0.message.contains(words) }, "\(document.warnings)")
    }

    @Test(
        "an identity is required as it is written, and a log and a certificate log unless the document says otherwise")
    func keyless() throws {
        let authority = try #require(
            try Source.authority(
                "    keyless: {url: https://ca.example, identities: [{issuer: a, subjectRegExp: '^b'}]}"
            ).policy.authorities.first)
        guard case .signer(let options) = authority.check, case .certificate(let identities) = options.signer else {
            Issue.record("\(authority.check)")
            return
        }
        #expect(identities.map(\.issuer) == [[.exactly("a")]])
        #expect(identities.map { $0.subject.map(\.description) } == [[#"a match of "^b""#]])
        #expect(options.logs == 1 && options.timestamps == 0 && options.certificateLogs == 1)
    }

    @Test(
        "a log or timestamp that is named is asked for, whatever stands in it",
        arguments: ["{}", "{url: https://log.example}", "{trustRootRef: ''}", "", "null"])
    func namedLog(_ value: String) throws {
        let key = "    key:\n      data: \(Keys.block())\n"
        let log = try Source.authority(key + "    ctlog: \(value)").policy.authorities[0].check
        guard case .signer(let options) = log else {
            Issue.record("\(log)")
            return
        }
        #expect(options.requiresLogEntry && !options.requiresTimestamp)
        guard !value.contains("url") else { return }
        let stamp = try Source.authority(key + "    rfc3161timestamp: \(value)").policy.authorities[0].check
        guard case .signer(let options) = stamp else {
            Issue.record("\(stamp)")
            return
        }
        #expect(!options.requiresLogEntry && options.requiresTimestamp)
    }

    /// A document, the words of its error, and the true place of what is wrong.
    struct Refusal: CustomTestStringConvertible, Sendable {
        let source: Source
        let words: String
        let path: String

        init(_ source: Source, _ words: String, at path: String) {
            self.source = source
            self.words = words
            self.path = path
        }

        init(authority members: String, _ words: String, at path: String) {
            self.init(Source.authority(members), words, at: path)
        }

        var testDescription: String { "\(path): \(words)" }
    }

    private static let key = "    key:\n      data: \(Keys.block())\n"
    private static let only = "spec.authorities[0]"

    static let refusals: [Refusal] = [
        Refusal(Source(name: nil), "missing field(s): metadata.name", at: "metadata.name"),
        Refusal(Source(name: "Upper"), "invalid value: Upper: metadata.name", at: "metadata.name"),
        Refusal(Source(version: "v1"), "unknown apiVersion", at: "apiVersion"),
        Refusal(Source(images: "  images: []\n"), "missing field(s): spec.images", at: "spec.images"),
        Refusal(Source(images: ""), "missing field(s): spec.images", at: "spec.images"),
        Refusal(
            Source(images: "  images:\n  - glob: ''\n"), "missing field(s): spec.images[0].glob",
            at: "spec.images[0].glob"),
        Refusal(
            Source(images: "  images:\n  - glob: '['\n"),
            "invalid value: [: spec.images[0].glob\nglob is invalid: syntax error in pattern", at: "spec.images[0].glob"
        ),
        Refusal(
            Source(images: "  images:\n  - glob: $FOO*\n"),
            "invalid value: $FOO*: spec.images[0].glob\nglob is invalid: invalid glob \"$FOO*\"",
            at: "spec.images[0].glob"),
        Refusal(
            Source(authorities: "  authorities: []\n"), "missing field(s): spec.authorities", at: "spec.authorities"),
        Refusal(Source(authorities: ""), "missing field(s): spec.authorities", at: "spec.authorities"),
        Refusal(
            Source(rest: "  mode: garbage"), "invalid value: garbage: spec.mode\nunsupported mode", at: "spec.mode"),
        Refusal(Source(rest: "  bogus: 1"), "unknown field \"bogus\": spec.bogus", at: "spec.bogus"),
        Refusal(Source(rest: "  Mode: warn"), "unknown field \"Mode\": spec.Mode", at: "spec.Mode"),
        Refusal(
            Source(rest: "  signatureFormat: bundle"), "unknown field \"signatureFormat\"", at: "spec.signatureFormat"),
        Refusal(Source(rest: "  mode: 1"), "expected a string, found a number: spec.mode", at: "spec.mode"),
        Refusal(Source(rest: "  match: {}"), "expected a list, found an object: spec.match", at: "spec.match"),
        Refusal(
            Source(rest: "  match:\n  - resource: apple"),
            "invalid value: apple: spec.match[0].resource\nunsupported resource name", at: "spec.match[0].resource"),
        Refusal(
            Source(rest: "  match:\n  - selector: {}"),
            "invalid value: : spec.match[0].selector\nselector requires a resource type to match the labels",
            at: "spec.match[0].selector"),
        Refusal(
            Source(
                rest: "  match:\n  - resource: pods\n    selector: {matchExpressions: [{key: a, operator: Within}]}"),
            "invalid value: Within", at: "spec.match[0].selector.matchExpressions[0].operator"),
        Refusal(
            Source(rest: "  match:\n  - resource: pods\n    selector: {matchExpressions: [{key: a, operator: In}]}"),
            "missing field(s)", at: "spec.match[0].selector.matchExpressions[0].values"),
        Refusal(
            Source(rest: "  match:\n  - resource: pods\n    selector: {matchLabels: {a: 1}}"),
            "expected a string, found a number", at: "spec.match[0].selector.matchLabels.a"),
        Refusal(
            Source(rest: "  policy: {type: cue, data: 'a: {'}"), "failed to compile the cue policy with error: ",
            at: "spec.policy.data"),
        Refusal(
            Source(rest: "  policy: {type: json, data: x}"),
            "invalid value: json: spec.type\nonly [cue,rego] are supported at the moment", at: "spec.policy.type"),
        Refusal(
            authority: "    source: []",
            "expected exactly one, got neither: \(only).key, \(only).keyless, \(only).static", at: "\(only).key"),
        Refusal(
            authority: key + "    static: {action: pass}",
            "expected exactly one, got both: \(only).key, \(only).keyless, \(only).static", at: "\(only).key"),
        Refusal(
            authority: "    key: {}",
            "expected exactly one, got neither: \(only).key.data, \(only).key.kms, \(only).key.secretref",
            at: "\(only).key.data"),
        Refusal(
            authority: "    key: {kms: 'gcpkms://k', secretRef: {name: s}}",
            "expected exactly one, got both: \(only).key.data, \(only).key.kms, \(only).key.secretref",
            at: "\(only).key.data"),
        Refusal(authority: "    key: {data: x}", "invalid value: (1 byte): \(only).key.data", at: "\(only).key.data"),
        Refusal(
            authority: "    key: {data: '---somedata---'}", "invalid value: ---somedata---: \(only).key.data",
            at: "\(only).key.data"),
        Refusal(
            authority: "    key: {data: '---s0medata---'}", "invalid value: (14 bytes): \(only).key.data",
            at: "\(only).key.data"),
        Refusal(
            authority: "    key:\n      data: \(Keys.block(Keys.first + Keys.second))", "invalid value: (PUBLIC KEY, ",
            at: "\(only).key.data"),
        Refusal(
            authority: "    key:\n      data: \(Keys.block(Keys.weak))", "invalid value: (PUBLIC KEY, ",
            at: "\(only).key.data"),
        Refusal(
            authority: key + "      hashAlgorithm: shaINVALID", "invalid value: shaINVALID: \(only).key.hashAlgorithm",
            at: "\(only).key.hashAlgorithm"),
        Refusal(
            authority: "    key: {kms: 'fookms://x'}",
            "\(only).key.kms\nmalformed KMS format, should be prefixed by any of the supported providers",
            at: "\(only).key.kms"),
        Refusal(
            authority: "    keyless: {identities: []}", "missing field(s): \(only).keyless.identities",
            at: "\(only).keyless.identities"),
        Refusal(
            authority: "    keyless: {identities: [{issuer: a}]}",
            "missing field(s): \(only).keyless.identities[0].subject, \(only).keyless.identities[0].subjectRegExp",
            at: "\(only).keyless.identities[0].subject"),
        Refusal(
            authority: "    keyless: {identities: [{issuer: a, issuerRegExp: b, subject: c}]}",
            "expected exactly one, got both: \(only).keyless.identities[0].issuer, "
                + "\(only).keyless.identities[0].issuerRegExp",
            at: "\(only).keyless.identities[0].issuer"),
        Refusal(
            authority:
                "    keyless: {url: https://x, ca-cert: {kms: 'gcpkms://k'}, identities: [{issuer: a, subject: b}]}",
            "expected exactly one, got both: \(only).keyless.ca-cert, \(only).keyless.url",
            at: "\(only).keyless.ca-cert"),
        Refusal(authority: "    static: {}", "missing field(s): \(only).static.action", at: "\(only).static.action"),
        Refusal(
            authority: "    static: {action: allow}", "invalid value: allow: \(only).static.action\nunsupported action",
            at: "\(only).static.action"),
        Refusal(
            authority: "    static: {action: pass}\n    ctlog: {}",
            "expected exactly one, got both: \(only).ctlog, \(only).static", at: "\(only).ctlog"),
        Refusal(
            authority: "    static: {action: pass}\n    attestations: [{name: a, predicateType: 'https://x'}]",
            "expected exactly one, got both: \(only).attestations, \(only).static", at: "\(only).attestations"),
        Refusal(
            authority: key + "    source: [{oci: a.example/b}, {oci: a.example/c}]",
            "invalid value: source: \(only).source\nonly single source is supported", at: "\(only).source"),
        Refusal(
            authority: key + "    source: [{oci: a.example/b:tag}]", "invalid value: a.example/b:tag",
            at: "\(only).source[0].oci"),
        Refusal(
            authority: key + "    source: [{oci: acme/b}]", "invalid value: acme/b", at: "\(only).source[0].oci"),
        Refusal(
            authority: key + "    source: [{oci: docker.io/b}]",
            "strict validation requires the full repository path (missing 'library')", at: "\(only).source[0].oci"),
        Refusal(
            authority: key + "    source: [{tagPrefix: 'a/b'}]", "invalid value: a/b", at: "\(only).source[0].tagPrefix"
        ),
        Refusal(
            authority: key + "    source: [{tagPrefix: '-a'}]", "invalid value: -a", at: "\(only).source[0].tagPrefix"),
        Refusal(
            authority: key + "    source: [{signaturePullSecrets: [{name: ''}]}]",
            "missing field(s): \(only).source[0].signaturePullSecrets[0].name",
            at: "\(only).source[0].signaturePullSecrets[0].name"),
        Refusal(
            authority: key + "    attestations: [{}]",
            "missing field(s): \(only).attestations.name, \(only).attestations.predicateType",
            at: "\(only).attestations[0].name"),
        Refusal(
            authority: key
                + "    attestations: [{name: a, predicateType: 'https://x', policy: {type: cue, data: x, includeSpec: false}}]",
            "must not set the field(s): \(only).attestations.policy.includeSpec",
            at: "\(only).attestations[0].policy.includeSpec"),
        Refusal(authority: key + "    tlog: {}", "unknown field \"tlog\"", at: "\(only).tlog"),
        Refusal(authority: key + "    ctlog: {url: 'https://x:y'}", "no URL", at: "\(only).ctlog.url"),
    ]

    @Test("a document that is not understood is refused in the known words, and says where", arguments: refusals)
    func refused(_ refusal: Refusal) throws {
        let document = try refusal.source.document
        #expect(document.policy == nil)
        let errors = document.errors
        #expect(errors.merged.contains(refusal.words), "\(errors.merged)")
        let problem = try #require(errors.first { $0.path == refusal.path }, "\(errors)")
        let position = try #require(problem.position)
        let lines = refusal.source.text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect((1...lines.count).contains(position.line))
        #expect(
            problem.description(in: "dir/file.yaml").hasPrefix("dir/file.yaml:\(position.line):\(position.column): "))
        #expect(!problem.description.contains("\n"))
    }

    @Test("the place of an error is where a person finds it")
    func position() throws {
        let document = try Source(rest: "  mode: warn\n  bogus: 1").document
        let problem = try #require(document.errors.first)
        let lines = Source(rest: "  mode: warn\n  bogus: 1").text.split(separator: "\n")
        #expect(problem.position?.line == lines.count)
        #expect(problem.position?.column == 3)
    }

    @Test("everything that is wrong is told at once, in the order of the document")
    func several() throws {
        let source = Source(
            images: "  images:\n  - glob: '['\n  - globb: x\n",
            authorities: "  authorities:\n  - static: {action: x}\n",
            rest: "  mode: y")
        let paths = try source.document.errors.map(\.path)
        #expect(
            paths == [
                "spec.images[0].glob", "spec.images[1].globb", "spec.images[1].glob",
                "spec.authorities[0].static.action", "spec.mode",
            ])
    }

    @Test(
        "a document of another kind is refused",
        arguments: [
            "kind: Secret", "kind: TrustRoot", "kind: clusterimagepolicy", "kind: ClusterImagePolicyList", "a: 1",
        ])
    func otherKinds(_ kind: String) throws {
        let document = try #require(try Source.read("apiVersion: policy.sigstore.dev/v1alpha1\n\(kind)\n").first)
        #expect(document.policy == nil)
        #expect(document.brokenPolicy(in: "f")?.images == nil)
    }

    @Test("a short name of a predicate type is replaced, and warned of", arguments: PredicateType.aliases.keys.sorted())
    func aliases(_ alias: String) throws {
        let source = Source.authority(
            "    key:\n      data: \(Keys.block())\n    attestations: [{name: a, predicateType: \(alias)}]")
        let document = try source.document
        let uri = try #require(PredicateType.aliases[alias])
        #expect(document.policy?.authorities.first?.attestations.first?.predicateType == uri)
        let warning = try #require(document.warnings.first { $0.code == .predicateTypeAlias })
        #expect([warning].merged.hasPrefix("invalid value: \(alias): spec.authorities[0].attestations.predicateType\n"))
        #expect(warning.advice.contains(uri))
    }

    @Test("a glob that can never match and a rule that names no workload are warned of")
    func lints() throws {
        let document = try Source(
            images: "  images:\n  - glob: registry.example/acme/app:v1\n", rest: "  match:\n  - resource: pods"
        ).document
        #expect(document.policy != nil)
        let codes: Set<LintCode?> = [.globNeverMatches, .matchNamesNothing]
        #expect(
            document.warnings.filter { codes.contains($0.code) }.map(\.path)
                == ["spec.images[0].glob", "spec.match[0].version"])
    }

    @Test("two documents of one meaning have one hash, and any other meaning another")
    func hashes() throws {
        let hash = try Source().policy.documentHash
        #expect(try Source().policy.documentHash == hash)
        #expect(try Source(rest: "  # a remark\n").policy.documentHash == hash)
        #expect(try Source(rest: "  mode: warn").policy.documentHash != hash)
        #expect(try Source(version: "v1alpha1").policy.documentHash != hash)
    }

    @Test("a broken document governs what its globs name, and everything where one of them cannot be read")
    func brokenPolicies() throws {
        let named = try #require(try Source(rest: "  mode: warn\n  bogus: 1").document.brokenPolicy(in: "f.yaml"))
        #expect(named.name == "sample")
        #expect(named.mode == .warn)
        #expect(named.images?.map(\.pattern) == ["registry.example/acme/**"])
        #expect(named.reason.hasPrefix("f.yaml:"))
        let odd = try #require(
            try Source(images: "  images:\n  - glob: ok.example/**\n  - glob: '['\n").document.brokenPolicy(
                in: "f.yaml"))
        #expect(odd.images == nil)
        let loose = try #require(try Source(rest: "  mode: Warn").document.brokenPolicy(in: "f.yaml"))
        #expect(loose.mode == .enforce)
        let nameless = try #require(try Source(name: nil).document.brokenPolicy(in: "f.yaml"))
        #expect(nameless.name == "f.yaml")
        #expect(try Source().document.brokenPolicy(in: "f.yaml") == nil)
    }
}

extension String {
    /// A block scalar as a quoted one, for flow style.
    var yamlString: String {
        let lines = split(separator: "\n").dropFirst().map { $0.drop { $0 == " " } }
        return "\"" + lines.map { $0 + "\\n" }.joined() + "\""
    }
}

@Suite("What a document must not say by accident")
struct PolicyAccidentTests {
    private static let secret = "MHcCAQEEIFabcdefSECRETabcdef"
    private static let key = "    key:\n      data: \(Keys.block())\n"

    private func problems(_ members: String, rest: String = "") throws -> [PolicyProblem] {
        var source = Source.authority(members)
        source.rest = rest
        let document = try source.document
        #expect(document.policy == nil)
        return document.errors
    }

    @Test(
        "what stands for a key and is none is never quoted",
        arguments: [
            ("-----BEGIN EC PRIVATE KEY-----\n\(secret)\n-----END EC PRIVATE KEY-----", "(EC PRIVATE KEY, 88 bytes)"),
            ("-----BEGIN PUBLIC KEY-----\n\(secret)\n-----END PUBLIC KEY-----", "(PUBLIC KEY, 80 bytes)"),
            ("-----BEGIN \(secret) KEY-----\n\(secret)", "(77 bytes)"),
            (secret, "(28 bytes)"),
        ])
    func keyData(_ data: String, _ shown: String) throws {
        let quoted = "\"\(data.replacing("\n", with: "\\n"))\""
        for members in ["    key: {data: \(quoted)}", "    keyless: {ca-cert: {data: \(quoted)}}"] {
            let problems = try problems(members)
            #expect(problems.contains { $0.message == "invalid value: \(shown)" }, "\(problems)")
            #expect(!problems.contains { $0.description.contains("SECRET") })
            #expect(!problems.merged.contains("SECRET"))
            let broken = try #require(try Source.authority(members).document.brokenPolicy(in: "f.yaml"))
            #expect(!"\(broken.judgement)".contains("SECRET"))
        }
    }

    @Test(
        "a private key at the place of anything else is not quoted either",
        arguments: [
            "key: {kms: PEM}", "key: {hashAlgorithm: PEM, kms: 'gcpkms://k'}", "source: [{oci: PEM}]",
            "static: {action: PEM}", "key: {PEM: a}",
        ])
    func elsewhere(_ members: String) throws {
        let pem = "\"-----BEGIN PRIVATE KEY-----\\n\(Self.secret)\\n-----END PRIVATE KEY-----\""
        let extra = members.hasPrefix("source") ? Self.key : ""
        let problems = try problems("\(extra)    \(members.replacing("PEM", with: pem))")
        #expect(!problems.contains { "\($0)".contains("SECRET") || $0.path.contains("SECRET") }, "\(problems)")
        #expect(!problems.merged.contains("SECRET"))
    }

    @Test(
        "a field of spec that is named without a value is an error, where absence would ask for less",
        arguments: [
            ("\(key)    attestations:", "spec.authorities[0].attestations"),
            ("\(key)    source: null", "spec.authorities[0].source"),
            ("\(key)    source: [~]", "spec.authorities[0].source[0]"),
            ("\(key)    source: [{oci: }]", "spec.authorities[0].source[0].oci"),
            ("\(key)    signatureFormat:", "spec.authorities[0].signatureFormat"),
            ("\(key)    static:", "spec.authorities[0].static"),
            ("\(key)      hashAlgorithm:", "spec.authorities[0].key.hashAlgorithm"),
            ("\(key)      kms:", "spec.authorities[0].key.kms"),
            ("\(key)    ctlog: {url: null}", "spec.authorities[0].ctlog.url"),
            ("    static: {action: pass}\n    key:", "spec.authorities[0].key"),
            ("    static: {action: pass}\n    keyless:", "spec.authorities[0].keyless"),
            (
                "\(key)    attestations: [{name: a, predicateType: 'https://x', policy: }]",
                "spec.authorities[0].attestations[0].policy"
            ),
        ])
    func null(_ members: String, _ path: String) throws {
        #expect(try problems(members).map { "\($0.message): \($0.path)" } == ["null is no value: \(path)"])
    }

    @Test(
        "so is one of the whole policy's",
        arguments: [
            ("  policy:", "spec.policy"), ("  match:", "spec.match"), ("  match: [null]", "spec.match[0]"),
            ("  match: [{version: v1, resource: pods, selector: }]", "spec.match[0].selector"),
            (
                "  match: [{version: v1, resource: pods, selector: {matchLabels: {a: }}}]",
                "spec.match[0].selector.matchLabels.a"
            ),
        ])
    func nullOfPolicy(_ rest: String, _ path: String) throws {
        #expect(try problems(Self.key, rest: rest).map { "\($0.message): \($0.path)" } == ["null is no value: \(path)"])
    }

    @Test("what decides nothing, or is strict without a value, may be null")
    func harmlessNulls() throws {
        let policy = try Source(
            authorities: "  authorities:\n  - name:\n\(Self.key)  - static: {action: fail, message: }\n",
            rest: "  mode:"
        ).policy
        #expect(policy.mode == .enforce)
        #expect(policy.authorities.map(\.name) == ["authority-0", "authority-1"])
    }

    @Test("cosign's own predicate types are the same with and without https://, and no others")
    func predicateTypes() {
        for type in ["cosign.sigstore.dev/attestation/v1", "cosign.sigstore.dev/attestation/vuln/v1"] {
            #expect(PredicateType.isSame(type, "https://\(type)") && PredicateType.isSame("https://\(type)", type))
            #expect(PredicateType.isSame(type, type) && PredicateType.isSame("https://\(type)", "https://\(type)"))
            #expect(!PredicateType.isSame(type, "http://\(type)") && !PredicateType.isSame(type, "\(type)/"))
            #expect(!PredicateType.isSame(type, "https://https://\(type)"))
        }
        let (custom, vulnerabilities) = (
            "cosign.sigstore.dev/attestation/v1", "https://cosign.sigstore.dev/attestation/vuln/v1"
        )
        #expect(!PredicateType.isSame(custom, vulnerabilities))
        #expect(!PredicateType.isSame("slsa.dev/provenance/v1", "https://slsa.dev/provenance/v1"))
        // Two spellings of one letter are two types.
        #expect(!PredicateType.isSame("https://x.example/\u{E9}", "https://x.example/e\u{301}"))
    }
}
