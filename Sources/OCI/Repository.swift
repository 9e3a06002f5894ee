// SPDX-License-Identifier: Apache-2.0

/// A repository at a registry, in the one spelling that is compared: host in lower case, without the default port and
/// without a trailing dot, Docker Hub's aliases folded into `docker.io`.
public struct Repository: Hashable, Sendable {
    /// Host with a port that is not 443; IPv6 in brackets.
    public let host: String
    /// `library/nginx`; lower case, no leading slash.
    public let path: String

    package init(host: String, path: String) {
        self.host = host
        self.path = path
    }

    /// The repository at a host that may be written in any of its spellings.
    package init(domain: String, path: String) {
        self.init(host: Self.foldedHost(domain), path: path)
    }

    /// The host to connect to: Docker Hub's registry answers at `registry-1.docker.io`.
    public var endpoint: String { host == "docker.io" ? "registry-1.docker.io" : host }

    /// The one spelling of a host, with or without port: `Index.Docker.IO.:0443` is `docker.io`.
    public static func foldedHost(_ domain: String) -> String {
        var name: [UInt8] = []
        var port: [UInt8] = []
        var isPort = false
        var isBracketed = false
        for byte in domain.utf8 {
            switch byte {
            case UInt8(ascii: ":") where !isBracketed && !isPort: isPort = true
            case UInt8(ascii: "0") where isPort && port.isEmpty: break
            case _ where isPort: port.append(byte)
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): name.append(byte | 0x20)
            default:
                if byte == UInt8(ascii: "[") { isBracketed = true }
                if byte == UInt8(ascii: "]") { isBracketed = false }
                name.append(byte)
            }
        }
        if name.last == UInt8(ascii: ".") { name.removeLast() }
        let host = String(decoding: name, as: UTF8.self)
        if !port.isEmpty, port != Array("443".utf8) { return "\(host):\(String(decoding: port, as: UTF8.self))" }
        switch host {
        case "index.docker.io", "registry-1.docker.io": return "docker.io"
        default: return host
        }
    }
}

extension Repository: CustomStringConvertible {
    public var description: String { "\(host)/\(path)" }
}
