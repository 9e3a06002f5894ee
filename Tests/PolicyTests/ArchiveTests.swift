// SPDX-License-Identifier: Apache-2.0
import CZlib
import TestSupport
import Testing

@testable import Policy

/// What gzip makes of the bytes.
func gzip(_ bytes: [UInt8], windowBits: Int32 = 15 + 16) -> [UInt8] {
    var stream = z_stream()
    deflateInit2_(
        &stream, 9, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    defer { deflateEnd(&stream) }
    var input = bytes
    var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))) + 64)
    let count = input.withUnsafeMutableBufferPointer { input in
        output.withUnsafeMutableBufferPointer { output in
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(input.count)
            stream.next_out = output.baseAddress
            stream.avail_out = UInt32(output.count)
            deflate(&stream, Z_FINISH)
            return output.count - Int(stream.avail_out)
        }
    }
    return Array(output[..<count])
}

@Suite("Unpacking archives")
struct ArchiveTests {
    // MARK: gzip

    @Test("what gzip has packed is unpacked, in one member or several")
    func gzipMembers() throws {
        let text = Array("some bytes, ".utf8) + [UInt8](repeating: 7, count: 200_000)
        #expect(try Gzip.decompress(gzip(text), limit: 1 << 20) == text)
        #expect(try Gzip.decompress(gzip(text) + gzip([1]), limit: 1 << 20) == text + [1])
        #expect(try Gzip.decompress(gzip([]), limit: 0) == [])
    }

    @Test("more than the limit is not unpacked")
    func bomb() {
        let packed = gzip([UInt8](repeating: 0, count: 1 << 24))
        #expect(packed.count < 1 << 15)
        #expect(throws: ArchiveError.tooLong(limit: 1 << 20)) { try Gzip.decompress(packed, limit: 1 << 20) }
        let members = Array(repeatElement(gzip([UInt8](repeating: 0, count: 1000)), count: 11).joined())
        #expect(throws: ArchiveError.tooLong(limit: 10_000)) { try Gzip.decompress(members, limit: 10_000) }
    }

