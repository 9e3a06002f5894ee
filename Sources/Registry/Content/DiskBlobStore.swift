// SPDX-License-Identifier: Apache-2.0
import Glibc
public import ImageVerification
public import OCI
import Synchronization

/// Blobs and manifests in a directory, behind those in memory, so that a restart finds them again: one file for each,
/// named by its digest.
///
/// Whoever can write into the directory is not believed. What is read is hashed again, every time; what does not have its
/// digest is deleted, counted, and as good as absent. No proof, verdict, tag or list is ever read from disk: proofs are
/// verified again from these bytes. Whatever goes wrong with a file is a miss, and the registry is asked.
///
/// Files are read and written where they are asked for, on a thread of the cooperative pool and never on an event loop. That
/// is bounded: a blob is read once after a restart and is in memory from then on, one is as large as a proof may be, and the
/// kernel's page cache takes what is written.
public final class DiskBlobStore: BlobStore {
    /// Why a directory cannot be used.
    public struct Unusable: Error, Hashable, Sendable, CustomStringConvertible {
        public let description: String
    }

    public static let defaultLimit = 1 << 30
    /// Files are a few KiB at least.
    static let maximumFiles = 1 << 17
    /// A directory that has more names than this is not ours alone; looking at so many takes about a second.
    static let maximumNames = 1 << 20
    /// Files on their way; they are no content yet.
    private static let newPrefix = ".new-"

    private struct File {
        let bytes: Int
        /// The larger, the more recently used.
        var used: UInt64
    }

    private struct State {
        var files: [Digest: File] = [:]
        var bytes = 0
        var clock: UInt64 = 0
        var names: UInt64 = 0
        var counters = CacheCounters()
        var damaged = 0
    }

    private let memory: any BlobStore
    private let directory: DirectoryDescriptor
    private let limit: Int
    private let maximumBlobBytes: Int
    private let maximumFiles: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - path: a directory that exists, for this process alone.
    ///   - limit: bytes of all files; the least recently used go first.
    ///   - memory: what is looked into before.
    public convenience init(
        directory path: String, limit: Int = defaultLimit, memory: any BlobStore = NoBlobStore(),
        maximumBlobBytes: Int = RegistryLimits().blobBytes
    ) throws(Unusable) {
        try self.init(
            directory: path, limit: limit, memory: memory, maximumBlobBytes: maximumBlobBytes,
            maximumFiles: Self.maximumFiles, maximumNames: Self.maximumNames)
    }

    /// For tests, with bounds of their own.
    init(
        directory path: String, limit: Int, memory: any BlobStore, maximumBlobBytes: Int, maximumFiles: Int,
        maximumNames: Int
    ) throws(Unusable) {
        guard let directory = DirectoryDescriptor(path) else {
            throw Unusable(description: "\(path) is no directory that can be opened")
        }
        guard access(path, R_OK | W_OK | X_OK) == 0 else {
            throw Unusable(description: "\(path) cannot be read and written")
        }
        self.directory = directory
        self.memory = memory
        self.limit = limit
        self.maximumBlobBytes = maximumBlobBytes
        self.maximumFiles = maximumFiles
        switch takeStock(atMost: maximumNames) {
        case .whole: break
        case .tooMany:
            throw Unusable(
                description: "\(path) holds more than \(maximumNames) files; give blobs a directory of their own")
        case .failed: throw Unusable(description: "\(path) cannot be listed")
        }
    }

    // MARK: Blobs

    public var isOnDisk: Bool { true }

    public func blob(_ digest: Digest) -> [UInt8]? {
        if let bytes = memory.blob(digest) { return bytes }
        let isThere = state.withLock { state in
            state.clock += 1
            state.files[digest]?.used = state.clock
            return state.files[digest] != nil
        }
        guard isThere else { return count(isHit: false) }
        switch directory.read(Self.name(digest), maximumBytes: maximumBlobBytes) {
        case .bytes(let bytes) where digest.matches(bytes):
            count(isHit: true)
            memory.keep(bytes, as: digest)
            return bytes
        case .bytes, .unfit:
            forget(digest, isDamaged: true)
        case .failed:
            forget(digest, isDamaged: false)
        }
        return count(isHit: false)
    }

