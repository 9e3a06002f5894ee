// SPDX-License-Identifier: Apache-2.0
import OCI
import Testing

private let hex64 = String(repeating: "0123456789abcdef", count: 4)
private let hex128 = hex64 + hex64

struct Reading: Sendable, CustomTestStringConvertible {
    let name: String
    let domain: String
    let path: String
    var tag: String?
    var digest: String?
    /// The folded host, where it is not the domain.
    var host: String?
    var testDescription: String { name }

    init(
        _ name: String, _ domain: String, _ path: String, tag: String? = nil, digest: String? = nil, host: String? = nil
    ) {
        self.name = name
        self.domain = domain
        self.path = path
        self.tag = tag
        self.digest = digest
        self.host = host
    }
}

@Suite("Image references")
struct ImageReferenceTests {
    private static let readings = [
        Reading("nginx", "docker.io", "library/nginx"),
        Reading("nginx:1.27", "docker.io", "library/nginx", tag: "1.27"),
        Reading("a", "docker.io", "library/a"),
        Reading("org/app", "docker.io", "org/app"),
        Reading("docker.io/nginx", "docker.io", "library/nginx"),
        Reading("index.docker.io/nginx", "docker.io", "library/nginx"),
        Reading("registry-1.docker.io/library/nginx", "registry-1.docker.io", "library/nginx", host: "docker.io"),
        Reading("Docker.io/library/nginx", "Docker.io", "library/nginx", host: "docker.io"),
        Reading("docker.io:443/library/nginx", "docker.io:443", "library/nginx", host: "docker.io"),
        Reading("localhost/app", "localhost", "app"),
        Reading("localhost", "docker.io", "library/localhost"),
        Reading("localhost:5000", "docker.io", "library/localhost", tag: "5000"),
        Reading("localhost:5000/a", "localhost:5000", "a"),
        Reading("registry/app", "docker.io", "registry/app"),
        Reading("Registry/app", "Registry", "app", host: "registry"),
        Reading("registry:80/app", "registry:80", "app"),
        Reading("ghcr.io:443/org/app", "ghcr.io:443", "org/app", host: "ghcr.io"),
        Reading("ghcr.io:0443/org/app", "ghcr.io:0443", "org/app", host: "ghcr.io"),
        Reading("GHCR.io/org/app", "GHCR.io", "org/app", host: "ghcr.io"),
        Reading("[::1]:5000/app", "[::1]:5000", "app"),
        Reading("[2001:DB8::1]:443/app", "[2001:DB8::1]:443", "app", host: "[2001:db8::1]"),
        Reading("[1:2:3:4:5:6:7:8]/app", "[1:2:3:4:5:6:7:8]", "app"),
        Reading("127.0.0.1/app", "127.0.0.1", "app"),
        Reading("a.b/c.d/e__f/g---h:_T.1-x", "a.b", "c.d/e__f/g---h", tag: "_T.1-x"),
        Reading("app@sha256:\(hex64)", "docker.io", "library/app", digest: "sha256:\(hex64)"),
        Reading("app@sha512:\(hex128)", "docker.io", "library/app", digest: "sha512:\(hex128)"),
        Reading("q.io/app:v1@sha256:\(hex64)", "q.io", "app", tag: "v1", digest: "sha256:\(hex64)"),
        Reading("q.io/\(hex64)", "q.io", hex64),
    ]

    @Test("a name is read as runtimes read it", arguments: readings)
    func read(_ expected: Reading) throws {
        let reference = try ImageReference(parsing: expected.name)
        #expect(reference.asWritten == expected.name)
        #expect(reference.domain == expected.domain)
        #expect(reference.repository.host == expected.host ?? expected.domain)
        #expect(reference.repository.path == expected.path)
        #expect(reference.tag == expected.tag)
        #expect(reference.digest?.description == expected.digest)
    }

    private static let longPath = String(repeating: "a", count: 255)
    private static let longLabel = String(repeating: "a", count: 249)

