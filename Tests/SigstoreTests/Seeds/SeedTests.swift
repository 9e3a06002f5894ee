// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import OCI
import TestSupport
import Testing

@testable import Sigstore

/// Fuzzing is worth what its seeds are: one that nobody accepts any more finds nothing behind the first refusal.
@Suite("The seeds of fuzzing")
struct SeedTests {
    /// `COUNTERSIGN_SEEDS=FOLDER` replaces those that are kept there.
    @Test("can be minted, and are accepted")
    func minted() throws {
        let seeds = try MintedSeeds().files
        try accept(seeds)
        guard let folder = ProcessEnvironment.current["COUNTERSIGN_SEEDS"], !folder.isEmpty else { return }
        for (path, bytes) in seeds {
            let target = "\(folder)/\(path)"
            try FileManager.default.createDirectory(
                atPath: String(target[..<(target.lastIndex(of: "/") ?? target.endIndex)]),
                withIntermediateDirectories: true)
            try Data(bytes).write(to: URL(filePath: target))
        }
    }

    @Test("that are kept are accepted")
    func kept() throws {
        let names = try MintedSeeds().files.keys
        var files: [String: [UInt8]] = [:]
        for name in names {
            files[name] = try Array(
                #require(FileManager.default.contents(atPath: "\(PackageFolder.root)/Fuzz/\(name)")))
        }
        try accept(files)
    }

    private func accept(_ files: [String: [UInt8]]) throws {
        func text(_ name: String) throws -> String {
            String(decoding: try #require(files["Minted/\(name)"]), as: UTF8.self)
        }
        let trust = try TrustMaterial(trustedRoot: #require(files["Minted/trusted_root.json"]))
        let image = try Digest(text("image"))
        let byKey = Verifier(trust: trust, options: VerificationOptions(key: try VerificationKey(pem: text("key.pem"))))
        let identity = try CertificateIdentity(
            subject: [.exactly("fuzz@example.com")], issuer: [.exactly("https://issuer.example")])
        let byIdentity = Verifier(trust: trust, options: VerificationOptions(signer: .certificate([identity])))
        for (name, bytes) in files where name.hasPrefix("Seeds/bundle/") && !name.contains("legacy") {
            let verifier = name.contains("key-") || name.hasSuffix("key") ? byKey : byIdentity
            #expect(throws: Never.self, "\(name)") { try verifier.artifact(.digest(image), in: bytes) }
        }
        let time = try #require(Instant(rfc3339: text("time")))
        for (name, bytes) in files where name.hasPrefix("Seeds/certificate/") && !name.hasSuffix("chain") {
            #expect(throws: Never.self, "\(name)") {
                try trust.certificateAuthorities[0].path(to: Certificate(der: bytes), for: .codeSigning, at: [time])
            }
        }
        let signed = try #require(files["Minted/timestamped"])
        for (name, bytes) in files where name.hasPrefix("Seeds/token/") {
            let witnessed = try? WitnessedTimestamp.checked(
                TimestampToken(der: bytes), over: [signed], by: trust.timestampAuthorities)
            #expect(witnessed != nil, "\(name)")
        }
        for (name, bytes) in files where name.hasPrefix("Seeds/checkpoint/rekor") {
            #expect(throws: Never.self, "\(name)") {
                let design: RekorDesign = name.contains("rekor1") ? .v1 : .v2
                return try Checkpoint(bytes).tree(of: trust.logs[design == .v1 ? 0 : 1], design)
            }
        }
        for (name, bytes) in files where name.hasPrefix("Seeds/entry/") {
            #expect(throws: Never.self, "\(name)") { try EntryBody(bytes) }
        }
    }
}
