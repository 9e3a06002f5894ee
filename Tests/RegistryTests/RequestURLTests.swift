// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import Testing

@Suite struct RequestURLTests {
    @Test(
        "A URL is read into scheme, host, port and target",
        arguments: [
            ("https://ghcr.io/v2/", "https://ghcr.io/v2/"),
            ("HTTPS://GHCR.io:443", "https://ghcr.io/"),
            ("http://127.0.0.1:5000/v2/?a=b", "http://127.0.0.1:5000/v2/?a=b"),
            ("https://[2001:DB8::1]:8443/x", "https://[2001:db8::1]:8443/x"),
            ("https://registry.example./x#part", "https://registry.example/x"),
            ("https://r.example?q=1", "https://r.example/?q=1"),
            ("https://r.example/a%2Fb;c=1,2", "https://r.example/a%2Fb;c=1,2"),
        ])
    func reads(text: String, description: String) throws {
        #expect(try RequestURL(parsing: text).description == description)
    }

    @Test(
        "A URL that could mean two things is refused, for the stated reason",
        arguments: [
            // CVE-2023-47630's neighbours: schemes are compared without regard to case, so none slips by.
            ("ftp://r.example/", RequestURLFault.unsupportedScheme), ("r.example/x", .unsupportedScheme),
            ("file:///etc/passwd", .unsupportedScheme), ("", .unsupportedScheme), ("https:/r.example", .noHost),
            ("https://", .noHost), ("https:///x", .noHost), ("https://user@r.example/", .userInformation),
            ("https://r.example:x@evil.example/", .userInformation), ("https://r.example:/", .invalidPort),
            ("https://r.example:0/", .invalidPort), ("https://r.example:65536/", .invalidPort),
            ("https://r.example:+1/", .invalidPort), ("https://r..example/", .invalidHost),
            ("https://2130706433/", .invalidHost), ("https://127.1/", .invalidHost),
            ("https://0x7f.0.0.1/", .invalidHost), ("https://0x7f000001/", .invalidHost),
            ("https://127.0.0.256/", .invalidHost), ("https://[::1/", .invalidHost),
            ("https://[fe80::1%25eth0]/", .invalidHost), ("https://[127.0.0.1]/", .invalidHost),
            ("https://r.exämple/", .invalidHost), ("https://r example/", .invalidHost),
            ("https://r.example/a b", .invalidTarget), ("https://r.example/%2", .invalidTarget),
            ("https://r.example/\r\nX: y", .invalidTarget), ("https://r.example/\\x", .invalidTarget),
        ])
    func refuses(text: String, fault: RequestURLFault) {
        #expect(throws: fault) { try RequestURL(parsing: text) }
    }

    @Test("A URL of more than 8 KiB is refused, and one below is read")
    func length() throws {
        let stem = "https://r.example/"
        #expect(throws: RequestURLFault.tooLong) {
            try RequestURL(parsing: stem + String(repeating: "a", count: RequestURL.maximumBytes))
        }
        _ = try RequestURL(parsing: stem + String(repeating: "a", count: RequestURL.maximumBytes - stem.utf8.count))
    }

    @Test(
        "A reference is resolved against the URL that it stands under",
        arguments: [
            ("https://cdn.example/x?sig=a%2Bb", "https://cdn.example/x?sig=a%2Bb"),
            ("//cdn.example/x", "https://cdn.example/x"), ("/v2/other", "https://r.example:8443/v2/other"),
            ("sibling", "https://r.example:8443/v2/app/sibling"), ("../up?n=1", "https://r.example:8443/v2/up?n=1"),
            ("/a/./b/../../../c", "https://r.example:8443/c"), ("?n=2", "https://r.example:8443/v2/app/blobs?n=2"),
            ("", "https://r.example:8443/v2/app/blobs?n=1"), ("x:y/z", ""),
        ])
    func resolves(reference: String, target: String) throws {
        let base = try RequestURL(parsing: "https://r.example:8443/v2/app/blobs?n=1")
        guard !target.isEmpty else {
            #expect(throws: RequestURLFault.unsupportedScheme) { try base.resolving(reference) }
            return
        }
        #expect(try base.resolving(reference).description == target)
    }

    @Test(
        "Loopback is recognised by what a host is",
        arguments: [
            ("localhost", true), ("LOCALHOST.", true), ("127.0.0.1", true), ("127.8.7.6", true), ("[::1]", true),
            ("[::ffff:127.0.0.1]", true), ("localhost.example", false), ("127.0.0.1.example", false),
            ("128.0.0.1", false), ("[::2]", false), ("notlocalhost", false),
        ])
    func loopback(text: String, isLoopback: Bool) throws {
        #expect(try Host(parsing: text).isLoopback == isLoopback)
    }
}
