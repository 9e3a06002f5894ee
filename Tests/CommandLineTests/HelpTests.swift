// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@Suite("Help")
struct HelpTests {
    private static let commands = [
        "", "serve", "verify", "verify-attestation", "verify-bundle", "review", "audit", "policy", "policy check",
        "policy test", "digest", "webhooks", "webhooks remove", "demo",
    ]

    private static func help(_ command: String) async throws -> String {
        let answer = try await Program().run(command.split(separator: " ").map(String.init) + ["--help"])
        #expect(answer.exitCode == 0, "\(answer)")
        #expect(answer.words.isEmpty, "\(answer)")
        return answer.output
    }

    private static func text(_ path: String) throws -> String {
        try #require(TextFile.text(PackageFolder.root + "/" + path), "\(path)")
    }

    /// `countersign policy check --help >Tests/CommandLineTests/Help/policy-check.txt` writes one anew.
    @Test("Every help is what it was", arguments: commands)
    func golden(command: String) async throws {
        let name = command.isEmpty ? "countersign" : command.replacing(" ", with: "-")
        #expect(try await Self.help(command) == Self.text("Tests/CommandLineTests/Help/\(name).txt"))
    }

    @Test(
        "Every help states the exit status and gives an example, and nothing ends with a full stop", arguments: commands
    )
    func manners(command: String) async throws {
        let help = try await Self.help(command)
        let paragraphs = help.split(separator: "\n\n").map { $0.split(separator: "\n").map(Self.trimmed) }
        #expect(paragraphs.contains { $0.first?.hasPrefix("Exit status: ") == true })
        #expect(paragraphs.contains { $0.first?.hasPrefix("Example: countersign \(command)") == true })
        // The parser's own pointer to the other helps is a sentence, and the usage's dots mean "and more".
        let ours = paragraphs.filter {
            $0.last?.hasPrefix("See 'countersign help") != true && $0.first?.hasPrefix("USAGE: ") != true
        }
        #expect(ours.allSatisfy { $0.last?.hasSuffix(".") == false }, "\(help)")
        #expect(!help.contains("information.") && !help.contains("version."))
    }

    @Test(
        "Where no command is named the help goes to stderr, with the status of wrong usage", arguments: ["", "policy"])
    func noCommand(command: String) async throws {
        let answer = try await Program().run(command.split(separator: " ").map(String.init))
        #expect(answer.exitCode == 64, "\(answer)")
        #expect(answer.output.isEmpty)
        #expect(answer.words.contains("SUBCOMMANDS:"))
    }

    @Test("The README shows the help of serve as it is")
    func readme() async throws {
        let help = try await Self.help("serve")
        let shown = "```\n$ countersign serve --help\n" + help.trimmingEmptyLines + "\n```\n"
        #expect(try Self.text("README.md").contains(shown), "the README must hold:\n\(shown)")
    }

    private static func trimmed(_ line: Substring) -> String { String(line.drop { $0 == " " }) }
}

extension String {
    fileprivate var trimmingEmptyLines: String {
        var text = self[...]
        while text.last == "\n" { text.removeLast() }
        return String(text)
    }
}
