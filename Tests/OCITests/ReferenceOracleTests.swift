// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import TestSupport
import Testing

/// What the runtimes' own library answered for thousands of names, read in place.
@Suite("References as the runtimes' library reads them")
struct ReferenceOracleTests {
    private static let file = "data/oracles/references.jsonl"

    @Test("every recorded name gives the same host, repository, tag and digest, or is refused for a known reason")
    func agreesWithEveryRow() throws {
        guard let bytes = SharedFolder.bytes(Self.file) else {
            skip("needs ../shared/\(Self.file)")
            return
        }
        var rows = 0
        var agreed = 0
        var refusals: [String: Int] = [:]
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let row = try JSONDocument(parsing: Array(line)).root
            let name = try #require(row["in"]?.string)
            rows += 1
            let reading = Result { () throws(ReferenceError) in try ImageReference(parsing: name) }
            guard row["ok"]?.bool == true else {
                if case .success(let reference) = reading {
                    Issue.record("runtimes refuse \(name), we read \(reference)")
                }
                continue
            }
            switch reading {
            case .success(let reference):
                agreed += 1
                #expect(reference.domain == row["domain"]?.string, "\(name)")
                #expect(reference.repository.path == row["path"]?.string, "\(name)")
                #expect(reference.tag == row["tag"]?.string, "\(name)")
                #expect(reference.digest?.description == row["digest"]?.string, "\(name)")
            case .failure(let error):
                refusals[error.code, default: 0] += 1
                #expect(Self.isKnownRefusal(error, of: row), "\(name): \(error)")
            }
        }
        #expect(rows >= 4_875)
        #expect(agreed >= 1_490)
        #expect(Set(refusals.keys) == ["invalid-digest", "invalid-host", "host-too-long", "port-out-of-range"])
    }

    /// The closed list of what runtimes' grammar lets through and we refuse: nothing can be pulled from any of it, but
    /// for digests of other algorithms, which are denied.
    private static func isKnownRefusal(_ error: ReferenceError, of row: JSONValue) -> Bool {
        let domain = row["domain"]?.string ?? ""
        switch error {
        case .digest(.unknownAlgorithm(let algorithm)):
            return row["digest"]?.string?.hasPrefix(algorithm + ":") == true
        case .invalidHost:
            // A first component that looks like a host but is none, or brackets around no address.
            return domain.isEmpty || domain.hasPrefix("[")
        case .hostTooLong(let length):
            return length > 253 && domain.utf8.count >= length
        case .portOutOfRange(let port):
            return domain.hasSuffix(":" + port) && !(1...65535 ~= Int(port) ?? 0)
        default:
            return false
        }
    }
}
