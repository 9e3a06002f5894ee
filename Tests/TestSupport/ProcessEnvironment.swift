// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// The variables this process was started with.
public enum ProcessEnvironment {
    public static let current: [String: String] = {
        // Read through /proc, since walking C's `environ` is not safe in Swift 6 mode.
        let bytes = FileManager.default.contents(atPath: "/proc/self/environ").map { Array($0) } ?? []
        var variables: [String: String] = [:]
        for entry in bytes.split(separator: 0) {
            guard let equals = entry.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let name = String(decoding: entry[..<equals], as: UTF8.self)
            variables[name] = String(decoding: entry[(equals + 1)...], as: UTF8.self)
        }
        return variables
    }()
}
