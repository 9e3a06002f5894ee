// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import OCI
import Testing

private func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

private func entry(_ user: String, _ password: String = "pw") -> String {
    #"{"auth":"\#(base64("\(user):\(password)"))"}"#
}

private func config(_ auths: String, _ more: String = "") throws -> DockerConfig {
    try DockerConfig(parsing: Array(#"{"auths":{\#(auths)}\#(more)}"#.utf8))
}

private func user(_ config: DockerConfig, _ name: String) throws -> String? {
    switch config.credential(for: try ImageReference(parsing: name).repository) {
    case .basic(let username, _): username
    case .identityToken(let token), .registryToken(let token): token
    case nil: nil
    }
}

@Suite("Docker config")
struct DockerConfigTests {
    @Test(
        "an entry is found under every spelling of its host",
        arguments: [
            ("https://index.docker.io/v1/", "nginx"), ("index.docker.io", "nginx"), ("docker.io", "docker.io/org/app"),
            ("registry-1.docker.io", "org/app"), ("https://ghcr.io", "ghcr.io/a/b"), ("ghcr.io:443", "ghcr.io/a"),
            ("GHCR.io/", "ghcr.io/a"), ("http://localhost:5000/v2/", "localhost:5000/a"), ("[::1]:80", "[::1]:80/a"),
            ("https://q.io/v1", "q.io/a"),
        ])
    func hosts(_ key: String, _ name: String) throws {
        #expect(try user(config(#""\#(key)":\#(entry("me"))"#), name) == "me")
    }

    @Test(
        "an entry is for its own host, port and path only",
        arguments: [
            ("ghcr.io", "ghcr.io:8443/a"), ("ghcr.io", "nghcr.io/a"), ("ghcr.io", "ghcr.io.evil.test/a"),
            ("q.io/team", "q.io/teams/a"), ("q.io/team", "q.io/a/team"), ("q.io/team/a", "q.io/team"),
            ("localhost:5000", "localhost:5001/a"), ("docker.io", "ghcr.io/a"), ("", "q.io/a"),
            ("*.q.io", "q.io/a"), ("*.q.io", "a.b.q.io/x"), ("*", "q.io/a"), ("q.*:80", "q.io/a"), ("?.io", "qq.io/a"),
            ("q*x.io", "qaxb.io/a"), ("q.io/*", "q.io/a"), ("q.[a-z]o", "q.io/a"), ("*", "[::1]/a"),
        ])
    func otherHosts(_ key: String, _ name: String) throws {
        #expect(try user(config(#""\#(key)":\#(entry("me"))"#), name) == nil)
    }

    @Test(
        "a pattern stands for hosts label by label",
        arguments: [
            ("*.io", "q.io/a"), ("*.q.io", "a.q.io/x"), ("*.dkr.*.x.io", "1.dkr.ecr.x.io/a"),
            ("q*.io:5000", "qa.io:5000/a"),
            ("?.io", "q.io/a"), ("q*b*d.io", "qabcbd.io/a"), ("*.q.io/team", "a.q.io/team/app"),
            ("https://*.io/v2/", "q.io/a"),
            ("**.io", "q.io/a"),
        ])
    func patterns(_ key: String, _ name: String) throws {
        #expect(try user(config(#""\#(key)":\#(entry("me"))"#), name) == "me")
    }

    @Test("an exact host goes before a pattern, and a longer path before both")
    func rank() throws {
        let config = try config(
            #""*.io":\#(entry("pattern")),"q.io":\#(entry("host")),"*.io/team":\#(entry("path"))"#)
        #expect(try user(config, "q.io/a") == "host")
        #expect(try user(config, "r.io/a") == "pattern")
        #expect(try user(config, "q.io/team/a") == "path")
    }

    @Test("helpers are told by host, and names that could lead elsewhere are not")
    func helpers() throws {
        let named = #""GHCR.io":"gh","https://index.docker.io/v1/":"hub","*.io":"x","f.io/team":"y""#
        let bad = #""a.io":"../sh","b.io":"-x","c.io":".x","d.io":"a/b","e.io":"""#
        let config = try config("", #","credsStore":"pass","credHelpers":{\#(named),\#(bad)}"#)
        #expect(config.helpers.store?.fileName == "docker-credential-pass")
        #expect(config.helpers["ghcr.io"]?.text == "gh")
        #expect(config.helpers["docker.io"]?.text == "hub")
        for host in ["a.io", "b.io", "c.io", "d.io", "e.io", "f.io"] { #expect(config.helpers[host] == nil) }
        #expect(config.unsupported.count == 7)
        let spaced = try DockerConfig(parsing: Array(#"{"credsStore":"a b"}"#.utf8))
        #expect(spaced.unsupported == ["credsStore"])
    }

    @Test("a Secret is read by the name of its entry")
    func pullSecrets() throws {
        let repository = try ImageReference(parsing: "q.io/a").repository
        func found(_ entries: [String: String]) throws -> RegistryCredential? {
            try PullSecret(entries: entries.mapValues { Array($0.utf8) })?.credentials.credential(for: repository)
        }
        let new = #"{"auths":{"q.io":\#(entry("new"))}}"#
        let old = #"{"q.io":\#(entry("old"))}"#
        #expect(try found([".dockerconfigjson": new]) == .basic(username: "new", password: "pw"))
        #expect(try found([".dockercfg": old]) == .basic(username: "old", password: "pw"))
        #expect(try found([".dockercfg": old, ".dockerconfigjson": new]) == .basic(username: "new", password: "pw"))
        #expect(try found([".dockercfg": old, ".dockerconfigjson": ""]) == .basic(username: "old", password: "pw"))
        #expect(try PullSecret(entries: ["config.json": Array(new.utf8)]) == nil)
        // The members of the one are not those of the other.
        #expect(throws: DockerConfigError.notAnObject("'auths'")) {
            try PullSecret(entries: [".dockerconfigjson": Array(#"{"auths":[]}"#.utf8)])
        }
        #expect(throws: DockerConfigError.self) { try PullSecret(entries: [".dockercfg": Array("x".utf8)]) }
    }

    @Test("the most specific entry counts, wherever it stands")
    func mostSpecific() throws {
        let config = try config(
            #""q.io":\#(entry("all")),"q.io/team/app":\#(entry("app")),"q.io/team":\#(entry("team"))"#)
        #expect(try user(config, "q.io/team/app") == "app")
        #expect(try user(config, "q.io/team/app/part") == "app")
        #expect(try user(config, "q.io/team/other") == "team")
        #expect(try user(config, "q.io/other") == "all")
    }

    @Test("of equal entries the first counts")
    func firstOfEqual() throws {
        #expect(
            try user(config(#""docker.io":\#(entry("a")),"https://index.docker.io/v1/":\#(entry("b"))"#), "x") == "a")
    }

    @Test(
        "each way to write a credential is read",
        arguments: [
            (#"{"auth":"\#(base64("me:a:b"))"}"#, RegistryCredential.basic(username: "me", password: "a:b")),
            (#"{"auth":"\#(base64("me:pw\0\0"))"}"#, .basic(username: "me", password: "pw")),
            (#"{"username":"me","password":"pw","email":"x"}"#, .basic(username: "me", password: "pw")),
            (#"{"username":"no","auth":"\#(base64("me:"))"}"#, .basic(username: "me", password: "")),
            (#"{"auth":"\#(base64("u:p"))","identitytoken":"t"}"#, .identityToken("t")),
            (#"{"registrytoken":"r","identitytoken":"t"}"#, .registryToken("r")),
        ] as [(String, RegistryCredential)])
    func credentials(_ entry: String, _ credential: RegistryCredential) throws {
        let repository = try ImageReference(parsing: "q.io/a").repository
        #expect(try config(#""q.io":\#(entry)"#).credential(for: repository) == credential)
    }

    @Test("an entry without credential, as credential stores leave them, is none")
    func emptyEntries() throws {
        #expect(try user(config(#""q.io":{},"r.io":{"auth":""}"#), "q.io/a") == nil)
        #expect(try user(DockerConfig.empty, "q.io/a") == nil)
        #expect(try user(DockerConfig(parsing: Array("{}".utf8)), "q.io/a") == nil)
        #expect(try user(DockerConfig(parsing: Array(#"{"auths":null}"#.utf8)), "q.io/a") == nil)
    }

    @Test("what is not acted on is named")
    func unsupported() throws {
        let config = try config(
            #""q.io/*":\#(entry("a")),"q.io":{"other":1}"#, #","detachKeys":"x","credHelpers":{"ecr":"x"}"#)
        #expect(config.unsupported == [#"auths["q.io/*"]"#, #"auths["q.io"].other"#, "detachKeys"])
    }

    @Test(
        "a config that is not understood is refused",
        arguments: [
            ("[]", DockerConfigError.notAnObject("the file")),
            (#"{"auths":[]}"#, .notAnObject("'auths'")),
            (#"{"auths":{"q.io":"x"}}"#, .notAnObject(#"the entry for "q.io""#)),
            (#"{"auths":{"q.io":{"auth":7}}}"#, .notAString(key: "q.io", member: "auth")),
            (#"{"auths":{"q.io":{"auth":"%%"}}}"#, .invalidAuth(key: "q.io")),
            (#"{"auths":{"q.io":{"auth":"bWU="}}}"#, .invalidAuth(key: "q.io")),
            (#"{"auths":{"q.io":{"auth":"OnB3"}}}"#, .invalidAuth(key: "q.io")),
            (#"{"auths":{"q.io":{"auth":"/zp3"}}}"#, .invalidAuth(key: "q.io")),
            (#"{"auths":{"q.io":{"password":"pw"}}}"#, .invalidAuth(key: "q.io")),
        ] as [(String, DockerConfigError)])
    func refusal(_ text: String, _ error: DockerConfigError) {
        #expect(throws: error) { try DockerConfig(parsing: Array(text.utf8)) }
    }

    @Test("printing a credential or an error never shows a secret")
    func secrecy() throws {
        let credentials = [
            RegistryCredential.basic(username: "u-secret", password: "p-secret"), .identityToken("t-secret"),
            .registryToken("r-secret"),
        ]
        for credential in credentials {
            var dumped = ""
            dump(credential, to: &dumped)
            let texts = ["\(credential)", String(reflecting: credential), "\(Optional(credential) as Any)", dumped]
            #expect(!texts.joined().contains("secret"))
        }
        do throws(DockerConfigError) {
            _ = try DockerConfig(parsing: Array(#"{"auths":{"q.io":{"auth":"secret!"}}}"#.utf8))
        } catch {
            #expect(!"\(error)".contains("secret"))
        }
    }
}
