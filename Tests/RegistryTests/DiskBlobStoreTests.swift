// SPDX-License-Identifier: Apache-2.0
import Demo
import FoundationEssentials
import Glibc
import ImageVerification
import OCI
import Policy
import Sigstore
import TestSupport
import Testing

@testable import Registry

@Suite("Blobs on disk") struct DiskBlobStoreTests {
    private let content = Array("a blob".utf8)
    private var digest: Digest { Digest(of: content) }
    private var name: String { "sha256-\(digest.hex)" }

    private func store(_ folder: TemporaryDirectory, limit: Int = 1 << 20) throws -> DiskBlobStore {
        try DiskBlobStore(directory: folder.path, limit: limit)
    }

    private func files(_ folder: TemporaryDirectory) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
    }

    @Test("What is kept is there after a restart, in a file named by its digest that nobody else may read")
    func restart() throws {
        let folder = try TemporaryDirectory()
        try store(folder).keep(content, as: digest)
        let long = Digest(of: content, .sha512)
        try store(folder).keep(content, as: long)
        #expect(try files(folder) == [name, "sha512-\(long.hex)"])
        #expect(mode(folder.path(name)) == 0o600)
        let later = try store(folder)
        #expect(later.blob(digest) == content && later.blob(long) == content)
        #expect(later.blob(Digest(of: Array("other".utf8))) == nil)
        #expect(later.counters.hits == 2 && later.counters.misses == 1 && later.damaged == 0)
        #expect(later.counters.entries == 2 && later.counters.bytes == 2 * content.count)
    }

    @Test("Memory is asked first, and learns what the disk gives")
    func memory() throws {
        let folder = try TemporaryDirectory()
        try store(folder).keep(content, as: digest)
        let memory = ByteBoundedCache<Digest, [UInt8]>(name: "blobs", limit: 1 << 20)
        let later = try DiskBlobStore(directory: folder.path, memory: memory)
        #expect(later.blob(digest) == content)
        try folder.write("poison", to: name)
        #expect(later.blob(digest) == content)
        #expect(later.counters.hits == 1 && memory.counters.hits == 1)
    }

    enum Damage: String, CaseIterable {
        case flipped, truncated, longer, empty, link, folder, pipe
    }

    @Test("A file that does not hold what its name says is deleted, counted, and a miss", arguments: Damage.allCases)
    func damage(_ damage: Damage) throws {
        let folder = try TemporaryDirectory()
        // As an earlier run left it, and as it is changed while we run.
        for isBefore in [true, false] {
            try store(folder).keep(content, as: digest)
            var later = try store(folder)
            let path = folder.path(name)
            switch damage {
            case .flipped:
                var changed = content
                changed[3] ^= 1
                try folder.write(changed, to: name)
            case .truncated: try folder.write(Array(content.dropLast()), to: name)
            case .longer: try folder.write(content + [0], to: name)
            case .empty: try folder.write("", to: name)
            case .link:
                try folder.write(content, to: "elsewhere")
                unlink(path)
                #expect(symlink(folder.path("elsewhere"), path) == 0)
            case .folder:
                unlink(path)
                #expect(mkdir(path, 0o700) == 0)
            case .pipe:
                unlink(path)
                #expect(mkfifo(path, 0o600) == 0)
            }
            if isBefore { later = try store(folder) }
            #expect(later.blob(digest) == nil)
            let isSeenAtStart = isBefore && [.link, .folder, .pipe].contains(damage)
            #expect(later.damaged == (isSeenAtStart ? 0 : 1))
            #expect(later.counters.entries == 0 && later.counters.bytes == 0)
            // It is kept anew, whatever stood in its place; a folder stays, and is no content.
            if damage == .folder { rmdir(path) }
            later.keep(content, as: digest)
            #expect(later.blob(digest) == content)
            #expect(try store(folder).blob(digest) == content)
        }
    }

    @Test("What is larger than a blob may be is neither read nor kept")
    func oversize() throws {
        let folder = try TemporaryDirectory()
        try store(folder).keep(content, as: digest)
        let strict = try DiskBlobStore(directory: folder.path, limit: 1 << 20, maximumBlobBytes: content.count - 1)
        #expect(strict.blob(digest) == nil && strict.damaged == 1)
        strict.keep(content, as: digest)
        #expect(try files(folder).isEmpty)
        let exact = try DiskBlobStore(directory: folder.path, limit: 1 << 20, maximumBlobBytes: content.count)
        exact.keep(content, as: digest)
        #expect(exact.blob(digest) == content)
        let small = try store(folder, limit: 4 * content.count - 1)
        small.keep(Array("b blob".utf8), as: Digest(of: Array("b blob".utf8)))
        #expect(try files(folder) == [name])
    }

    @Test("The least recently used go where there is too much, also at the start")
    func eviction() throws {
        let folder = try TemporaryDirectory()
        let blobs = (0..<8).map { number in [UInt8](repeating: UInt8(number), count: 100) }
        let full = try store(folder, limit: 800)
        for blob in blobs { full.keep(blob, as: Digest(of: blob)) }
        #expect(full.counters.entries == 8)
        #expect(full.blob(Digest(of: blobs[0])) != nil)
        let more = [UInt8](repeating: 9, count: 100)
        full.keep(more, as: Digest(of: more))
        #expect(full.counters.evictions == 2 && full.counters.bytes == 700)
        #expect(full.blob(Digest(of: blobs[0])) != nil && full.blob(Digest(of: more)) != nil)
        #expect(full.blob(Digest(of: blobs[1])) == nil && full.blob(Digest(of: blobs[2])) == nil)
        let smaller = try store(folder, limit: 300)
        #expect(smaller.counters.bytes <= 300)
        #expect(try files(folder).count == smaller.counters.entries)
    }

    @Test(
        "A directory that is not there is told at the start; one that goes away later is a miss, and files of others stay"
    )
    func directory() throws {
        let folder = try TemporaryDirectory()
        #expect(throws: DiskBlobStore.Unusable.self) { try DiskBlobStore(directory: folder.path("none")) }
        try folder.write("x", to: "file")
        #expect(throws: DiskBlobStore.Unusable.self) { try DiskBlobStore(directory: folder.path("file")) }
        try folder.write("half", to: "blobs/.new-1-1")
        try folder.write("theirs", to: "blobs/sha256-12")
        let blobs = try DiskBlobStore(directory: folder.path("blobs"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("blobs")) == ["sha256-12"])
        blobs.keep(content, as: digest)
        try FileManager.default.removeItem(atPath: folder.path("blobs"))
        #expect(blobs.blob(digest) == nil && blobs.damaged == 0)
        blobs.keep(content, as: digest)
        #expect(blobs.blob(digest) == nil)
    }

    private func bounded(_ folder: TemporaryDirectory, files: Int, names: Int) throws -> DiskBlobStore {
        try DiskBlobStore(
            directory: folder.path, limit: 1 << 20, memory: NoBlobStore(), maximumBlobBytes: 1 << 10,
            maximumFiles: files, maximumNames: names)
    }

    @Test("However many files of others lie there, ours are found; beyond a bound the directory is told to be unusable")
    func strays() throws {
        let folder = try TemporaryDirectory()
        for number in 0..<100 { try folder.write("theirs", to: "stray-\(number)") }
        let digests = (0..<3).map { Digest(of: Array("blob \($0)".utf8)) }
        for number in 0..<3 { try store(folder).keep(Array("blob \(number)".utf8), as: digests[number]) }
        for number in 100..<200 { try folder.write("theirs", to: "stray-\(number)") }
        let later = try bounded(folder, files: 4, names: 205)
        #expect(later.counters.entries == 3 && later.counters.evictions == 0)
        for number in 0..<3 { #expect(later.blob(digests[number]) == Array("blob \(number)".utf8)) }
        #expect(throws: DiskBlobStore.Unusable.self) { try bounded(folder, files: 4, names: 204) }
        #expect(try files(folder).count == 203)
    }

    @Test("Of more of ours than are kept the oldest are deleted, and those of others stay")
    func tooMany() throws {
        let folder = try TemporaryDirectory()
        let first = try store(folder)
        for number in 0..<40 {
            let blob = Array("blob \(number)".utf8)
            first.keep(blob, as: Digest(of: blob))
            var times = (timespec(tv_sec: 1000 + number, tv_nsec: 0), timespec(tv_sec: 1000 + number, tv_nsec: 0))
            withUnsafePointer(to: &times) { pointer in
                pointer.withMemoryRebound(to: timespec.self, capacity: 2) {
                    _ = utimensat(AT_FDCWD, folder.path("sha256-\(Digest(of: blob).hex)"), $0, 0)
                }
            }
        }
        try folder.write("theirs", to: "stray")
        let later = try bounded(folder, files: 8, names: 100)
        #expect((7...8).contains(later.counters.entries))
        #expect(try files(folder).count == later.counters.entries + 1)
        for number in 33..<40 {
            let blob = Array("blob \(number)".utf8)
            #expect(later.blob(Digest(of: blob)) == blob, "\(number)")
        }
    }

    @Test(
        "A client with the directory of an earlier one asks for no manifest and no blob, and verifies all of it again")
    func nearlyWarm() async throws {
        let folder = try TemporaryDirectory()
        let contents = RegistryContents()
        let signer = DemoSigner()
        for (run, digests) in [(0, 4), (1, 0)] {
            try await LoopbackRegistry.running(contents: contents) { registry in
                let disk = try DiskBlobStore(directory: folder.path)
                try await withTransport { http in
                    let client = RegistryClient(http: http, blobs: disk)
                    try await ColdBench.running(registry, client, signer: signer) { bench in
                        let image = bench.push("app")
                        if run == 0 {
                            try await bench.attest(image, ColdBench.materials)
                            try await bench.sign(image)
                        }
                        let verifier = bench.verifier(
                            try bench.policy(ColdBench.materials, requiresSignature: true))
                        let verdict = await verifier.verdict(
                            on: bench.reference(image), for: nil, deadline: .after(.seconds(60)))
                        #expect(verdict.isAdmitted)
                        let faults = registry.faults
                        #expect(
                            faults.count(target: "/manifests/sha256:") + faults.count(target: "/blobs/") == digests)
                        #expect(faults.count(target: "/referrers/") == 1)
                    }
                }
            }
        }
        // Poisoned as a whole, it costs requests and no verdict.
        for file in try files(folder) { try folder.write("poison", to: file) }
        let disk = try DiskBlobStore(directory: folder.path)
        try await LoopbackRegistry.running(contents: contents) { registry in
            try await withTransport { http in
                try await ColdBench.running(registry, RegistryClient(http: http, blobs: disk), signer: signer) {
                    bench in
                    let image = bench.push("app")
                    let verifier = bench.verifier(try bench.policy(ColdBench.materials, requiresSignature: true))
                    #expect(
                        await verifier.verdict(
                            on: bench.reference(image), for: nil, deadline: .after(.seconds(60))
                        ).isAdmitted)
                    #expect(registry.faults.count(target: "/blobs/") == 2)
                }
            }
        }
        #expect(disk.damaged == 4)
    }
}
