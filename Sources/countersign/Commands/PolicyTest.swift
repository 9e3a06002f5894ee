// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Policy

/// `countersign policy test`: whether policies do what their author expects.
struct PolicyTest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Run the tests that are kept beside policies, or judge one image as policy-tester does",
        usage: """
            countersign policy test [<options>] <dir|file> ...
            countersign policy test --policy <file|url> --image <image> [<options>]
            """,
        discussion: """
            Documents of kind PolicyTest are run, one line each on stdout; serve and policy check pass them over

            With --policy and --image, nothing is written to stdout where the image is admitted, and else one line \
            {"errors": […], "warnings": […]}; flags may have one dash, too

            Exit status: 0 every test passed, 1 at least one failed, 2 none failed and at least one could not be decided \
            because of an outage, 64 wrong usage or unreadable input; with --policy or --image as policy-tester has it, \
            0 admitted, 1 everything else

            Example: countersign policy test policies/
            """)

    @Argument(
        help: ArgumentHelp(
            "Run the tests in these files, and in the YAML and JSON files of these directories",
            valueName: "dir|file"))
    var files: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp("Judge --image by the policies in this file or at this URL", valueName: "file|url"))
    var policy: String?

    @Option(name: .long, help: ArgumentHelp("Judge this image by --policy", valueName: "image"))
    var image: String?

    @Option(
        name: .long,
        help: ArgumentHelp("Take --image for one of this workload, YAML or JSON", valueName: "file"))
    var resource: String?

    @Option(
        name: .customLong("trustroot"),
        help: ArgumentHelp("Let --policy name the TrustRoot in this file", valueName: "file"))
    var trustRoot: String?

    @Option(
        name: .customLong("log-level"),
        help: ArgumentHelp(
            "Taken for policy-tester's sake, changes nothing [debug, info, warn, error; default: info]",
            valueName: "level"))
    var logLevel: String?

    @Flag(name: .customLong("enable-oci11"), help: "Taken for policy-tester's sake: referrers are always looked at")
    var looksAtReferrers = false

    @OptionGroup var signature: SignatureOption

    @OptionGroup var documents: DocumentOptions

    @OptionGroup var trust: TrustOptions

    @OptionGroup var registry: RegistryOptions

    func run() async throws {
        try await concluding {
            if let flag = flagsOfTester.first {
                guard files.isEmpty else { throw UsageError("\(flag) goes without files of tests") }
                return try await runAsTester()
            }
            guard !files.isEmpty else {
                throw UsageError("name files or directories of tests, or give --policy and --image")
            }
            return try await PolicyTestRun(
                rules: try documents.rules(), requiresSignature: signature.isRequired, trust: trust.sources,
                registry: registry.access
            ).run(try tests())
        }
    }

    // MARK: Tests

    /// Throws where a directory, or a file that was named, holds none: nothing tested is nothing passed.
    private func tests() throws(UsageError) -> [PolicyTestFile] {
        var tests: [PolicyTestFile] = []
        for source in PolicyFiles(files).snapshot().sources {
            guard case .files(let files) = source.content else {
                if case .unavailable(let reason) = source.content { throw UsageError("\(source.path): \(reason)") }
                continue
            }
            let before = tests.count
            for file in files { tests += try PolicyTestFile.read(file.path) }
            guard tests.count > before else {
                throw UsageError("\(source.path): there is no document of kind PolicyTest in it")
            }
        }
        return tests
    }

    // MARK: As policy-tester

    /// The flags that mean that policy-tester's protocol is wanted.
    private var flagsOfTester: [String] {
        [
            policy == nil ? nil : "--policy", image == nil ? nil : "--image", resource == nil ? nil : "--resource",
            trustRoot == nil ? nil : "--trustroot", logLevel == nil ? nil : "--log-level",
            looksAtReferrers ? "--enable-oci11" : nil,
        ].compactMap { $0 }
    }

    private func runAsTester() async throws -> ExitStatus {
        let levels = ["debug", "info", "warn", "error"]
        guard let policy, let image, !policy.isEmpty, !image.isEmpty, levels.contains(logLevel ?? "info") else {
            Countersign.say(help: Countersign.helpMessage(for: Self.self))
            return .denied
        }
        let rules: DocumentRules
        do throws(UsageError) { rules = try documents.rules() } catch {
            Words.say(lines: error.lines.map { "countersign: \($0)" })
            return .denied
        }
        return try await PolicyTester(
            policy: policy, image: image, resource: resource, trustRoot: trustRoot, rules: rules,
            requiresSignature: signature.isRequired, trust: trust.sources, registry: registry.access,
            timeout: .seconds(180)
        ).run()
    }
}