    @Test("what is cut short or damaged is an error")
    func damaged() {
        let packed = gzip(Array("some bytes that are packed".utf8))
        for count in 0..<packed.count {
            #expect(throws: ArchiveError.endsEarly) { try Gzip.decompress(Array(packed[..<count]), limit: 100) }
        }
        var changed = packed
        changed[packed.count - 8] ^= 1
        #expect(throws: ArchiveError.corrupt) { try Gzip.decompress(changed, limit: 100) }
        #expect(throws: ArchiveError.noGzip) { try Gzip.decompress(Array("no gzip at all".utf8), limit: 100) }
        // The same data in zlib's own wrapping.
        #expect(throws: ArchiveError.noGzip) {
            try Gzip.decompress(gzip(Array("some bytes".utf8), windowBits: 15), limit: 100)
        }
        #expect(throws: ArchiveError.self) { try Gzip.decompress(packed + Array("after the end".utf8), limit: 100) }
    }

    // MARK: tar

    @Test("files of every dialect are found by their whole name", arguments: TarWriter.Dialect.allCases)
    func dialects(_ dialect: TarWriter.Dialect) throws {
        let long = "targets/" + String(repeating: "0123456789abcdef", count: 8) + ".trusted_root.json"
        let short = "targets/" + String(repeating: "a", count: 64) + ".rekor.pub"
        let contents = [
            long: [UInt8](repeating: 1, count: 513), short: [2], "timestamp.json": [],
            "512": [UInt8](repeating: 3, count: 512),
        ]
        // A ustar header holds a hundred bytes of the last part of a path.
        let files = dialect == .ustar ? contents.filter { $0.key != long } : contents
        let archive = try TarArchive(TarWriter.archive(files, in: "repository", dialect))
        #expect(archive.files.count == files.count)
        for (name, bytes) in files { #expect(archive["repository/\(name)"] == bytes, "\(name)") }
        #expect(archive["repository"] == nil)
    }

    @Test(
        "a name is a path from the archive's own folder",
        arguments: [("./a/b", "a/b"), ("/a/b", "a/b"), ("a//b", "a/b"), ("a/./b", "a/b"), ("a..b/..c", "a..b/..c")])
    func names(_ written: String, _ path: String) throws {
        var writer = TarWriter()
        writer.add(written, [1])
        #expect(try TarArchive(writer.bytes)[path] == [1])
    }

    @Test(
        "a name that leaves it is refused, a folder's or a link's too",
        arguments: ["..", "../a", "a/../b", "a/..", "repository/../../etc/passwd", "a\\b", ""])
    func unsafeNames(_ name: String) {
        for type in ["0", "5", "2"] as [Unicode.Scalar] {
            var writer = TarWriter()
            writer.add(name, [], type: type)
            #expect(throws: ArchiveError.unsafeName(name)) { try TarArchive(writer.bytes) }
        }
    }

    @Test("of two files of one name the last counts, and links and devices are no files")
    func entries() throws {
        var writer = TarWriter()
        writer.add("a", [1])
        writer.add("link", [], type: "2", link: "/etc/passwd")
        writer.add("hard", [], type: "1", link: "a")
        writer.add("device", [], type: "3")
        writer.add("a", [2])
        let archive = try TarArchive(writer.bytes)
        #expect(archive.files.count == 1)
        #expect(archive["a"] == [2])
    }

    @Test("a pax record says a file's name and size, and a global one nothing about the next file")
    func records() throws {
        var writer = TarWriter()
        writer.add("global", TarWriter.record("path", "other"), type: "g")
        writer.add("record", TarWriter.record("path", "a/é") + TarWriter.record("mtime", "1.5"), type: "x")
        writer.add("b", [1])
        writer.add("b", [2])
        let archive = try TarArchive(writer.bytes)
        #expect(archive["a/é"] == [1])
        #expect(archive["b"] == [2])
        #expect(archive.files.count == 2)
    }

    @Test(
        "a record that is not well-formed is refused",
        arguments: [
            "x", "5 a=b\n", "99999 path=a\n", "-1 path=a\n", "12 path=a/b\n\n", "21 GNU.sparse.size=1\n", "8 size=\n",
        ])
    func badRecords(_ text: String) {
        var writer = TarWriter()
        writer.add("record", Array(text.utf8), type: "x")
        writer.add("b", [1])
        #expect(throws: ArchiveError.malformed(header: 1, why: "has a record that is not well-formed")) {
            try TarArchive(writer.bytes)
        }
    }

    @Test("an archive that is cut short is an error, unless it ends behind an entry")
    func cut() throws {
        let whole = TarWriter.archive(["a": [UInt8](repeating: 1, count: 600), "b": [2]], in: "")
        #expect(try TarArchive(Array(whole.dropLast(512))).files.count == 2)
        #expect(try TarArchive(Array(whole.dropLast(1024))).files.count == 2)
        for count in 1..<(512 + 600) {
            #expect(throws: ArchiveError.endsEarly) { try TarArchive(Array(whole[..<count])) }
        }
        #expect(try TarArchive(Array(whole[..<(512 + 1024)])).files.count == 1)
        #expect(throws: ArchiveError.endsEarly) { try TarArchive(Array(whole[..<(512 + 1024 + 100)])) }
        #expect(try TarArchive([]).files.isEmpty)
    }

    @Test("a header that is not as it should be is an error")
    func headers() {
        let whole = TarWriter.archive(["a": [1]], in: "")
        func changed(_ place: Int, _ bytes: [UInt8], sum: Bool = true) -> [UInt8] {
            var archive = whole
            archive.replaceSubrange(place..<(place + bytes.count), with: bytes)
            guard sum else { return archive }
            archive.replaceSubrange(148..<156, with: [UInt8](repeating: 0x20, count: 8))
            let total = archive[..<512].reduce(0) { $0 + Int($1) }
            let digits = String(total, radix: 8)
            archive.replaceSubrange(148..<(148 + digits.utf8.count), with: digits.utf8)
            return archive
        }
        #expect(throws: Never.self) { try TarArchive(changed(0, Array("b".utf8))) }
        #expect(throws: ArchiveError.malformed(header: 1, why: "has another checksum")) {
            try TarArchive(changed(0, Array("b".utf8), sum: false))
        }
        for size in [
            Array("0000000000x".utf8), [0xFF] + [UInt8](repeating: 0xFF, count: 11),
            [0x80] + [UInt8](repeating: 0xFF, count: 11),
        ] {
            #expect(throws: ArchiveError.malformed(header: 1, why: "has a size that is no number")) {
                try TarArchive(changed(124, size))
            }
        }
        for size in [Array("77777777777".utf8), [0x80, 0, 0, 0, 0] + [UInt8](repeating: 0xFF, count: 7)] {
            #expect(throws: ArchiveError.endsEarly) { try TarArchive(changed(124, size)) }
        }
        #expect(throws: Never.self) { try TarArchive(changed(124, [0x80] + [UInt8](repeating: 0, count: 10) + [1])) }
        #expect(throws: ArchiveError.malformed(header: 1, why: "is of a type that is not read: 83")) {
            try TarArchive(changed(156, Array("S".utf8)))
        }
        #expect(throws: ArchiveError.malformed(header: 1, why: "follows a block of zeros")) {
            try TarArchive(whole[..<1024] + [UInt8](repeating: 0, count: 512) + whole)
        }
    }

    @Test("an archive of more entries than anybody packs is refused")
    func tooMany() {
        var writer = TarWriter()
        for _ in 0...TarArchive.maximumEntries { writer.add("d/", [], type: "5") }
        #expect(throws: ArchiveError.tooManyFiles(limit: TarArchive.maximumEntries)) { try TarArchive(writer.bytes) }
    }
}
