// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import TestSupport

/// Names of real hosts that lead to this machine, for one program and its children: a mount namespace of its own in which
/// another file stands for `/etc/hosts`. It needs root, or user namespaces and port 80 for everyone.
struct NamedHosts: Sendable {
    private let unshare: String
    private let folder: TemporaryDirectory

    /// Whether a program can be given other hosts, and a registry port 80; told where it cannot.
    static func isAvailable(file: StaticString = #fileID, line: UInt = #line) async -> Bool {
        guard Tool.haveAll("unshare", "mount", file: file, line: line), let hosts = try? NamedHosts(["a.example"])
        else { return false }
        let cat = try? await hosts.command("/bin/cat", ["/etc/hosts"]).run()
        return granted(
            cat?.outputText.contains("a.example") == true && canBind(80),
            orTell: "needs a mount namespace and port 80 of 127.0.0.1, which this machine does not grant")
    }

    init(_ names: [String]) throws {
        guard let unshare = Tool.find("unshare") else { throw BenchFailure("there is no unshare") }
        self.unshare = unshare
        folder = try TemporaryDirectory()
        let lines = (["localhost"] + names).map { "127.0.0.1 \($0)\n" }
        try folder.write(lines.joined(), to: "hosts")
    }

    /// The program as it runs with these hosts.
    func command(_ program: String, _ arguments: [String], environment: [String: String]? = nil) -> Command {
        let script = #"mount --bind "$0" /etc/hosts && exec "$@""#
        return Command(
            unshare,
            ["--mount"] + (geteuid() == 0 ? [] : ["--map-root-user"])
                + ["sh", "-c", script, folder.path("hosts"), program] + arguments, environment: environment)
    }

    private static func canBind(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var reuse: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) == 0 }
        }
    }
}
