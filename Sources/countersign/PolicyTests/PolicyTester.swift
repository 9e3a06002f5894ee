// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import ImageVerification
import JSON
import OCI
import Policy
import YAML

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
            let policies = try self.policies(in: try await text(deadline))
            if let trustRoot { try check(trustRoot: trustRoot) }
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
        var transport = TransportConfiguration()
        transport.insecureHosts = Set(registry.insecureHosts.map { $0.lowercased() })
        let http: OutboundHTTP
        do { http = try OutboundHTTP(transport) } catch { throw UsageError("\(error)") }
        let answer: Result<OutboundResponse, TransportError>
        // Whoever runs this names the address, loopback or not.
        let request = OutboundRequest(
            .get, url, maximumBodyBytes: PolicyFile.maximumBytes, deadline: deadline.instant, mayReachLoopback: true)
        do throws(TransportError) { answer = .success(try await http.send(request)) } catch {
            answer = .failure(error)
        }
        await http.shutDown()
        switch answer {
        case .success(let response) where response.status == 200: return response.body
        case .success(let response): throw UsageError("\(policy): answered with status \(response.status)")
        case .failure(let error): throw UsageError("\(policy): \(error)")
        }
    }

    /// Every policy of the text. Secrets of the policies' namespace may stand beside them, and are passed over.
    private func policies(in text: [UInt8]) throws -> PolicySet {
        let documents: [JSONDocument]
        do throws(YAMLError) { documents = try YAMLDocument.parse(text, limits: PolicyFile.limits) } catch {
            throw UsageError("\(policy): \(error)")
        }
        var policies: [ClusterImagePolicy] = []
        var count = 0
        for (index, document) in documents.enumerated() where try !isSecret(document.root) {
            count += 1
            let reading = PolicyDocument(reading: document, index: index, rules: rules)
            Words.say(lines: reading.warnings.map { "warning: " + $0.description(in: policy) })
            try Self.check(reading, "CIP", policy)
            policies += [reading.policy].compactMap { $0 }
        }
        guard count > 0 else { throw UsageError("\(policy): there is no policy in it") }
        return PolicySet(policies: policies)
    }

    private func isSecret(_ root: JSONValue) throws -> Bool {
        guard root["apiVersion"]?.string == "v1", root["kind"]?.string == "Secret" else { return false }
        let namespace = root["metadata"]?["namespace"]?.string ?? ""
        guard namespace == rules.namespace else {
            throw UsageError(
                "\(policy): \(root.position): a Secret of namespace '\(namespace)', not \(rules.namespace)")
        }
        return true
    }

    private static func check(_ reading: PolicyDocument, _ what: String, _ path: String) throws {
        guard !reading.errors.isEmpty else { return }
        throw Unusable(
            lines: "\(what) is invalid: \(reading.errors.merged)".split(separator: "\n").map(String.init)
                + reading.errors.map { "  " + $0.description(in: path) })
    }

    private func check(trustRoot path: String) throws {
        let text = try readFile(path, limit: PolicyFile.maximumBytes)
        let file = PolicyFile(path: path, text: text, rules: rules)
        if let problem = file.problem { throw UsageError(problem.description(in: path)) }
        for document in file.documents { try Self.check(document, "TrustRoot", path) }
        throw UsageError("\(path): there is no TrustRoot in it that can be used")
    }
}
