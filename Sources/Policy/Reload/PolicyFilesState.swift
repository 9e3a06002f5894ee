// SPDX-License-Identifier: Apache-2.0
import OCI

/// The policies that a sequence of looks at their files puts in force: snapshots in, sets and events out, no I/O.
///
/// Nothing that can no longer be read ever weakens what is in force. The last good version of a broken document stays;
/// while any document of a file is broken none of the file's disappears, since a name may be what broke; and what a lost
/// source held stays. A document that is taken out of a readable file, and a file that is taken out of a directory that
/// still holds others, were taken out on purpose.
public struct PolicyFilesState: Sendable {
    public private(set) var set = PolicySet(policies: [])
    public private(set) var health = PolicyHealth.whole
    private var sources: [String: SourceState] = [:]
    private let rules: DocumentRules

    private struct SourceState {
        /// By path; kept while the source is lost.
        var files: [String: FileState] = [:]
        /// Why the source is lost.
        var loss: String?
    }

    private struct FileState {
        let content: PolicySnapshot.File.Content
        /// In force: of this text, or the last good ones of texts before it.
        var good: [GoodDocument] = []
        /// Without a last good version.
        var refusals: [BrokenPolicy] = []
        var breakages: [PolicyHealth.Breakage] = []
    }

    private struct GoodDocument {
        let index: Int
        let policy: ClusterImagePolicy
    }

    public init(rules: DocumentRules = DocumentRules()) { self.rules = rules }

    /// The state at start, where everything must be whole: nothing that came before could stand in for it.
    public init(starting snapshot: PolicySnapshot, rules: DocumentRules = DocumentRules()) throws(PolicyLoadError) {
        self.init(rules: rules)
        update(snapshot)
        let broken = health.sources + health.documents
        if let reasons = AtLeastOne(broken.flatMap(\.problems.all)) { throw PolicyLoadError(reasons: reasons) }
    }

    /// Takes in another look; returns what changed by it.
    @discardableResult
    public mutating func update(_ snapshot: PolicySnapshot) -> [PolicyEvent] {
        let before = (policies: inForce, health: health)
        var next: [String: SourceState] = [:]
        for source in snapshot.sources {
            next[source.path] = self.source(source, after: sources[source.path] ?? SourceState())
        }
        sources = next
        settleContradictions(before.policies)
        return publish(after: before.policies, before.health)
    }

    // MARK: One source

    private func source(_ source: PolicySnapshot.Source, after before: SourceState) -> SourceState {
        var state = before
        switch source.content {
        case .unavailable(let reason): state.loss = reason
        case .files(let files) where files.isEmpty: state.loss = "there is no policy file in it"
        case .files(let files):
            state.loss = nil
            state.files = [:]
            for file in files { state.files[file.path] = self.file(file, after: before.files[file.path]) }
        }
        return state
    }

    private func file(_ file: PolicySnapshot.File, after before: FileState?) -> FileState {
        if let before, before.content == file.content, before.refusals.isEmpty, before.breakages.isEmpty {
            return before
        }
        let reading =
            switch file.content {
            case .text(let text): PolicyFile(path: file.path, text: text, rules: rules)
            case .unreadable(let reason): PolicyFile(path: file.path, unreadable: reason)
            }
        var state = FileState(content: file.content)
        let lastGood = before?.good ?? []
        if let problem = reading.problem {
            let reason = problem.description(in: file.path)
            state.good = lastGood
            if lastGood.isEmpty {
                state.refusals = [BrokenPolicy(name: file.path, reason: reason, images: nil)]
            }
            state.breakages = [
                PolicyHealth.Breakage(
                    name: file.path, file: file.path, problems: AtLeastOne(reason), keepsLastGood: !lastGood.isEmpty)
            ]
            return state
        }
        for document in reading.documents {
            if let policy = document.policy { state.good.append(GoodDocument(index: document.index, policy: policy)) }
        }
        let names = Set(reading.documents.compactMap(\.name))
        let present = Set(state.good.map(\.policy.name))
        // What stays of the last good ones; each stands in for one broken document.
        let staying = lastGood.filter { !present.contains($0.policy.name) }
        var standIns = staying
        for document in reading.documents {
            guard case .broken(let problems) = document.content,
                let refusal = document.brokenPolicy(in: file.path)
            else { continue }
            // A document without a name that can be read is the one that stood at its place, unless that one still is
            // in the file.
            let standIn = standIns.firstIndex { good in
                if let name = document.name { return good.policy.name == name }
                return good.index == document.index && !names.contains(good.policy.name)
            }
            if let standIn { standIns.remove(at: standIn) } else { state.refusals.append(refusal) }
            state.breakages.append(
                PolicyHealth.Breakage(
                    name: refusal.name, file: file.path,
                    problems: AtLeastOne(
                        refusal.reason, problems.rest.map { $0.description(in: file.path) }),
                    keepsLastGood: standIn != nil))
        }
        if !state.breakages.isEmpty { state.good += staying }
        return state
    }

    // MARK: All sources

    private var allFiles: [(path: String, state: FileState)] {
        sources.values.flatMap { source in source.files.map { ($0.key, $0.value) } }.sorted { $0.0 < $1.0 }
    }

    /// File by policy: a name stands in one file only, unless documents contradict each other.
    private var inForce: [InForce: ClusterImagePolicy] {
        var result: [InForce: ClusterImagePolicy] = [:]
        for (path, state) in allFiles {
            for document in state.good {
                result[InForce(policy: document.policy.name, file: path, hash: document.policy.documentHash.hex)] =
                    document.policy
            }
        }
        return result
    }

