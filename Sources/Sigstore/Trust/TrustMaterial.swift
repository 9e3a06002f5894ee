// SPDX-License-Identifier: Apache-2.0
internal import OCI

/// Whom the verifier believes besides the keys that policies name: certificate authorities, transparency logs,
/// certificate transparency logs and timestamp authorities, each while its own period lasts.
public struct TrustMaterial: Sendable {
    let certificateAuthorities: [CertificateAuthority]
    let logs: [TransparencyLog]
    let certificateLogs: [TransparencyLog]
    let timestampAuthorities: [CertificateAuthority]
    /// Changes whenever what is believed changes; caches and verdicts carry it.
    public let generation: TrustGeneration
    /// What the document names and this version cannot use, a sentence each: a kind of key that is not known, say.
    public let leftOut: [String]

    /// Members of each kind in one document; the public-good root has two of each after five years.
    static let maximumMembers = 64

    init(
        certificateAuthorities: [CertificateAuthority], logs: [TransparencyLog], certificateLogs: [TransparencyLog],
        timestampAuthorities: [CertificateAuthority], leftOut: [String] = []
    ) {
        self.certificateAuthorities = certificateAuthorities
        self.logs = logs
        self.certificateLogs = certificateLogs
        self.timestampAuthorities = timestampAuthorities
        self.leftOut = leftOut
        var digest = TrustDigest()
        for authority in certificateAuthorities { digest.add("ca", authority) }
        for log in logs { digest.add("tlog", log) }
        for log in certificateLogs { digest.add("ctlog", log) }
        for authority in timestampAuthorities { digest.add("tsa", authority) }
        generation = digest.generation
    }

    /// Whether any transparency log is believed.
    public var hasLogs: Bool { !logs.isEmpty }

    /// Where the last of the believed logs answers, as its document says; `nil` where none says so.
    public var lastLogAddress: String? { logs.last { !$0.baseURL.isEmpty }?.baseURL }

    /// Certificates and their logs by this material; transparency logs and timestamps by others, where they are given.
    public func replacing(
        certificates: TrustMaterial?, logs: TrustMaterial?, timestamps: TrustMaterial?
    ) -> TrustMaterial {
        let certificates = certificates ?? self
        return TrustMaterial(
            certificateAuthorities: certificates.certificateAuthorities, logs: (logs ?? self).logs,
            certificateLogs: certificates.certificateLogs,
            timestampAuthorities: (timestamps ?? self).timestampAuthorities)
    }

    /// Nothing is believed: only keys that policies name can prove anything, and nothing about logs and times.
    public static let none = TrustMaterial(
        certificateAuthorities: [], logs: [], certificateLogs: [], timestampAuthorities: [])
}

extension TrustMaterial: Hashable {
    public static func == (one: TrustMaterial, other: TrustMaterial) -> Bool { one.generation == other.generation }
    public func hash(into hasher: inout Hasher) { hasher.combine(generation) }
}

/// A hash over all trust material in force. Two equal generations believe the same.
public struct TrustGeneration: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    init(of material: [UInt8]) { description = Digest(of: material).hex }
}

/// Every fact of every member, each with its length before it, so that no two lists of members read the same.
private struct TrustDigest {
    private var bytes: [UInt8] = []

    var generation: TrustGeneration { TrustGeneration(of: bytes) }

    mutating func add(_ kind: String, _ log: TransparencyLog) {
        add(kind)
        add(log.baseURL)
        add(log.id)
        add(log.checkpointKeyID ?? [])
        add(log.key.der)
        add("\(log.scheme)")
        add(log.operatorName)
        add(log.validity.description)
    }

    mutating func add(_ kind: String, _ authority: CertificateAuthority) {
        add(kind)
        add(authority.name)
        add(authority.root.der)
        add("\(authority.intermediates.count)")
        for intermediate in authority.intermediates { add(intermediate.der) }
        add(authority.signer?.der ?? [])
        add("\(authority.takesOfferedIntermediates)")
        add(authority.operatorName)
        add(authority.validity.description)
    }

    private mutating func add(_ text: String) { add(Array(text.utf8)) }

    private mutating func add(_ field: [UInt8]) { bytes += Array("\(field.count):".utf8) + field }
}

extension TrustMaterial {
    /// The public-good Sigstore instance, as it was when this version was made.
    public static func publicGood() throws(TrustError) -> TrustMaterial {
        try TrustMaterial(trustedRoot: Array(PublicGoodRoot.json.utf8))
    }

    /// When `publicGood` was taken: what has been added or withdrawn since then is not known to it.
    public static var publicGoodTaken: Instant { Instant(rfc3339: PublicGoodRoot.takenOn) ?? .earliest }
}
