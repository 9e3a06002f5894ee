// SPDX-License-Identifier: Apache-2.0
import Glibc

/// An open directory, whose files are named from there and never through a link.
final class DirectoryDescriptor: Sendable {
    private let descriptor: Int32

    /// `nil` where there is no such directory, or it cannot be opened.
    init?(_ path: String) {
        descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
    }

    deinit { close(descriptor) }

    enum Reading {
        case bytes([UInt8])
        /// It is no regular file, too large, or shorter than it says.
        case unfit
        case failed
    }

    /// The content of a file, of which no more is read than its size says.
    func read(_ name: String, maximumBytes: Int) -> Reading {
        // Without blocking, since a pipe could stand in its place.
        let file = openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return errno == ELOOP ? .unfit : .failed }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { return .failed }
        guard status.st_mode & S_IFMT == S_IFREG, (0...maximumBytes).contains(Int(status.st_size)) else {
            return .unfit
        }
        let size = Int(status.st_size)
        var failed = false
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let got = Glibc.read(file, buffer.baseAddress?.advanced(by: count), size - count)
                if got < 0, errno == EINTR { continue }
                failed = got < 0
                guard got > 0 else { return }
                count += got
            }
        }
        guard !failed else { return .failed }
        guard bytes.count == size else { return .unfit }
        // For the order in which a later run lets them go; it is of no consequence where it cannot be kept.
        _ = futimens(file, nil)
        return .bytes(bytes)
    }

    /// Writes a file beside, for nobody else to read, and puts it in its place; whether that was done.
    func write(_ bytes: [UInt8], as name: String, through temporary: String) -> Bool {
        let file = openat(descriptor, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { return false }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(file, buffer.baseAddress?.advanced(by: written), buffer.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            written += count
        }
        guard close(file) == 0, written == bytes.count,
            renameat(descriptor, temporary, descriptor, name) == 0
        else {
            remove(temporary)
            return false
        }
        return true
    }

    func remove(_ name: String) { _ = unlinkat(descriptor, name, 0) }

    /// Bytes of a regular file, and when it was last used, in seconds; `nil` for anything else.
    func size(_ name: String) -> (bytes: Int, time: Int64)? {
        var status = stat()
        guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0, status.st_mode & S_IFMT == S_IFREG,
            status.st_size >= 0
        else { return nil }
        return (Int(status.st_size), Int64(status.st_mtim.tv_sec))
    }

    enum Listing {
        case whole, tooMany, failed
    }

    /// Calls with the name of each file, of no more than `limit`.
    func list(atMost limit: Int, _ body: (String) -> Void) -> Listing {
        // A descriptor of its own, which closing the stream closes.
        let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0 else { return .failed }
        guard let stream = fdopendir(copy) else {
            close(copy)
            return .failed
        }
        defer { closedir(stream) }
        var count = 0
        while let entry = readdir(stream) {
            count += 1
            guard count <= limit else { return .tooMany }
            body(
                withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        return .whole
    }
}
