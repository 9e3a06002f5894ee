// SPDX-License-Identifier: Apache-2.0

/// Authorities and logs that a document names one by one and not by a trusted root: a TrustRoot's `sigstoreKeys`, or the
/// targets of a repository from before there were trusted roots. Nothing says since when they are in use, so they are
/// believed since 1970, and certificates for as long as they say themselves.
public struct TrustMembers: Hashable, Sendable {
    public struct Authority: Hashable, Sendable {
        /// Where it is, or what the document calls it.
        public var name: String
        /// PEM: intermediates and roots in any order, and a timestamp authority's own certificate where it is pinned.
        public var certificates: [UInt8]

        public init(name: String, certificates: [UInt8]) {
            self.name = name
            self.certificates = certificates
        }
    }

    public struct Log: Hashable, Sendable {
        /// `https://host[/path]`; may be empty.
        public var baseURL: String
        /// The name of the hash function, as people write it; nothing stands for SHA-256.
        public var hash: String
        /// PEM, one public key.
        public var key: [UInt8]

        public init(baseURL: String, hash: String, key: [UInt8]) {
            self.baseURL = baseURL
            self.hash = hash
            self.key = key
        }
    }

    public var certificateAuthorities: [Authority] = []
    public var timestampAuthorities: [Authority] = []
    /// Rekor.
    public var logs: [Log] = []
    /// Certificate transparency.
    public var certificateLogs: [Log] = []

    public init() {}
}

extension TrustMaterial {
    /// What the members say; one that cannot be used is an error, since a document is used whole or not at all.
    public init(_ members: TrustMembers) throws(TrustError) {
        let counts = [
            members.certificateAuthorities.count, members.timestampAuthorities.count, members.logs.count,
            members.certificateLogs.count,
        ]
        guard counts.allSatisfy({ $0 <= Self.maximumMembers }) else {
            throw .malformed("more than \(Self.maximumMembers) authorities or logs of a kind")
        }
        let authorities = try members.certificateAuthorities.enumerated().authorities(ofTimestamps: false)
        let timestampAuthorities = try members.timestampAuthorities.enumerated().authorities(ofTimestamps: true)
        let logs = try members.logs.enumerated().logs("transparency log")
        let certificateLogs = try members.certificateLogs.enumerated().logs("certificate log")
        guard !(logs.isEmpty && authorities.isEmpty && timestampAuthorities.isEmpty) else { throw .empty }
        self.init(
            certificateAuthorities: authorities, logs: logs, certificateLogs: certificateLogs,
            timestampAuthorities: timestampAuthorities)
    }
}

extension ValidityPeriod {
    /// For what a document names without a period.
    fileprivate static var sinceEpoch: ValidityPeriod { ValidityPeriod(from: Instant(seconds: 0) ?? .earliest) }
}

extension EnumeratedSequence<[TrustMembers.Authority]> {
    /// An authority for every root, each with all intermediates of its text. Without a root that names itself, the last of
    /// the text is the anchor, as in a trusted root.
    fileprivate func authorities(ofTimestamps: Bool) throws(TrustError) -> [CertificateAuthority] {
        let kind = ofTimestamps ? "timestamp authority" : "certificate authority"
        var found: [CertificateAuthority] = []
        for (index, member) in self {
            let place = "\(kind) \(index + 1)"
            let texts: CertificateTexts
            do throws(CertificateTexts.Problem) { texts = try CertificateTexts(pem: member.certificates) } catch {
                throw .malformed("\(place): \(error)")
            }
            var signer: Certificate?
            if ofTimestamps {
                guard texts.leaves.count <= 1 else {
                    throw .malformed("\(place): more than one certificate that may not issue others")
                }
                signer = texts.leaves.first
            } else if !texts.leaves.isEmpty {
                throw .malformed("\(place): a certificate that may not issue others")
            }
            var roots = texts.roots
            var intermediates = texts.intermediates
            if roots.isEmpty, let last = intermediates.popLast() { roots = [last] }
            guard !roots.isEmpty else { throw .malformed("\(place): no certificate that may issue others") }
            found += roots.map { root in
                CertificateAuthority(
                    name: member.name.isEmpty ? Hexadecimal.encode(HashAlgorithm.sha256.hash(root.der)) : member.name,
                    root: root, intermediates: intermediates, signer: signer, takesOfferedIntermediates: false,
                    operatorName: "", validity: .sinceEpoch)
            }
        }
        return found
    }
}

extension EnumeratedSequence<[TrustMembers.Log]> {
    fileprivate func logs(_ kind: String) throws(TrustError) -> [TransparencyLog] {
        var found: [TransparencyLog] = []
        for (index, member) in self {
            let place = "\(kind) \(index + 1)"
            guard ["", "sha256", "sha-256"].contains(where: { $0.isExactly(member.hash.lowercased()) }) else {
                throw .malformed("\(place): hashAlgorithm \(excerpt(member.hash)) is not sha-256, which logs hash with")
            }
            let key: PublicKey
            do throws(KeyError) { key = try PublicKey(pem: String(decoding: member.key, as: UTF8.self)) } catch {
                throw .malformed("\(place) has \(error)")
            }
            found.append(
                TransparencyLog(
                    baseURL: member.baseURL, id: TransparencyLog.id(of: key), checkpointKeyID: nil, key: key,
                    scheme: key.logScheme, operatorName: "", validity: .sinceEpoch))
        }
        return found
    }
}
