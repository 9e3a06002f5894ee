// SPDX-License-Identifier: Apache-2.0

/// The files of a tar archive in memory: POSIX ustar and pax, and GNU's long names, as Go's and Python's writers and GNU
/// tar make them. Folders, links and devices are left out: nothing here is ever written to a disk.
///
///     512 bytes: name 100 | mode 8 | uid 8 | gid 8 | size 12 | mtime 12 | checksum 8 | type 1 | link 100 |
///                magic 6 | version 2 | owner 32 | group 32 | major 8 | minor 8 | prefix 155 | 12
///     then the file, filled up to a multiple of 512; at the end two blocks of zeros
struct TarArchive: Sendable {
    /// By path without a leading `/` or `./`; of several of one name the last, as unpacking has it.
    private(set) var files: [[UInt8]: ArraySlice<UInt8>] = [:]

    /// Entries of one archive, folders among them; the public-good repository has a hundred files.
    static let maximumEntries = 4096
    /// Bytes of one path; a hash of 128 digits and a name take under 300.
    static let maximumPathLength = 4096
    /// Bytes of the records before one entry: a path and a few attributes.
    private static let maximumRecordLength = 64 << 10
    private static let blockSize = 512

    subscript(path: String) -> [UInt8]? { files[Array(path.utf8)].map { Array($0) } }

    init(_ bytes: [UInt8]) throws(ArchiveError) {
        var reader = Reader(bytes: bytes)
        // What the entries before say about the next one.
        var longName: [UInt8]?
        var record = PaxRecord()
        while let header = try reader.header() {
            let size = record.size ?? header.size
            switch header.type {
            case UInt8(ascii: "L"):
                longName = Array(try reader.contents(try reader.recordLength(header.size)).prefix { $0 != 0 })
                continue
            case UInt8(ascii: "K"), UInt8(ascii: "g"):
                _ = try reader.contents(try reader.recordLength(header.size))
                continue
            case UInt8(ascii: "x"):
                let text = try reader.contents(try reader.recordLength(header.size))
                guard let read = PaxRecord(text) else { throw reader.malformed("has a record that is not well-formed") }
                record = read
                continue
            case UInt8(ascii: "0"), 0, UInt8(ascii: "7"):
                let path = try Self.path(record.path ?? longName ?? header.path)
                let contents = try reader.contents(size)
                // A name that ends in a slash is a folder's, of before there were types.
                if let path { files[path] = contents }
            case UInt8(ascii: "1")...UInt8(ascii: "6"):
                _ = try Self.path(record.path ?? longName ?? header.path)
                // Links and devices have no contents, whatever their size says; a folder's says how much it may hold.
                break
            default: throw reader.malformed("is of a type that is not read: \(header.type)")
            }
            longName = nil
            record = PaxRecord()
        }
    }

    /// `nil` for a folder. Throws for a path that leaves the archive.
    private static func path(_ name: [UInt8]) throws(ArchiveError) -> [UInt8]? {
        func unsafe() -> ArchiveError { .unsafeName(String(decoding: name.prefix(200), as: UTF8.self)) }
        guard !name.isEmpty, name.count <= maximumPathLength, !name.contains(0), !name.contains(UInt8(ascii: "\\"))
        else { throw unsafe() }
        let parts = name.split(separator: UInt8(ascii: "/")).filter { !$0.elementsEqual(".".utf8) }
        guard !parts.contains(where: { $0.elementsEqual("..".utf8) }) else { throw unsafe() }
        guard name.last != UInt8(ascii: "/"), !parts.isEmpty else { return nil }
        return Array(parts.joined(separator: [UInt8(ascii: "/")]))
    }

    private struct Header {
        let path: [UInt8]
        let size: Int
        let type: UInt8
    }

    private struct Reader {
        let bytes: [UInt8]
        var at = 0
        var headers = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        func malformed(_ why: String) -> ArchiveError { .malformed(header: headers, why: why) }

