// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import TestSupport
import Testing

@testable import Policy

@Suite("The index of policies")
struct PolicyIndexTests {
    /// Documents as an index sees them, and what trying every glob of each says.
    struct Documents {
        let globs: [[Glob]?]
        let modes: [EnforcementMode]
        let index: PolicyIndex

        init(_ globs: [[Glob]?]) {
            self.globs = globs
            modes = globs.indices.map { $0.isMultiple(of: 3) ? .warn : .enforce }
            index = PolicyIndex(globs)
        }

        func naming(_ image: ComparedName) -> [Int] {
            globs.indices.filter { globs[$0]?.contains { $0.matches(image) } ?? true }
        }

        func naming(_ image: UnpinnedName) -> [Int] {
            globs.indices.filter { at in
                globs[at]?.contains { $0.name.matches(image, under: modes[at].decidingDigests) } ?? true
            }
        }

        /// How many documents an image is named by; records where the two ways differ.
        func compare(_ image: ImageReference, unpinned: Bool = true) -> Int {
            let named = naming(ComparedName(image))
            #expect(index.documents(naming: ComparedName(image)) == named, "\(image.asWritten)")
            if unpinned, image.digest == nil {
                let name = UnpinnedName(image)
                #expect(
                    index.documents(naming: name) { modes[$0].decidingDigests } == naming(name), "\(image.asWritten)")
            }
            return named.count
        }
    }

    @Test(
        "every image of the recorded answers is named by the globs that name it one by one",
        .enabled(if: available(SharedFolder.path(GlobOracleTests.file) != nil, orSkip: "no \(GlobOracleTests.file)")))
    func recorded() throws {
        let text = try #require(SharedFolder.bytes(GlobOracleTests.file))
        var rows: [(glob: Glob, image: ImageReference)] = []
        for line in text.split(separator: UInt8(ascii: "\n")) {
            let row = try JSONDocument(parsing: Array(line)).root
            guard let glob = try? Glob(row["glob"]?.string ?? ""),
                let image = try? ImageReference(parsing: row["image"]?.string ?? "")
            else { continue }
            rows.append((glob, image))
        }
        let globs = Set(rows.map(\.glob)).sorted { $0.pattern < $1.pattern }
        let documents = Documents(globs.map { [$0] })
        #expect(rows.count > 1000 && globs.count > 200)
        var differences: [String] = []
        var found: [ImageReference: Set<Int>] = [:]
        for (glob, image) in rows {
            let named = found[image] ?? Set(documents.index.documents(naming: ComparedName(image)))
            found[image] = named
            let isNamed = try named.contains(#require(globs.firstIndex(of: glob)))
            if isNamed != glob.matches(image) { differences.append("\(glob.pattern) \(image.asWritten)") }
        }
        #expect(differences == [])
        // Every glob with every image would take minutes.
        let some = stride(from: 0, to: rows.count, by: 199).map { rows[$0].image }
        #expect(some.reduce(0) { $0 + documents.compare($1) } > some.count)
    }

    /// Names and globs over few words, so that much of them meets.
    struct Dice: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }

        mutating func one<Element>(of elements: [Element]) throws -> Element {
            try #require(elements.randomElement(using: &self))
        }

        mutating func reference() throws -> ImageReference {
            let host = try one(of: ["ghcr.io", "docker.io", "r.example", "r.example:5000", "localhost", "GHCR.io"])
            let path = try (0..<Int.random(in: 1...3, using: &self)).map { _ in
                try one(of: ["app", "a", "team", "app-1", "library", "application", "sha256"])
            }
            let end = try one(of: [
                "", ":v1", ":latest", "@\(sampleDigest)", "@sha256:" + String(repeating: "a", count: 64),
            ])
            return try ImageReference(parsing: "\(host)/\(path.joined(separator: "/"))\(end)")
        }

        /// An image's name, of which pieces have become wildcards.
        mutating func glob() throws -> Glob {
            var name = Array(try reference().asWritten.utf8)
            for _ in 0..<Int.random(in: 0...3, using: &self) {
                let start = Int.random(in: 0..<name.count, using: &self)
                let end = try one(of: [start, start + 1, start + 4, start + 12, start + 40, name.count])
                let stars = try one(of: ["*", "**", "***"])
                name.replaceSubrange(start..<min(name.count, max(start, end)), with: Array(stars.utf8))
            }
            return try Glob(String(decoding: name, as: UTF8.self))
        }
    }

    @Test("random images are named by the documents that name them one by one", arguments: [1, 2, 3, 4, 5])
    func random(_ seed: UInt64) throws {
        var dice = Dice(state: seed)
        let globs = try (0..<150).map { number -> [Glob]? in
            if number.isMultiple(of: 49) { return nil }
            return try (0..<Int.random(in: 0...3, using: &dice)).map { _ in try dice.glob() }
        }
        let documents = Documents(globs)
        var named = 0
        for number in 0..<40 {
            named += documents.compare(try dice.reference(), unpinned: number.isMultiple(of: 4))
        }
        #expect(named > 100)
    }

    @Test("patterns that share a beginning are told apart by what they hold, whatever its length")
    func sharedBeginning() throws {
        let ends = [
            "a", "ab", "abc", "abcd", "abcdefgh", "abcdefghi", "", "*", "a*b", "*a*", "abcd*efgh", "0", "sha256:0",
        ]
        let documents = Documents(
            try ["**", "*/", "ghcr.io/*", "ghcr.io/**/"].flatMap { begin in
                try ends.flatMap { end in [try [Glob(begin + end + "*")], try [Glob(begin + end)]] }
            })
        for path in ["a", "ab", "abc", "abcd", "abcdefgh", "abcdefghi", "x/ab", "a/b/abcdxxefgh"] {
            for end in ["", ":v1", "@\(sampleDigest)"] {
                #expect(documents.compare(try reference("ghcr.io/\(path)\(end)")) > 0)
            }
        }
    }

    @Test("a policy is found by its index as it was by trying each, and keeps the order of names")
    func policies() throws {
        let policies = try (0..<40).map { number in
            try Source(
                name: "p\(39 - number)",
                images: "  images:\n  - glob: 'ghcr.io/acme/app-\(number % 7)@*'\n  - glob: '**/app-\(number % 3)**'\n"
            ).policy
        }
        let set = PolicySet(policies: policies)
        for number in 0..<8 {
            let image = try reference("ghcr.io/acme/app-\(number)@\(sampleDigest)")
            let expected = set.policies.filter { policy in policy.images.contains { $0.matches(image) } }
            #expect(set.policies(for: image, workload: nil).policies.map(\.name) == expected.map(\.name))
        }
    }
}
