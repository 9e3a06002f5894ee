// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import JSON
import RE2
import TestSupport
import Testing

@testable import Policy

/// For each code a document that it is said of, and the same with one change of which it is not.
@Suite("Lint")
struct LintTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let code: LintCode
        /// `[from, to]`: what of the sample is replaced, to make the warning come.
        let wrong: String
        /// What the warning goes away with, in place of `wrong`.
        let right: String
        /// A part of the sample that both stand in place of.
        let part: Part
        /// Where `wrong` stands begins; the line that the warning names, counted from there.
        var line = 0
        let path: String
        /// What the advice must offer, letter by letter.
        let better: String

        var testDescription: String { "\(code.rawValue): \(wrong)" }
    }

    enum Part: Sendable { case glob, identity, match, authority, attestation }

    /// A document without a warning, whose parts the cases replace; each on a line of its own.
    static func text(_ part: Part, _ replacement: String) -> (text: String, line: Int) {
        let identity = #"{issuer: "https://issuer.example", subject: "a@acme.example"}"#
        var glob = "registry.example/acme/**"
        var authority = "keyless: {identities: [IDENTITY]}"
        var match = "[{version: v1, resource: pods}]"
        switch part {
        case .glob: glob = replacement
        case .identity: authority = authority.replacing("IDENTITY", with: replacement)
        case .match: match = replacement
        case .authority: authority = replacement
        case .attestation:
            authority =
                "key: {data: KEY}\n    ctlog: {}\n    requireSignature: true\n    attestations: [\(replacement)]"
        }
        let text = """
            apiVersion: policy.sigstore.dev/v1beta1
            kind: ClusterImagePolicy
            metadata: {name: sample}
            spec:
              images: [{glob: "\(glob)"}]
              match: \(match)
              authorities:
              - name: only
                \(authority)

            """
            .replacing("IDENTITY", with: identity).replacing("KEY", with: Keys.block(indentation: 10).yamlString)
        let line =
            switch part {
            case .glob: 5
            case .match: 6
            case .identity, .authority: 9
            case .attestation: 12
            }
        return (text, line)
    }

    private func warnings(_ part: Part, _ replacement: String) throws -> [PolicyProblem] {
        let document = try #require(Source.read(Self.text(part, replacement).text).first)
        #expect(document.policy != nil, "\(document.errors)")
        return document.warnings
    }

    @Test(
        "a warning has its code, line, path and the text to write instead; with one change it is not said",
        arguments: cases)
    func each(_ sample: Case) throws {
        let said = try warnings(sample.part, sample.wrong)
        let warning = try #require(said.first { $0.code == sample.code }, "\(said)")
        #expect(said.count { $0.code == sample.code && $0.path == warning.path } == 1)
        #expect(warning.position?.line == Self.text(sample.part, "").line + sample.line, "\(warning)")
        #expect(warning.path == sample.path)
        #expect(warning.advice.contains(sample.better), "\(warning)")
        #expect(warning.description.hasSuffix("[\(sample.code.rawValue)]"))
        let after = try warnings(sample.part, sample.right)
        #expect(!after.contains { $0.code == sample.code }, "\(after)")
    }

    @Test("the sample itself is said nothing of, and what it is compared with is a better document, not another one")
    func silent() throws {
        #expect(try warnings(.glob, "registry.example/acme/**").isEmpty)
        let noisy = Self.cases.filter { sample in
            ((try? warnings(sample.part, sample.right)) ?? []).contains { $0.code != nil }
        }
        #expect(noisy.isEmpty, "\(noisy.map(\.testDescription))")
    }

    @Test("every code has a case")
    func complete() {
        let elsewhere: Set<LintCode> = [.cueUndemanded, .cueInputNotIncluded, .resourceOutOfReach]
        #expect(Set(Self.cases.map(\.code)).union(elsewhere) == Set(LintCode.allCases))
    }

    @Test("warnings come in the order of the document")
    func order() throws {
        let document = try Source(
            images: "  images:\n  - glob: docker.io/acme/*\n  - glob: registry.example/app:v1\n  - glob: '**demo**'\n",
            rest: "  match: []\n"
        ).document
        #expect(
            document.warnings.map(\.code) == [
                .globDockerHub, .globNeverMatches, .globAcrossHosts, .noLogNoTimestamp, .matchEmpty,
            ])
    }

    @Test("a policy that admits nothing may name what it likes")
    func denies() throws {
        func codes(_ action: String) throws -> [LintCode?] {
            try Source(
                images: "  images: [{glob: '**demo**'}, {glob: 'ghcr.io/acme**'}]\n",
                authorities: "  authorities: [{static: {action: \(action)}}]\n"
            ).document.warnings.map(\.code)
        }
        #expect(try codes("fail").isEmpty)
        #expect(try codes("pass") == [.globAcrossHosts, .globAcrossOwners])
    }

    @Test("a Secret of a namespace where no policy looks for it is told")
    func outOfReach() throws {
        func codes(_ namespace: String) throws -> [LintCode?] {
            let text =
                "apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: \(namespace)}\nstringData: {k: v}\n"
            return try #require(Source.read(text).first).warnings.map(\.code)
        }
        #expect(try codes("elsewhere") == [.resourceOutOfReach])
        #expect(try codes("cosign-system").isEmpty)
    }

    @Test("a document with errors is not judged by what it could mean")
    func broken() throws {
        let document = try Source(images: "  images:\n  - glob: '**demo**'\n", rest: "  modus: warn\n").document
        #expect(!document.errors.isEmpty && document.warnings.isEmpty)
    }

    @Test("as many warnings as anybody reads, however large the document")
    func bound() throws {
        let globs = (0..<150).map { "  - glob: '**demo\($0)**'\n" }.joined()
        let document = try Source(images: "  images:\n" + globs).document
        #expect(document.warnings.count == DocumentReader.maximumProblems)
    }

    @Test(
        "an expression of any shape is looked at, and what is offered instead compiles",
        arguments: [
            "^", "$", "^$", "|", "||", ".", "..", ".*", ".*.*", ".+?", "\\$", "\\\\$", "\\.*", "(?i)", "(?i)^a.b$",
            "\\Q",
            "\\Q.*", "[|]", "(|)", "(^a$)", "x*", "{", "a{2}.", "\u{E9}.\u{301}", "@", "/", "://", "https://",
            ".*://.*",
            String(repeating: "(a.b|c)?", count: 200), String(repeating: "e\u{301}.", count: 5000),
        ])
    func anyShape(_ pattern: String) throws {
        for side in IdentitySide.allCases {
            let spelling = RegularExpressionSpelling(try RegularExpression(pattern), of: side)
            #expect(throws: Never.self) { try RegularExpression(spelling.escaped) }
            if let better = spelling.better {
                let expression = try RegularExpression(better)
                #expect(expression.hasFixedBeginning && expression.hasFixedEnd && expression.singleDots.isEmpty)
            }
            let said = try warnings(
                .identity, "{\(side)RegExp: \(quoted(pattern)), \(side == .issuer ? "subject" : "issuer"): a}")
            #expect(said.allSatisfy { $0.description.utf8.count < 2000 })
        }
    }

    @Test("a key that was pasted into a name is in no warning")
    func pasted() throws {
        let said = try warnings(.identity, #"{issuerRegExp: "-----BEGIN EC PARAMETERS----- c2VjcmV0.", subject: a}"#)
        #expect(!said.isEmpty && !said.description.contains("c2VjcmV0"), "\(said)")
    }

    @Test("docs/policies.md tells every code, and none that does not exist")
    func documented() throws {
        let bytes = try #require(FileManager.default.contents(atPath: "\(PackageFolder.root)/docs/policies.md"))
        let told = String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
            line.hasPrefix("| `") ? line.dropFirst(3).prefix { $0 != "`" } : nil
        }
        #expect(told.count == Set(told).count)
        #expect(Set(told.map(String.init)) == Set(LintCode.allCases.map(\.rawValue)))
    }
}
