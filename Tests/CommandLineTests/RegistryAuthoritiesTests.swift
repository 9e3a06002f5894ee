// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import HTTPTransport
import TestSupport
import Testing

@testable import countersign

/// The directory of registries' authorities, and what becomes of its changes.
@Suite struct RegistryAuthoritiesTests {
    @Test(
        "A file's name is its registry's",
        arguments: [
            ("registry.example.crt", "registry.example"), ("Registry.Example.crt", "registry.example"),
            ("registry.example_5000.crt", "registry.example:5000"), ("registry.example_443.crt", "registry.example"),
            ("10.0.0.1_80.crt", "10.0.0.1:80"), ("a_b.crt", "a_b"), ("a_b_5000.crt", "a_b:5000"), ("a_0.crt", "a_0"),
            ("a_70000.crt", "a_70000"), ("ca.crt", nil), ("CA.crt", nil), ("ca_5000.crt", "ca:5000"),
        ] as [(String, String?)])
    func names(file: String, host: String?) { #expect(RegistryAuthorities.host(ofFile: file) == host) }

    @Test("Certificates are read by host, beside those of flags; what is no certificate's file is not read")
    func reading() throws {
        let directory = try TemporaryDirectory()
        try directory.write("one", to: "d/a.example.crt")
        try directory.write("two", to: "d/a.example_5000.crt")
        try directory.write("all", to: "d/ca.crt")
        try directory.write("no", to: "d/notes.txt")
        try directory.write("no", to: "d/.hidden.crt")
        try directory.write("no", to: "d/.crt")
        let flag = try directory.write("flag", to: "flag.pem")
        var access = RegistryAccess(
            authorities: [flag, "a.example=\(flag)"], authorityDirectory: directory.path("d"))
        let read = try RegistryAuthorities(reading: access)
        #expect(read.shared == Array("flag\nall\n".utf8))
        #expect(read.byHost == ["a.example": Array("flag\none\n".utf8), "a.example:5000": Array("two\n".utf8)])
        access.authorityDirectory = directory.path("gone")
        #expect(throws: UsageError.self) { try RegistryAuthorities(reading: access) }
    }

    @Test("More files than are read is an error, never a part of them")
    func bounds() throws {
        let directory = try TemporaryDirectory()
        for index in 0..<RegistryAuthorities.maximumFiles { try directory.write("x", to: "h\(index).crt") }
        let access = RegistryAccess(authorityDirectory: directory.path)
        #expect(try RegistryAuthorities(reading: access).byHost.count == RegistryAuthorities.maximumFiles)
        try directory.write("x", to: "one-more.crt")
        #expect(throws: UsageError.self) { try RegistryAuthorities(reading: access) }
    }

    @Test("A change counts when two looks agree, and what cannot be used leaves the last good in force")
    func changes() throws {
        func authorities(_ text: String) -> RegistryAuthorities {
            var authorities = RegistryAuthorities.none
            authorities.shared = Array(text.utf8)
            return authorities
        }
        var state = RegistryAuthoritiesWatch.State(inForce: authorities("a"))
        var inForce = "a"
        func look(_ text: String?, isGood: Bool = true) -> RegistryAuthoritiesWatch.Event? {
            let look: Result<RegistryAuthorities, UsageError> =
                text.map { .success(authorities($0)) } ?? .failure(UsageError("gone"))
            return state.update(look) { read throws(UsageError) in
                guard isGood else { throw UsageError("no PEM") }
                inForce = String(decoding: read.shared, as: UTF8.self)
            }
        }
        #expect(look("a") == nil)
        #expect(look("a") == nil)
        #expect(look("b") == nil)
        #expect(look("c") == nil)
        #expect(inForce == "a")
        #expect(look("c") == .replaced)
        #expect(inForce == "c")
        #expect(look("d", isGood: false) == nil)
        #expect(look("d", isGood: false) == .broken("no PEM"))
        #expect(look("d", isGood: false) == nil)
        #expect(inForce == "c")
        #expect(look(nil) == nil)
        #expect(look(nil) == .broken("gone"))
        #expect(look("c") == nil)
        #expect(look("c") == .mended)
        #expect(look("d") == nil)
        #expect(look("d") == .replaced)
        #expect(inForce == "d")
    }
}
