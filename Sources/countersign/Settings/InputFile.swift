// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The whole of a file that the command line names, or `UsageError`. Pipes are read, too, so that `<(command)` works.
func readFile(_ path: String, limit: Int = 16 << 20) throws(UsageError) -> [UInt8] {
    func failure(_ code: Int32) -> UsageError {
        let reason = String(cString: strerror(code))
        return UsageError("cannot read \(path): \(reason.prefix(1).lowercased() + reason.dropFirst())")
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(errno) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    // What is read is what is bounded: a size that the file system tells says nothing about a device or a pipe.
    while bytes.count <= limit {
        let wanted = min(64 << 10, limit + 1 - bytes.count)
        var count = 0
        let chunk = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, initialized in
            count = read(descriptor, buffer.baseAddress, wanted)
            initialized = max(0, count)
        }
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw failure(errno) }
        if count == 0 { return bytes }
        bytes += chunk
    }
    throw UsageError("\(path) is larger than \(limit) bytes")
}
