// SPDX-License-Identifier: Apache-2.0
import Glibc
import WebhookServer

extension ListenAddress {
    /// Binds to the address and lets it go again, so that an address in use is told as a sentence that names it, before
    /// anything runs. Whoever takes the address between this and the server is told as a failure of the server.
    func checkIsFree(_ setting: String) throws(UsageError) {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var list: UnsafeMutablePointer<addrinfo>?
        let failure = getaddrinfo(host, String(port), &hints, &list)
        guard failure == 0, let address = list else {
            throw UsageError("--\(setting): cannot listen on \(self): the name does not resolve")
        }
        defer { freeaddrinfo(list) }
        let info = address.pointee
        let descriptor = socket(info.ai_family, info.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), info.ai_protocol)
        guard descriptor >= 0 else { throw refused(setting, errno) }
        defer { close(descriptor) }
        // As the server does: connections of a server that has just ended do not count.
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard bind(descriptor, info.ai_addr, info.ai_addrlen) == 0 else { throw refused(setting, errno) }
    }

    private func refused(_ setting: String, _ code: Int32) -> UsageError {
        let reason =
            switch code {
            case EADDRINUSE: "the port is in use"
            case EADDRNOTAVAIL: "this machine has no such address"
            case EACCES: "ports below 1024 need a permission that this process lacks"
            default: String(cString: strerror(code))
            }
        return UsageError("--\(setting): cannot listen on \(self): \(reason)")
    }
}
