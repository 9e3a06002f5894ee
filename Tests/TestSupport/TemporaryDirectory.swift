// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc

/// A folder of a test's own, gone with its last reference.
public final class TemporaryDirectory: Sendable {
    public let path: String

    public init() throws {
        var template = Array("/tmp/countersign-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw ProcessFailure("cannot make a folder in /tmp") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The full path of a name in the folder.
    public func path(_ name: String) -> String { path + "/" + name }

    /// Writes a file, with the folders above it; answers its full path.
    @discardableResult
    public func write(_ bytes: some Sequence<UInt8>, to name: String) throws -> String {
        let target = path(name)
        if let slash = target.lastIndex(of: "/") {
            try FileManager.default.createDirectory(
                atPath: String(target[..<slash]), withIntermediateDirectories: true)
        }
        guard FileManager.default.createFile(atPath: target, contents: Data(bytes)) else {
            throw ProcessFailure("cannot write \(target)")
        }
        return target
    }

    /// As above, for text.
    @discardableResult
    public func write(_ text: String, to name: String) throws -> String { try write(text.utf8, to: name) }

    /// A file's bytes; `nil` where there is none.
    public func read(_ name: String) -> [UInt8]? {
        FileManager.default.contents(atPath: path(name)).map { Array($0) }
    }
}

/// A port of 127.0.0.1 on which nobody listened a moment ago.
public func freeLoopbackPort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw ProcessFailure("cannot make a socket") }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
        }
    }
    guard bound else { throw ProcessFailure("cannot bind to 127.0.0.1") }
    return Int(UInt16(bigEndian: address.sin_port))
}
