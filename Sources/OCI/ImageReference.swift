// SPDX-License-Identifier: Apache-2.0

/// The name of an image, read as container runtimes read it (containerd's normalised grammar).
public struct ImageReference: Hashable, Sendable {
    /// As it stood in the object or on the command line.
    public let asWritten: String
    /// The host as runtimes read it and connect to it: letters and port as written, only `index.docker.io` and a
    /// missing host are `docker.io`.
    public let domain: String
    /// What is compared with policies: the same path under the one spelling of the host.
    public let repository: Repository
    /// At most 128 characters.
    public let tag: String?
    public let digest: Digest?

    /// Reads a reference; throws the rule it breaks. Work is linear in the text.
    public init(parsing text: String) throws(ReferenceError) {
        let parts = try ReferenceGrammar.read(Array(text.utf8))
        asWritten = text
        domain = parts.domain
        repository = Repository(domain: parts.domain, path: parts.path)
        tag = parts.tag
        digest = parts.digest
    }

    /// `domain` defaults to the repository's host.
    package init(asWritten: String, repository: Repository, tag: String?, digest: Digest?, domain: String? = nil) {
        self.asWritten = asWritten
        self.domain = domain ?? repository.host
        self.repository = repository
        self.tag = tag
        self.digest = digest
    }

    /// The name that policies' globs and messages use: `index.docker.io/library/nginx@sha256:…`; a digest hides the
    /// tag, and without either the tag is `latest`.
    public var matchingName: String {
        let host = repository.host == "docker.io" ? "index.docker.io" : repository.host
        let suffix = digest.map { "@\($0)" } ?? ":\(tag ?? "latest")"
        return "\(host)/\(repository.path)\(suffix)"
    }

    /// The full name that a runtime reads as the very same image: `docker.io/library/nginx:1.27@sha256:…`.
    public var canonicalName: String {
        var name = "\(domain)/\(repository.path)"
        if let tag { name += ":\(tag)" }
        if let digest { name += "@\(digest)" }
        return name
    }
}

extension ImageReference: CustomStringConvertible {
    public var description: String { canonicalName }
}
