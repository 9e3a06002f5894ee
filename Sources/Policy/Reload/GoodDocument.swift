// SPDX-License-Identifier: Apache-2.0
import OCI

/// One document that is in force: a policy, or something that policies refer to.
struct GoodDocument {
    enum Content {
        case policy(ClusterImagePolicy)
        case trustRoot(TrustRoot)
        case resource(ResourceDocument)
    }

    /// Position in its file, from 0.
    let index: Int
    let content: Content

    /// `nil` for a document that is broken.
    init?(_ document: PolicyDocument) {
        index = document.index
        switch document.content {
        case .policy(let policy): content = .policy(policy)
        case .trustRoot(let root): content = .trustRoot(root)
        case .resource(let resource): content = .resource(resource)
        case .broken: return nil
        }
    }

    init(index: Int, content: Content) {
        self.index = index
        self.content = content
    }

    var identity: DocumentIdentity {
        switch content {
        case .policy(let policy): DocumentIdentity(kind: .policy, name: policy.name)
        case .trustRoot(let root): DocumentIdentity(kind: .trustRoot, name: root.name)
        case .resource(let resource):
            DocumentIdentity(
                kind: .resource(resource.kind),
                name: DocumentIdentity.name(resource.name, elsewhere: resource.elsewhere))
        }
    }

    var policy: ClusterImagePolicy? { if case .policy(let policy) = content { policy } else { nil } }

    /// What stands in for this document where it is not in force.
    func refusal(_ reason: String) -> Refusal {
        switch content {
        case .policy(let policy):
            .policy(BrokenPolicy(name: policy.name, reason: reason, mode: policy.mode, images: policy.images))
        case .trustRoot(let root): .trustRoot(BrokenTrustRoot(name: root.name, reason: reason))
        case .resource: .resource
        }
    }

    /// The texts on the web that it refers to.
    var remotes: [PolicyTextSource] {
        guard let policy else { return [] }
        let programs = [policy.program] + policy.authorities.flatMap { $0.attestations.map(\.program) }
        return programs.compactMap { program in
            guard case .elsewhere(let source)? = program?.body, case .remote = source else { return nil }
            return source
        }
    }

    var hash: Digest {
        switch content {
        case .policy(let policy): policy.documentHash
        case .trustRoot(let root): root.documentHash
        case .resource(let resource): resource.documentHash
        }
    }
}

/// What a document is called among those of its kind.
struct DocumentIdentity: Hashable {
    enum Kind: Hashable {
        case policy, trustRoot
        case resource(ResourceDocument.Kind)
    }

    let kind: Kind
    let name: String

    /// With the namespace before it where that is not the one in which policies look.
    static func name(_ name: String, elsewhere: String?) -> String { elsewhere.map { "\($0)/\(name)" } ?? name }

    /// As events and health tell it: a policy by its name alone.
    var word: String {
        switch kind {
        case .policy: name
        case .trustRoot: "TrustRoot \(name)"
        case .resource(let kind): "\(kind.rawValue) \(name)"
        }
    }
}

/// A document without a last good version.
enum Refusal {
    /// Denies what its globs name, or everything.
    case policy(BrokenPolicy)
    /// Whatever names it is denied.
    case trustRoot(BrokenTrustRoot)
    /// Whoever refers to it does not find it.
    case resource

    init(_ document: PolicyDocument, in file: String, _ kind: PolicySnapshot.Source.Kind) {
        let words = { kind.words($0, file) }
        if let policy = document.brokenPolicy(in: file, words: words) {
            self = .policy(policy)
        } else if let root = document.brokenTrustRoot(in: file, words: words) {
            self = .trustRoot(root)
        } else {
            self = .resource
        }
    }

    var policy: BrokenPolicy? { if case .policy(let policy) = self { policy } else { nil } }
    var trustRoot: BrokenTrustRoot? { if case .trustRoot(let root) = self { root } else { nil } }
}

extension PolicyDocument {
    /// The kind that the document says it has.
    private var kind: DocumentIdentity.Kind {
        if isTrustRoot { return .trustRoot }
        return resourceKind.map { .resource($0) } ?? .policy
    }

    /// `nil` where the name cannot be read.
    var identity: DocumentIdentity? {
        name.map { DocumentIdentity(kind: kind, name: DocumentIdentity.name($0, elsewhere: elsewhere)) }
    }
}