    /// Each refused name beside one that differs by one change and is read.
    private static let refusals: [(String, ReferenceError, twin: String)] = [
        ("", .empty, "a"),
        (" nginx", .forbiddenCharacter(" ", offset: 0), "nginx"),
        ("nginx\n", .forbiddenCharacter("\n", offset: 5), "nginx"),
        ("q.io/b\u{fc}", .forbiddenCharacter("\u{fc}", offset: 6), "q.io/bu"),
        ("q.io/a\u{0}", .forbiddenCharacter("\u{0}", offset: 6), "q.io/a"),
        (hex64, .identifier, hex64 + "0"),
        ("https://q.io/app", .scheme("https"), "q.io/app"),
        ("q_q.io/app", .invalidHost("q_q.io"), "q-q.io/app"),
        ("-q.io/app", .invalidHost("-q.io"), "q.io/app"),
        ("q-.io/app", .invalidHost("q-.io"), "q-0.io/app"),
        ("q..io/app", .invalidHost("q..io"), "q.io/app"),
        ("q.io./app", .invalidHost("q.io."), "q.io/app"),
        (".io/app", .invalidHost(".io"), "a.io/app"),
        ("user@q.io/app", .invalidHost("user@q.io"), "user.q.io/app"),
        ("[:]/app", .invalidHost("[:]"), "[::]/app"),
        ("[:1::2]/app", .invalidHost("[:1::2]"), "[1::2]/app"),
        ("[1::2::3]/app", .invalidHost("[1::2::3]"), "[1::2:3]/app"),
        ("[1::2:]/app", .invalidHost("[1::2:]"), "[1::2]/app"),
        ("[12345::]/app", .invalidHost("[12345::]"), "[1234::]/app"),
        ("[1:2:3:4:5:6:7]/app", .invalidHost("[1:2:3:4:5:6:7]"), "[1:2:3:4:5:6::]/app"),
        ("[1:2:3:4:5:6:7::8]/app", .invalidHost("[1:2:3:4:5:6:7::8]"), "[1:2:3:4:5:6::8]/app"),
        ("[::1/app", .invalidHost("[::1"), "[::1]/app"),
        ("[::1]x:1/app", .invalidHost("[::1]x:1"), "[::1]:1/app"),
        ("\(longLabel).test/app", .hostTooLong(length: 254), "\(longLabel).com/app"),
        ("q.io:/app", .invalidPort(""), "q.io:1/app"),
        ("q.io:5a/app", .invalidPort("5a"), "q.io:5/app"),
        ("q.io:0/app", .portOutOfRange("0"), "q.io:1/app"),
        ("q.io:65536/app", .portOutOfRange("65536"), "q.io:65535/app"),
        ("q.io:99999999999999999999999/app", .portOutOfRange("99999999999999999999999"), "q.io:00000000000000009/app"),
        ("q.io/", .missingRepository(host: "q.io"), "q.io/a"),
        ("q.io/:v1", .missingRepository(host: "q.io"), "q.io/a:v1"),
        ("Nginx", .upperCaseRepository("Nginx"), "nginx"),
        ("q.io/App", .upperCaseRepository("App"), "q.io/app"),
        ("/app", .emptyComponent, "app"),
        ("org//app", .emptyComponent, "org/app"),
        ("org/app/", .emptyComponent, "org/app"),
        (":v1", .emptyComponent, "a:v1"),
        ("_app", .invalidComponent("_app"), "app"),
        ("app_", .invalidComponent("app_"), "app"),
        ("org-/app", .invalidComponent("org-"), "org/app"),
        ("a..b", .invalidComponent("a..b"), "a.b"),
        ("a___b", .invalidComponent("a___b"), "a__b"),
        ("a._b", .invalidComponent("a._b"), "a.b"),
        ("q.io/../app", .invalidComponent(".."), "q.io/app"),
        ("q.io/a+b", .invalidComponent("a+b"), "q.io/a-b"),
        ("q.io/\(longPath)a", .repositoryTooLong(length: 256), "q.io/\(longPath)"),
        (String(longPath.dropLast(7)), .repositoryTooLong(length: 256), String(longPath.dropLast(8))),
        ("app:", .emptyTag, "app"),
        ("app:@sha256:\(hex64)", .emptyTag, "app@sha256:\(hex64)"),
        ("app:-1", .invalidTag("-1"), "app:_1"),
        ("app:.1", .invalidTag(".1"), "app:1.1"),
        ("app:a:b", .invalidTag("a:b"), "app:a"),
        ("q.io/app:a/b", .invalidTag("a/b"), "q.io/app/b:a"),
        ("app:\(longPath.prefix(129))", .tagTooLong(length: 129), "app:\(longPath.prefix(128))"),
        ("app@", .digest(.missingAlgorithm), "app"),
        ("app@\(hex64)", .digest(.missingAlgorithm), "app@sha256:\(hex64)"),
        ("app@sha384:\(hex64)", .digest(.unknownAlgorithm("sha384")), "app@sha256:\(hex64)"),
        ("app@SHA256:\(hex64)", .digest(.unknownAlgorithm("SHA256")), "app@sha256:\(hex64)"),
        ("app@sha256:\(hex64)0", .digest(.wrongLength(expected: 64, found: 65)), "app@sha256:\(hex64)"),
        ("app@sha512:\(hex64)", .digest(.wrongLength(expected: 128, found: 64)), "app@sha512:\(hex128)"),
        ("app@sha256:A\(hex64.dropFirst())", .digest(.notLowerCaseHex), "app@sha256:a\(hex64.dropFirst())"),
        ("app@sha256:\(hex64)@sha256:\(hex64)", .digest(.wrongLength(expected: 64, found: 136)), "app@sha256:\(hex64)"),
    ]

