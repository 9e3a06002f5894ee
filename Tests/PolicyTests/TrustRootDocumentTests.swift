// SPDX-License-Identifier: Apache-2.0
import JSON
import Sigstore
import TestSupport
import Testing
import YAML

@testable import Policy

/// A TrustRoot document as JSON, which is YAML too.
struct TrustRootSource {
    var version = "policy.sigstore.dev/v1alpha1"
    var name = "my-root"
    var spec: JSONTree

    static let now = Instant(seconds: TestUpdateRepository.time)

    var text: [UInt8] {
        let document: JSONTree = [
            "apiVersion": .string(version), "kind": "TrustRoot", "metadata": ["name": .string(name)], "spec": spec,
        ]
        return document.bytes
    }

    var document: PolicyDocument {
        get throws { try #require(PolicyFile(path: "root.json", text: text, rules: .at(Self.now)).documents.first) }
    }

    var root: TrustRoot {
        get throws {
            let document = try document
            return try #require(document.trustRoot, "\(document.errors)")
        }
    }

    /// Everything that is wrong, in the words that users know.
    var words: String { get throws { try document.errors.merged } }

    /// `sigstoreKeys` of an instance.
    static func keys(of authority: TestAuthority) -> TrustRootSource {
        func base64(_ text: String) -> JSONTree { .string(MintedText.base64(Array(text.utf8))) }
        func log(_ address: String, _ key: AuthorityKey) -> JSONTree {
            ["baseURL": .string(address), "hashAlgorithm": "sha-256", "publicKey": base64(key.publicKeyPEM)]
        }
        func owner(_ address: String, _ chain: String) -> JSONTree {
            [
                "subject": ["organization": "acme", "commonName": "ca"], "uri": .string(address),
                "certChain": base64(chain),
            ]
        }
        return TrustRootSource(
            spec: [
                "sigstoreKeys": [
                    "certificateAuthorities": [
                        owner("https://fulcio.example", authority.certificateAuthority.chainPEM)
                    ],
                    "tLogs": [log(authority.log.url, authority.log.key)],
                    "ctLogs": .array(authority.ctLogs.map { log("https://ctfe.example", $0.key) }),
                    "timestampAuthorities": [owner("https://tsa.example", authority.timestampAuthority.chainPEM)],
                ]
            ])
    }

    /// `repository` with a repository's files.
    static func repository(_ repository: TestUpdateRepository, in folder: String = "repository") throws
        -> TrustRootSource
    {
        let archive = TarWriter.archive(try repository.files(), in: folder)
        return TrustRootSource(
            spec: [
                "repository": [
                    "root": .string(MintedText.base64(repository.firstRoot)),
                    "mirrorFS": .string(MintedText.base64(gzip(archive))), "targets": "targets",
                ]
            ])
    }
}

@Suite("Reading a TrustRoot document")
struct TrustRootDocumentTests {
    private func sample() throws -> TrustRootSource { .keys(of: try TestAuthority()) }

    @Test("a document with every field is read, without a warning")
    func whole() throws {
        let source = try sample()
        let document = try source.document
        #expect(document.errors.isEmpty && document.warnings.isEmpty, "\(document.errors) \(document.warnings)")
        #expect(document.name == "my-root" && document.isTrustRoot && document.policy == nil)
        guard case .sigstoreKeys(let members)? = document.trustRoot?.source else {
            Issue.record("other keys")
            return
        }
        #expect(members.certificateAuthorities.map(\.name) == ["https://fulcio.example"])
        #expect(members.logs.map(\.hash) == ["sha-256"])
    }

    @Test("exactly one source must be there")
    func sources() throws {
        var source = TrustRootSource(spec: [:])
        let paths = "spec.remote, spec.repository, spec.sigstoreKeys"
        #expect(try source.words == "expected exactly one, got neither: \(paths)")
        source.spec = ["remote": [:], "repository": [:]]
        #expect(try source.words == "expected exactly one, got both: \(paths)")
    }

