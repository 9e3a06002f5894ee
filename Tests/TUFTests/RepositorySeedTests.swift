// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import TestSupport
import Testing

@testable import TUF

/// What the fuzzing of repositories starts from, and whom it believes; `scripts/fuzz seeds` writes them into Fuzz/.
@Suite("The seeds of fuzzing repositories")
struct RepositorySeedTests {
    private static let names = ["1.root.json", "2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"]

    /// `COUNTERSIGN_SEEDS=FOLDER` replaces those that are kept there.
    @Test("can be minted, and are accepted")
    func minted() throws {
        var source = try TestUpdateRepository()
        source[.snapshot].keys = [try AuthorityKey(.p256)]
        source.targets["trusted_root.json"] = .init(Array("{}".utf8), custom: ["sigstore": ["usage": "Unknown"]])
        source.targets["keys/rekor.pub"] = .init(Array("a key".utf8))
        try source.publishRoot()
        try source.rotate { _ in }
        let files = try source.files()
        #expect(throws: Never.self) { try refresh(files) }
        guard let folder = ProcessEnvironment.current["COUNTERSIGN_SEEDS"], !folder.isEmpty else { return }
        for path in ["Minted/tuf", "Seeds/tuf"] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(path)", withIntermediateDirectories: true)
        }
        for (index, name) in Self.names.enumerated() {
            let bytes = try #require(files[name])
            try Data(bytes).write(to: URL(filePath: "\(folder)/Minted/tuf/\(name)"))
            try Data([UInt8(48 + index)] + bytes).write(to: URL(filePath: "\(folder)/Seeds/tuf/\(name)"))
        }
    }

    @Test("that are kept are accepted")
    func kept() throws {
        let folder = "\(PackageFolder.root)/Fuzz"
        var files: [String: [UInt8]] = [:]
        for (index, name) in Self.names.enumerated() {
            let bytes = Array(try #require(FileManager.default.contents(atPath: "\(folder)/Minted/tuf/\(name)")))
            let seed = Array(try #require(FileManager.default.contents(atPath: "\(folder)/Seeds/tuf/\(name)")))
            #expect(seed == [UInt8(48 + index)] + bytes)
            files[name] = bytes
        }
        #expect(throws: Never.self) { try refresh(files) }
    }
}