    @Test("a name that breaks a rule is refused for it, and its twin one change away is read", arguments: refusals)
    func refuse(_ name: String, _ error: ReferenceError, twin: String) {
        #expect(throws: error) { try ImageReference(parsing: name) }
        #expect(throws: Never.self) { try ImageReference(parsing: twin) }
    }

    @Test("each rule has its own code and a sentence")
    func everyRuleIsTold() {
        let errors = Self.refusals.map { $0.1 }
        let codes = Dictionary(grouping: errors, by: \.code)
        #expect(codes.count == 17)
        #expect(errors.allSatisfy { !$0.description.isEmpty })
        #expect(ReferenceError.invalidHost("a\u{1b}[31m").description.contains("\\u{1b}"))
    }

    @Test("the matching name hides the tag behind a digest, and says latest where there is neither")
    func matchingNames() throws {
        func name(_ text: String) throws -> String { try ImageReference(parsing: text).matchingName }
        #expect(try name("nginx") == "index.docker.io/library/nginx:latest")
        #expect(try name("nginx:1@sha256:\(hex64)") == "index.docker.io/library/nginx@sha256:\(hex64)")
        #expect(try name("Q.io:443/app:v1") == "q.io/app:v1")
    }

    @Test("the canonical name keeps host, tag and digest as runtimes read them")
    func canonicalNames() throws {
        let name = "Q.io:443/app:v1@sha256:\(hex64)"
        #expect(try ImageReference(parsing: name).canonicalName == name)
        #expect(try ImageReference(parsing: "nginx").canonicalName == "docker.io/library/nginx")
    }

    @Test("reading a very long name takes time in proportion to its length")
    func longNames() {
        let clock = ContinuousClock()
        let time = clock.measure {
            for piece in ["a", "a.", "a/", "a-", "[", "a:", "@", "/", "__"] {
                let text = String(repeating: piece, count: 500_000)
                #expect(throws: ReferenceError.self) { try ImageReference(parsing: text) }
            }
        }
        #expect(time < .seconds(60))
    }
}

@Suite("Repositories")
struct RepositoryTests {
    @Test(
        "a host has one spelling",
        arguments: [
            ("docker.io", "docker.io"), ("Index.Docker.IO.:0443", "docker.io"), ("registry-1.docker.io", "docker.io"),
            ("registry-1.docker.io:80", "registry-1.docker.io:80"), ("GHCR.io.", "ghcr.io"), ("q.io:443", "q.io"),
            ("q.io:4430", "q.io:4430"), ("q.io:0080", "q.io:80"), ("[::1]:443", "[::1]"), ("[::A]:5000", "[::a]:5000"),
            ("index.docker.io.evil.test", "index.docker.io.evil.test"), ("", ""),
        ])
    func folding(_ written: String, _ folded: String) {
        #expect(Repository.foldedHost(written) == folded)
    }

    @Test("Docker Hub's registry is reached at its own address")
    func endpoint() {
        #expect(Repository(domain: "index.docker.io", path: "library/a").endpoint == "registry-1.docker.io")
        #expect(Repository(domain: "q.io", path: "a").endpoint == "q.io")
    }
}
