// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import OCI
import Policy
import Registry
import Rekor

/// Runs tests of policies by the code that admission uses, one line for each, and counts them.
struct PolicyTestRun {
    let rules: DocumentRules
    let requiresSignature: Bool
    let trust: TrustSources
    let registry: RegistryAccess
    /// For one test; a registry that answers at all answers sooner.
    static let patience = Duration.seconds(60)

    private struct Count {
        var passed = 0
        var failed = 0
        /// Failed for an outage alone, so that nobody knows.
        var undecided = 0
    }

    func run(_ files: [PolicyTestFile]) async throws -> ExitStatus {
        var prepared: [Prepared] = []
        for file in files {
            var trust = trust
            if trust.trustedRoot == nil { trust.trustedRoot = file.trustedRoot }
            prepared.append(
                Prepared(
                    file: file,
                    policies: try await PolicyFiles.load(file.policies, rules: rules, network: registry),
                    trust: TrustInForce(try trust.read())))
        }
        let all = prepared
        let needsRegistry = files.contains { $0.tests.contains { $0.layout == nil } }
        let count =
            needsRegistry
            ? try await Composition.withRegistry(registry) { try await run(all, $0, $1) }
            : try await run(all, nil, nil)
        let parts = [(count.passed, "passed"), (count.failed, "failed"), (count.undecided, "undecided")]
        Words.answer(
            line: parts.filter { $0.0 > 0 || $0.1 == "passed" }.map { "\($0.0) \($0.1)" }.joined(separator: ", "))
        if count.failed > 0 { return .denied }
        return count.undecided > 0 ? .undecided : .admitted
    }

    private struct Prepared: Sendable {
        let file: PolicyTestFile
        let policies: PolicySet
        let trust: TrustInForce
    }

    private func run(
        _ files: [Prepared], _ client: RegistryClient?, _ logs: RekorSearch?
    ) async throws -> Count {
        var count = Count()
        for prepared in files {
            for test in prepared.file.tests {
                let tested = try await judged(test, prepared, client, logs)
                let label = "\(prepared.file.path): \(test.name)"
                guard let failure = Self.failure(of: test, tested) else {
                    count.passed += 1
                    Words.answer(line: "\(label): ok")
                    continue
                }
                if tested.word == .undecided { count.undecided += 1 } else { count.failed += 1 }
                Words.answer(line: "\(label): FAILED: \(failure)")
            }
        }
        return count
    }

    private func judged(
        _ test: PolicyTestFile.Test, _ prepared: Prepared, _ client: RegistryClient?, _ logs: RekorSearch?
    ) async throws -> TestedImage {
        let source: any EvidenceSource
        if let layout = test.layout {
            source = LayoutSource(directory: layout)
        } else if let client {
            source = client
        } else {
            throw UsageError("\(prepared.file.path): \(test.name): there is no registry to ask")
        }
        let isRecorded = test.layout != nil
        let requiresSignature = requiresSignature
        return try await Composition.withVerification(
            source: source, trust: prepared.trust, logs: isRecorded ? nil : logs, patience: Self.patience
        ) { store in
            let verifier = ImageVerifier(
                policies: PoliciesInForce(prepared.policies), noMatch: prepared.file.noMatch, store: store,
                requiresSignature: requiresSignature)
            return TestedImage(
                await verifier.verdict(on: test.image, for: test.workload, deadline: .after(Self.patience)))
        }
    }

    /// Why the test has failed; `nil` where it has passed.
    private static func failure(of test: PolicyTestFile.Test, _ tested: TestedImage) -> String? {
        let isExpected = tested.word == test.expected
        guard !isExpected || test.reason.map({ reason in !tested.reasons.contains { $0.code == reason } }) == true
        else {
            return nil
        }
        let expected = test.expected.rawValue + (test.reason.map { " for \($0)" } ?? "")
        let reasons = tested.reasons.map { "\($0.code): \($0.sentence)" }.joined(separator: "; ")
        return "expected \(expected), found \(tested.word.rawValue)" + (reasons.isEmpty ? "" : ": \(reasons)")
    }
}
