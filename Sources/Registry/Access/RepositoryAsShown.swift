// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import ImageVerification

/// A repository as one credential sees it: the key of what a registry has granted or answered, which holds for no other.
struct RepositoryAsShown: Hashable, Sendable {
    let origin: RequestURL.Origin
    let path: String
    let credential: CredentialFingerprint
}
