// SPDX-License-Identifier: Apache-2.0
#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Small files: tokens, certificates, kubeconfig.
enum AccessFile {
    /// A kubeconfig of many clusters with their certificates stays well below.
    static let maximumBytes = 4 << 20

    static func bytes(at path: String) throws(ClusterAccessError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw ClusterAccessError("\(path) cannot be read (error \(errno))") }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        while true {
            var count = 0
            let chunk = [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, initialized in
                count = read(descriptor, buffer.baseAddress, buffer.count)
                initialized = max(0, count)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw ClusterAccessError("\(path) cannot be read (error \(errno))") }
            if count == 0 { return bytes }
            bytes += chunk
            guard bytes.count <= maximumBytes else {
                throw ClusterAccessError("\(path) is larger than \(maximumBytes) bytes")
            }
        }
    }

    /// Without white space at both ends.
    static func trimmed(_ text: String) -> String {
        var text = text[...]
        while let first = text.first, first.isWhitespace { text = text.dropFirst() }
        while let last = text.last, last.isWhitespace { text = text.dropLast() }
        return String(text)
    }
}
