// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// How many TCP connections of this machine lead to a port of 127.0.0.1 now: of `/proc/net/tcp` the lines whose other
/// end it is, in the state ESTABLISHED, 01. proc(5).
func openConnections(toPort port: Int) -> Int {
    let hex = String(port, radix: 16, uppercase: true)
    let other = ":" + String(repeating: "0", count: max(0, 4 - hex.count)) + hex
    let data = FileManager.default.contents(atPath: "/proc/net/tcp") ?? Data()
    return String(decoding: data, as: UTF8.self).split(separator: "\n").dropFirst().count { line in
        let fields = line.split(separator: " ")
        return fields.count > 3 && fields[2].hasSuffix(other) && fields[3] == "01"
    }
}
