// SPDX-License-Identifier: Apache-2.0

/// Why bytes are no gzip-compressed tar archive that is read here.
public enum ArchiveError: Error, Hashable, Sendable {
    /// The bytes end inside a header, a member or a file.
    case endsEarly
    /// Not what gzip writes: RFC 1952.
    case noGzip
    /// The compressed data contradicts itself or its checksum.
    case corrupt
    /// Unpacked it is longer than is read.
    case tooLong(limit: Int)
    case tooManyFiles(limit: Int)
    /// A header of the archive, from 1, that is not as POSIX and GNU tar write it; why.
    case malformed(header: Int, why: String)
    /// A name that leaves the archive's own folder.
    case unsafeName(String)
}

extension ArchiveError: CustomStringConvertible {
    /// One sentence without a full stop; the first three in the words that users of the ecosystem know.
    public var description: String {
        switch self {
        case .endsEarly: "unexpected EOF"
        case .noGzip: "gzip: invalid header"
        case .corrupt: "gzip: the data is corrupt or has another checksum"
        case .tooLong(let limit): "unpacked it is longer than the \(limit) bytes that are read"
        case .tooManyFiles(let limit): "it holds more than \(limit) files"
        case .malformed(let header, let why): "archive/tar: invalid tar header: entry \(header) \(why)"
        case .unsafeName(let name): "content filepath is tainted: \(quoted(name))"
        }
    }
}
