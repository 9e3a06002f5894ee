// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import TestSupport
import Testing

@testable import Sigstore

/// What real logs wrote for real clients.
@Suite("Log entries that others made")
struct CapturedEntryTests {
    /// Checks the entry, and that no twin of it passes.
    private func accept(_ captured: CapturedEntry, in logs: [TransparencyLog]) throws {
        let proof = try #require(
            try LoggedEntry.checked(captured.entry, for: captured.signature, in: logs), "\(captured.source)")
        #expect(proof.isIncluded == (captured.entry.inclusionProof != nil))
        #expect((proof.integratedTime != nil) == (captured.entry.signedEntryTimestamp != nil))
        var wrong = captured.signature.signature
        wrong[wrong.count - 1] ^= 1
        let twin = LoggedSignature(
            signature: wrong, signer: captured.signature.signer, content: captured.signature.content)
        #expect(throws: LogError.otherSignature, "\(captured.source)") {
            try LoggedEntry.checked(captured.entry, for: twin, in: logs)
        }
        let old = captured.entry
        let moved = LogEntry(
            index: old.index + 1, logID: old.logID, kind: old.kind, integratedTime: old.integratedTime,
            signedEntryTimestamp: old.signedEntryTimestamp, inclusionProof: old.inclusionProof, body: old.body)
        #expect(throws: LogError.self, "\(captured.source)") {
            try LoggedEntry.checked(moved, for: captured.signature, in: logs)
        }
    }

    private func lines(_ path: String) throws -> [JSONValue]? {
        guard let file = SharedFolder.bytes(path) else {
            skip("no shared/\(path)")
            return nil
        }
        return try file.split(separator: 0x0A).map { try JSONDocument(parsing: Array($0)).root }
    }

    static let production = "data/bundles/trusted_root.public-good.json"

    @Test("for ninety-nine images on the public log prove what they are about, and nothing of each other")
    func images() throws {
        guard let lines = try lines("data/keyless-images/signatures.jsonl") else { return }
        let logs = try CapturedEntry.logs(Self.production)
        let captured = try lines.map { line in
            guard let annotation = line["bundle"], let payload = line["payload"]?.string else {
                throw CapturedEntry.Unfit(what: "bundle")
            }
            return try CapturedEntry.annotated(
                annotation, certificate: line["certificate"]?.string, key: nil,
                line["docker_reference"]?.string ?? "", signature: CapturedEntry.bytes(line["signature"], "signature"),
                .message(.bytes(Array(payload.utf8))))
        }
        #expect(captured.count == 99)
        for (number, one) in captured.enumerated() {
            try accept(one, in: logs)
            let other = captured[(number + 1) % captured.count]
            #expect(throws: LogError.otherSignature) {
                try LoggedEntry.checked(other.entry, for: one.signature, in: logs)
            }
        }
    }

    @Test("for releases of CPython are included in the public log")
    func releases() throws {
        guard let lines = try lines("data/keyless-images/cpython-bundles.jsonl") else { return }
        let logs = try CapturedEntry.logs(Self.production)
        #expect(lines.count == 30)
        for line in lines {
            guard let bundle = line["bundle"] else { throw CapturedEntry.Unfit(what: "bundle") }
            let captured = try CapturedEntry.inBundle(bundle, line["url"]?.string ?? "")
            #expect(!captured.isEmpty)
            for one in captured { try accept(one, in: logs) }
        }
    }

    @Test("in bundles of other projects count where the reference client says so")
    func bundles() throws {
        guard let file = SharedFolder.bytes("data/bundles/index.json") else {
            skip("no shared/data/bundles")
            return
        }
        let roots = [
            "prod": try CapturedEntry.logs(Self.production),
            "staging": try CapturedEntry.logs("data/bundles/trusted_root.staging.json"),
        ]
        var count = 0
        for line in try JSONDocument(parsing: file).root.elements {
            guard line["sigstore_go_1_3_0"]?.string == "PASS", let name = line["file"]?.string,
                let logs = line["trusted_root"]?.string.flatMap({ roots[$0] }),
                let bytes = SharedFolder.bytes("data/bundles/\(name)")
            else { continue }
            let texts =
                try (try? JSONDocument(parsing: bytes)).map { [$0.root] }
                ?? (try bytes.split(separator: 0x0A).map { try JSONDocument(parsing: Array($0)).root })
            guard let bundle = texts.dropFirst(Int(line["index"]?.integer ?? 0)).first else { continue }
            for one in try CapturedEntry.inBundle(bundle, name) {
                try accept(one, in: logs)
                count += 1
            }
        }
        #expect(count >= 20)
    }

    @Test("by cosign 2.5 and 3.1, of both designs of Rekor and every kind, count under the test instance's logs")
    func cosign() throws {
        let folder = "captures/cosign"
        guard let expected = SharedFolder.bytes("\(folder)/expected.json") else {
            skip("no shared/\(folder)")
            return
        }
        let logs = try CapturedEntry.logs("\(folder)/fake-sigstore/trusted_root.json")
        var kinds: Set<EntryKind> = []
        var seen: Set<String> = []
        for fixture in try JSONDocument(parsing: expected).root["fixtures"]?.elements.map({ $0 }) ?? [] {
            guard fixture["verdict"]?.string == "accept", let layout = fixture["layout"]?.string,
                seen.insert(layout).inserted
            else { continue }
            let key = try fixture["key"]?.string.map { name in
                try PublicKey(pem: String(decoding: SharedFolder.bytes("\(folder)/\(name)") ?? [], as: UTF8.self))
            }
            for one in try CapturedEntry.inLayout("\(folder)/\(layout)", key: key) {
                try accept(one, in: logs)
                kinds.insert(try EntryBody(one.entry.body).kind)
            }
        }
        for name in SharedFolder.names(in: "\(folder)/bundles") {
            let bytes = SharedFolder.bytes("\(folder)/bundles/\(name)") ?? []
            for one in try CapturedEntry.inBundle(JSONDocument(parsing: bytes).root, name) {
                try accept(one, in: logs)
                kinds.insert(try EntryBody(one.entry.body).kind)
            }
        }
        #expect(kinds == [.hashedrekord1, .hashedrekord2, .dsse1, .dsse2])
    }

    @Test("that were tampered with are refused for the reason")
    func tampered() throws {
        let folder = "captures/cosign"
        guard SharedFolder.path("\(folder)/oci/t_tsz") != nil else {
            skip("no shared/\(folder)")
            return
        }
        let logs = try CapturedEntry.logs("\(folder)/fake-sigstore/trusted_root.json")
        for (layout, reason) in [
            ("t_tsz", LogError.otherTree("size")), ("t_r2it", .unexpectedTime), ("t_r2it2", .unexpectedTime),
        ] {
            let captured = try CapturedEntry.inLayout("\(folder)/oci/\(layout)")
            #expect(!captured.isEmpty)
            for one in captured {
                #expect(throws: reason, "\(layout)") {
                    try LoggedEntry.checked(one.entry, for: one.signature, in: logs)
                }
            }
        }
    }

    @Test("for provenance of the SLSA generator count, the old kind by the envelope's text alone")
    func provenance() throws {
        let folder = "data/oci-layouts/slsa-generic-container"
        guard SharedFolder.path(folder) != nil else {
            skip("no shared/\(folder)")
            return
        }
        let logs = try CapturedEntry.logs(Self.production)
        var kinds: Set<EntryKind> = []
        for version in SharedFolder.names(in: folder) {
            for one in try CapturedEntry.inLayout("\(folder)/\(version)") {
                try accept(one, in: logs)
                let kind = try EntryBody(one.entry.body).kind
                kinds.insert(kind)
                guard kind == .intoto1, case .envelope(let envelope, _) = one.signature.content else { continue }
                let bundled = LoggedSignature(
                    signature: one.signature.signature, signer: one.signature.signer,
                    content: .envelope(envelope, text: nil))
                #expect(throws: LogError.kindDoesNotFit(kind: "intoto 0.0.1", content: "an envelope in a bundle")) {
                    try LoggedEntry.checked(one.entry, for: bundled, in: logs)
                }
            }
        }
        #expect(kinds.contains(.intoto1))
    }

    /// Cases whose reason lies in the log; every other one must pass here, and fails elsewhere if it fails.
    static let refusedByLog: Set<String> = [
        "bundle-negative-log-index_fail", "dsse-mismatch-envelope_fail", "inclusion-proof-corrupted-hash_fail",
        "invalid-inclusion-proof_fail",
        "rekor2-checkpoint-missing-log-signature_fail",
        "rekor2-dsse-mismatch-sig_fail", "rekor2-no-inclusion-proof_fail", "signature-mismatch_fail",
    ]

    @Test("in the conformance suite pass or fail as their folder says, where the log is the reason")
    func conformance() throws {
        let folder = "data/conformance/cases"
        guard SharedFolder.path(folder) != nil else {
            skip("no shared/\(folder)")
            return
        }
        let logs = try CapturedEntry.logs(Self.production)
        var checked = 0
        for name in SharedFolder.names(in: folder) {
            guard let bytes = SharedFolder.bytes("\(folder)/\(name)/bundle.sigstore.json"),
                let bundle = try? JSONDocument(parsing: bytes).root
            else { continue }
            let own = "\(folder)/\(name)/trusted_root.json"
            let believed = SharedFolder.path(own) == nil ? logs : try CapturedEntry.logs(own)
            let key = try SharedFolder.bytes("\(folder)/\(name)/key.pub").map {
                try PublicKey(pem: String(decoding: $0, as: UTF8.self))
            }
            guard let captured = try? CapturedEntry.inBundle(bundle, name, key: key) else { continue }
            for one in captured {
                let result = Result {
                    try LoggedEntry.checked(one.entry, for: one.signature, in: believed)
                }
                checked += 1
                switch result {
                case .success(let proof): #expect(proof != nil && !Self.refusedByLog.contains(name), "\(name)")
                case .failure(let error): #expect(Self.refusedByLog.contains(name), "\(name): \(error)")
                }
            }
        }
        #expect(checked >= 15)
    }
}
