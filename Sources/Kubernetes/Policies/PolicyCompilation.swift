// SPDX-License-Identifier: Apache-2.0
import Policy
import Sigstore

/// What looks at the cluster put in force, one after the other: copies of objects in, sets and findings out, no I/O.
struct PolicyCompilation {
    private var state: PolicyFilesState
    private var settingsReading: SettingsReading
    private let settingsName: String
    private var last: PolicySnapshot
    /// By resource, of objects that were compiled last.
    private var compiled: [PolicyResource: [KubernetesObject]] = [:]

    /// Objects of one resource: a thousand teams with ten policies each.
    static let maximumObjects = 10_000
    /// Bytes of one resource's objects: ten thousand policies of 6 KiB, as long as any that was seen.
    static let maximumBytes = 64 << 20

    init(_ defaults: PolicySettings, settingsConfigMap: String) {
        settingsReading = SettingsReading(defaults)
        settingsName = settingsConfigMap
        state = PolicyFilesState(rules: defaults.rules)
        last = PolicySnapshot(
            sources: PolicyResource.allCases.map { resource in
                PolicySnapshot.Source(
                    path: resource.rawValue, kind: .objects,
                    content: .unavailable("the API server has not listed them yet"))
            })
        // Whoever is judged before the first list is denied: nobody knows yet what policies require.
        state.update(last)
    }

    var set: PolicySet { state.set }
    var health: PolicyHealth { state.health }
    var settings: PolicySettings { settingsReading.settings }
    var missingRemotes: [PolicyTextSource] { state.missingRemotes }

    /// What a look changed, for logs and metrics.
    struct Changes {
        var events: [PolicyEvent] = []
        /// What is wrong with the settings, where that is new.
        var problems: [String] = []
        var settings: PolicySettings?
        /// Whether anything is to be put in force.
        var isAnything = false
    }

    /// - Parameter expires: whether trust roots are to be held against the clock, though nothing else changed.
    mutating func take(_ contents: ClusterView.Contents, now: Instant, expires: Bool) -> Changes {
        var changes = Changes()
        takeSettings(contents[.configMaps], now, &changes)
        let snapshot = snapshot(contents)
        if snapshot != last {
            changes.events += state.update(snapshot, now: now)
            changes.isAnything = true
            last = snapshot
        } else if expires {
            state.update(now: now)
            changes.isAnything = true
        }
        if !contents.remotes.isEmpty {
            state.update(remotes: contents.remotes)
            changes.isAnything = true
        }
        return changes
    }

    private mutating func takeSettings(_ copy: ClusterView.Copy, _ now: Instant, _ changes: inout Changes) {
        // While the server is lost, what it said last holds.
        guard let objects = copy.objects, copy.loss == nil else { return }
        let before = settingsReading
        settingsReading.read(objects.values.first { $0.name == settingsName })
        if settingsReading.problems != before.problems { changes.problems = settingsReading.problems }
        guard settings != before.settings else { return }
        changes.settings = settings
        changes.isAnything = true
        changes.events += state.update(rules: settings.rules, now: now)
    }

    // MARK: Snapshots

    private mutating func snapshot(_ contents: ClusterView.Contents) -> PolicySnapshot {
        // Of policies in force too: the last good version of a broken one goes on needing what it refers to.
        var names = state.references
        for policy in contents[.policies].objects?.values.map({ $0 }) ?? [] {
            names.formUnion(PolicyReferences(of: policy))
        }
        return PolicySnapshot(
            sources: PolicyResource.allCases.map { resource in
                PolicySnapshot.Source(
                    path: resource.rawValue, kind: .objects, content: content(contents[resource], resource, names))
            })
    }

    private mutating func content(
        _ copy: ClusterView.Copy, _ resource: PolicyResource, _ names: PolicyReferences
    ) -> PolicySnapshot.Source.Content {
        guard let all = copy.objects else {
            return .unavailable(copy.loss.map { "\($0)" } ?? "the API server has not listed them yet")
        }
        if let loss = copy.loss { return .unavailable("\(loss)") }
        let objects = all.values.filter { object in
            switch resource {
            case .policies, .trustRoots: true
            case .secrets: names.secrets.contains(object.name)
            case .configMaps: names.configMaps.contains(object.name)
            }
        }.sorted { $0.name < $1.name }
        compiled[resource] = nil
        guard objects.count <= Self.maximumObjects else {
            return .unavailable("there are \(objects.count) of them, and \(Self.maximumObjects) are read at most")
        }
        var files: [PolicySnapshot.File] = []
        var bytes = 0
        for object in objects {
            let file = resource.file(object)
            if case .text(let text) = file.content { bytes += text.count }
            guard bytes <= Self.maximumBytes else {
                return .unavailable("they are larger than the \(Self.maximumBytes) bytes that are read at most")
            }
            files.append(file)
        }
        compiled[resource] = objects
        return .files(files)
    }

    // MARK: Findings

    /// What came of each policy and each trust root that was compiled last.
    var observation: PolicyObservation {
        let broken = Dictionary(
            health.documents.map { ($0.file, $0) }, uniquingKeysWith: { first, _ in first })
        let inForce = Dictionary(set.policies.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var documents: [ObservedDocument] = []
        for object in compiled[.policies] ?? [] {
            let finding = broken[PolicyResource.policies.path(object.name)].map(DocumentFinding.init)
            documents.append(
                ObservedDocument(
                    resource: .policies, object: object,
                    finding: finding ?? inForce[object.name].map(DocumentFinding.init)
                        ?? .broken("it was not compiled", keepsLastGood: false)
                ))
        }
        let failures = Dictionary(
            state.trustRoots.failures.map { ($0.name, "\($0)") }, uniquingKeysWith: { first, _ in first })
        for object in compiled[.trustRoots] ?? [] {
            let finding = broken[PolicyResource.trustRoots.path(object.name)].map(DocumentFinding.init)
            documents.append(
                ObservedDocument(
                    resource: .trustRoots, object: object,
                    finding: finding ?? failures[object.name].map { .unusableKeys($0) } ?? .good))
        }
        return PolicyObservation(documents: documents)
    }
}
