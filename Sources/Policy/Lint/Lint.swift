// SPDX-License-Identifier: Apache-2.0
import JSON

/// Looks over a document that has been read without errors for what is valid and seldom meant.
struct Lint {
    /// In no particular order.
    ///
    /// - Parameter warnings: what the reader has already said of this document.
    static func findings(
        in document: JSONDocument, of policy: ClusterImagePolicy, besides warnings: [PolicyProblem] = []
    ) -> [Finding] {
        guard let spec = Place(value: document.root, path: "")["spec"] else { return [] }
        var findings = Findings()
        for (place, glob) in zip(spec["images"]?.elements ?? [], policy.images) where !findings.isFull {
            guard let place = place["glob"], !warnings.has(.globNeverMatches, at: place.path) else { continue }
            findings.look(at: glob, place, admits: policy.canAdmit)
        }
        for (place, authority) in zip(spec["authorities"]?.elements ?? [], policy.authorities) where !findings.isFull {
            findings.look(at: authority, place, besides: warnings)
            for identity in place["keyless"]?["identities"]?.elements ?? [] where !findings.isFull {
                findings.look(atIdentity: identity)
            }
            for (place, requirement) in zip(place["attestations"]?.elements ?? [], authority.attestations)
            where !findings.isFull {
                guard let program = requirement.program, let place = place["policy"] else { continue }
                findings.look(at: program, over: .statement(of: requirement.predicateType), place)
            }
        }
        if let place = spec["match"] { findings.look(atMatch: policy.match, place) }
        if let program = policy.program, let place = spec["policy"] {
            findings.look(at: program, over: .authorities, place)
        }
        return findings.all
    }
}

extension ClusterImagePolicy {
    /// Whether any image at all can satisfy it.
    fileprivate var canAdmit: Bool {
        authorities.isEmpty
            || !authorities.allSatisfy { if case .staticFail = $0.check { true } else { false } }
    }
}

extension [PolicyProblem] {
    func has(_ code: LintCode, at path: String) -> Bool { contains { $0.code == code && $0.path == path } }
}
