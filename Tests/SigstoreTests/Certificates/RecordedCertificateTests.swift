// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import JSON
import TestSupport
import Testing

@testable import Sigstore

@Suite("Certificates of real signatures")
struct RecordedCertificateTests {
    static let images = "data/keyless-images/signatures.jsonl"
    static let releases = "data/keyless-images/cpython-bundles.jsonl"
    static let productionRoot = "captures/cosign/prod-trusted_root.json"
    static let recordings = "data/bundles"
    static let captures = "captures/cosign"

    private static func has(_ paths: String...) -> Bool {
        available(
            paths.allSatisfy { SharedFolder.path($0) != nil }, orSkip: "needs \(paths.joined(separator: ", "))")
    }

    private func lines(_ path: String) throws -> [JSONDocument] {
        try (SharedFolder.bytes(path) ?? []).split(separator: UInt8(ascii: "\n")).map {
            try JSONDocument(parsing: Array($0))
        }
    }

    private func check(
        _ leaf: Certificate, _ seconds: Int64, subject: String, issuer: String, in trust: RecordedTrust
    ) throws {
        let instant = try #require(Instant(seconds: seconds))
        let path = try trust.path(to: leaf, at: [instant])
        #expect(try path.requireTransparency(in: trust.ctLogs).witnesses.count == 1)
        let claims = try path.claims()
        #expect(claims.names.count == 1)
        let identity = try CertificateIdentity(subject: [.exactly(subject)], issuer: [.exactly(issuer)])
        #expect(identity.requirementMissed(by: claims) == nil)
        let other = try CertificateIdentity(subject: [.exactly(subject + "x")], issuer: [.exactly(issuer)])
        #expect(other.requirementMissed(by: claims)?.field == .subject)

        // A minute before it was made and an hour after: never.
        let early = try #require(Instant(seconds: leaf.validity.start.seconds - 60))
        let late = try #require(Instant(seconds: seconds + 3600))
        for outside in [early, late] {
            #expect(throws: CertificateError.self) { try trust.path(to: leaf, at: [instant, outside]) }
        }
    }

    @Test("Image signatures of the public instance", .enabled(if: has(images, productionRoot)))
    func imageSignatures() throws {
        let trust = try RecordedTrust(Self.productionRoot)
        var checked = 0
        for line in try lines(Self.images) {
            let record = line.root
            guard let pem = record["certificate"]?.string,
                let time = record["bundle"]?["Payload"]?["integratedTime"]?.integer,
                let subject = record["san"]?[0]?.string, let issuer = record["issuer"]?.string
            else {
                Issue.record("not a record")
                continue
            }
            try check(Certificate(der: derBytes(pem)), time, subject: subject, issuer: issuer, in: trust)
            checked += 1
        }
        #expect(checked >= 99)
    }

    @Test("Releases of CPython, signed by people", .enabled(if: has(releases, productionRoot)))
    func releaseSignatures() throws {
        let trust = try RecordedTrust(Self.productionRoot)
        var checked = 0
        for line in try lines(Self.releases) {
            let material = line.root["bundle"]?["verificationMaterial"]
            let raw =
                material?["x509CertificateChain"]?["certificates"]?[0]?["rawBytes"]?.string
                ?? material?["certificate"]?["rawBytes"]?.string
            guard let der = raw.flatMap({ Data(base64Encoded: $0) }),
                let time = material?["tlogEntries"]?[0]?["integratedTime"]?.integerOrDecimalString,
                let subject = line.root["identity"]?.string, let issuer = line.root["issuer"]?.string
            else {
                Issue.record("not a record")
                continue
            }
            try check(Certificate(der: Array(der)), time, subject: subject, issuer: issuer, in: trust)
            checked += 1
        }
        #expect(checked >= 30)
    }

    @Test("Bundles of other clients, under three instances", .enabled(if: has(recordings, productionRoot)))
    func recordedBundles() throws {
        let trusts = try [
            "prod": RecordedTrust("data/bundles/trusted_root.public-good.json"),
            "staging": RecordedTrust("data/bundles/trusted_root.staging.json"),
            "github": RecordedTrust("data/bundles/trusted_root.github.json"),
        ]
        let index = try JSONDocument(parsing: SharedFolder.bytes("data/bundles/index.json") ?? []).root
        var checked = 0
        for entry in index.elements {
            guard let file = entry["file"]?.string, entry["sigstore_go_1_3_0"]?.string == "PASS",
                let instance = entry["trusted_root"]?.string?.split(separator: " ").first,
                let trust = trusts[String(instance)]
            else { continue }
            let expected = entry["san"]?.elements.compactMap { $0.string } ?? []
            for leaf in RecordedLeaves.inFile("data/bundles/\(file)")
            where try leaf.extendedKeyUsage(.leaf)?.purposes == [KeyPurpose.codeSigning.identifier] {
                let path = try trust.path(to: leaf, at: [leaf.validity.start])
                #expect(expected.contains(try path.claims().subject.text), "\(file)")
                if instance == "github" {
                    #expect(throws: CertificateError.self) { try path.requireTransparency(in: trust.ctLogs) }
                } else {
                    #expect(throws: Never.self, "\(file)") { try path.requireTransparency(in: trust.ctLogs) }
                }
                for (other, trust) in trusts where other != instance {
                    #expect(throws: CertificateError.self) { try trust.path(to: leaf, at: [leaf.validity.start]) }
                }
                checked += 1
            }
        }
        #expect(checked >= 25)
    }

    @Test("Signatures of a private instance", .enabled(if: has(captures)))
    func capturedSignatures() throws {
        let trust = try RecordedTrust("captures/cosign/fake-sigstore/trusted_root.json")
        let production = try RecordedTrust(Self.productionRoot)
        var leaves: Set<[UInt8]> = []
        var witnessed = 0
        for fixture in SharedFolder.names(in: "captures/cosign/oci") {
            let folder = "captures/cosign/oci/\(fixture)/blobs/sha256"
            for leaf in SharedFolder.names(in: folder).flatMap({ RecordedLeaves.inFile("\(folder)/\($0)") })
            where leaves.insert(leaf.der).inserted {
                let path = try trust.path(
                    to: leaf, at: [leaf.validity.start, leaf.validity.end ?? leaf.validity.start])
                #expect(try path.claims().issuer != nil)
                if (try? path.requireTransparency(in: trust.ctLogs)) != nil { witnessed += 1 }
                #expect(throws: CertificateError.self) { try production.path(to: leaf, at: [leaf.validity.start]) }
                #expect(throws: CertificateError.self) { try path.requireTransparency(in: production.ctLogs) }
            }
        }
        #expect(leaves.count >= 10)
        #expect(witnessed >= 10)
    }

    @Test("Timestamp authorities that run today", .enabled(if: has(recordings, productionRoot)))
    func timestampAuthorities() throws {
        var checked = 0
        for file in [
            Self.productionRoot, "data/bundles/trusted_root.staging.json", "data/bundles/trusted_root.github.json",
            "captures/cosign/fake-sigstore/trusted_root.json",
        ] {
            for authority in try RecordedTrust(file).timestampAuthorities {
                let signer = try #require(authority.signer)
                let instant = max(authority.validity.start, signer.validity.start)
                #expect(throws: Never.self, "\(file)") {
                    try authority.path(to: signer, for: .timeStamping, at: [instant])
                }
                #expect(throws: CertificateError.self) {
                    try authority.path(to: signer, for: .codeSigning, at: [instant])
                }
                checked += 1
            }
        }
        #expect(checked >= 8)
    }
}
