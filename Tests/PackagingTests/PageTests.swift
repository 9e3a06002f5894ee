// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import TestSupport
import Testing

/// Pages that name files.
@Suite("The pages about running it")
struct PageTests {
    /// What stands between backticks and begins with one of the folders.
    private static func paths(in page: String, below folders: [String]) throws -> Set<String> {
        let spans = try Packaged.text(page).split(separator: "`", omittingEmptySubsequences: false)
        return Set(
            spans.enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
                .filter { span in folders.contains { span.hasPrefix($0 + "/") } && !span.contains(" ") })
    }

    @Test("Every test and driver that the threat model names is there")
    func threatModel() throws {
        let paths = try Self.paths(in: "docs/threat-model.md", below: ["Tests", "Fuzz"])
        #expect(paths.count > 50)
        for path in paths {
            #expect(FileManager.default.fileExists(atPath: "\(PackageFolder.root)/\(path)"), "\(path)")
        }
    }

    /// Targets of links to files of this repository.
    private static func links(in page: String) throws -> [String] {
        try Packaged.text(page).split(separator: "](").dropFirst().compactMap { rest in
            guard let end = rest.firstIndex(of: ")") else { return nil }
            let target = rest[..<end].prefix { $0 != "#" }
            return target.isEmpty || target.contains("://") ? nil : String(target)
        }
    }

    @Test(
        "Every file that a page links to is there",
        arguments: [
            "docs/install.md", "docs/limits.md", "docs/threat-model.md", "deploy/policy-controller-migration.md",
            "charts/countersign/README.md",
        ])
    func links(page: String) throws {
        let folder = page.split(separator: "/").dropLast().joined(separator: "/")
        let links = try Self.links(in: page)
        #expect(!links.isEmpty || page == "docs/limits.md")
        for link in links {
            let path = "\(PackageFolder.root)/\(folder)/\(link)"
            #expect(FileManager.default.fileExists(atPath: path), "\(link)")
        }
    }

    @Test("What the pages call by name is what the chart renders")
    func names() throws {
        let page = try Packaged.text("docs/install.md")
        let own = try Packaged.text("\(Packaged.golden)/own.yaml")
        for name in [
            "countersign-certs", "countersign-settings", "policy.countersign.dev",
            "defaulting.clusterimagepolicy.countersign.dev", "validating.clusterimagepolicy.countersign.dev",
        ] {
            #expect(page.contains("`\(name)`") && own.contains(name), "\(name)")
        }
        let manifest = try Packaged.text(Packaged.manifest)
        let image = "ghcr.io/countersign/countersign:0.1.0"
        #expect(page.contains("s#\(image)#") && manifest.contains("image: \"\(image)\""))
    }
}
