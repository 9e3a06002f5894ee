// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Reads small files: certificates, keys, and `/proc`, whose files have no size of their own.
enum BoundedFile {
    /// A chain of ten certificates with 4096-bit keys is under 20 KiB, `/proc/stat` of 500 processors under 200 KiB.
    static let maximumBytes = 1 << 20

    enum Failure: Error, Hashable, CustomStringConvertible {
        case unreadable(path: String, code: Int32)
        case tooLarge(path: String, limit: Int)

        var description: String {
            switch self {
            case .unreadable(let path, let code): "cannot read \(path): \(String(cString: strerror(code)))"
            case .tooLarge(let path, let limit): "\(path) is larger than \(limit) bytes"
            }
        }
    }

    static func bytes(at path: String) throws(Failure) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadable(path: path, code: errno) }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 14)
        while true {
            let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .unreadable(path: path, code: errno) }
            guard count > 0 else { return content }
            guard content.count + count <= maximumBytes else {
                throw .tooLarge(path: path, limit: maximumBytes)
            }
            content += chunk[..<count]
        }
    }
}
