// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Policy

@Suite("A file of policies")
struct PolicyFileTests {
    private func file(_ text: String, path: String = "p.yaml") -> PolicyFile {
        PolicyFile(path: path, text: Array(text.utf8))
    }

    @Test("every document of a file is read; those that are empty are left out")
    func documents() {
        let text = "# remark\n---\n" + Source(name: "one").text + "\n---\n---\n" + Source(name: "two").text
        let file = file(text)
        #expect(file.problem == nil && file.errors.isEmpty)
        #expect(file.documents.map(\.name) == ["one", "two"])
        #expect(file.documents.map(\.index) == [0, 1])
    }

    @Test("a file without a document is a mistake, not an empty set", arguments: ["", "# remark\n", "---\n"])
    func empty(_ text: String) {
        #expect(file(text).problem?.message == "the file holds no document")
    }

    @Test("text that is no YAML is told with its line")
    func syntax() throws {
        let problem = try #require(file("a: 1\nb: 'open\n").problem)
        #expect(problem.description(in: "p.yaml").hasPrefix("p.yaml:"))
        #expect(problem.position != nil)
    }

    @Test("a key that stands twice is told with its line, in YAML as in JSON")
    func duplicates() throws {
        let yaml = try #require(file(Source(rest: "  mode: warn\n  mode: enforce").text).problem)
        #expect(yaml.message.contains("duplicate key \"mode\""))
        let json = try #require(file("{\"a\":1,\n \"a\":2}", path: "p.json").problem)
        #expect(json.message == "duplicate key \"a\"")
        #expect(json.description(in: "p.json") == "p.json:2:2: duplicate key \"a\"")
    }

    @Test("JSON is read as JSON")
    func json() {
        let text =
            #"{"apiVersion":"policy.sigstore.dev/v1beta1","kind":"ClusterImagePolicy","metadata":{"name":"j"},"#
            + #""spec":{"images":[{"glob":"**"}],"authorities":[{"static":{"action":"pass"}}]}}"#
        #expect(file(text, path: "p.json").documents.first?.policy?.name == "j")
        #expect(file(text + "x", path: "p.json").problem != nil)
        #expect(file(text, path: "p.yaml").documents.first?.policy?.name == "j")
    }

    @Test("a file beyond the bound is refused before it is parsed")
    func bound() {
        let text = Source().text + "\n#" + String(repeating: "x", count: PolicyFile.maximumBytes)
        #expect(file(text).problem?.message.contains("larger than") == true)
    }
}
