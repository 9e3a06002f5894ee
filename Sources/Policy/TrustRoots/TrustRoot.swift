// SPDX-License-Identifier: Apache-2.0
public import OCI
public import Sigstore

/// A `TrustRoot` document, `policy.sigstore.dev/v1alpha1`: whom authorities believe that name it by `trustRootRef`.
public struct TrustRoot: Sendable {
    public enum Source: Sendable {
        /// Authorities and logs, written out.
        case sigstoreKeys(TrustMembers)
        /// A whole repository of The Update Framework, packed into the document.
        case repository(SerializedRepository)
        /// A repository of The Update Framework at an address. It is not fetched yet: nothing passes by it.
        case remote(mirror: String)
    }

    public let name: String
    public let source: Source
    /// SHA-256 of the document's meaning.
    public let documentHash: Digest

    public init(name: String, source: Source, documentHash: Digest) {
        self.name = name
        self.source = source
        self.documentHash = documentHash
    }

    /// What the document has its readers believe. A repository is verified from its root to the target, every signature,
    /// version and hash, and no role may have expired at `now`.
    public func material(now: Instant) throws(TrustRootError) -> TrustMaterial {
        func failed(_ reason: TrustRootError.Reason) -> TrustRootError { TrustRootError(name: name, reason: reason) }
        switch source {
        case .sigstoreKeys(let members):
            do throws(TrustError) { return try TrustMaterial(members) } catch { throw failed(.material(error)) }
        case .repository(let repository):
            do throws(TrustRootError.Reason) { return try repository.material(now: now) } catch { throw failed(error) }
        case .remote(let mirror): throw failed(.remote(mirror: mirror))
        }
    }
}