    @Test("there is one version")
    func version() throws {
        var source = try sample()
        source.version = "policy.sigstore.dev/v1beta1"
        #expect(try source.words.hasPrefix("unknown apiVersion \"policy.sigstore.dev/v1beta1\""))
        #expect(try source.document.policy == nil)
    }

    @Test(
        "each field that must be there is missed under the path that users know",
        arguments: [
            ("certificateAuthorities", "uri", "certificateAuthority[0].uri"),
            ("certificateAuthorities", "certChain", "certificateAuthority[0].certchain"),
            (
                "certificateAuthorities", "subject",
                "certificateAuthority[0].subject.commonName, spec.sigstoreKeys.certificateAuthority[0].subject.organization"
            ),
            ("timestampAuthorities", "uri", "timestampAuthorities[0].uri"),
            ("timestampAuthorities", "certChain", "timestampAuthorities[0].certchain"),
            ("tLogs", "baseURL", "tLogs[0].baseURL"), ("tLogs", "hashAlgorithm", "tLogs[0].hashAlgorithm"),
            ("tLogs", "publicKey", "tLogs[0].publicKey"), ("ctLogs", "baseURL", "ctLogs[0].baseURL"),
            ("ctLogs", "hashAlgorithm", "ctLogs[0].hashAlgorithm"), ("ctLogs", "publicKey", "ctLogs[0].publicKey"),
        ])
    func missing(_ list: String, _ field: String, _ path: String) throws {
        var source = try sample()
        source.spec["sigstoreKeys"][list][0].remove(field)
        #expect(try source.words == "missing field(s): spec.sigstoreKeys.\(path)")
    }

    @Test("every bad entry is told, not only the last")
    func everyEntry() throws {
        var source = try sample()
        let good = source.spec["sigstoreKeys"]["certificateAuthorities"][0]
        source.spec["sigstoreKeys"]["certificateAuthorities"] = .array([[:], good])
        let place = "spec.sigstoreKeys.certificateAuthority[0]"
        #expect(
            try source.words
                == "missing field(s): \(place).certchain, \(place).subject.commonName, "
                + "\(place).subject.organization, \(place).uri")
    }

