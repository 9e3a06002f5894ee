// SPDX-License-Identifier: Apache-2.0
import Crypto
import ImageVerification
public import OCI

/// Where the credentials for a repository come from: a docker configuration, pull secrets, or nowhere.
public protocol CredentialSource: Sendable {
    /// `nil` where there is none, and the registry is asked without a name.
    func credential(for repository: Repository) -> RegistryCredential?
}

extension DockerConfig: CredentialSource {}

extension CredentialFingerprint {
    /// Made anew in every process, so that a fingerprint means nothing outside of it.
    private static let key = SymmetricKey(size: .bits256)

    /// A keyed hash of a credential: equal for equal ones within this process, and telling nothing about them.
    init(_ credential: RegistryCredential?) {
        let parts: [String] =
            switch credential {
            case nil: ["anonymous"]
            case .basic(let username, let password): ["basic", username, password]
            case .identityToken(let token): ["identity-token", token]
            case .registryToken(let token): ["registry-token", token]
            }
        var hash = HMAC<SHA256>(key: Self.key)
        for part in parts {
            // Lengths keep ("a", "bc") apart from ("ab", "c").
            withUnsafeBytes(of: UInt64(part.utf8.count).littleEndian) { hash.update(data: Array($0)) }
            hash.update(data: Array(part.utf8))
        }
        self.init(code: Array(hash.finalize()))
    }
}
