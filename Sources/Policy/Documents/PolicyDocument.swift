// SPDX-License-Identifier: Apache-2.0
public import JSON
import OCI

/// One document of a file: a policy, something that policies refer to, or everything that keeps it from being one.
public struct PolicyDocument: Sendable {
    public enum Content: Sendable {
        case policy(ClusterImagePolicy)
        case trustRoot(TrustRoot)
        case resource(ResourceDocument)
        /// In the order of the document.
        case broken(AtLeastOne<PolicyProblem>)
    }

    /// Position in the file, from 0.
    public let index: Int
    /// `metadata.name`, where it can be read.
    public let name: String?
    public let content: Content
    /// Things that hold and may not mean what the author hopes, in the order of the document.
    public let warnings: [PolicyProblem]
    /// What could be read of a broken document: its globs, all of them or none.
    let images: [Glob]?
    let mode: EnforcementMode
    /// Whether the document says that it is one, broken or whole.
    public let isTrustRoot: Bool
    /// `nil` for a document that says it is none.
    public let resourceKind: ResourceDocument.Kind?
    /// Of a Secret or a ConfigMap, the namespace that it says, where policies do not look; `nil` where they do.
    let elsewhere: String?

    package static let groupName = "policy.sigstore.dev"
    /// Of a ClusterImagePolicy.
    package static let versions = ["v1alpha1", "v1beta1"]

    /// Reads a document of kind `ClusterImagePolicy`, `policy.sigstore.dev/v1alpha1` or `/v1beta1`, or `TrustRoot`,
    /// `/v1alpha1`. Never throws: what is wrong is part of the result.
    public init(reading document: JSONDocument, index: Int = 0, rules: DocumentRules = DocumentRules()) {
        var reader = DocumentReader(rules)
        let isTrustRoot = DocumentReader.isTrustRoot(document.root)
        let trustRoot = isTrustRoot ? reader.trustRoot(document) : nil
        let resourceKind = DocumentReader.resourceKind(document.root)
        let resource = resourceKind.flatMap { reader.resource(document, $0) }
        let policy = isTrustRoot || resourceKind != nil ? nil : reader.policy(document)
        self.index = index
        name = Self.readableName(document.root)
        if let errors = AtLeastOne(Self.inOrder(reader.errors)) {
            content = .broken(errors)
        } else if let policy {
            content = .policy(policy)
        } else if let trustRoot {
            content = .trustRoot(trustRoot)
        } else if let resource {
            content = .resource(resource)
        } else {
            // No reader gives up without saying why; if one did, the document would still admit nothing.
            content = .broken(AtLeastOne(PolicyProblem(.unreadable, "the document cannot be read")))
        }
        // What a document with errors would mean cannot be said.
        let whole = reader.errors.isEmpty ? policy : nil
        let findings = whole.map { Lint.findings(in: document, of: $0, besides: reader.warnings) } ?? []
        warnings = Array(
            Self.inOrder(reader.warnings + findings.map(\.problem)).prefix(DocumentReader.maximumProblems))
        self.isTrustRoot = isTrustRoot
        self.resourceKind = resourceKind
        elsewhere = resourceKind == nil ? nil : reader.elsewhere(document.root)
        images = Self.readableGlobs(document.root)
        mode = document.root["spec"]?["mode"]?.string == EnforcementMode.warn.rawValue ? .warn : .enforce
    }

    public var policy: ClusterImagePolicy? {
        if case .policy(let policy) = content { policy } else { nil }
    }

    public var resource: ResourceDocument? {
        if case .resource(let resource) = content { resource } else { nil }
    }

    public var trustRoot: TrustRoot? {
        if case .trustRoot(let root) = content { root } else { nil }
    }

    /// What stands in for a trust root that has no last good version; `nil` for a document that is whole, of another
    /// kind, or without a name that can be read, which nobody can name then.
    public func brokenTrustRoot(in file: String) -> BrokenTrustRoot? {
        brokenTrustRoot(in: file) { $0.description(in: file) }
    }

    func brokenTrustRoot(in file: String, words: (PolicyProblem) -> String) -> BrokenTrustRoot? {
        guard isTrustRoot, let name, case .broken(let problems) = content else { return nil }
        return BrokenTrustRoot(name: name, reason: words(problems.first))
    }

    /// Everything that is wrong with it; empty for one that is whole.
    public var errors: [PolicyProblem] {
        if case .broken(let problems) = content { problems.all } else { [] }
    }

    /// What stands in for a document that has no last good version: it governs what its globs name, and everything
    /// where one of them cannot be read. `nil` for a document that is whole.
    public func brokenPolicy(in file: String) -> BrokenPolicy? {
        brokenPolicy(in: file) { $0.description(in: file) }
    }

    func brokenPolicy(in file: String, words: (PolicyProblem) -> String) -> BrokenPolicy? {
        guard case .broken(let problems) = content, !isTrustRoot, resourceKind == nil else { return nil }
        return BrokenPolicy(name: name ?? file, reason: words(problems.first), mode: mode, images: images)
    }

    /// By place in the document, and as they were found where that is the same.
    private static func inOrder(_ problems: [PolicyProblem]) -> [PolicyProblem] {
        func key(_ problem: EnumeratedSequence<[PolicyProblem]>.Element) -> (Int, Int, Int) {
            (problem.element.position?.line ?? 0, problem.element.position?.column ?? 0, problem.offset)
        }
        return problems.enumerated().sorted { key($0) < key($1) }.map(\.element)
    }

    private static func readableName(_ root: JSONValue) -> String? {
        root["metadata"]?["name"]?.string.flatMap { isDNSName($0) ? $0 : nil }
    }

    /// Every glob of the document; `nil` where there is none, or one that cannot be read might name anything.
    private static func readableGlobs(_ root: JSONValue) -> [Glob]? {
        guard root["kind"]?.string == "ClusterImagePolicy", let images = root["spec"]?["images"],
            images.kind == .array
        else { return nil }
        var globs: [Glob] = []
        for image in images.elements {
            guard let pattern = image["glob"]?.string, let glob = try? Glob(pattern) else { return nil }
            globs.append(glob)
        }
        return globs.isEmpty ? nil : globs
    }
}
