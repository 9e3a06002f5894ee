// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import TestSupport
import Testing

@testable import Policy

/// What the fuzzing of archives starts from; `scripts/fuzz seeds` writes it into Fuzz/.
@Suite("The seeds of fuzzing archives")
struct ArchiveSeedTests {
    private static let contents: [String: [UInt8]] = ["root.json": Array("{}".utf8), "targets/a": [1, 2, 3]]

    private static var archives: [String: [UInt8]] {
        var archives: [String: [UInt8]] = [:]
        for dialect in TarWriter.Dialect.allCases {
            var files = contents
            files["targets/" + String(repeating: "0123456789abcdef", count: 5) + ".trusted_root.json"] = [4]
            let archive = TarWriter.archive(files, in: "repository", dialect)
            archives["\(dialect.rawValue).tar"] = archive
            archives["\(dialect.rawValue).tar.gz"] = gzip(archive)
        }
        return archives
    }

    private func accept(_ bytes: [UInt8], _ name: String) throws {
        let archive = name.hasSuffix(".gz") ? try Gzip.decompress(bytes, limit: 1 << 20) : bytes
        #expect(try TarArchive(archive).files.count == 3, "\(name)")
    }

    /// `COUNTERSIGN_SEEDS=FOLDER` replaces those that are kept there.
    @Test("can be made, and are read")
    func minted() throws {
        for (name, bytes) in Self.archives { try accept(bytes, name) }
        guard let folder = ProcessEnvironment.current["COUNTERSIGN_SEEDS"], !folder.isEmpty else { return }
        try FileManager.default.createDirectory(atPath: "\(folder)/Seeds/archive", withIntermediateDirectories: true)
        for (name, bytes) in Self.archives {
            try Data(bytes).write(to: URL(filePath: "\(folder)/Seeds/archive/\(name)"))
        }
    }

    @Test("that are kept are read", arguments: TarWriter.Dialect.allCases)
    func kept(_ dialect: TarWriter.Dialect) throws {
        for name in ["\(dialect.rawValue).tar", "\(dialect.rawValue).tar.gz"] {
            let path = "\(PackageFolder.root)/Fuzz/Seeds/archive/\(name)"
            try accept(Array(try #require(FileManager.default.contents(atPath: path))), name)
        }
    }
}
