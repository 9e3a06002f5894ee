// SPDX-License-Identifier: Apache-2.0
import OCI
import Testing

@testable import Policy

/// How long it takes to find the policies of one image among a thousand. The goal is under 100 µs in a release build
/// (`swift test -c release -Xswiftc -enable-testing --filter PolicyIndexMeasurement` prints it); the bound here is one for
/// a debug build on a busy machine, and catches a walk over all of them.
@Suite("Measure: the index of policies", .serialized)
struct PolicyIndexMeasurement {
    enum Shape: String, CaseIterable {
        case byPrefix = "literal prefixes", byRun = "leading wildcards", mixed = "both"
    }

    @Test("1,000 policies with 2,000 distinct globs, one image", arguments: Shape.allCases)
    func thousand(_ shape: Shape) throws {
        let globs = try (0..<2000).map { number in
            let isByRun = shape == .byRun || (shape == .mixed && number.isMultiple(of: 2))
            return try Glob(isByRun ? "**/app-\(number)@*" : "registry-\(number % 50).example/team-\(number)/**")
        }
        let policies = stride(from: 0, to: 2000, by: 2).map { at in
            ClusterImagePolicy(
                name: "policy-\(at)", mode: .enforce, images: [globs[at], globs[at + 1]], match: [], authorities: [],
                documentHash: Digest(of: Array("\(at)".utf8)))
        }
        let set = PolicySet(policies: policies)
        #expect(set.policies.count == 1000)
        let images = try (0..<100).map { number in
            try reference("registry-\(number % 50).example/team-\(number * 19)/app-\(number * 17)@\(sampleDigest)")
        }
        let rounds = 2
        var named = 0
        let elapsed = ContinuousClock().measure {
            for _ in 0..<rounds {
                for image in images { named += set.policies(for: image, workload: nil).policies.count }
            }
        }
        let each = elapsed / (rounds * images.count)
        print("matching one image, \(shape.rawValue): \(each.attoseconds / 1_000_000_000_000) µs")
        #expect(named > 0)
        // Trying every glob takes long in a debug build: one image is enough to compare.
        let one = images[2]
        let linear = policies.filter { policy in policy.images.contains { $0.matches(one) } }.map(\.name)
        #expect(set.policies(for: one, workload: nil).policies.map(\.name) == linear.sorted())
        #expect(each < .milliseconds(20))
    }
}

extension Duration {
    fileprivate var attoseconds: Int64 { components.attoseconds }
}
