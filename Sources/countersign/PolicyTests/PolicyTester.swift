// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import ImageVerification
import JSON
import OCI
import Policy

/// One image beside one file of policies, asked and answered as policy-tester does: nothing on stdout and 0 where it is
/// admitted, else one line of JSON and 1. What could not be decided is no admission.
struct PolicyTester {
    let policy: String
    let image: String
    let resource: String?
    let trustRoot: String?
    let rules: DocumentRules
    let requiresSignature: Bool
    let trust: TrustSources
    let registry: RegistryAccess
    let timeout: Duration

    /// What keeps the question from being asked; said, with status 1.
    private struct Unusable: Error {
        let lines: [String]
    }

    func run() async throws -> ExitStatus {
        do {
            let deadline = Deadline.after(timeout)
            let policies = try await self.policies(in: try await text(deadline))
            let reference: ImageReference
            do throws(ReferenceError) { reference = try ImageReference(parsing: image) } catch {
                throw UsageError("'\(image)': \(error)")
            }
            let workload = try resource.map { path throws(UsageError) in try WorkloadFacts(inFile: path) }
            let trust = TrustInForce(try trust.read())
            let requiresSignature = requiresSignature
            let verdict = try await Composition.withRegistry(registry) { client, logs in
                try await Composition.withVerification(
                    source: client, trust: trust, logs: logs, patience: deadline.remaining
                ) { store in
                    let verifier = ImageVerifier(
                        policies: PoliciesInForce(policies), noMatch: .deny, store: store,
                        requiresSignature: requiresSignature)
                    return await verifier.verdict(on: reference, for: workload, deadline: deadline)
                }
            }
            return Self.say(TestedImage(verdict), reference)
        } catch let error as UsageError {
            Words.say(lines: error.lines.map { "countersign: \($0)" })
        } catch let error as Unusable {
            Words.say(lines: error.lines)
        }
        return .denied
    }

    private static func say(_ tested: TestedImage, _ reference: ImageReference) -> ExitStatus {
        for remark in tested.cautions { Words.say("warning: \(remark.sentence)") }
        switch tested.word {
        case .admitted: return .admitted
        case .warned:
            for remark in tested.warnings { Words.say("warning: \(remark.sentence)") }
            return .admitted
        case .denied, .undecided:
            let errors =
                tested.isUncovered
                ? ["\(reference.matchingName) is uncovered by policy"] : tested.errors.map(\.sentence)
            var writer = JSONWriter()
            writer.object { line in
                line.member("errors", errors)
                if !tested.warnings.isEmpty { line.member("warnings", tested.warnings.map(\.sentence)) }
            }
            Words.answer(Words.printable(json: writer.bytes) + "\n")
            return .denied
        }
    }

    // MARK: Documents

    private func text(_ deadline: Deadline) async throws -> [UInt8] {
        guard policy.hasPrefix("https://") || policy.hasPrefix("http://") else {
            return try readFile(policy, limit: PolicyFile.maximumBytes)
        }
        let url: RequestURL
        do throws(RequestURLFault) { url = try RequestURL(parsing: policy) } catch {
            throw UsageError("--policy: \(error)")
        }
        return try await Composition.withNetwork(registry) { http in
            // Whoever runs this names the address, loopback or not.
            let request = OutboundRequest(
                .get, url, maximumBodyBytes: PolicyFile.maximumBytes, deadline: deadline.instant,
                mayReachLoopback: true)
            let response: OutboundResponse
            do throws(TransportError) { response = try await http.send(request) } catch {
                throw UsageError("\(policy): \(error)")
            }
            guard response.status == 200 else {
                throw UsageError("\(policy): answered with status \(response.status)")
            }
            return response.body
        }
    }

    /// Every policy of the text, with what else lies beside it and in the file of the trust root.
    private func policies(in text: [UInt8]) async throws -> PolicySet {
        let policies = try documents(of: text, in: policy, "CIP")
        guard policies.contains(where: { $0.policy != nil }) else {
            throw UsageError("\(policy): there is no policy in it")
        }
        var files = [PolicySnapshot.File(path: policy, content: .text(text))]
        if let trustRoot {
            let text = try readFile(trustRoot, limit: PolicyFile.maximumBytes)
            guard try documents(of: text, in: trustRoot, "TrustRoot").allSatisfy({ $0.policy == nil }) else {
                throw UsageError("\(trustRoot): it holds a policy, and should hold a TrustRoot")
            }
            files.append(PolicySnapshot.File(path: trustRoot, content: .text(text)))
        }
        var state: PolicyFilesState
        do throws(PolicyLoadError) {
            let source = PolicySnapshot.Source(path: policy, content: .files(files))
            state = try PolicyFilesState(starting: PolicySnapshot(sources: [source]), rules: rules, now: .now)
        } catch {
            throw Unusable(lines: error.reasons.all.map { "CIP is invalid: \($0)" })
        }
        state.update(remotes: await RemotePolicies(access: registry).fetch(state.missingRemotes))
        return state.set
    }

    /// Throws where any of them is not whole.
    private func documents(of text: [UInt8], in path: String, _ what: String) throws -> [PolicyDocument] {
        let file = PolicyFile(path: path, text: text, rules: rules)
        Words.say(lines: file.warnings.map { "warning: " + $0.description(in: path) })
        let errors = file.errors
        guard errors.isEmpty else {
            throw Unusable(
                lines: "\(what) is invalid: \(errors.merged)".split(separator: "\n").map(String.init)
                    + errors.map { "  " + $0.description(in: path) })
        }
        return file.documents
    }
}