        /// `nil` at the end: two blocks of zeros, one as the last of all, or no more bytes.
        mutating func header() throws(ArchiveError) -> Header? {
            guard at < bytes.count else { return nil }
            let block = try block()
            if block.allSatisfy({ $0 == 0 }) {
                guard at < bytes.count else { return nil }
                guard try self.block().allSatisfy({ $0 == 0 }) else { throw malformed("follows a block of zeros") }
                return nil
            }
            headers += 1
            guard headers <= maximumEntries else { throw .tooManyFiles(limit: maximumEntries) }
            guard let sum = octal(block.dropFirst(148).prefix(8)), Self.sums(block).contains(sum) else {
                throw malformed("has another checksum")
            }
            guard let size = number(block.dropFirst(124).prefix(12)) else {
                throw malformed("has a size that is no number")
            }
            let fields = Array(block)
            var path = Array(fields[0..<100].prefix { $0 != 0 })
            // GNU's magic is `ustar  `, and it has no prefix there.
            if fields[257..<263].elementsEqual([0x75, 0x73, 0x74, 0x61, 0x72, 0x00]) {
                let prefix = fields[345..<500].prefix { $0 != 0 }
                if !prefix.isEmpty { path = prefix + [UInt8(ascii: "/")] + path }
            }
            return Header(path: path, size: Int(size), type: fields[156])
        }

        /// The bytes of the entry whose header was read last.
        mutating func contents(_ size: Int) throws(ArchiveError) -> ArraySlice<UInt8> {
            guard size >= 0, size <= bytes.count - at else { throw .endsEarly }
            let contents = bytes[at..<(at + size)]
            // The last file of an archive that was cut after it lacks its padding.
            at = min(bytes.count, at + size + (blockSize - size % blockSize) % blockSize)
            return contents
        }

        func recordLength(_ size: Int) throws(ArchiveError) -> Int {
            guard size <= maximumRecordLength else { throw malformed("has a record that is too long") }
            return size
        }

        private mutating func block() throws(ArchiveError) -> ArraySlice<UInt8> {
            guard bytes.count - at >= blockSize else { throw .endsEarly }
            defer { at += blockSize }
            return bytes[at..<(at + blockSize)]
        }

        /// The sum of all bytes, the checksum's own counted as blanks: of unsigned bytes, and of signed ones as some old
        /// writers have it.
        private static func sums(_ block: ArraySlice<UInt8>) -> [Int64] {
            var unsigned: Int64 = 0
            var signed: Int64 = 0
            for (index, byte) in block.enumerated() {
                let byte = 148..<156 ~= index ? UInt8(ascii: " ") : byte
                unsigned += Int64(byte)
                signed += Int64(Int8(bitPattern: byte))
            }
            return [unsigned, signed]
        }

        /// Octal digits between blanks and zeros; nothing at all is zero.
        private func octal(_ field: ArraySlice<UInt8>) -> Int64? {
            let isFiller = { (byte: UInt8) in byte == 0 || byte == UInt8(ascii: " ") }
            var digits = field.drop(while: isFiller)
            while let last = digits.last, isFiller(last) { digits = digits.dropLast() }
            var value: Int64 = 0
            for digit in digits {
                guard UInt8(ascii: "0")...UInt8(ascii: "7") ~= digit else { return nil }
                value = value << 3 | Int64(digit - UInt8(ascii: "0"))
            }
            return value
        }

        /// Octal, or GNU's binary form with the highest bit set, of which only what fits is read.
        private func number(_ field: ArraySlice<UInt8>) -> Int64? {
            guard let first = field.first, first & 0x80 != 0 else { return octal(field) }
            guard first == 0x80, field.dropFirst().prefix(4).allSatisfy({ $0 == 0 }) else { return nil }
            let value = field.suffix(7).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return Int64(exactly: value)
        }
    }
}

/// What the records before an entry say about it: `LENGTH KEY=VALUE\n` each. POSIX.1-2017 pax, "pax Extended Header".
private struct PaxRecord {
    var path: [UInt8]?
    var size: Int?

    init() {}

    init?(_ text: ArraySlice<UInt8>) {
        var rest = text
        while !rest.isEmpty {
            guard let space = rest.firstIndex(of: UInt8(ascii: " ")),
                let length = Self.number(rest[..<space]), length > rest.distance(from: rest.startIndex, to: space) + 1,
                length <= rest.count
            else { return nil }
            let record = rest.prefix(length)
            guard record.last == UInt8(ascii: "\n") else { return nil }
            let pair = record.dropLast().suffix(from: space + 1)
            guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else { return nil }
            let value = pair.suffix(from: equals + 1)
            switch String(decoding: pair[..<equals], as: UTF8.self) {
            case "path": path = Array(value)
            case "size":
                guard let number = Self.number(value) else { return nil }
                size = number
            // A file with holes is not stored as its bytes are.
            case let key where key.hasPrefix("GNU.sparse."): return nil
            default: break
            }
            rest = rest.dropFirst(length)
        }
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard 1...12 ~= digits.count else { return nil }
        var value = 0
        for digit in digits {
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= digit else { return nil }
            value = value * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return value
    }
}
