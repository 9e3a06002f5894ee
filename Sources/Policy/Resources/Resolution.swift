// SPDX-License-Identifier: Apache-2.0
import CUE
import OCI
import Sigstore

extension ClusterImagePolicy {
    /// This policy with everything that it refers to put in its place. What is not there, or cannot be used, makes the
    /// authority that refers to it one that nothing satisfies; it never disappears.
    func resolved(with resources: PolicyResources) -> ClusterImagePolicy {
        var policy = self
        var used = UsedResources()
        policy.authorities = authorities.map { $0.resolved(with: resources, noting: &used) }
        if let program { policy.program = program.resolved(with: resources, noting: &used) }
        policy.documentHash = used.hash(after: documentHash)
        policy.unresolved = used.failures
        return policy
    }
}

/// Everything that was put into a policy: its meaning depends on it as on its own document.
private struct UsedResources {
    private var parts: [UInt8] = []
    private(set) var failures: [String] = []

    mutating func noteFailure(_ kind: String, _ why: String) {
        failures.append(why)
        note(kind, why)
    }

    mutating func note(_ kind: String, _ value: String) {
        for part in [kind, value] { parts += Array("\(part.utf8.count):".utf8) + Array(part.utf8) }
    }

    func hash(after document: Digest) -> Digest {
        parts.isEmpty ? document : Digest(of: Array(document.hex.utf8) + parts)
    }
}

extension Authority {
    fileprivate func resolved(with resources: PolicyResources, noting used: inout UsedResources) -> Authority {
        var authority = self
        if case .keyInSecret(let secret) = check {
            switch resources.key(in: secret) {
            case .success(let key):
                used.note("secret", "\(key.fingerprint)")
                authority.check = .signer(
                    VerificationOptions(
                        key: key, requiresLogEntry: secret.requiresLogEntry, requiresTimestamp: secret.requiresTimestamp
                    ))
            case .failure(let why):
                used.noteFailure("secret", why.reason)
                authority.check = .unavailable(why.reason)
            }
        }
        if case .named(let names) = trust {
            do throws(UnusableResource) {
                let certificates = try resources.material(names.certificates)
                let logs = try resources.material(names.logs)
                let timestamps = try resources.material(names.timestamps)
                for material in [certificates, logs, timestamps] {
                    used.note("trust root", material?.generation.description ?? "")
                }
                authority.trust = .material(
                    certificates: certificates, logs: logs ?? certificates?.speaking(of: \.hasLogs, names),
                    timestamps: timestamps ?? certificates)
                authority.check = authority.check.witnessed(by: certificates, names)
                if names.logs != nil, logSearch == nil, let address = logs?.lastLogAddress {
                    authority.logSearch = LogAddress(address)
                }
            } catch {
                used.noteFailure("trust root", error.reason)
                authority.check = .unavailable(error.reason)
            }
        }
        authority.sources = sources.map { $0.resolved(with: resources, noting: &used) }
        authority.attestations = attestations.map { requirement in
            var requirement = requirement
            requirement.program = requirement.program?.resolved(with: resources, noting: &used)
            return requirement
        }
        return authority
    }
}

extension ProofSource {
    /// A Secret that is not among the resources may lie in the workload's namespace, and stays to be asked for.
    fileprivate func resolved(with resources: PolicyResources, noting used: inout UsedResources) -> ProofSource {
        var source = self
        source.pullSecrets = pullSecrets.filter { name in
            guard let entries = resources.secrets[name] else { return true }
            do throws(DockerConfigError) {
                guard let secret = try PullSecret(entries: entries) else {
                    used.noteFailure("pull secret", "secret \(quoted(name)) holds no registry credentials")
                    return true
                }
                for (key, value) in entries.sorted(by: { $0.key < $1.key }) {
                    used.note("pull secret", "\(key) \(Digest(of: value).hex)")
                }
                source.credentials.append(secret.credentials)
                return false
            } catch {
                used.noteFailure("pull secret", "secret \(quoted(name)) cannot be read: \(error)")
                return true
            }
        }
        return source
    }
}

extension TrustMaterial {
    /// A root that is named for certificates speaks for logs too; but where the document asks for a log and that root
    /// has none, the ones in force do.
    fileprivate func speaking(of hasAny: KeyPath<TrustMaterial, Bool>, _ names: TrustRootNames) -> TrustMaterial? {
        names.asksForLog && !self[keyPath: hasAny] ? nil : self
    }
}

extension Authority.Check {
    /// Where a trust root is named for certificates and nothing asks for a log or a timestamp, whatever that root has
    /// must have seen the signature: its logs, or where it has none its timestamp authorities.
    fileprivate func witnessed(by certificates: TrustMaterial?, _ names: TrustRootNames) -> Authority.Check {
        guard let certificates, !names.asksForLog, case .signer(let options) = self, options.logs > 0,
            options.timestamps == 0, !certificates.hasLogs
        else { return self }
        return .signer(
            VerificationOptions(
                signer: options.signer, logs: 0, timestamps: 1, certificateLogs: options.certificateLogs))
    }
}

extension PolicyProgram {
    fileprivate func resolved(with resources: PolicyResources, noting used: inout UsedResources) -> PolicyProgram {
        guard case .elsewhere(let source) = body else { return self }
        var program = self
        switch resources.text(at: source) {
        case .success(let text):
            used.note("text", Digest(of: text).hex)
            program.body = PolicyProgram.body(of: text, in: language)
            if language == .cue, case .unavailable(let why) = program.body {
                used.noteFailure("\(source)", "\(source): \(why)")
            }
        case .failure(let why):
            used.noteFailure("text", why.reason)
            program.body = .unavailable(why.reason)
        }
        return program
    }
}
