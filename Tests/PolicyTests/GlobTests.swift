// SPDX-License-Identifier: Apache-2.0
import OCI
import Testing

@testable import Policy

private let digest = sampleDigest

@Suite("Globs")
struct GlobTests {
    /// A case of the table that says how globs are read.
    struct Row: CustomTestStringConvertible, Sendable {
        let image: String
        let glob: String
        let matches: Bool

        init(_ image: String, _ glob: String, _ matches: Bool) {
            self.image = image
            self.glob = glob
            self.matches = matches
        }

        var testDescription: String { "\(glob) \(matches ? "names" : "does not name") \(image)" }
    }

    static let pinned: [Row] = [
        Row("nginx@\(digest)", "nginx", false),
        Row("nginx@\(digest)", "nginx*", false),
        Row("nginx@\(digest)", "*", true),
        Row("nginx@\(digest)", "docker.io/library/nginx*", true),
        Row("nginx@\(digest)", "registry-1.docker.io/library/nginx*", true),
        Row("nginx@\(digest)", "index.docker.io/library/nginx*", true),
        Row("nginx:1.25@\(digest)", "index.docker.io/library/nginx:**", false),
        Row("nginx:1.25@\(digest)", "index.docker.io/library/nginx@**", true),
        Row("docker.io/bitnami/redis@\(digest)", "*/*", true),
        Row("docker.io/bitnami/redis@\(digest)", "docker.io/bitnami/*", true),
        Row("registry-1.docker.io/bitnami/redis@\(digest)", "docker.io/bitnami/*", true),
        Row("bitnami/redis@\(digest)", "docker.io/bitnami/*", true),
        Row("ghcr.io/acme/app@\(digest)", "ghcr.io/acme/app", false),
        Row("ghcr.io/acme/app-evil@\(digest)", "ghcr.io/acme/app*", true),
        Row("ghcr.io/acme/app-evil@\(digest)", "ghcr.io/acme/app@*", false),
        Row("ghcr.io/acme/app@\(digest)", "ghcr.io/acme/app@*", true),
        Row("ghcr.io/acme/team/app@\(digest)", "ghcr.io/acme/*", false),
        Row("ghcr.io/acme/team/app@\(digest)", "ghcr.io/acme/**", true),
        Row("ghcr.io/app@\(digest)", "ghcr.io/**/app*", false),
        Row("ghcr.io/acme/app@\(digest)", "ghcr.io/**/app*", true),
        Row("ghcr.io/acme/app@\(digest)", "*/**", true),
        Row("ghcr.io/acme/app@\(digest)", "*", false),
        Row("ghcr.io/acme/app@\(digest)", "*/*", false),
        Row("evil.com/x/ghcr.io/acme/app@\(digest)", "**acme**", true),
        Row("evil.com/x/ghcr.io/acme/app@\(digest)", "ghcr.io/acme/**", false),
        Row("localhost/a1@\(digest)", "localhost/*", true),
        Row("localhost/a1@\(digest)", "index.docker.io/localhost/*", false),
        Row("ghcr.io/acme/app:v1@\(digest)", "ghcr.io/acme/app:v1@\(digest)", false),
        Row("ghcr.io/acme/app@\(digest)", "ghcr.io/acme/app@\(digest)", true),
        Row("ghcr.io/acme/app:v1@\(digest)", "ghcr.io/acme/app@\(digest)", true),
        Row("quay.io/jetstack/x@\(digest)", "quay.io/jetstack/x:*", false),
        Row("ghcr.io/Acme/app@\(digest)".lowercased(), "ghcr.io/ACME/**", false),
    ]

    static let tagged: [Row] = [
        Row("foo", "foo", true),
        Row("foo", "foo*", true),
        Row("foo", "foo**", true),
        Row("foo", "index.docker.io/library/foo:latest", true),
        Row("foo", "docker.io/library/foo:latest", true),
        Row("foo:v1", "index.docker.io/library/foo:latest", false),
        Row("ghcr.io/foo", "ghcr.io/*/*", false),
        Row("ghcr.io/foo", "ghcr.io/**", true),
        Row("ghcr.io/foo", "ghc**", true),
        Row("ghcr.io/foo", "ghcr.io/foo*", true),
        Row("prefix-ghcr.io/foo", "ghcr.io/foo", false),
        Row("ghcr.io/foo-suffix", "ghcr.io/foo", false),
        Row("ghcrxio.example/foo", "ghcrxio-example/**", false),
        Row("ghcrxio/foo", "ghcr.io/**", false),
        Row("ghcr.io/acme/app:v1", "ghcr.io/acme/app:v*", true),
    ]

    /// Every spelling of a host is the same host, in the image as in the glob.
    static let spellings: [Row] = [
        Row("GHCR.IO/acme/app@\(digest)", "ghcr.io/acme/*", true),
        Row("ghcr.io:443/acme/app@\(digest)", "ghcr.io/acme/*", true),
        Row("ghcr.io/acme/app@\(digest)", "GHCR.io/acme/*", true),
        Row("ghcr.io/acme/app@\(digest)", "ghcr.io:443/acme/*", true),
        Row("ghcr.io:5000/acme/app@\(digest)", "ghcr.io/acme/*", false),
        Row("ghcr.io/acme/app@\(digest)", "ghcr.io:5000/acme/*", false),
        Row("ghcr.io.evil.example/acme/app@\(digest)", "ghcr.io/acme/*", false),
        Row("evil.example/docker.io/app@\(digest)", "docker.io/**", false),
    ]

