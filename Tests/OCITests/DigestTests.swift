// SPDX-License-Identifier: Apache-2.0
import OCI
import Testing

@Suite("Digests")
struct DigestTests {
    private static let empty256 = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    private static let empty512 =
        "sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
        + "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"

    @Test("the digests of no bytes are the well-known ones")
    func known() throws {
        #expect(Digest(of: []).description == Self.empty256)
        #expect(Digest(of: [], .sha512).description == Self.empty512)
        #expect(try Digest(Self.empty256).matches([]))
        #expect(try Digest(Self.empty512).matches([]))
        #expect(try !Digest(Self.empty256).matches([0]))
    }

    @Test("a digest stands in tags without colon")
    func tagStem() throws {
        #expect(try Digest(Self.empty256).tagStem == Self.empty256.replacing(":", with: "-"))
    }

    private static let long = ["A", "g", "\u{e9}", "a"].map { String(repeating: $0, count: $0 == "\u{e9}" ? 32 : 64) }
    private static let refusals: [(String, DigestError)] = [
        ("", .missingAlgorithm), ("sha256", .missingAlgorithm), (":ab", .unknownAlgorithm("")),
        ("md5:ab", .unknownAlgorithm("md5")), ("sha256 :ab", .unknownAlgorithm("sha256 ")),
        ("sha256:", .wrongLength(expected: 64, found: 0)),
        ("sha256:" + long[0], .notLowerCaseHex),
        ("sha256:" + long[1], .notLowerCaseHex),
        ("sha256:" + long[2], .notLowerCaseHex),
        ("sha256:" + long[3].dropLast(), .wrongLength(expected: 64, found: 63)),
    ]

    @Test(
        "anything but algorithm and lower-case hex of its length is refused",
        arguments: refusals)
    func refusal(_ text: String, _ error: DigestError) {
        #expect(throws: error) { try Digest(text) }
    }
}
