// SPDX-License-Identifier: Apache-2.0
import JSON
import Policy
import Sigstore

/// What came of the candidate attestations of one image.
struct FoundStatements {
    private(set) var verified: [VerifiedStatement] = []
    private(set) var failures: [VerificationError] = []
    var hasUnsignedBillOfMaterials = false
    /// How many are of a form that the authority does not look at.
    var passedOver = 0

    mutating func add(_ result: Result<VerifiedStatement, VerificationError>) {
        switch result {
        case .success(let statement): verified.append(statement)
        case .failure(.signatureIsNoAttestation): break
        case .failure(.unreadable(UnverifiedBundle.unsignedBillOfMaterials)): hasUnsignedBillOfMaterials = true
        case .failure(let error): failures.append(error)
        }
    }

    /// The statements of the required type that satisfy its program: any of them is enough. Where none does, why the
    /// first of that type does not.
    func satisfying(
        _ requirement: AttestationRequirement
    ) -> (statements: [VerifiedStatement], objection: PolicyObjection?) {
        var satisfying: [VerifiedStatement] = []
        var objection: PolicyObjection?
        for statement in verified
        where PredicateType.isSame(statement.predicateType, requirement.predicateType) {
            if let found = self.objection(of: requirement, to: statement) {
                objection = objection ?? found
            } else {
                satisfying.append(statement)
            }
        }
        return (satisfying, satisfying.isEmpty ? objection : nil)
    }

    /// What is not there because nobody asked for it is not absent.
    private func objection(
        of requirement: AttestationRequirement, to statement: VerifiedStatement
    ) -> PolicyObjection? {
        guard statement.parts.contains(requirement.reads) else {
            return .notEvaluated("the statement was not read as far as the policy looks into it")
        }
        return requirement.objection(to: statement.statement.root)
    }
}
