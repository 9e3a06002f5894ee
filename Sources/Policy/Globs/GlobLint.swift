// SPDX-License-Identifier: Apache-2.0

extension Glob {
    /// Why no image can ever match this glob at admission, and the better spelling; `nil` where one can.
    ///
    /// At admission every image has a digest, and is compared without its tag. Whether any such name matches is
    /// decided exactly: by walking the pattern and the grammar of names side by side.
    public var neverMatches: String? {
        guard !reachesAdmittedName else { return nil }
        let path = pattern.utf8.lastIndex(of: UInt8(ascii: "/")).map { pattern[$0...] } ?? pattern[...]
        let named = path.prefix { $0 != "@" }
        if let colon = named.utf8.firstIndex(of: UInt8(ascii: ":")), colon != path.utf8.startIndex {
            let stem = pattern[..<colon]
            return "images are compared by digest, without their tag; write \(quoted("\(stem)@*"))"
        }
        if pattern.hasPrefix("index.docker.io/") || pattern.hasPrefix("docker.io/"),
            pattern.utf8.count(where: { $0 == UInt8(ascii: "/") }) == 1
        {
            return "Docker Hub's images of one word live under library/; write "
                + quoted("index.docker.io/library\(path.prefix { $0 != "*" && $0 != "@" })@*")
        }
        if !pattern.utf8.contains(UInt8(ascii: "/")) {
            guard !stem.isEmpty else { return "'*' stops at '/', and every name has one; write '**'" }
            return
                "names begin with a host; write \(quoted("index.docker.io/library/\(stem)@*")) for an image of Docker Hub"
        }
        let host = pattern.prefix { $0 != "/" }
        if !host.utf8.contains(where: { ".:*".utf8.contains($0) }), host != "localhost", !pattern.contains("@") {
            let name = pattern.utf8.contains(UInt8(ascii: "*")) ? pattern : "\(pattern)@*"
            return "names begin with a host; write \(quoted("index.docker.io/\(name)")) for an image of Docker Hub"
        }
        if pattern.utf8.last != UInt8(ascii: "*"), !pattern.utf8.contains(UInt8(ascii: "@")) {
            return "images are compared with their digest at the end; write \(quoted("\(pattern)@*"))"
        }
        return "no name of the form host/path@digest matches it"
    }

    /// What comes before a wildcard, as far as it could be the end of a name.
    private var stem: String {
        var stem = String(pattern.prefix { $0 != "*" && $0 != "@" && $0 != ":" })
        while let last = stem.last, ".-_".contains(last) { stem.removeLast() }
        return stem
    }

    /// Breadth-first over pairs of a pattern position and a state of `AdmittedName`. At most a few hundred states
    /// times the tokens of the pattern.
    private var reachesAdmittedName: Bool {
        let tokens = name.tokens
        var seen: Set<Pair> = []
        var queue = [Pair(token: 0, state: .start)]
        while let pair = queue.popLast() {
            guard seen.insert(pair).inserted else { continue }
            guard pair.token < tokens.count else {
                if pair.state.isComplete { return true }
                continue
            }
            switch tokens[pair.token] {
            case .byte(let byte):
                if let state = pair.state.after(byte) { queue.append(Pair(token: pair.token + 1, state: state)) }
            case let wildcard:
                queue.append(Pair(token: pair.token + 1, state: pair.state))
                for byte in AdmittedName.alphabet where wildcard == .anything || byte != UInt8(ascii: "/") {
                    if let state = pair.state.after(byte) { queue.append(Pair(token: pair.token, state: state)) }
                }
            }
        }
        return false
    }

    private struct Pair: Hashable {
        let token: Int
        let state: AdmittedName
    }
}

/// Where a reader of `host/path@algorithm:hex` stands: the names that images have at admission.
private enum AdmittedName: Hashable {
    /// In the host; `matched` bytes of `localhost` or of Docker Hub's name have been read in a row from its start.
    case host(localhost: Int?, hub: Int?, isHost: Bool, isEmpty: Bool)
    /// In the path; on Docker Hub it has two components at least.
    case path(needsSlash: Bool, atStart: Bool)
    case algorithm([UInt8])
    case hex(remaining: Int)

    static let start = AdmittedName.host(localhost: 0, hub: 0, isHost: false, isEmpty: true)
    static let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789._-/:@".utf8)
    private static let localhost = Array("localhost".utf8)
    private static let hub = Array("index.docker.io".utf8)

    var isComplete: Bool { self == .hex(remaining: 0) }

    func after(_ byte: UInt8) -> AdmittedName? {
        switch self {
        case .host(let localhost, let hub, let isHost, let isEmpty):
            if byte == UInt8(ascii: "/") {
                guard !isEmpty, isHost || localhost == Self.localhost.count else { return nil }
                return .path(needsSlash: hub == Self.hub.count, atStart: true)
            }
            guard Self.isWord(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: ":") else { return nil }
            return .host(
                localhost: Self.advance(localhost, in: Self.localhost, byte),
                hub: Self.advance(hub, in: Self.hub, byte),
                isHost: isHost || byte == UInt8(ascii: ".") || byte == UInt8(ascii: ":"), isEmpty: false)
        case .path(let needsSlash, let atStart):
            switch byte {
            case UInt8(ascii: "/"): return atStart ? nil : .path(needsSlash: false, atStart: true)
            case UInt8(ascii: "@"): return atStart || needsSlash ? nil : .algorithm([])
            default:
                guard Self.isWord(byte) || (byte == UInt8(ascii: ".") && !atStart) else { return nil }
                return .path(needsSlash: needsSlash, atStart: false)
            }
        case .algorithm(let read):
            let text = read + [byte]
            if text == Array("sha256:".utf8) { return .hex(remaining: 64) }
            if text == Array("sha512:".utf8) { return .hex(remaining: 128) }
            return "sha256:".utf8.starts(with: text) || "sha512:".utf8.starts(with: text) ? .algorithm(text) : nil
        case .hex(let remaining):
            let isHex = UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte
            return isHex && remaining > 0 ? .hex(remaining: remaining - 1) : nil
        }
    }

    private static func advance(_ matched: Int?, in word: [UInt8], _ byte: UInt8) -> Int? {
        guard let matched, matched < word.count, word[matched] == byte else { return nil }
        return matched + 1
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }
}
