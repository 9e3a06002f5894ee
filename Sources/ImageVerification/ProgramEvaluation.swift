// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import Policy

/// A policy's own program, asked about what its authorities found.
struct ProgramEvaluation: Sendable {
    let program: PolicyProgram
    let store: EvidenceStore
    let image: ResolvedImage
    let workload: WorkloadFacts?
    /// See `AuthorityExamination.shown`.
    let shown: [RepositoryAccess: ShownCredential]

    /// What had to be asked for.
    struct Inputs: Sendable {
        let configurations: Result<ConfigurationLookup, Outage>
        let isCached: Bool
    }

    func inputs() async -> Inputs {
        guard program.inputs.configuration else { return Inputs(configurations: .success(.none("")), isCached: true) }
        do throws(Outage) {
            let lookup = try await store.configurations(
                of: image, for: workload?.puller, among: shown)
            return Inputs(configurations: .success(lookup.value), isCached: lookup.isCached)
        } catch {
            return Inputs(configurations: .failure(error), isCached: false)
        }
    }

    /// - Parameter inputs: `nil` only where nobody asks.
    func finding(on matches: AtLeastOne<AuthorityMatch>, _ inputs: Inputs?) -> ProgramFinding {
        guard let inputs else { return refused(.policyNotEvaluated, "its inputs have not been read") }
        // What is absent contradicts nothing, so that a policy about workloads would pass wherever there is none.
        let readsWorkload = program.inputs.specification || program.inputs.metadata || program.inputs.type
        if readsWorkload, workload?.object == nil {
            return refused(
                .policyNotEvaluated,
                "it reads the workload, and there is none here; judge the object itself, as 'countersign review' does")
        }
        var configurations: [ImageConfiguration] = []
        if program.inputs.configuration {
            switch inputs.configurations {
            case .failure(let outage): return .outage(outage)
            case .success(.none(let why)):
                return refused(.noConfiguration, "failed to get a ConfigFile: [\(why)]")
            case .success(.found(let found)): configurations = found.all
            }
        }
        let document: JSONDocument
        do throws(JSONError) {
            document = try AuthorityDocument(
                matches, including: program.inputs, configurations: configurations, workload: workload?.object
            ).parsed()
        } catch {
            return refused(.policyNotEvaluated, "what it reads cannot be put into one document: \(error)")
        }
        guard let objection = program.objection(to: document.root) else { return .satisfied }
        return refused(objection.code, objection.sentence)
    }

    private func refused(_ code: DenialReason.Code, _ why: String) -> ProgramFinding {
        .refused(
            DenialReason(
                code,
                "failed evaluating \(program.language.rawValue) policy for ClusterImagePolicy: \(why) "
                    + "(image \(image.matchingName))"))
    }
}