    public func keep(_ bytes: [UInt8], as digest: Digest) {
        memory.keep(bytes, as: digest)
        // As in memory, no single blob takes more than a quarter.
        guard bytes.count <= min(limit / 4, maximumBlobBytes) else { return }
        let number: UInt64? = state.withLock { state in
            guard state.files[digest] == nil else { return nil }
            state.names += 1
            return state.names
        }
        guard let number else { return }
        let temporary = "\(Self.newPrefix)\(getpid())-\(number)"
        guard directory.write(bytes, as: Self.name(digest), through: temporary) else { return }
        let victims = state.withLock { state in
            state.clock += 1
            if let old = state.files.updateValue(File(bytes: bytes.count, used: state.clock), forKey: digest) {
                state.bytes -= old.bytes
            }
            state.bytes += bytes.count
            return evicted(&state)
        }
        for victim in victims { directory.remove(Self.name(victim)) }
    }

    // MARK: Files

    private static func name(_ digest: Digest) -> String { "\(digest.algorithm.rawValue)-\(digest.hex)" }

    /// Only the one spelling that `name` gives.
    private static func digest(_ name: String) -> Digest? {
        guard let dash = name.utf8.firstIndex(of: UInt8(ascii: "-")) else { return nil }
        let text = "\(name[..<dash]):\(name[name.utf8.index(after: dash)...])"
        guard let digest = try? Digest(text), Self.name(digest) == name else { return nil }
        return digest
    }

    private typealias Found = (digest: Digest, bytes: Int, time: Int64)

    /// Finds what an earlier run left, the oldest first, and deletes what it had not finished. Whatever else lies there is
    /// left alone, however much it is: it takes no place that is ours.
    private func takeStock(atMost maximumNames: Int) -> DirectoryDescriptor.Listing {
        var found: [Found] = []
        var unfinished: [String] = []
        let listing = directory.list(atMost: maximumNames) { name in
            if name.hasPrefix(Self.newPrefix) {
                unfinished.append(name)
            } else if let digest = Self.digest(name), let file = directory.size(name) {
                found.append((digest, file.bytes, file.time))
                // So that they take no more memory than those that are kept.
                if found.count >= 2 * maximumFiles { drop(&found) }
            }
        }
        guard case .whole = listing else { return listing }
        for name in unfinished { directory.remove(name) }
        let files = found.sorted { $0.time < $1.time }
        let victims = state.withLock { state in
            for file in files {
                state.clock += 1
                state.files[file.digest] = File(bytes: file.bytes, used: state.clock)
                state.bytes += file.bytes
            }
            return evicted(&state)
        }
        for victim in victims { directory.remove(Self.name(victim)) }
        return listing
    }

    /// Deletes the oldest, down to as many as are kept.
    private func drop(_ found: inout [Found]) {
        found.sort { $0.time > $1.time }
        let old = found[maximumFiles...]
        for file in old { directory.remove(Self.name(file.digest)) }
        found.removeLast(old.count)
        state.withLock { $0.counters.evictions += old.count }
    }

    /// Takes the least recently used out of the books until an eighth is free, where there is too much.
    private func evicted(_ state: inout State) -> [Digest] {
        guard state.bytes > limit || state.files.count > maximumFiles else { return [] }
        let (bytes, files) = (limit - limit / 8, maximumFiles - maximumFiles / 8)
        var victims: [Digest] = []
        for (digest, file) in state.files.sorted(by: { $0.value.used < $1.value.used }) {
            guard state.bytes > bytes || state.files.count > files else { break }
            state.files[digest] = nil
            state.bytes -= file.bytes
            state.counters.evictions += 1
            victims.append(digest)
        }
        return victims
    }

    private func forget(_ digest: Digest, isDamaged: Bool) {
        state.withLock { state in
            if let file = state.files.removeValue(forKey: digest) { state.bytes -= file.bytes }
            if isDamaged { state.damaged += 1 }
        }
        directory.remove(Self.name(digest))
    }

    // MARK: Counters

    @discardableResult
    private func count(isHit: Bool) -> [UInt8]? {
        state.withLock { state in
            if isHit { state.counters.hits += 1 } else { state.counters.misses += 1 }
        }
        return nil
    }

    /// Lookups that memory could not answer, and what the files hold.
    public var counters: CacheCounters {
        state.withLock { state in
            var counters = state.counters
            counters.entries = state.files.count
            counters.bytes = state.bytes
            return counters
        }
    }

    /// Files that did not hold what their name says.
    public var damaged: Int { state.withLock { $0.damaged } }
}
