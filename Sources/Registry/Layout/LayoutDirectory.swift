// SPDX-License-Identifier: Apache-2.0
import OCI
import Policy

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The files of an OCI image layout, opened so that nothing outside of the directory can be meant: each step of the way is
/// opened relative to the one before, symbolic links are not followed, and only regular files are read.
struct LayoutDirectory: Sendable {
    let path: String

    enum ReadingError: Error {
        case missing, notRegular, tooLarge, unreadable
    }

    /// Throws where it is no directory that can be opened.
    func open() throws(ReadingError) { close(try open(directory: [])) }

    /// The file at a path of components below the directory.
    func read(_ components: [String], maximumBytes: Int) throws(ReadingError) -> [UInt8] {
        var bytes: [UInt8] = []
        try read(components, maximumBytes: maximumBytes) { bytes += $0 }
        return bytes
    }

    /// The same file in pieces.
    func read(
        _ components: [String], maximumBytes: Int, _ take: (UnsafeRawBufferPointer) -> Void
    ) throws(ReadingError) {
        let parent = try open(directory: components.dropLast())
        defer { close(parent) }
        guard let name = components.last else { throw .missing }
        // Not blocking: a named pipe must not hold us until somebody writes to it.
        let file = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw errno == ENOENT ? .missing : .unreadable }
        defer { close(file) }
        try Self.read(file, maximumBytes: maximumBytes, take)
    }

    /// Names and sizes of the regular files in a directory, in order of name; `nil` where there are more than `maximum`.
    func files(in components: [String], maximum: Int) throws(ReadingError) -> [(name: String, size: Int64)]? {
        let descriptor = try open(directory: components[...])
        guard let stream = fdopendir(descriptor) else {
            close(descriptor)
            throw .unreadable
        }
        defer { closedir(stream) }
        var files: [(name: String, size: Int64)] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: pointer.pointee)) {
                    String(cString: $0)
                }
            }
            guard name != ".", name != ".." else { continue }
            var facts = stat()
            guard fstatat(dirfd(stream), name, &facts, AT_SYMLINK_NOFOLLOW) == 0,
                facts.st_mode & S_IFMT == S_IFREG
            else { continue }
            guard files.count < maximum else { return nil }
            files.append((name, Int64(facts.st_size)))
        }
        return files.sorted { $0.name < $1.name }
    }

    private func open(directory components: ArraySlice<String>) throws(ReadingError) -> CInt {
        // The directory itself was named by the operator, and may be a link.
        #if canImport(Glibc)
            var descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        #else
            var descriptor = Musl.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        #endif
        guard descriptor >= 0 else { throw errno == ENOENT ? .missing : .unreadable }
        for component in components {
            let next = openat(descriptor, component, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            let isMissing = next < 0 && errno == ENOENT
            close(descriptor)
            guard next >= 0 else { throw isMissing ? .missing : .unreadable }
            descriptor = next
        }
        return descriptor
    }

    private static func read(
        _ file: CInt, maximumBytes: Int, _ take: (UnsafeRawBufferPointer) -> Void
    ) throws(ReadingError) {
        var facts = stat()
        guard fstat(file, &facts) == 0 else { throw .unreadable }
        guard facts.st_mode & S_IFMT == S_IFREG else { throw .notRegular }
        guard facts.st_size <= maximumBytes else { throw .tooLarge }
        var taken = 0
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = chunk.withUnsafeMutableBytes { Self.readSome(file, $0) }
            guard count >= 0 else { throw .unreadable }
            if count == 0 { return }
            // It may grow while it is read.
            guard count <= maximumBytes - taken else { throw .tooLarge }
            taken += count
            chunk.withUnsafeBytes { take(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
    }

    private static func readSome(_ file: CInt, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
        while true {
            #if canImport(Glibc)
                let count = Glibc.read(file, buffer.baseAddress, buffer.count)
            #else
                let count = Musl.read(file, buffer.baseAddress, buffer.count)
            #endif
            if count < 0, errno == EINTR { continue }
            return count
        }
    }
}
