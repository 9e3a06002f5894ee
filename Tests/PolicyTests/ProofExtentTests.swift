// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import Testing

@testable import Policy

/// How much of a proof a policy has read.
@Suite("What a policy reads of a proof")
struct ProofExtentTests {
    private static func document(_ rest: String, attestations: String = "") -> PolicyDocument {
        let text = """
            apiVersion: policy.sigstore.dev/v1beta1
            kind: ClusterImagePolicy
            metadata: {name: extent}
            spec:
              images: [{glob: '**'}]
              authorities:
              - name: a
                key: {data: "\(Keys.first.replacing("\n", with: "\\n"))"}
                attestations: [\(attestations)]
            \(rest)
            """
        return PolicyFile(path: "f", text: Array(text.utf8)).documents[0]
    }

    @Test(
        "The size is a quantity from a KiB to a GiB",
        arguments: [
            ("", 128 << 20), ("256Mi", 256 << 20), ("1Ki", 1024), ("1Gi", 1 << 30), ("200M", 200_000_000), ("2k", 2000),
            ("1G", 1_000_000_000), ("'4096'", 4096), ("4096", 4096), ("1048576Ki", 1 << 30), ("1024", 1024),
        ])
    func sizes(text: String, bytes: Int) throws {
        let document = Self.document(text.isEmpty ? "" : "  maximumAttestationSize: \(text)")
        #expect(document.errors.isEmpty)
        #expect(document.policy?.maximumProofBytes == bytes)
    }

    @Test(
        "and nothing else, which is an error of the document",
        arguments: [
            "''", "1023", "1Gib", "1.5Mi", "-1Mi", "0", "1e6", "1e6Ki", "1Ti", "2Gi", "1073741825", "Mi", "1 Mi",
            "'1Mi '", "1mi",
            "9223372036854775807Gi", "99999999999999999999", "true", "[]", "{}", "null", "~",
        ])
    func wrong(text: String) {
        let document = Self.document("  maximumAttestationSize: \(text)")
        #expect(document.policy == nil)
        #expect(document.errors.contains { $0.path == "spec.maximumAttestationSize" }, "\(document.errors)")
    }

    @Test("The size is part of what verdicts are remembered by")
    func hash() throws {
        let hashes = ["", "  maximumAttestationSize: 1Mi", "  maximumAttestationSize: 2Mi"].map {
            Self.document($0).policy?.documentHash
        }
        #expect(Set(hashes).count == 3 && !hashes.contains(nil))
    }

    private static let always: [String: JSONParts] = ["_type": .all, "subject": .all, "predicateType": .all]

    @Test("The parts are those that its attestations read, and all under a program over all of them")
    func parts() throws {
        func cue(_ text: String, type: String = "https://x.example") -> String {
            "{name: m, predicateType: '\(type)', policy: {type: cue, data: '\(text)'}}"
        }
        let rego = "{name: m, predicateType: 'https://x.example', policy: {type: rego, data: 'package x'}}"
        let rows: [(String, JSONParts)] = [
            ("{name: m, predicateType: 'https://x.example'}", .members(Self.always)),
            (cue("predicate: a: 1"), .members(Self.always.merging(["predicate": .members(["a": .all])]) { $1 })),
            (
                cue("predicate: a: 1") + ", " + cue("predicate: {b?: {c: int}}, z: _"),
                .members(
                    Self.always.merging(
                        ["predicate": .members(["a": .all, "b": .members(["c": .all])]), "z": .all]) { $1 })
            ),
            (cue("predicate: close({a: 1})"), .members(Self.always.merging(["predicate": .all]) { $1 })),
            (cue("predicate: [string]: 1"), .members(Self.always.merging(["predicate": .all]) { $1 })),
            (cue("[string]: _"), .all), (cue("#d: 1"), .all), (cue("_d: 1, predicate: a: 1"), .all),
            (cue("a: 1, predicate: b: a"), .all), (cue("let x = 1, predicate: b: x"), .all),
            (cue("{predicate: a: 1}"), .all), (cue("if true {predicate: a: 1}"), .all),
            (cue("predicate: a: 1", type: "vuln"), .all), (cue("predicate: a: 1", type: "link"), .all),
            (cue("predicate: a: 1", type: "slsaprovenance"), .all),
            ("{name: m, predicateType: vuln}", .all),
            // Nothing evaluates it.
            (rego, .members(Self.always)),
        ]
        for (attestations, parts) in rows {
            let policy = try #require(Self.document("", attestations: attestations).policy, "\(attestations)")
            #expect(policy.reading(for: policy.authorities[0]).parts == parts, "\(attestations)")
            let over = try #require(
                Self.document(
                    "  policy: {type: cue, data: 'authorityMatches: _'}", attestations: attestations
                ).policy)
            #expect(over.reading(for: over.authorities[0]).parts == .all)
        }
    }
}
