// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import TestSupport
import Testing

/// `docs/compatibility.md` beside the tests that it names.
@Suite("The page about compatibility")
struct CompatibilityPageTests {
    /// All that admits more than policy-controller does. Whoever adds one has to take another away.
    private static let admitsMore: Set<String> = [
        "runtime-names", "any-proof", "trust-root-witnesses", "several-authorities", "nothing-new",
    ]

    private struct Row {
        let section: String
        let identifier: String
        let test: String
    }

    private static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private func rows() throws -> [Row] {
        let page = Self.repository.appending(path: "docs/compatibility.md")
        var section = ""
        var rows: [Row] = []
        for line in String(decoding: try Data(contentsOf: page), as: UTF8.self).split(separator: "\n") {
            if line.hasPrefix("## ") { section = String(line.dropFirst(3)) }
            let cells = line.split(separator: "|").map { $0.trimming(" ") }
            guard ["Admits more", "Denies more"].contains(section), line.hasPrefix("| `"), cells.count == 3 else {
                continue
            }
            rows.append(
                Row(section: section, identifier: cells[0].trimming("`"), test: cells[2].trimming("`")))
        }
        return rows
    }

    /// The texts of every Swift file in a folder and those below it.
    private static func texts(below folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).flatMap { name -> [String] in
            let path = "\(folder)/\(name)"
            var isFolder = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return [] }
            if isFolder { return try texts(below: path) }
            guard name.hasSuffix(".swift") else { return [] }
            return [String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)]
        }
    }

    @Test("what admits more is a closed list, each once")
    func closed() throws {
        let listed = try rows().filter { $0.section == "Admits more" }.map(\.identifier)
        #expect(Set(listed) == Self.admitsMore)
        #expect(listed.count == Self.admitsMore.count && listed.count <= 5)
        let all = try rows().map(\.identifier)
        #expect(Set(all).count == all.count && all.count > 20)
    }

    @Test("every test that the page names exists")
    func testsExist() throws {
        let folder = Self.repository.appending(path: "Tests")
        let sources = try Self.texts(below: folder.path())
        for row in try rows() {
            let written = "\"\(row.test)\""
            #expect(
                sources.contains { $0.contains("@Test") && $0.contains(written) }, "\(row.identifier): \(row.test)")
        }
    }
}

extension StringProtocol {
    /// Without these characters at both ends.
    fileprivate func trimming(_ characters: String) -> String {
        var text = self[...]
        while let first = text.first, characters.contains(first) { text = text.dropFirst() }
        while let last = text.last, characters.contains(last) { text = text.dropLast() }
        return String(text)
    }
}
