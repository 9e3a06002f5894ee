// SPDX-License-Identifier: Apache-2.0
import OCI
import Sigstore

/// What policies refer to by name and do not hold themselves: Secrets, ConfigMaps, trust roots, texts on the web. A
/// value; whoever reads files, the API server or the web puts it together, and nothing here asks anybody.
public struct PolicyResources: Sendable {
    /// Entries by name, of each Secret by name.
    public var secrets: [String: [String: [UInt8]]] = [:]
    /// Entries by name, of each ConfigMap by name.
    public var configMaps: [String: [String: [UInt8]]] = [:]
    /// What each trust root by name makes us believe, or why it cannot be used.
    public var trustRoots = TrustRoots.none
    /// Texts on the web, whose hash is compared on use; or why there is none.
    public var remotes: [PolicyTextSource: Result<[UInt8], UnusableResource>] = [:]

    public init() {}
}

/// Why something that a policy refers to cannot be used, in a sentence.
public struct UnusableResource: Error, Hashable, Sendable {
    public let reason: String

    public init(_ reason: String) { self.reason = reason }
}

extension PolicyTextSource {
    /// The text, if it has the hash that the document names; every text of a ConfigMap is.
    public func checked(_ text: [UInt8]) -> Result<[UInt8], UnusableResource> {
        guard case .remote(_, let sum) = self else { return .success(text) }
        let found = Digest(of: text).hex
        guard found == sum else {
            return .failure(UnusableResource("failed to check sha256sum from policy remote: \(sum) got \(found)"))
        }
        return .success(text)
    }
}

extension PolicyResources {
    /// The key in a Secret, which has exactly one entry.
    func key(in secret: SecretKey) -> Result<VerificationKey, UnusableResource> {
        guard let entries = secrets[secret.secret] else {
            return .failure(UnusableResource("secret \(quoted(secret.secret)) not found"))
        }
        guard let (_, value) = entries.first else {
            return .failure(UnusableResource("secret \(quoted(secret.secret)) contains no data"))
        }
        guard entries.count == 1 else {
            return .failure(
                UnusableResource(
                    "secret \(quoted(secret.secret)) contains multiple data entries, only one is supported"))
        }
        do throws(KeyError) {
            return .success(try VerificationKey(pem: String(decoding: value, as: UTF8.self), hash: secret.hash))
        } catch {
            return .failure(
                UnusableResource("secret \(quoted(secret.secret)) contains an invalid public key: \(error)"))
        }
    }

    /// The text of a policy that lies elsewhere.
    func text(at source: PolicyTextSource) -> Result<[UInt8], UnusableResource> {
        switch source {
        case .configMap(let name, let key):
            guard let entries = configMaps[name] else {
                return .failure(UnusableResource("configmap \(quoted(name)) not found"))
            }
            guard let text = entries[key] else {
                return .failure(UnusableResource("configmap \(quoted(name)) has no key \(quoted(key))"))
            }
            return .success(text)
        case .remote(let url, _):
            switch remotes[source] {
            case nil: return .failure(UnusableResource("the policy at \(url) has not been fetched"))
            case .failure(let why)?: return .failure(why)
            case .success(let text)?: return source.checked(text)
            }
        }
    }

    func material(_ name: String?) throws(UnusableResource) -> TrustMaterial? {
        guard let name else { return nil }
        do throws(TrustRootError) { return try trustRoots[name].get() } catch {
            throw UnusableResource("\(error)")
        }
    }
}