    private struct InForce: Hashable {
        let policy: String
        let file: String
        let hash: String
    }

    /// Documents of one name that differ: nobody knows which one is meant. What is in force stays, an edit of it in its
    /// own file counts as its next version, and every other one is broken.
    private mutating func settleContradictions(_ before: [InForce: ClusterImagePolicy]) {
        let all = allFiles.flatMap { path, state in state.good.map { Claim(file: path, policy: $0.policy) } }
        for (name, claims) in Dictionary(grouping: all, by: \.policy.name)
        where Set(claims.map(\.policy.documentHash)).count > 1 {
            let incumbents = before.filter { $0.key.policy == name }
            let homes = Set(incumbents.keys.map(\.file))
            let unchanged = Set(claims.map(\.policy.documentHash)).intersection(incumbents.values.map(\.documentHash))
            let edited = Set(claims.filter { homes.contains($0.file) }.map(\.policy.documentHash))
            let kept = unchanged.count == 1 ? unchanged.first : edited.count == 1 ? edited.first : nil
            for claim in claims where claim.policy.documentHash != kept {
                let standIn = kept == nil && homes.contains(claim.file)
                refuse(claim, standIn: standIn ? incumbents.first { $0.key.file == claim.file }?.value : nil)
            }
        }
    }

    private struct Claim {
        let file: String
        let policy: ClusterImagePolicy
    }

    private mutating func refuse(_ claim: Claim, standIn: ClusterImagePolicy?) {
        let name = claim.policy.name
        let reason = "\(oneLine(claim.file)): policy \(quoted(name)) is there twice, here and elsewhere, and differs"
        withFile(claim.file) { file in
            let index = file.good.first { $0.policy.documentHash == claim.policy.documentHash }?.index ?? 0
            file.good.removeAll { $0.policy.documentHash == claim.policy.documentHash }
            if let standIn {
                if !file.good.contains(where: { $0.policy.documentHash == standIn.documentHash }) {
                    file.good.append(GoodDocument(index: index, policy: standIn))
                }
            } else {
                file.refusals.append(
                    BrokenPolicy(name: name, reason: reason, mode: claim.policy.mode, images: claim.policy.images))
            }
            file.breakages.append(
                PolicyHealth.Breakage(
                    name: name, file: claim.file, problems: AtLeastOne(reason), keepsLastGood: standIn != nil))
        }
    }

    private mutating func withFile(_ path: String, _ change: (inout FileState) -> Void) {
        for (name, var source) in sources {
            guard var file = source.files[path] else { continue }
            change(&file)
            source.files[path] = file
            sources[name] = source
        }
    }

    private mutating func publish(
        after before: [InForce: ClusterImagePolicy], _ healthBefore: PolicyHealth
    ) -> [PolicyEvent] {
        let files = allFiles.map(\.state)
        let lost = sources.filter { $0.value.loss != nil }.sorted { $0.key < $1.key }
        func holdsPolicies(_ source: SourceState) -> Bool {
            source.files.values.contains { !$0.good.isEmpty || !$0.refusals.isEmpty }
        }
        set = PolicySet(
            policies: files.flatMap { $0.good.map(\.policy) }, broken: files.flatMap(\.refusals),
            missing: lost.filter { !holdsPolicies($0.value) }.map(\.key))
        health = PolicyHealth(
            documents: files.flatMap(\.breakages),
            sources: lost.map { path, source in
                PolicyHealth.Breakage(
                    name: path, file: path, problems: AtLeastOne("\(oneLine(path)): \(source.loss ?? "")"),
                    keepsLastGood: holdsPolicies(source))
            })
        return events(after: before, healthBefore)
    }

    private func events(after before: [InForce: ClusterImagePolicy], _ healthBefore: PolicyHealth) -> [PolicyEvent] {
        let now = inForce
        let old = Set(before.keys)
        let new = Set(now.keys)
        let named = Set(new.map { [$0.policy, $0.file] })
        func ordered(_ keys: Set<InForce>) -> [InForce] {
            keys.sorted { ($0.policy, $0.file, $0.hash) < ($1.policy, $1.file, $1.hash) }
        }
        var events = ordered(new.subtracting(old)).map { PolicyEvent.inForce(policy: $0.policy, file: $0.file) }
        events += ordered(old.subtracting(new)).filter { !named.contains([$0.policy, $0.file]) }
            .map { .removed(policy: $0.policy, file: $0.file) }
        events += health.documents.filter { !healthBefore.documents.contains($0) }
            .map { .broken(name: $0.name, file: $0.file, reason: $0.reason, keepsLastGood: $0.keepsLastGood) }
        let brokenNow = Set(health.documents.map { [$0.name, $0.file] })
        events += healthBefore.documents.filter { !brokenNow.contains([$0.name, $0.file]) }
            .map { .mended(name: $0.name, file: $0.file) }
        events += health.sources.filter { !healthBefore.sources.contains($0) }
            .map { .sourceLost(path: $0.name, reason: $0.reason, keepsLastGood: $0.keepsLastGood) }
        let lostNow = Set(health.sources.map(\.name))
        events += healthBefore.sources.filter { !lostNow.contains($0.name) }.map { .sourceFound(path: $0.name) }
        return events
    }
}

/// Why policies cannot be put in force at start: file, line and path of everything that is wrong.
public struct PolicyLoadError: Error, Hashable, Sendable {
    /// One line each.
    public let reasons: AtLeastOne<String>
}

extension PolicyLoadError: CustomStringConvertible {
    public var description: String { reasons.all.joined(separator: "\n") }
}
