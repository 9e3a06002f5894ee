// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import HTTPTransport

/// The rules of Go's `golang.org/x/net/http/httpproxy`, as its documentation states them.
@Suite struct ProxyRulesTests {
    private static func rules(_ variables: [String: String]) throws -> ProxyRules {
        try ProxyRules { variables[$0] }
    }

    private static func route(_ variables: [String: String], _ url: String) throws -> String {
        switch try rules(variables).route(to: RequestURL(parsing: url)) {
        case .direct: "direct"
        case .refused: "refused"
        case .proxy(let proxy): "\(proxy.host):\(proxy.port)"
        }
    }

    @Test(
        "Which variable counts",
        arguments: [
            ([:], "https://r.io/", "direct"),
            (["HTTPS_PROXY": "http://p:1"], "https://r.io/", "p:1"),
            (["HTTPS_PROXY": "http://p:1"], "http://r.io/", "direct"),
            (["HTTP_PROXY": "http://p:1"], "http://r.io/", "p:1"),
            (["HTTP_PROXY": "http://p:1"], "https://r.io/", "direct"),
            (["https_proxy": "http://p:1"], "https://r.io/", "p:1"),
            (["HTTPS_PROXY": "http://p:1", "https_proxy": "http://q:2"], "https://r.io/", "p:1"),
            (["HTTPS_PROXY": "", "https_proxy": "http://q:2"], "https://r.io/", "q:2"),
            (["HTTPS_PROXY": "p"], "https://r.io/", "p:80"),
            (["HTTPS_PROXY": "10.0.0.1:3128"], "https://r.io/", "10.0.0.1:3128"),
            (["HTTPS_PROXY": "HTTP://p:1/path"], "https://r.io/", "p:1"),
            (["HTTP_PROXY": "http://p:1", "REQUEST_METHOD": "GET"], "http://r.io/", "refused"),
            (["HTTP_PROXY": "http://p:1", "REQUEST_METHOD": ""], "http://r.io/", "p:1"),
            (["HTTPS_PROXY": "http://p:1", "REQUEST_METHOD": "GET"], "https://r.io/", "p:1"),
            (["HTTPS_PROXY": "http://p:1"], "https://localhost/", "direct"),
            (["HTTPS_PROXY": "http://p:1"], "https://127.9.9.9:5000/", "direct"),
            (["HTTPS_PROXY": "http://p:1"], "https://[::1]/", "direct"),
            (["HTTPS_PROXY": "http://p:1"], "https://[::ffff:127.0.0.1]/", "direct"),
            (["HTTPS_PROXY": "http://p:1", "no_proxy": "r.io"], "https://r.io/", "direct"),
            (["HTTPS_PROXY": "http://p:1", "NO_PROXY": "x.io", "no_proxy": "r.io"], "https://r.io/", "p:1"),
        ] as [([String: String], String, String)])
    func variables(variables: [String: String], url: String, expected: String) throws {
        #expect(try Self.route(variables, url) == expected)
    }

    @Test(
        "What NO_PROXY names goes without a proxy",
        arguments: [
            ("*", "https://r.io/"), ("x.io, * ,", "https://r.io/"),
            ("r.io", "https://r.io/"), ("r.io", "https://a.r.io/"), ("R.IO", "https://r.io/"),
            (" r.io ", "https://r.io/"),
            (".r.io", "https://a.r.io/"), ("*.r.io", "https://a.b.r.io/"), ("r.io:443", "https://r.io/"),
            ("r.io:5000", "https://a.r.io:5000/"), (".r.io:5000", "https://a.r.io:5000/"),
            ("10.1.2.3", "https://10.1.2.3/"), ("10.1.2.3:5000", "https://10.1.2.3:5000/"),
            ("10.0.0.0/8", "https://10.9.9.9:1/"), ("10.1.2.3/32", "https://10.1.2.3/"),
            ("0.0.0.0/0", "https://9.9.9.9/"),
            ("192.168.12.0/23", "https://192.168.13.255/"), ("fd00::/8", "https://[fdff::1]/"),
            ("[fd00::1]:5000", "https://[fd00::1]:5000/"), ("fd00::1", "https://[fd00::1]/"),
            ("10.1.2.3", "https://[::ffff:10.1.2.3]/"), ("::ffff:10.0.0.0/104", "https://10.9.9.9/"),
            ("a,,b, ,r.io", "https://r.io/"), (":80,r.io:", "https://r.io/"),
            // Not a network, so the end of a name; addresses are compared as such too.
            (".2.3", "https://10.1.2.3/"),
        ])
    func exceptions(list: String, url: String) throws {
        #expect(try Self.route(["HTTPS_PROXY": "http://p:1", "NO_PROXY": list], url) == "direct")
    }

