// SPDX-License-Identifier: Apache-2.0
import Policy

#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The files that `--policies` names: a file, or every `*.yaml`, `*.yml` and `*.json` of a directory, without those
/// below it and without those whose name begins with a dot. Symbolic links are followed, as a mounted ConfigMap needs.
struct PolicyFiles: Sendable {
    let paths: [String]

    /// Files of one directory. A ConfigMap or an operator's repository holds tens; more is a mistake in the flag.
    static let maximumFiles = 1024
    /// Bytes of all files of one source together, kept in memory to be compared.
    static let maximumTotalBytes = 32 << 20

    init(_ paths: [String]) { self.paths = paths }

    /// The policies that these files hold now, with the texts on the web that they refer to. Throws, with file, line and
    /// path, where anything is not whole; a text that cannot be fetched is for the verdict to say.
    static func load(
        _ paths: [String], rules: DocumentRules = DocumentRules(), network: RegistryAccess
    ) async throws(UsageError) -> PolicySet {
        var state: PolicyFilesState
        do throws(PolicyLoadError) {
            state = try PolicyFilesState(starting: PolicyFiles(paths).snapshot(), rules: rules, now: .now)
        } catch {
            throw UsageError(error.description)
        }
        state.update(remotes: await RemotePolicies(access: network).fetch(state.missingRemotes))
        return state.set
    }

    /// One look at everything. Never throws: what cannot be read is part of what was seen.
    func snapshot() -> PolicySnapshot {
        PolicySnapshot(sources: paths.map { PolicySnapshot.Source(path: $0, content: content(of: $0)) })
    }

    private func content(of path: String) -> PolicySnapshot.Source.Content {
        let directory = open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY)
        guard directory >= 0 else { return errno == ENOTDIR ? .files([file(path)]) : .unavailable(reason(errno)) }
        close(directory)
        switch names(in: path) {
        case .failure(let failure): return .unavailable(failure.reason)
        case .success(let names):
            guard names.count <= Self.maximumFiles else {
                return .unavailable("more than \(Self.maximumFiles) policy files in one directory")
            }
            let directory = path.hasSuffix("/") ? path : "\(path)/"
            var files: [PolicySnapshot.File] = []
            var bytes = 0
            for name in names {
                let file = file(directory + name)
                if case .text(let text) = file.content { bytes += text.count }
                guard bytes <= Self.maximumTotalBytes else {
                    return .unavailable("more than \(Self.maximumTotalBytes) bytes of policy files in one directory")
                }
                files.append(file)
            }
            return .files(files)
        }
    }

    private struct Failure: Error {
        let reason: String
    }

    /// In order; only those that are read.
    private func names(in path: String) -> Result<[String], Failure> {
        guard let directory = opendir(path) else { return .failure(Failure(reason: reason(errno))) }
        defer { closedir(directory) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(directory) else { break }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            guard !name.hasPrefix("."), [".yaml", ".yml", ".json"].contains(where: name.hasSuffix) else { continue }
            names.append(name)
            // One more than allowed is enough to refuse them all.
            if names.count > Self.maximumFiles { break }
        }
        guard errno == 0 else { return .failure(Failure(reason: reason(errno))) }
        return .success(names.sorted())
    }

    private func file(_ path: String) -> PolicySnapshot.File {
        switch bytes(of: path) {
        case .success(let text): PolicySnapshot.File(path: path, content: .text(text))
        case .failure(let failure): PolicySnapshot.File(path: path, content: .unreadable(failure.reason))
        }
    }

    private func bytes(of path: String) -> Result<[UInt8], Failure> {
        // Without O_NONBLOCK a pipe of that name would hold us for ever.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return .failure(Failure(reason: reason(errno))) }
        defer { close(descriptor) }
        // What has no position to read at is a pipe or a socket; a directory fails when it is read.
        guard lseek(descriptor, 0, SEEK_CUR) >= 0 else { return .failure(Failure(reason: "it is no file")) }
        // The size that the file system tells is only a hint; what is read is what is bounded.
        let limit = PolicyFile.maximumBytes + 1
        var text: [UInt8] = []
        while text.count < limit {
            let wanted = min(64 << 10, limit - text.count)
            var count = 0
            let chunk = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, initialized in
                count = read(descriptor, buffer.baseAddress, wanted)
                initialized = max(0, count)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return .failure(Failure(reason: reason(errno))) }
            if count == 0 { break }
            text += chunk
        }
        guard text.count < limit else {
            return .failure(Failure(reason: "it is larger than \(PolicyFile.maximumBytes) bytes"))
        }
        return .success(text)
    }

    private func reason(_ code: Int32) -> String {
        switch code {
        case ENOENT: "there is no such file or directory"
        case EACCES: "permission denied"
        case EISDIR: "it is no file"
        case ENOTDIR: "a part of its path is no directory"
        case ELOOP: "too many symbolic links"
        case EMFILE, ENFILE: "too many open files"
        default: "it cannot be read (error \(code))"
        }
    }
}
