// SPDX-License-Identifier: Apache-2.0
public import Sigstore
public import TUF

/// Why a trust root that an authority names gives nobody to believe. What needs it is denied.
public struct TrustRootError: Error, Hashable, Sendable {
    public enum Reason: Error, Hashable, Sendable {
        /// No document has that name.
        case notFound
        /// Documents of that name that differ; how many.
        case contradictory(Int)
        /// The document is broken; file, place and why, on one line.
        case unreadable(String)
        /// A repository at an address.
        case remote(mirror: String)
        /// `mirrorFS` cannot be unpacked.
        case archive(ArchiveError)
        /// The repository's metadata, or the target, is not believed.
        case repository(MetadataError)
        /// The repository has neither a trusted root nor keys of its own that would make one.
        case noAuthorities
        /// The trusted root, or a key, cannot be used.
        case material(TrustError)
    }

    public let name: String
    public let reason: Reason

    public init(name: String, reason: Reason) {
        self.name = name
        self.reason = reason
    }
}

extension TrustRootError: CustomStringConvertible {
    /// One sentence without a full stop, for a denial.
    public var description: String {
        switch reason {
        case .notFound: "trustRootRef \(oneLine(name)) not found"
        default: "trust root \(oneLine(name)): \(reason)"
        }
    }
}

extension TrustRootError.Reason: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notFound: "there is no document of that name"
        case .contradictory(let count): "\(count) documents of that name say different things; keep one of them"
        case .unreadable(let why): "the document cannot be read: \(why); mend it"
        case .remote(let mirror):
            "remote trust roots are not fetched yet, so that nothing can be believed from \(oneLine(mirror)); "
                + "pack the repository into spec.repository, or write spec.sigstoreKeys"
        case .archive(let error): "mirrorFS cannot be unpacked: \(error)"
        case .repository(.expired(let role, let time)):
            "\(MetadataError.expired(role: role, at: time)); put a current copy of the repository into mirrorFS"
        case .repository(let error): "the repository is not believed: \(error)"
        case .noAuthorities: "no certificate authorities found in the repository"
        case .material(let error): "\(error)"
        }
    }
}
