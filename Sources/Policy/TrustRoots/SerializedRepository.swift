// SPDX-License-Identifier: Apache-2.0
import JSON
import Sigstore
import TUF

/// A repository of The Update Framework inside a document: its root, and all its files in one archive.
public struct SerializedRepository: Hashable, Sendable {
    /// `root.json`, the root that is trusted because the document names it.
    public let root: [UInt8]
    /// tar, compressed with gzip: the repository's files, in a folder `repository` or without one.
    public let mirror: [UInt8]
    /// The folder of targets besides `targets`.
    public let targets: String
    /// The target that is the trusted root.
    public let trustedRootTarget: String

    /// Where the document names none.
    static let defaultTargets = "targets"
    static let defaultTrustedRootTarget = "trusted_root.json"
    /// Bytes of the archive when it is unpacked. A document has one mebibyte at most; the public-good repository with all
    /// its history has two.
    static let maximumUnpackedBytes = 16 << 20

    public init(
        root: [UInt8], mirror: [UInt8], targets: String = "targets", trustedRootTarget: String = "trusted_root.json"
    ) {
        self.root = root
        self.mirror = mirror
        self.targets = targets
        self.trustedRootTarget = trustedRootTarget
    }

    /// The repository's files and what its metadata says of them, verified. `now` in seconds since 1970; without one
    /// nothing expires.
    func verified(now: Int64?) throws(TrustRootError.Reason) -> VerifiedMirror {
        let files: TarArchive
        do throws(ArchiveError) {
            files = try TarArchive(try Gzip.decompress(mirror, limit: Self.maximumUnpackedBytes))
        } catch { throw .archive(error) }
        do throws(MetadataError) {
            var refresh = try Refresh(trusting: root, now: now)
            let metadata = try refresh.run { VerifiedMirror.file($0, in: files) }
            return VerifiedMirror(metadata: metadata, files: files, targetFolders: [Self.defaultTargets, targets])
        } catch { throw .repository(error) }
    }

    /// The material of the target `trustedRootTarget`, or else of the keys that the repository lists one by one.
    func material(now: Instant) throws(TrustRootError.Reason) -> TrustMaterial {
        try verified(now: now.seconds).material(trustedRootTarget)
    }
}

/// A repository in hand whose metadata has been verified.
struct VerifiedMirror: Sendable {
    let metadata: TrustedRepository
    private let files: TarArchive
    private let targetFolders: [String]

    fileprivate init(metadata: TrustedRepository, files: TarArchive, targetFolders: [String]) {
        self.metadata = metadata
        self.files = files
        self.targetFolders = targetFolders
    }

    /// The archives that the ecosystem's tools write hold a folder `repository`.
    fileprivate static func file(_ path: String, in files: TarArchive) -> [UInt8]? {
        files["repository/\(path)"] ?? files[path]
    }

    func material(_ trustedRootTarget: String) throws(TrustRootError.Reason) -> TrustMaterial {
        if let target = metadata.target(trustedRootTarget) {
            let json = try contents(of: target)
            do throws(TrustError) { return try TrustMaterial(trustedRoot: json) } catch { throw .material(error) }
        }
        let members = try members()
        guard !members.certificateAuthorities.isEmpty else { throw .noAuthorities }
        do throws(TrustError) { return try TrustMaterial(members) } catch { throw .material(error) }
    }

    /// What targets with `custom.sigstore.usage` hold, as repositories have it that are older than trusted roots: keys of
    /// logs, each in a file of its own, and certificates, whose chains may be spread over several files.
    private func members() throws(TrustRootError.Reason) -> TrustMembers {
        var members = TrustMembers()
        var certificates = TrustMembers.Authority(name: "", certificates: [])
        var timestamps = TrustMembers.Authority(name: "", certificates: [])
        for target in metadata.targets {
            guard let facts = target.custom?["sigstore"], let usage = facts["usage"]?.string else { continue }
            let address = facts["uri"]?.string ?? ""
            switch usage {
            case "Fulcio": certificates.add(try contents(of: target), address)
            case "TSA": timestamps.add(try contents(of: target), address)
            case "Rekor":
                members.logs.append(TrustMembers.Log(baseURL: address, hash: "", key: try contents(of: target)))
            case "CTFE":
                members.certificateLogs.append(
                    TrustMembers.Log(baseURL: address, hash: "", key: try contents(of: target)))
            default: continue
            }
        }
        if !certificates.certificates.isEmpty { members.certificateAuthorities = [certificates] }
        if !timestamps.certificates.isEmpty { members.timestampAuthorities = [timestamps] }
        return members
    }

    private func contents(of target: TargetFile) throws(TrustRootError.Reason) -> [UInt8] {
        do throws(MetadataError) {
            return try metadata.contents(of: target) { path in
                targetFolders.lazy.compactMap { Self.file("\($0)/\(path)", in: files) }.first
            }
        } catch { throw .repository(error) }
    }
}

extension TrustMembers.Authority {
    fileprivate mutating func add(_ text: [UInt8], _ address: String) {
        if name.isEmpty { name = address }
        certificates += text + [UInt8(ascii: "\n")]
    }
}
