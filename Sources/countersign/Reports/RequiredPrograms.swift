// SPDX-License-Identifier: Apache-2.0
import CUE
import JSON
import Policy
import Sigstore

/// `--policy FILE.cue`: what every attestation of the required type has to satisfy, each field that a policy names among
/// them, as cosign has it.
struct RequiredPrograms {
    private let requirements: [(path: String, requirement: AttestationRequirement)]

    static let none = RequiredPrograms(requirements: [])

    private init(requirements: [(path: String, requirement: AttestationRequirement)]) {
        self.requirements = requirements
    }

    init(_ paths: [String], type: String, uri: String) throws(UsageError) {
        requirements = try paths.map { path throws(UsageError) in
            guard path.hasSuffix(".cue") else {
                throw UsageError(
                    path.hasSuffix(".rego")
                        ? "\(path): policies in Rego are not evaluated yet"
                        : "invalid policy format, expected .cue or .rego: '\(path)'; policies of clusters go with "
                            + "'countersign verify --policies'")
            }
            let body = PolicyProgram.body(of: try readFile(path, limit: 1 << 20), in: .cue)
            if case .unavailable(let why) = body { throw UsageError("\(path): \(why)") }
            let program = PolicyProgram(language: .cue, body: body, demand: .concreteValues)
            return (path, AttestationRequirement(name: path, predicateType: uri, writtenType: type, program: program))
        }
    }

    /// The judgement, denied where one attestation does not satisfy one policy.
    func applied(to judgement: Judgement) -> Judgement {
        guard !requirements.isEmpty, case .admitted(let matches) = judgement.outcome else { return judgement }
        var reasons: [DenialReason] = []
        if matches.all.allSatisfy(\.statements.isEmpty) {
            reasons.append(
                DenialReason(.noAttestations, "there is no attestation that the policy could be asked about"))
        }
        for statement in matches.all.flatMap(\.statements) {
            for (path, requirement) in requirements {
                guard let objection = requirement.objection(to: statement.statement.root) else { continue }
                reasons.append(
                    DenialReason(objection.code, "failed evaluating cue policy for \(path): \(objection.sentence)"))
            }
        }
        guard let reasons = AtLeastOne(reasons) else { return judgement }
        return Judgement(policy: judgement.policy, mode: judgement.mode, outcome: .denied(reasons))
    }
}
