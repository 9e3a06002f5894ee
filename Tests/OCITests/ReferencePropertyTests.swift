// SPDX-License-Identifier: Apache-2.0
import OCI
import Testing

/// SplitMix64: the same names in each run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Makes names from the pieces that names are made of, so that many are valid and most of the rest nearly so.
private struct NameGenerator {
    private static let hosts = [
        "docker.io/", "index.docker.io/", "registry-1.docker.io/", "localhost/", "localhost:5000/", "q.io/",
        "Q.io:443/",
        "a-b.c:0080/", "[::1]:5000/", "[2001:DB8::1]/", "127.0.0.1/", "Foo/", "q.io:65536/", "a_b.c/",
    ].map { Array($0.utf8) }
    private static let components = [
        "a", "library", "nginx", "a.b", "a_b", "a__b", "a--b", "0", "x9", "A", "a_", "", "a..b", "sha256",
    ].map { Array($0.utf8) }
    private static let tags = ["latest", "v1", "_x", "1.2-3", "T", "", ".a", "a:b"].map { Array($0.utf8) }
    private static let digests: [[UInt8]] = {
        let hex = String(repeating: "0123456789abcdef", count: 4)
        return ["sha256:" + hex, "sha512:" + hex + hex, "sha256:" + hex + "0", "sha384:" + hex, "sha256:"].map {
            Array($0.utf8)
        }
    }()
    private static let bytes = Array("aA0._-/:@[]+ \u{e9}\n".utf8)

    var random: SeededGenerator

    /// A number below a bound of at most 256; the slight bias does no harm here.
    private mutating func below(_ bound: Int) -> Int { Int(truncatingIfNeeded: random.next() >> 40) % bound }

    mutating func next() -> [UInt8] {
        var name: [UInt8] = []
        // Valid pieces stand first in each list; small numbers are likelier.
        if below(2) == 0 { name += Self.hosts[below(below(4) == 0 ? Self.hosts.count : 12)] }
        for index in 0...below(3) {
            if index > 0 { name.append(UInt8(ascii: "/")) }
            name += Self.components[below(below(6) == 0 ? Self.components.count : 9)]
        }
        if below(3) == 0 {
            name.append(UInt8(ascii: ":"))
            name += Self.tags[below(below(5) == 0 ? Self.tags.count : 5)]
        }
        if below(12) == 0 {
            name.append(UInt8(ascii: "@"))
            name += Self.digests[below(below(4) == 0 ? Self.digests.count : 2)]
        }
        if below(4) == 0, !name.isEmpty {
            let place = below(min(name.count, 256))
            switch below(3) {
            case 0: name[place] = Self.bytes[below(Self.bytes.count)]
            case 1: name.insert(Self.bytes[below(Self.bytes.count)], at: place)
            default: name.remove(at: place)
            }
        }
        return name
    }
}

@Suite("References, a million of them")
struct ReferencePropertyTests {
    private static let slices = 10
    private static let names = 1_000_000

    @Test("what is read stays the same when it is written and read again", arguments: 0..<slices)
    func invariants(slice: Int) {
        var generator = NameGenerator(random: SeededGenerator(seed: UInt64(slice) &* 7_919 &+ 1))
        var accepted = 0
        for _ in 0..<(Self.names / Self.slices) {
            let text = String(decoding: generator.next(), as: UTF8.self)
            guard let reference = try? ImageReference(parsing: text) else { continue }
            accepted += 1
            if let fault = Self.fault(of: reference, matchesToo: accepted % 4 == 0) {
                Issue.record("\(text): \(fault)")
                return
            }
        }
        // Neither all nor none, or the invariants would say little.
        let portion = Double(accepted) / Double(Self.names / Self.slices)
        #expect(0.3...0.9 ~= portion)
    }

    /// The first invariant that does not hold; reading the matching name, too, takes its time. Plain comparisons, as `#expect` takes its time.
    private static func fault(of reference: ImageReference, matchesToo: Bool) -> String? {
        guard let again = try? ImageReference(parsing: reference.canonicalName) else { return "canonical name unread" }
        guard again.domain == reference.domain, again.repository == reference.repository, again.tag == reference.tag,
            again.digest == reference.digest
        else { return "canonical name read as another" }
        guard again.canonicalName == reference.canonicalName else { return "canonical name not stable" }
        let host = reference.repository.host
        guard !host.isEmpty, host == Repository.foldedHost(host) else { return "host not folded" }
        let path = reference.repository.path
        guard 1...255 ~= path.utf8.count, path.utf8.first != UInt8(ascii: "/") else { return "path" }
        let name = reference.matchingName
        let prefix = host == "docker.io" ? "index.docker.io" : host
        let suffix = reference.digest.map { "@\($0.algorithm.rawValue):\($0.hex)" } ?? ":" + (reference.tag ?? "latest")
        guard name == "\(prefix)/\(path)\(suffix)" else { return "matching name" }
        guard matchesToo else { return nil }
        // What only the written host says is lost once it is folded: that `Q/a` has a host, and at Docker Hub's registry
        // that there is no `library/`.
        let isHost =
            host == "localhost" || host.utf8.contains(UInt8(ascii: ".")) || host.utf8.contains(UInt8(ascii: ":"))
        guard isHost, host != "docker.io" || path.utf8.contains(UInt8(ascii: "/")) else { return nil }
        guard let matched = try? ImageReference(parsing: name), matched.repository == reference.repository,
            matched.digest == reference.digest
        else { return "matching name read as another" }
        return nil
    }
}
