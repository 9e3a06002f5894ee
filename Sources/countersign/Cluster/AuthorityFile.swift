// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Authorities in a file that somebody else keeps, such as a mounted Secret. What it held before stays beside what it
/// holds now, since a certificate of the old authority may be shown a while longer; and what cannot be read changes
/// nothing.
final class AuthorityFile: Sendable {
    private let path: String
    private let held: Mutex<(before: [UInt8], now: [UInt8])>

    init(_ path: String) throws(UsageError) {
        self.path = path
        held = Mutex(([], try readFile(path)))
    }

    func bundle() -> [UInt8] {
        let read = try? readFile(path)
        return held.withLock { held in
            if let read, !read.isEmpty, read != held.now { held = (held.now, read) }
            return held.before.isEmpty ? held.now : held.now + [0x0A] + held.before
        }
    }
}
