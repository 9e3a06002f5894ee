// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Policy

/// `countersign policy`: what is about policies and no image.
struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy", abstract: "Work with policy documents",
        discussion: """
            Exit status: as the subcommand states, 64 without one

            Example: countersign policy check policies/
            """,
        subcommands: [PolicyCheck.self, PolicyTest.self])

    func run() async throws { try Countersign.askForCommand(Countersign.helpMessage(for: Self.self)) }
}

/// `countersign policy check`: whether `serve` would take these files.
struct PolicyCheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check policy documents as 'serve' reads them, and say what looks wrong",
        discussion: """
            Everything that is not understood is an error with file, line and path; warnings, whose codes \
            docs/policies.md tells, are said and do not count without --strict

            Exit status: 0 every document is valid, 1 at least one is not (or with --strict has a warning), 64 wrong \
            usage or unreadable input

            Example: countersign policy check policies/
            """)

    @Argument(
        help: ArgumentHelp(
            "Check these files with ClusterImagePolicy documents, YAML or JSON, and those in these directories",
            valueName: "dir|file"))
    var files: [String]

    @Flag(help: "Count warnings as errors")
    var strict = false

    @OptionGroup var documents: DocumentOptions

    func run() async throws {
        try await concluding {
            var rules = try documents.rules()
            rules.now = .now
            let snapshot = PolicyFiles(files).snapshot()
            var status = ExitStatus.admitted
            var warnings = 0
            for source in snapshot.sources {
                switch source.content {
                case .unavailable(let reason):
                    status = max(status, Self.unreadable(source.path, reason))
                case .files(let files) where files.isEmpty:
                    status = max(status, Self.unreadable(source.path, "there is no policy file in it"))
                case .files(let files):
                    for file in files { status = max(status, Self.check(file, rules, &warnings)) }
                }
            }
            if status == .admitted {
                // Each for itself is whole; together they may still contradict each other.
                do throws(PolicyLoadError) {
                    let state = try PolicyFilesState(starting: snapshot, rules: rules, now: .now)
                    for policy in state.set.policies {
                        for why in policy.unresolved {
                            Words.say("warning: policy \(policy.name): \(why); what needs it is denied")
                            warnings += 1
                        }
                    }
                } catch {
                    Words.say(lines: error.reasons.all.map { "error: \($0)" })
                    status = .denied
                }
            }
            return strict && warnings > 0 ? max(status, .denied) : status
        }
    }

    private static func check(
        _ file: PolicySnapshot.File, _ rules: DocumentRules, _ warnings: inout Int
    ) -> ExitStatus {
        switch file.content {
        case .unreadable(let reason): return unreadable(file.path, reason)
        case .text(let text):
            let read = PolicyFile(path: file.path, text: text, rules: rules)
            for problem in read.errors { Words.say("error: " + problem.description(in: file.path)) }
            for problem in read.warnings { Words.say("warning: " + problem.description(in: file.path)) }
            for case let policy? in read.documents.map(\.policy) {
                Words.answer(line: "\(file.path): ClusterImagePolicy \(policy.name): valid, \(policy.mode.rawValue)")
            }
            for case let root? in read.documents.map(\.trustRoot) {
                Words.answer(line: "\(file.path): TrustRoot \(root.name): valid")
            }
            for case let resource? in read.documents.map(\.resource) {
                Words.answer(line: "\(file.path): \(resource.kind.rawValue) \(resource.name): valid")
            }
            warnings += read.warnings.count
            return read.errors.isEmpty ? .admitted : .denied
        }
    }

    private static func unreadable(_ path: String, _ reason: String) -> ExitStatus {
        Words.say("error: \(path): \(reason)")
        return .usage
    }
}
