// SPDX-License-Identifier: Apache-2.0
import OCI
public import Sigstore

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
    /// Without a time: that a trust root has expired is no mistake of its document, and denies only what names it.
    private var rules: DocumentRules
    /// The time by which repositories of trust roots must not have expired; `nil` counts them as expired.
    private var now: Instant?
    /// Texts of policies on the web, as far as they have been fetched.
    private var remotes: [PolicyTextSource: Result<[UInt8], UnusableResource>] = [:]
    /// What each trust root by name makes us believe now, or why it cannot be used.
    public private(set) var trustRoots = TrustRoots.none

    private struct SourceState {
        let kind: PolicySnapshot.Source.Kind
        /// By path; kept while the source is lost.
        var files: [String: FileState] = [:]
        /// Whether its files were seen once; of objects, that there is none is known then.
        var wasRead = false
        /// Why the source is lost.
        var loss: String?
    }

    private struct FileState {
        let content: PolicySnapshot.File.Content
        /// In force: of this text, or the last good ones of texts before it.
        var good: [GoodDocument] = []
        /// Without a last good version.
        var refusals: [Refusal] = []
        var breakages: [PolicyHealth.Breakage] = []
        /// Read by rules that have changed since.
        var isOutdated = false
    }

    /// Nothing is in force.
    public init(rules: DocumentRules = DocumentRules()) {
        var rules = rules
        rules.now = nil
        self.rules = rules
    }

    /// The state at start, where everything must be whole: nothing that came before could stand in for it.
    ///
    /// - Parameter now: by which repositories of trust roots must not have expired; without a time they count as expired.
    public init(
        starting snapshot: PolicySnapshot, rules: DocumentRules = DocumentRules(), now: Instant? = nil
    ) throws(PolicyLoadError) {
        self.init(rules: rules)
        update(snapshot, now: now)
        let broken = health.sources + health.documents
        if let reasons = AtLeastOne(broken.flatMap(\.problems.all)) { throw PolicyLoadError(reasons: reasons) }
    }

    /// Takes in another look; returns what changed by it.
    @discardableResult
    public mutating func update(_ snapshot: PolicySnapshot, now: Instant? = nil) -> [PolicyEvent] {
        self.now = now
        let before = (policies: inForce, health: health)
        var next: [String: SourceState] = [:]
        for source in snapshot.sources {
            next[source.path] = Self.source(
                source, after: sources[source.path] ?? SourceState(kind: source.kind), rules)
        }
        sources = next
        settleContradictions(before.policies)
        return publish(after: before.policies, before.health)
    }

    /// Reads everything again by other rules. What was only good by the rules before does not stand in for anything:
    /// stricter rules are meant to act.
    @discardableResult
    public mutating func update(rules changed: DocumentRules, now: Instant? = nil) -> [PolicyEvent] {
        var changed = changed
        changed.now = nil
        if let now { self.now = now }
        guard changed != rules else { return [] }
        rules = changed
        let before = (policies: inForce, health: health)
        for (path, var source) in sources {
            source.files = Dictionary(
                uniqueKeysWithValues: source.files.map { name, state in
                    var last = state
                    last.isOutdated = true
                    last.good.removeAll { $0.policy.map { $0.authorities.isEmpty } ?? false }
                    let file = PolicySnapshot.File(path: name, content: state.content)
                    return (name, Self.file(file, after: last, source.kind, changed))
                })
            sources[path] = source
        }
        settleContradictions(before.policies)
        return publish(after: before.policies, before.health)
    }

    /// Takes in what came of fetching texts of policies; a text that is there stays, whatever comes later.
    public mutating func update(remotes fetched: [PolicyTextSource: Result<[UInt8], UnusableResource>]) {
        let before = remotes
        for (source, result) in fetched {
            if case .success? = remotes[source], case .failure = result { continue }
            remotes[source] = result
        }
        let wanted = Set(wantedRemotes)
        remotes = remotes.filter { wanted.contains($0.key) }
        guard remotes != before else { return }
        _ = publish(after: inForce, health)
    }

    /// Looks at the clock again: a repository of a trust root may have expired since.
    public mutating func update(now: Instant) {
        let holdsRepository = allFiles.contains { _, state in
            state.good.contains { document in
                if case .trustRoot(let root) = document.content, case .repository = root.source { true } else { false }
            }
        }
        self.now = now
        if holdsRepository { _ = publish(after: inForce, health) }
    }

    /// The texts on the web that policies in force refer to and that have not been fetched, in order of URL.
    public var missingRemotes: [PolicyTextSource] {
        Set(wantedRemotes).filter { source in
            if case .success? = remotes[source] { false } else { true }
        }.sorted { $0.description < $1.description }
    }

    /// The Secrets and ConfigMaps that policies in force refer to, by name.
    public var references: PolicyReferences {
        allFiles.reduce(into: PolicyReferences()) { names, file in
            for policy in file.state.good.compactMap(\.policy) { names.formUnion(policy.references) }
        }
    }

    private var wantedRemotes: [PolicyTextSource] { allFiles.flatMap { $0.state.good.flatMap(\.remotes) } }

    // MARK: One source

    private static func source(
        _ source: PolicySnapshot.Source, after before: SourceState, _ rules: DocumentRules
    ) -> SourceState {
        var state = before
        switch source.content {
        case .unavailable(let reason): state.loss = reason
        case .files(let files) where files.isEmpty && source.kind == .files:
            state.loss = "there is no policy file in it"
        case .files(let files):
            state.loss = nil
            state.wasRead = true
            state.files = [:]
            for file in files {
                state.files[file.path] = Self.file(file, after: before.files[file.path], source.kind, rules)
            }
        }
        return state
    }

    private static func file(
        _ file: PolicySnapshot.File, after before: FileState?, _ kind: PolicySnapshot.Source.Kind,
        _ rules: DocumentRules
    ) -> FileState {
        if let before, before.content == file.content, before.refusals.isEmpty, before.breakages.isEmpty,
            !before.isOutdated
        {
            return before
        }
        let reading =
            switch file.content {
            case .text(let text) where kind == .objects: PolicyFile(path: file.path, object: text, rules: rules)
            case .text(let text): PolicyFile(path: file.path, text: text, rules: rules)
            case .unreadable(let reason): PolicyFile(path: file.path, unreadable: reason)
            }
        var state = FileState(content: file.content)
        let lastGood = before?.good ?? []
        if let problem = reading.problem {
            let reason = problem.description(in: file.path)
            state.good = lastGood
            // What was denied for want of a good version stays denied.
            state.refusals = before?.refusals ?? []
            if lastGood.isEmpty, state.refusals.isEmpty {
                state.refusals = [.policy(BrokenPolicy(name: file.path, reason: reason, images: nil))]
            }
            state.breakages = [
                PolicyHealth.Breakage(
                    name: file.path, file: file.path, problems: AtLeastOne(reason), keepsLastGood: !lastGood.isEmpty)
            ]
            return state
        }
        state.good = reading.documents.compactMap { GoodDocument($0) }
        let names = Set(reading.documents.compactMap(\.identity))
        let present = Set(state.good.map(\.identity))
        // What stays of the last good ones; each stands in for one broken document.
        let staying = lastGood.filter { !present.contains($0.identity) }
        var standIns = staying
        for document in reading.documents {
            guard case .broken(let problems) = document.content else { continue }
            // A document without a name that can be read is the one that stood at its place, unless that one still is
            // in the file.
            let standIn = standIns.firstIndex { good in
                if let identity = document.identity { return good.identity == identity }
                return good.index == document.index && !names.contains(good.identity)
            }
            if let standIn {
                standIns.remove(at: standIn)
            } else {
                state.refusals.append(Refusal(document, in: file.path, kind))
            }
            state.breakages.append(
                PolicyHealth.Breakage(
                    name: document.identity?.word ?? file.path, file: file.path,
                    problems: AtLeastOne(
                        kind.words(problems.first, file.path), problems.rest.map { kind.words($0, file.path) }),
                    keepsLastGood: standIn != nil))
        }
        if !state.breakages.isEmpty { state.good += staying }
        return state
    }

    // MARK: All sources

    private var allFiles: [(path: String, state: FileState)] {
        sources.values.flatMap { source in source.files.map { ($0.key, $0.value) } }.sorted { $0.0 < $1.0 }
    }

    /// File by document: a name stands in one file only, unless documents contradict each other.
    private var inForce: [InForce: GoodDocument] {
        var result: [InForce: GoodDocument] = [:]
        for (path, state) in allFiles {
            for document in state.good {
                result[InForce(document: document.identity, file: path, hash: document.hash.hex)] = document
            }
        }
        return result
    }

    private struct InForce: Hashable {
        let document: DocumentIdentity
        let file: String
        let hash: String
    }

    /// Documents of one name that differ: nobody knows which one is meant. What is in force stays, an edit of it in its
    /// own file counts as its next version, and every other one is broken.
    private mutating func settleContradictions(_ before: [InForce: GoodDocument]) {
        let all = allFiles.flatMap { path, state in state.good.map { Claim(file: path, document: $0) } }
        for (identity, claims) in Dictionary(grouping: all, by: \.document.identity)
        where Set(claims.map(\.document.hash)).count > 1 {
            let incumbents = before.filter { $0.key.document == identity }
            let homes = Set(incumbents.keys.map(\.file))
            let unchanged = Set(claims.map(\.document.hash)).intersection(incumbents.values.map(\.hash))
            let edited = Set(claims.filter { homes.contains($0.file) }.map(\.document.hash))
            let kept = unchanged.count == 1 ? unchanged.first : edited.count == 1 ? edited.first : nil
            for claim in claims where claim.document.hash != kept {
                let standIn = kept == nil && homes.contains(claim.file)
                refuse(claim, standIn: standIn ? incumbents.first { $0.key.file == claim.file }?.value : nil)
            }
        }
    }

    private struct Claim {
        let file: String
        let document: GoodDocument
    }

    private mutating func refuse(_ claim: Claim, standIn: GoodDocument?) {
        let identity = claim.document.identity
        let what = identity.kind == .policy ? "policy \(quoted(identity.name))" : identity.word
        let reason = "\(oneLine(claim.file)): \(what) is there twice, here and elsewhere, and differs"
        withFile(claim.file) { file in
            file.good.removeAll { $0.identity == identity && $0.hash == claim.document.hash }
            if let standIn {
                if !file.good.contains(where: { $0.identity == identity && $0.hash == standIn.hash }) {
                    file.good.append(GoodDocument(index: claim.document.index, content: standIn.content))
                }
            } else {
                file.refusals.append(claim.document.refusal(reason))
            }
            file.breakages.append(
                PolicyHealth.Breakage(
                    name: identity.word, file: claim.file, problems: AtLeastOne(reason), keepsLastGood: standIn != nil))
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
        after before: [InForce: GoodDocument], _ healthBefore: PolicyHealth
    ) -> [PolicyEvent] {
        let files = allFiles.map(\.state)
        let lost = sources.filter { $0.value.loss != nil }.sorted { $0.key < $1.key }
        func holdsPolicies(_ source: SourceState) -> Bool {
            if source.kind == .objects { return source.wasRead }
            return source.files.values.contains { !$0.good.isEmpty || !$0.refusals.isEmpty }
        }
        let good = files.flatMap(\.good)
        let refusals = files.flatMap(\.refusals)
        set = PolicySet(
            policies: good.compactMap(\.policy), broken: refusals.compactMap(\.policy),
            missing: lost.filter { !holdsPolicies($0.value) }.map(\.key), resources: resources(good, refusals))
        health = PolicyHealth(
            documents: files.flatMap(\.breakages),
            sources: lost.map { path, source in
                PolicyHealth.Breakage(
                    name: path, file: path, problems: AtLeastOne("\(oneLine(path)): \(source.loss ?? "")"),
                    keepsLastGood: holdsPolicies(source))
            })
        return events(after: before, healthBefore)
    }

    /// What policies refer to, as far as it is there.
    private mutating func resources(_ good: [GoodDocument], _ refusals: [Refusal]) -> PolicyResources {
        var resources = PolicyResources()
        for case .resource(let resource) in good.map(\.content) where resource.elsewhere == nil {
            switch resource.kind {
            case .secret: resources.secrets[resource.name] = resource.entries
            case .configMap: resources.configMaps[resource.name] = resource.entries
            }
        }
        let roots = good.compactMap { document -> TrustRoot? in
            if case .trustRoot(let root) = document.content { root } else { nil }
        }
        resources.trustRoots = TrustRoots(roots, broken: refusals.compactMap(\.trustRoot), now: now ?? .latest)
        trustRoots = resources.trustRoots
        resources.remotes = remotes
        return resources
    }

    private func events(after before: [InForce: GoodDocument], _ healthBefore: PolicyHealth) -> [PolicyEvent] {
        let now = inForce
        let old = Set(before.keys)
        let new = Set(now.keys)
        let named = Set(new.map { [$0.document.word, $0.file] })
        func ordered(_ keys: Set<InForce>) -> [InForce] {
            keys.sorted { ($0.document.word, $0.file, $0.hash) < ($1.document.word, $1.file, $1.hash) }
        }
        var events = ordered(new.subtracting(old)).map { PolicyEvent.inForce(policy: $0.document.word, file: $0.file) }
        events += ordered(old.subtracting(new)).filter { !named.contains([$0.document.word, $0.file]) }
            .map { .removed(policy: $0.document.word, file: $0.file) }
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

extension PolicySnapshot.Source.Kind {
    /// A problem of a file as it is told.
    func words(_ problem: PolicyProblem, _ file: String) -> String {
        switch self {
        case .files: problem.description(in: file)
        case .objects: problem.placeless.description
        }
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