    @Test(
        "What NO_PROXY does not quite name goes through the proxy",
        arguments: [
            ("", "https://r.io/"), ("r.io", "https://rr.io/"), ("r.io", "https://r.io.evil.test/"),
            (".r.io", "https://r.io/"),
            ("*.r.io", "https://r.io/"), ("r.io:5000", "https://r.io/"), ("r.io:44", "https://r.io/"),
            ("*r.io", "https://r.io/"),
            ("10.1.2.3", "https://10.1.2.4/"), ("10.1.2.3:5000", "https://10.1.2.3/"),
            ("10.0.0.0/8", "https://11.0.0.1/"),
            ("192.168.12.0/23", "https://192.168.14.0/"), ("10.0.0.0/33", "https://10.0.0.0/"),
            ("10.0.0.0/", "https://10.0.0.0/"),
            ("10.0.0.0/8", "https://[fd00::1]/"), ("fd00::/8", "https://[fe00::1]/"),
            ("[fd00::1]", "https://[fd00::1]/"),
            ("10.0.0.0/8", "https://r.io/"), ("https://r.io", "https://r.io/"), (":443", "https://r.io/"),
        ])
    func noExceptions(list: String, url: String) throws {
        #expect(try Self.route(["HTTPS_PROXY": "http://p:1", "NO_PROXY": list], url) == "p:1")
    }

    @Test("User and password are read out of the proxy's URL, and never shown")
    func credentials() throws {
        func credentials(_ text: String) throws -> ProxyServer.Credentials? {
            try ProxyServer(text, variable: "HTTPS_PROXY").credentials
        }
        #expect(try credentials("http://me:pw@p:1") == .init(username: "me", password: "pw"))
        #expect(try credentials("me:p%40%3Aw@p:1/") == .init(username: "me", password: "p@:w"))
        #expect(try credentials("http://me@p") == .init(username: "me", password: ""))
        #expect(try credentials("http://a:b:c@p") == .init(username: "a", password: "b:c"))
        #expect(try credentials("http://p") == nil)
        var text = ""
        dump(try ProxyServer("http://me:s3cr3t@p", variable: "HTTPS_PROXY"), to: &text)
        #expect(!text.contains("s3cr3t"))
    }

    @Test(
        "What is no proxy that is spoken to is an error, and is not quoted",
        arguments: [
            ("https://p:1", ProxyFault.Reason.scheme), ("socks5://p:1", .scheme), ("ftp://p", .scheme),
            ("http://", .address),
            ("http://p:0", .address), ("http://p:99999", .address), ("http://a b", .address), ("p:x", .address),
            ("http://%zz:x@p", .address), ("http://me:%4@p", .address), ("://p", .scheme),
        ])
    func faults(text: String, reason: ProxyFault.Reason) throws {
        #expect(throws: ProxyFault("HTTPS_PROXY", reason)) { try Self.rules(["HTTPS_PROXY": text]) }
        #expect(throws: ProxyFault("http_proxy", reason)) { try Self.rules(["http_proxy": text]) }
    }
}
