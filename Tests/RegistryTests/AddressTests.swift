// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import HTTPTransport

@Suite struct AddressTests {
    @Test(
        "An address is judged by its bytes, also where IPv4 is wrapped in IPv6",
        arguments: [
            ("0.0.0.0", ForbiddenAddress.unspecified), ("0.1.2.3", .unspecified), ("::", .unspecified),
            ("169.254.169.254", .metadata), ("100.100.100.200", .metadata), ("168.63.129.16", .metadata),
            ("192.0.0.192", .metadata), ("fd00:ec2::254", .metadata), ("fd00:ec2::23", .metadata),
            ("fd20:ce::254", .metadata), ("169.254.0.1", .linkLocal), ("169.254.170.2", .linkLocal),
            ("fe80::1", .linkLocal), ("febf::1", .linkLocal), ("224.0.0.1", .multicast),
            ("239.255.255.250", .multicast), ("ff02::1", .multicast), ("240.0.0.1", .reserved),
            ("255.255.255.255", .reserved), ("::ffff:169.254.169.254", .metadata), ("::ffff:0:169.254.1.1", .linkLocal),
            ("::169.254.169.254", .metadata), ("64:ff9b::169.254.169.254", .metadata),
            ("64:ff9b:1::a9fe:a9fe", .metadata), ("2002:a9fe:a9fe::", .metadata), ("::ffff:0.0.0.0", .unspecified),
        ])
    func forbidden(literal: String, reason: ForbiddenAddress) throws {
        let address = try #require(IPAddress(literal: literal))
        for rule in LoopbackRule.allCases where rule != .metadata { #expect(rule.refusal(of: address) == reason) }
        // In no other spelling, and no other address of the kind.
        let isAllowed = literal == "169.254.169.254"
        #expect(LoopbackRule.metadata.refusal(of: address) == (isAllowed ? nil : reason))
    }

    @Test(
        "The neighbours of forbidden blocks are ordinary",
        arguments: [
            "1.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.100.100.201", "126.255.255.255", "128.0.0.0",
            "169.253.255.255", "169.255.0.0", "223.255.255.255", "2001:db8::1", "fd00:ec3::254", "fec0::1", "fdff::1",
            "::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "2002:a00:1::",
        ])
    func ordinary(literal: String) throws {
        let address = try #require(IPAddress(literal: literal))
        #expect(LoopbackRule.refused.refusal(of: address) == nil)
        #expect(LoopbackRule.allowed.refusal(of: address) == nil)
        #expect(LoopbackRule.required.refusal(of: address) == .notLoopback)
    }

    @Test(
        "Loopback is refused to ordinary names only",
        arguments: ["127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1", "64:ff9b::127.0.0.1", "2002:7f00:1::"])
    func loopback(literal: String) throws {
        let address = try #require(IPAddress(literal: literal))
        #expect(LoopbackRule.refused.refusal(of: address) == .loopback)
        #expect(LoopbackRule.allowed.refusal(of: address) == nil)
        #expect(LoopbackRule.required.refusal(of: address) == nil)
    }

    @Test(
        "Spellings that only a resolver takes for an address are no literals",
        arguments: ["127.1", "0177.0.0.1", "0x7f.1", "2130706433", "1.2.3.4.5", "localhost", "", "fe80::1%eth0"])
    func noLiteral(text: String) { #expect(IPAddress(literal: text) == nil) }

    @Test("The system's resolver finds the addresses of this machine's own name, and none for a reserved one")
    func systemResolver() async throws {
        let addresses = try await SystemResolver.addresses(of: "localhost")
        #expect(!addresses.isEmpty)
        #expect(addresses.allSatisfy { LoopbackRule.required.refusal(of: $0) == nil })
        await #expect(throws: (any Error).self) { try await SystemResolver.addresses(of: "name.invalid") }
    }
}