    @Test("a glob names the images that the table says", arguments: pinned + tagged + spellings)
    func table(_ row: Row) throws {
        #expect(try Glob(row.glob).matches(reference(row.image)) == row.matches)
    }

    @Test("a glob with a character that no reference has is refused", arguments: [".+", "[a-z]*", "a b", "é", "a\n"])
    func forbiddenCharacters(_ pattern: String) {
        #expect(throws: GlobError.invalidCharacter(pattern)) { try Glob(pattern) }
    }

    @Test("an empty glob, an open bracket and one beyond the bound are refused")
    func refused() {
        #expect(throws: GlobError.empty) { try Glob("") }
        #expect(throws: GlobError.syntax("[")) { try Glob("[") }
        #expect(throws: Never.self) { try Glob(String(repeating: "a", count: Glob.maximumLength)) }
        #expect(throws: GlobError.tooLong(limit: Glob.maximumLength)) {
            try Glob(String(repeating: "a", count: Glob.maximumLength + 1))
        }
    }

    @Test("stars beside stars cost no more than their number times the name")
    func hostileStars() throws {
        let name = "registry.example/" + String(repeating: "a", count: 200) + "@" + digest
        let image = try reference(name)
        for unit in ["**a", "*a", "***a", "a**"] {
            let glob = try Glob(String(repeating: unit, count: 150) + "Z")
            let elapsed = ContinuousClock().measure { #expect(!glob.matches(image)) }
            #expect(elapsed < .seconds(5), "\(unit) took \(elapsed)")
        }
    }

    /// The definition, word for word and without any speed: tried on every short pattern and text.
    private func plainly(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        let rest = pattern.dropFirst()
        guard first == UInt8(ascii: "*") else {
            return text.first == first && plainly(rest, text.dropFirst())
        }
        let crosses = rest.first == UInt8(ascii: "*")
        let after = crosses ? rest.dropFirst() : rest
        if plainly(after, text) { return true }
        guard let next = text.first, crosses || next != UInt8(ascii: "/") else { return false }
        return plainly(pattern, text.dropFirst())
    }

    @Test("matching agrees with the definition on every short pattern and name")
    func exhaustive() {
        let patterns = words(over: Array("ab/*".utf8), upTo: 5)
        let texts = words(over: Array("ab/".utf8), upTo: 4)
        var disagreements = 0
        for pattern in patterns {
            let compiled = GlobPattern(String(decoding: pattern, as: UTF8.self))
            for text in texts where compiled.matches(text) != plainly(pattern[...], text[...]) { disagreements += 1 }
        }
        #expect(disagreements == 0)
    }

    private func words(over alphabet: [UInt8], upTo length: Int) -> [[UInt8]] {
        var all: [[UInt8]] = [[]]
        var longest: [[UInt8]] = [[]]
        for _ in 0..<length {
            longest = longest.flatMap { word in alphabet.map { word + [$0] } }
            all += longest
        }
        return all
    }
}

@Suite("Globs that can never match")
struct GlobLintTests {
    @Test(
        "a glob that no admitted image matches is told, with the better spelling",
        arguments: [
            ("ghcr.io/acme/app:v1", "ghcr.io/acme/app@*"),
            ("ghcr.io/acme/app:*", "ghcr.io/acme/app@*"),
            ("index.docker.io/library/nginx:**", "index.docker.io/library/nginx@*"),
            ("ghcr.io/acme/app", "ghcr.io/acme/app@*"),
            ("nginx", "index.docker.io/library/nginx@*"),
            ("*app*", "write '**'"),
            ("nginx*", "index.docker.io/library/nginx@*"),
            ("docker.io/nginx*", "index.docker.io/library/nginx@*"),
            ("acme/app@*", "host/path@digest"),
            ("*.GCR.io/**", "host/path@digest"),
            ("ghcr.io/acme/app@sha256:abc", "host/path@digest"),
        ])
    func told(_ pattern: String, _ advice: String) throws {
        let reason = try #require(try Glob(pattern).neverMatches)
        #expect(reason.contains(advice))
    }

    @Test(
        "a glob that some admitted image matches is not",
        arguments: [
            "*", "*/*", "**", "*/**", "ghcr.io/acme/*", "ghcr.io/**", "ghcr.io/acme/app@*", "localhost/*",
            "localhost:5000/**", "docker.io/library/nginx*", "docker.io/*/*", "index.docker.io/**", "nginx**",
            "**app**",
            "ghcr.io/acme/app@sha256:*", "ghcr.io/acme/app@\(sampleDigest)", "GHCR.IO/acme/*", "**:*",
            "ghcr.io/acme/app*:*", "**.pkg.dev/**",
        ])
    func untold(_ pattern: String) throws {
        let glob = try Glob(pattern)
        #expect(glob.neverMatches == nil)
    }
}
