// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import TestSupport
import Testing

@testable import countersign

@Suite("Authorities in a file of somebody else's")
struct AuthorityFileTests {
    @Test("It is read at each look; what it held before stays beside, and what cannot be read changes nothing")
    func rereading() throws {
        let folder = try TemporaryDirectory()
        let path = try folder.write("one", to: "ca.crt")
        let file = try AuthorityFile(path)
        func bundle() -> String { String(decoding: file.bundle(), as: UTF8.self) }
        #expect(bundle() == "one")
        try folder.write("two", to: "ca.crt")
        #expect(bundle() == "two\none")
        #expect(bundle() == "two\none", "looking changes nothing")
        // Somebody is writing it anew.
        try folder.write("", to: "ca.crt")
        #expect(bundle() == "two\none")
        try FileManager.default.removeItem(atPath: path)
        #expect(bundle() == "two\none")
        try folder.write("three", to: "ca.crt")
        #expect(bundle() == "three\ntwo")
    }

    @Test("One that is not there is an error at start")
    func absent() {
        #expect(throws: UsageError.self) { try AuthorityFile("/nonexistent") }
    }
}
