// SPDX-License-Identifier: Apache-2.0
import Policy
import Synchronization

/// What came of compiling one document.
enum DocumentFinding: Hashable, Sendable {
    case good
    /// It cannot be compiled: what is wrong with it, and whether its last good version stands in for it.
    case broken(String, keepsLastGood: Bool)
    /// It is in force, and keys or trust roots that it names cannot be used.
    case unusableKeys(String)
    /// It is in force, and policies in a language that it names cannot be used.
    case unusablePolicies(String)

    /// Problems that one message tells; the rest is what `kubectl apply` says.
    private static let maximumProblems = 5

    init(_ breakage: PolicyHealth.Breakage) {
        self = .broken(Self.joined(breakage.problems.all), keepsLastGood: breakage.keepsLastGood)
    }

    init(_ policy: ClusterImagePolicy) {
        let keys = policy.unusableAuthorities
        let programs = policy.unusablePrograms
        self =
            !keys.isEmpty
            ? .unusableKeys(Self.joined(keys)) : programs.isEmpty ? .good : .unusablePolicies(Self.joined(programs))
    }

    private static func joined(_ problems: [String]) -> String {
        let more = problems.count - maximumProblems
        return problems.prefix(maximumProblems).joined(separator: "; ") + (more > 0 ? " (and \(more) more)" : "")
    }
}

/// One document as it was compiled, in the version that was.
struct ObservedDocument: Sendable {
    let resource: PolicyResource
    let object: KubernetesObject
    let finding: DocumentFinding
}

/// What came of every document at one moment.
struct PolicyObservation: Sendable {
    /// Policies first, each in order of name.
    let documents: [ObservedDocument]
}

/// The newest observation, and who wants to be woken by the next.
final class PolicyObservations: Sendable {
    private struct State: Sendable {
        var newest: PolicyObservation?
        var version = 0
        var wakers: [Int: AsyncStream<Void>.Continuation] = [:]
        var nextWaker = 0
    }

    private let state = Mutex(State())

    func publish(_ observation: PolicyObservation) {
        let wakers = state.withLock { state in
            state.newest = observation
            state.version += 1
            return Array(state.wakers.values)
        }
        for waker in wakers { waker.yield() }
    }

    /// The version counts up with each.
    var newest: (observation: PolicyObservation?, version: Int) { state.withLock { ($0.newest, $0.version) } }

    /// Wakes this with every new observation until it is finished.
    func wake(_ continuation: AsyncStream<Void>.Continuation) {
        let number = state.withLock { state in
            state.nextWaker += 1
            state.wakers[state.nextWaker] = continuation
            return state.nextWaker
        }
        continuation.onTermination = { [weak self] _ in self?.state.withLock { $0.wakers[number] = nil } }
        continuation.yield()
    }
}