    @Test("an authority of certificates or of timestamps must be there, or logs")
    func empty() throws {
        var source = try sample()
        let keys = source.spec["sigstoreKeys"]
        source.spec["sigstoreKeys"] = ["certificateAuthorities": []]
        #expect(
            try source.words
                == "expected exactly one, got neither: spec.sigstoreKeys.certificateAuthority, "
                + "spec.sigstoreKeys.timestampAuthorities")
        source.spec["sigstoreKeys"] = [
            "certificateAuthorities": [], "timestampAuthorities": keys["timestampAuthorities"],
        ]
        #expect(try source.words == "")
        source.spec["sigstoreKeys"] = ["tLogs": keys["tLogs"]]
        #expect(try source.words == "")
    }

    @Test(
        "a timestamp authority's chain must be PEM certificates",
        arguments: [
            ("INVALID", "error during PEM decoding"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n", "error during PEM decoding"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "x509: malformed tbs certificate"),
        ])
    func timestampChain(_ chain: String, _ details: String) throws {
        var source = try sample()
        source.spec["sigstoreKeys"]["timestampAuthorities"][0]["certChain"] = .string(
            MintedText.base64(Array(chain.utf8)))
        #expect(
            try source.words
                == "invalid value: error splitting the certificates: "
                + "spec.sigstoreKeys.timestampAuthorities[0].certChain\n\(details)")
    }

    @Test("text may stand before a chain and not behind it")
    func aroundChains() throws {
        let authority = try TestAuthority()
        var source = TrustRootSource.keys(of: authority)
        let chain = authority.timestampAuthority.chainPEM
        for (text, isGood) in [("junk\n" + chain, true), (chain + "\n \n", true), (chain + "junk\n", false)] {
            source.spec["sigstoreKeys"]["timestampAuthorities"][0]["certChain"] = .string(
                MintedText.base64(Array(text.utf8)))
            #expect(try source.words.isEmpty == isGood)
        }
    }

    @Test("a timestamp authority has one certificate of its own at most")
    func severalLeaves() throws {
        let (one, other) = (try TestAuthority(), try TestAuthority())
        var source = TrustRootSource.keys(of: one)
        let chain = one.timestampAuthority.chainPEM + other.timestampAuthority.chainPEM
        source.spec["sigstoreKeys"]["timestampAuthorities"][0]["certChain"] = .string(
            MintedText.base64(Array(chain.utf8)))
        #expect(
            try source.words
                == "invalid value: certificate chain must contain at most one TSA certificate: "
                + "spec.sigstoreKeys.timestampAuthorities[0].certChain")
    }

    @Test("what holds and gives nobody to believe is warned of", arguments: ["hashAlgorithm", "publicKey"])
    func unusable(_ field: String) throws {
        var source = try sample()
        source.spec["sigstoreKeys"]["tLogs"][0][field] = "bogus="
        if field == "publicKey" { source.spec["sigstoreKeys"]["tLogs"][0][field] = "Z2FyYmFnZQ==" }
        let document = try source.document
        #expect(document.trustRoot != nil)
        #expect(document.warnings.map(\.message) == ["nothing can be verified with this trust root"])
        #expect(throws: TrustRootError.self) { try document.trustRoot?.material(now: TestAuthority.instant) }
    }

    @Test("values of other types, unknown fields and what is no base64 are refused")
    func notUnderstood() throws {
        var source = try sample()
        source.spec["sigstoreKeys"]["tLogs"][0]["publicKey"] = "!!!"
        #expect(try source.words == "illegal base64 data: spec.sigstoreKeys.tLogs[0].publicKey")
        source = try sample()
        source.spec["sigstoreKeys"]["tLogs"][0]["logId"] = "x"
        #expect(try source.words.hasPrefix("unknown field \"logId\""))
        source = try sample()
        source.spec["sigstoreKeys"]["ctLogs"] = "x"
        #expect(try source.words.hasPrefix("expected a list"))
        source = try sample()
        source.spec["sigstoreKeys"]["tLogs"][0]["baseURL"] = "https://a b/"
        #expect(try source.words.hasPrefix("no URL"))
    }

    @Test(
        "a root must be JSON with signatures",
        arguments: [
            ("", "failed to unmarshal: spec.remote.root\nunexpected end of JSON input"),
            ("{", "failed to unmarshal: spec.remote.root\nunexpected end of JSON input"),
            (
                "not json",
                "failed to unmarshal: spec.remote.root\ninvalid character 'o' in literal null (expecting 'u')"
            ),
            ("<", "failed to unmarshal: spec.remote.root\ninvalid character '<' looking for beginning of value"),
            ("{}}", "failed to unmarshal: spec.remote.root\ninvalid character '}' after top-level value"),
            (
                "{1",
                "failed to unmarshal: spec.remote.root\ninvalid character '1' looking for beginning of object key string"
            ),
            (#"{"a" 1"#, "failed to unmarshal: spec.remote.root\ninvalid character '1' after object key"),
            (#"{"a":1 "#, "failed to unmarshal: spec.remote.root\nunexpected end of JSON input"),
            (#"{"a":[1 2"#, "failed to unmarshal: spec.remote.root\ninvalid character '2' after array element"),
            (#"{"a":1 2"#, "failed to unmarshal: spec.remote.root\ninvalid character '2' after object key:value pair"),
            (#"["\x"]"#, "failed to unmarshal: spec.remote.root\ninvalid character 'x' in string escape code"),
            (
                "[1.x]",
                "failed to unmarshal: spec.remote.root\ninvalid character 'x' after decimal point in numeric literal"
            ),
            ("[\"\n\"]", "failed to unmarshal: spec.remote.root\ninvalid character '\\n' in string literal"),
            (
                "[]",
                "failed to unmarshal: spec.remote.root\njson: cannot unmarshal array into Go value of type map[string]interface {}"
            ),
            ("null", "missing signatures in root.json: spec.remote.root\nno signatures"),
            ("{}", "missing signatures in root.json: spec.remote.root\nno signatures"),
            (#"{"signatures":null}"#, "missing signatures in root.json: spec.remote.root\nno signatures"),
        ])
    func roots(_ root: String, _ error: String) throws {
        let source = TrustRootSource(
            spec: ["remote": ["mirror": "https://tuf.example", "root": .string(MintedText.base64(Array(root.utf8)))]])
        #expect(try source.words == "invalid value: \(error)")
    }

    @Test("a remote repository needs a mirror and a root, and cannot be used yet")
    func remote() throws {
        var source = TrustRootSource(spec: ["remote": [:]])
        #expect(try source.words == "missing field(s): spec.remote.mirror, spec.remote.root")
        source.spec = [
            "remote": [
                "mirror": "https://tuf.example",
                "root": .string(MintedText.base64(try TestUpdateRepository().firstRoot)),
            ]
        ]
        #expect(try source.document.warnings.map(\.message) == ["remote trust roots are not fetched yet"])
        #expect(throws: TrustRootError(name: "my-root", reason: .remote(mirror: "https://tuf.example"))) {
            try source.root.material(now: TestAuthority.instant)
        }
    }

    @Test("a repository needs a root and its files")
    func repository() throws {
        let source = TrustRootSource(spec: ["repository": ["targets": "x"]])
        #expect(try source.words == "missing field(s): spec.repository.repository, spec.repository.root")
    }

    @Test(
        "upstream's own TrustRoot documents are accepted once their placeholders are filled",
        .enabled(
            if: available(
                SharedFolder.path("data/cluster-image-policies/policy-controller/trustroot") != nil,
                orSkip: "no collected TrustRoot documents")))
    func collected() throws {
        let folder = "data/cluster-image-policies/policy-controller/trustroot"
        let authority = try TestAuthority()
        let repository = try TestUpdateRepository()
        func base64(_ text: String) -> String { MintedText.base64(Array(text.utf8)) }
        let values = [
            "FULCIO_CERT_CHAIN": base64(authority.certificateAuthority.chainPEM),
            "REKOR_PUBLIC_KEY": base64(authority.log.key.publicKeyPEM),
            "CTFE_PUBLIC_KEY": base64(authority.ctLogs[0].key.publicKeyPEM),
            "TSA_CERT_CHAIN": base64(authority.timestampAuthority.chainPEM),
            "TSA_URL": "https://tsa.example", "TUF_MIRROR": "https://tuf.example",
            "ROOT_JSON": MintedText.base64(repository.firstRoot),
            "REPOSITORY": MintedText.base64(gzip(TarWriter.archive(try repository.files()))),
        ]
        for name in SharedFolder.names(in: "\(folder)/e2e") + SharedFolder.names(in: "\(folder)/valid") {
            let path = SharedFolder.path("\(folder)/e2e/\(name)") == nil ? "valid" : "e2e"
            var text = String(decoding: try #require(SharedFolder.bytes("\(folder)/\(path)/\(name)")), as: UTF8.self)
            for (placeholder, value) in values {
                // Whole words at the end of a line, so that no other's part is taken.
                text = text.split(separator: "\n", omittingEmptySubsequences: false)
                    .map { $0.hasSuffix(" \(placeholder)") ? $0.dropLast(placeholder.count) + value : String($0) }
                    .joined(separator: "\n")
            }
            let file = PolicyFile(path: name, text: Array(text.utf8), rules: .at(TrustRootSource.now))
            #expect(file.errors.isEmpty, "\(name): \(file.errors)")
            #expect(file.documents.count == 1 && file.documents.first?.trustRoot != nil)
        }
    }
}

extension TestAuthority {
    static let instant = Instant(seconds: TestAuthority.time.seconds) ?? .earliest
}
