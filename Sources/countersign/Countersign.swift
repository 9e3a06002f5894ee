// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

@main
struct Countersign: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "countersign",
        abstract: "Decide whether container images carry the signatures and attestations that policies ask for",
        discussion: """
            Exit status: 0 admitted (with warnings too), 1 denied or no such image, 2 undecided because of an outage, \
            64 wrong usage or unreadable input; of several images, the worst

            Example: countersign demo
            """,
        version: Version.current,
        subcommands: [
            Serve.self, Verify.self, VerifyAttestation.self, VerifyBundle.self, Review.self, Audit.self,
            PolicyCommand.self, DigestCommand.self, WebhooksCommand.self, DemoCommand.self,
        ])

    func run() async throws { try Self.askForCommand(Self.helpMessage()) }

    /// A script that names no command has not been told that anything was admitted.
    static func askForCommand(_ help: String) throws {
        say(help: help)
        throw ExitStatus.usage.code
    }

    static func say(help: String) {
        Words.say(lines: plain(help).split(separator: "\n", omittingEmptySubsequences: false))
    }

    static func main() async {
        do {
            // A flag of ours takes no value; cosign's users write one, so it is spelled out first.
            var command = try parseAsRoot(
                BooleanFlags.spelledOut(TesterFlags.spelledOut(Array(CommandLine.arguments.dropFirst()))))
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let error as UsageError {
            Words.say(lines: error.lines.map { "countersign: \($0)" })
            exit(withError: ExitStatus.usage.code)
        } catch {
            let text = plain(fullMessage(for: error))
            let code = exitCode(for: error)
            if code.isSuccess {
                Words.answer(text + "\n")
            } else if !text.isEmpty {
                Words.say(lines: text.split(separator: "\n", omittingEmptySubsequences: false))
            }
            exit(withError: code)
        }
    }

    /// The parser's own sentences, without the full stops that ours do not have.
    private static func plain(_ text: String) -> String {
        ["Show help information.", "Show the version."].reduce(text) { $0.replacing($1, with: $1.dropLast()) }
    }
}

enum Version {
    static let current = "0.1.0"
}
