// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The certificate authorities of registries, beside the system's: what `--registry-ca` and `--registry-ca-directory`
/// name, as PEM.
struct RegistryAuthorities: Hashable, Sendable {
    /// For every registry.
    var shared: [UInt8] = []
    /// By host, with its port where that is not 443.
    var byHost: [String: [UInt8]] = [:]

    /// Files of one directory; a ConfigMap has a MiB in all, and a bundle of authorities a few hundred KiB.
    static let maximumFiles = 256
    static let maximumFileBytes = 4 << 20
    static let maximumBytes = 16 << 20

    /// None but the system's.
    static let none = RegistryAuthorities()

    private init() {}

    init(reading access: RegistryAccess) throws(UsageError) {
        for authority in access.authorities {
            // HOST=FILE, unless the sign stands within a path.
            let parts = authority.split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2, !parts[0].contains("/") {
                try add(parts[1], for: parts[0].lowercased())
            } else {
                try add(authority, for: nil)
            }
        }
        guard let directory = access.authorityDirectory else { return }
        for name in try Self.names(in: directory) {
            try add("\(directory)/\(name)", for: Self.host(ofFile: name))
        }
    }

    private mutating func add(_ path: String, for host: String?) throws(UsageError) {
        // A file may end without a line's end.
        let pem = try readFile(path, limit: Self.maximumFileBytes) + [0x0A]
        if let host { byHost[host, default: []] += pem } else { shared += pem }
        let count = byHost.reduce(shared.count) { $0 + $1.value.count }
        guard count <= Self.maximumBytes else {
            throw UsageError("the certificate authorities of registries are more than \(Self.maximumBytes) bytes")
        }
    }

    /// `registry.example.com.crt`, `registry.example.com_5000.crt`, since a ConfigMap's keys have no colon. `nil` for
    /// `ca.crt`, which is for all.
    static func host(ofFile name: String) -> String? {
        let stem = String(name.dropLast(suffix.count)).lowercased()
        if stem == "ca" { return nil }
        guard let mark = stem.lastIndex(of: "_"), let port = Int(stem[stem.index(after: mark)...]),
            (1...65_535).contains(port)
        else { return stem }
        let host = String(stem[..<mark])
        return port == 443 ? host : "\(host):\(port)"
    }

    private static let suffix = ".crt"

    /// In order; what begins with a dot is how a ConfigMap is swapped.
    private static func names(in directory: String) throws(UsageError) -> [String] {
        guard let handle = opendir(directory) else {
            throw UsageError("cannot read \(directory): \(String(cString: strerror(errno)).lowercased())")
        }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            guard name.hasSuffix(suffix), name.utf8.count > suffix.utf8.count, !name.hasPrefix(".") else { continue }
            names.append(name)
            guard names.count <= maximumFiles else {
                throw UsageError("\(directory) holds more than the \(maximumFiles) certificates that are read")
            }
        }
        return names.sorted()
    }
}
