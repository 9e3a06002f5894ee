// SPDX-License-Identifier: Apache-2.0

/// Writes tar archives as several tools do; it shares no code with the reader.
public struct TarWriter: Sendable {
    /// How names are written that do not fit into a header's hundred bytes.
    public enum Dialect: String, CaseIterable, Sendable {
        /// POSIX ustar, with a prefix.
        case ustar
        /// POSIX pax, with a record before.
        case pax
        /// GNU tar, with an entry `././@LongLink` before.
        case gnu
    }

    /// What has been written, without the end.
    public private(set) var entries: [UInt8] = []
    private let dialect: Dialect

    /// A writer of an empty archive.
    public init(_ dialect: Dialect = .ustar) { self.dialect = dialect }

    /// The whole archive, with two blocks of zeros at the end.
    public var bytes: [UInt8] { entries + [UInt8](repeating: 0, count: 1024) }

    /// An archive of files, in order of name, below a folder.
    public static func archive(
        _ files: [String: [UInt8]], in folder: String = "repository", _ dialect: Dialect = .gnu
    ) -> [UInt8] {
        var writer = TarWriter(dialect)
        if !folder.isEmpty { writer.add("\(folder)/", [], type: "5") }
        for (name, contents) in files.sorted(by: { $0.key < $1.key }) {
            writer.add(folder.isEmpty ? name : "\(folder)/\(name)", contents)
        }
        return writer.bytes
    }

    /// Adds a file, or an entry of another type.
    public mutating func add(_ name: String, _ contents: [UInt8], type: Unicode.Scalar = "0", link: String = "") {
        let path = Array(name.utf8)
        guard path.count > 100 else {
            write(header(path, [], contents.count, type, link), contents)
            return
        }
        switch dialect {
        case .ustar:
            let slash = path.indices.first { path[$0] == UInt8(ascii: "/") && path.count - $0 - 1 <= 100 } ?? 0
            write(header(Array(path[(slash + 1)...]), Array(path[..<slash]), contents.count, type, link), contents)
        case .pax:
            let record = Self.record("path", name)
            write(header(Array("PaxHeaders/x".utf8), [], record.count, "x", ""), record)
            write(header(Array(path.prefix(100)), [], contents.count, type, link), contents)
        case .gnu:
            write(header(Array("././@LongLink".utf8), [], path.count + 1, "L", ""), path + [0])
            write(header(Array(path.prefix(100)), [], contents.count, type, link), contents)
        }
    }

    /// `LENGTH KEY=VALUE\n`, whose length counts itself.
    public static func record(_ key: String, _ value: String) -> [UInt8] {
        let rest = " \(key)=\(value)\n"
        var length = rest.utf8.count
        while "\(length)".utf8.count + rest.utf8.count != length { length = "\(length)".utf8.count + rest.utf8.count }
        return Array("\(length)\(rest)".utf8)
    }

    private mutating func write(_ header: [UInt8], _ contents: [UInt8]) {
        entries += header + contents
        entries += [UInt8](repeating: 0, count: (512 - contents.count % 512) % 512)
    }

    private func header(
        _ name: [UInt8], _ prefix: [UInt8], _ size: Int, _ type: Unicode.Scalar, _ link: String
    ) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ bytes: [UInt8], at place: Int) { block.replaceSubrange(place..<(place + bytes.count), with: bytes) }
        func octal(_ number: Int, _ width: Int) -> [UInt8] {
            let digits = String(number, radix: 8)
            return Array((String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits).utf8)
        }
        put(name, at: 0)
        put(octal(0o644, 7), at: 100)
        put(octal(0, 7), at: 108)
        put(octal(0, 7), at: 116)
        put(octal(size, 11), at: 124)
        put(octal(1_700_000_000, 11), at: 136)
        put([UInt8](repeating: 0x20, count: 8), at: 148)
        put([UInt8(ascii: type)], at: 156)
        put(Array(link.utf8), at: 157)
        put(Array((dialect == .gnu ? "ustar  \0" : "ustar\u{0}00").utf8), at: 257)
        put(prefix, at: 345)
        put(octal(block.reduce(0) { $0 + Int($1) }, 6) + [0, 0x20], at: 148)
        return block
    }
}
