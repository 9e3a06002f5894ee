// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import Synchronization
import TestSupport
import Testing

@testable import Kubernetes

@Suite("Credentials for an API server")
struct CredentialTests {
    private static func asks(_ client: APIServer) async throws { _ = try await client.list(.namespaces) }

    @Test("A token's file is read anew where its token is no longer taken")
    func rotated() async throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write("first\n", to: "token")
        try await APIServerDouble.withServer { server in
            server.accept(token: "first", user: "us")
            try await withClient(of: server, .tokenFile(file)) { client in
                try await Self.asks(client)
                server.revoke(token: "first")
                server.accept(token: "second", user: "us")
                await #expect(throws: APIFault.self) { try await Self.asks(client) }
                try directory.write("second", to: "token")
                server.forgetRequests()
                try await Self.asks(client)
                // Nobody asks with what was refused before.
                #expect(server.requests.allSatisfy { $0.header("authorization") == "Bearer second" })
            }
        }
    }

    @Test("A rotated token is noticed by a call's second try, and by a watch")
    func secondTry() async throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write("first", to: "token")
        try await APIServerDouble.withServer { server in
            server.accept(token: "first", user: "us")
            try await withClient(of: server, .tokenFile(file)) { client in
                let copy = Copy()
                let reflector = Reflector(client, .namespaces, backoff: .short)
                try await beside({ await reflector.run { copy.take($0) } }) {
                    try await eventually("watched") { !server.watched.isEmpty }
                    try directory.write("second", to: "token")
                    server.accept(token: "second", user: "us")
                    server.revoke(token: "first")
                    server.forgetRequests()
                    try await Self.asks(client)
                    #expect(server.requests.count == 2)
                    server.cutWatches()
                    server.createNamespace("new")
                    try await eventually("seen") { copy.names?.contains("new") == true }
                }
            }
        }
    }

    @Test("A token that nobody takes is asked with twice, not for ever")
    func refused() async throws {
        try await APIServerDouble.withServer { server in
            try await withClient(of: server, .token("unknown")) { client in
                do {
                    try await Self.asks(client)
                    Issue.record("it was let in")
                } catch let error as APIFault {
                    #expect(error.isUnauthorized)
                }
                #expect(server.requests.count == 2)
            }
        }
    }

    @Test("A file of authorities that is empty stands for none, and never for those of the system")
    func emptyAuthorities() async throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write("", to: "ca.crt")
        try await APIServerDouble.withServer { server in
            let text = try server.kubeconfig(.token("test-token"))
            var access = try Kubeconfig(text: Array(text.utf8)).access()
            access.authorities = .file(file)
            let client = try APIServer(access, now: { testTime })
            do {
                try await Self.asks(client)
                Issue.record("it was spoken to")
            } catch let error as APIFault {
                #expect(error == .credential("\(file) is empty"))
            }
            try directory.write(server.authorityPEM, to: "ca.crt")
            try await Self.asks(client)
            await client.shutDown()
        }
    }

    @Test("A client certificate says who asks")
    func certificate() async throws {
        try await APIServerDouble.withServer { server in
            try await withClient(of: server, .certificate(user: "jane")) { client in
                try await Self.asks(client)
                #expect(server.requests.map(\.user) == ["jane"])
            }
            try await withClient(of: server, .none) { client in
                await #expect(throws: APIFault.self) { try await Self.asks(client) }
                return
            }
        }
    }

    @Test("A server of another authority is not spoken to")
    func strangeAuthority() async throws {
        let strange = try APIServerDouble.strangeAuthorityPEM()
        try await APIServerDouble.withServer { server in
            let text = try server.kubeconfig(.token("test-token"))
            var access = try Kubeconfig(text: Array(text.utf8)).access()
            access.authorities = .bytes(Array(strange.utf8))
            let client = try APIServer(access, now: { testTime })
            do {
                try await Self.asks(client)
                Issue.record("it was spoken to")
            } catch let error as APIFault {
                guard case .transport = error else { throw error }
            }
            #expect(server.requests.isEmpty)
            await client.shutDown()
        }
    }
}

/// A plugin that says what it was told to, after a while.
private final class ScriptedPlugin: ExecPluginRunner {
    private let state = Mutex((runs: 0, tokens: [String]()))
    private let duration: Duration

    init(_ tokens: [String], taking duration: Duration = .milliseconds(100)) {
        state.withLock { $0.tokens = tokens }
        self.duration = duration
    }

    var runs: Int { state.withLock { $0.runs } }

    func output(
        of plugin: ExecPlugin, deadline: ContinuousClock.Instant
    ) async throws(ExecPluginFault) -> [UInt8] {
        let token = state.withLock { state -> String in
            state.runs += 1
            return state.tokens.count > 1 ? state.tokens.removeFirst() : state.tokens[0]
        }
        do {
            try await Task.sleep(until: min(deadline, .now + duration), clock: .continuous)
        } catch {
            throw ExecPluginFault("it was given up")
        }
        guard ContinuousClock.now < deadline else { throw ExecPluginFault("it did not end") }
        return Array(
            #"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"\#(token)"}}"#
                .utf8)
    }
}

@Suite("Credential plugins")
struct CredentialPluginTests {
    private static func with(
        _ plugin: ScriptedPlugin, _ body: (APIServerDouble, APIServer) async throws -> Void
    ) async throws {
        try await APIServerDouble.withServer { server in
            var access = try Kubeconfig(text: Array(try server.kubeconfig(.token("x")).utf8)).access()
            access.credential = .plugin(ExecPlugin(apiVersion: "client.authentication.k8s.io/v1", command: "get"))
            let client = try APIServer(access, runner: plugin, now: { testTime })
            let result: Result<Void, any Error>
            do { result = .success(try await body(server, client)) } catch { result = .failure(error) }
            await client.shutDown()
            try result.get()
        }
    }

    @Test(
        "Calls that are made at one time run the plugin once, also where none of them is let in with what it said first"
    )
    func once() async throws {
        let plugin = ScriptedPlugin(["stale", "test-token"])
        try await Self.with(plugin) { _, client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 { group.addTask { _ = try await client.list(.namespaces) } }
                try await group.waitForAll()
            }
        }
        #expect(plugin.runs == 2)
    }

    @Test("A plugin is waited for as long as the call has time, and a call with less time fails none with more")
    func deadline() async throws {
        let plugin = ScriptedPlugin(["test-token"], taking: .milliseconds(700))
        try await Self.with(plugin) { _, client in
            var hasty = client
            hasty.patience = .milliseconds(200)
            let began = ContinuousClock.now
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { [hasty] in
                    do {
                        _ = try await hasty.list(.namespaces)
                        Issue.record("there was time")
                    } catch let error as APIFault {
                        guard case .credential = error else { throw error }
                        #expect(ContinuousClock.now - began < .milliseconds(650))
                    }
                }
                try await Task.sleep(for: .milliseconds(50))
                group.addTask { _ = try await client.list(.namespaces) }
                try await group.waitForAll()
            }
            // A person who logs in has more time than a call.
            hasty.loginPatience = .seconds(10)
            _ = try await hasty.list(.namespaces)
        }
        #expect(plugin.runs == 2)
        let slow = ScriptedPlugin(["test-token"], taking: .milliseconds(700))
        try await Self.with(slow) { _, client in
            var person = client
            person.patience = .milliseconds(300)
            person.loginPatience = .seconds(10)
            _ = try await person.list(.namespaces)
        }
    }
}

@Suite("Kubeconfig files")
struct KubeconfigTests {
    private static let whole = """
        apiVersion: v1
        kind: Config
        current-context: one
        clusters:
        - {name: c, cluster: {server: "https://a.example:6443/prefix", certificate-authority: ca.pem, tls-server-name: k8s}}
        users:
        - {name: u, user: {token: t}}
        - {name: f, user: {token: t, tokenFile: token}}
        - {name: x, user: {client-certificate: /abs/c.pem, client-key-data: a2V5}}
        contexts:
        - {name: one, context: {cluster: c, user: u, namespace: ns}}
        - {name: two, context: {cluster: c, user: f}}
        - {name: three, context: {cluster: c, user: x}}
        - {name: four, context: {cluster: c}}
        """

    private func access(_ text: String = whole, _ context: String? = nil) throws -> ClusterAccess {
        try Kubeconfig(text: Array(text.utf8), directory: "/dir").access(context: context)
    }

    @Test("The current context, or the one that is named, says where and as whom")
    func contexts() throws {
        let one = try access()
        #expect(one.namespace == "ns" && one.credential == .token("t") && one.serverName == "k8s")
        #expect(one.authorities == .file("/dir/ca.pem"))
        #expect("\(one.server.host)" == "a.example" && one.server.port == 6443)
        #expect(try access(Self.whole, "two").credential == .tokenFile("/dir/token"))
        #expect(
            try access(Self.whole, "three").credential
                == .certificate(chain: .file("/abs/c.pem"), key: .bytes(Array("key".utf8))))
        let four = try access(Self.whole, "four")
        #expect(four.credential == .none && four.namespace == nil)
    }

    @Test(
        "What cannot be used is refused, with the reason",
        arguments: [
            ("current-context: one", "current-context: ''", "no current context"),
            ("current-context: one", "current-context: zero", "no context 'zero'"),
            ("{cluster: c, user: u, namespace: ns}", "{cluster: d, user: u}", "names no cluster"),
            ("{cluster: c, user: u, namespace: ns}", "{cluster: c, user: v}", "names user 'v'"),
            ("https://a.example", "http://a.example", "no https server"),
            ("tls-server-name: k8s", "insecure-skip-tls-verify: true", "insecure-skip-tls-verify"),
            ("tls-server-name: k8s", "proxy-url: 'http://p'", "proxy-url"),
            ("tls-server-name: k8s", "certificate-authority-data: '%'", "no base64"),
            ("user: {token: t}", "user: {username: a, password: b}", "'username'"),
            ("user: {token: t}", "user: {auth-provider: {name: oidc}}", "'auth-provider'"),
            ("user: {token: t}", "user: {token: t, as: somebody}", "'as'"),
            ("user: {token: t}", "user: {token: t, as-groups: [g]}", "'as-groups'"),
            ("user: {token: t}", "user: {client-certificate: c.pem}", "no client-key"),
            ("user: {token: t}", "user: {exec: {apiVersion: client.authentication.k8s.io/v1}}", "without command"),
            ("user: {token: t}", "user: {exec: {apiVersion: v1, command: c}}", "version 'v1'"),
            ("kind: Config", "kind: [", "kubeconfig"),
        ])
    func refused(part: String, other: String, reason: String) throws {
        let text = Self.whole.replacing(part, with: other)
        #expect(text != Self.whole)
        do {
            _ = try access(text)
            Issue.record("it was taken")
        } catch let error as ClusterAccessError {
            #expect(error.description.contains(reason), "\(error)")
        }
    }

    @Test("A plugin's command is a name, or a path from where the file is")
    func plugins() throws {
        func command(_ command: String) throws -> String? {
            let exec =
                "user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: '\(command)', args: [a], "
                + "env: [{name: NAME, value: v}]}}"
            let access = try access(Self.whole.replacing("user: {token: t}", with: exec))
            guard case .plugin(let plugin) = access.credential else { return nil }
            #expect(plugin.arguments == ["a"] && plugin.environment == ["NAME": "v"])
            return plugin.command
        }
        #expect(try command("aws") == "aws")
        #expect(try command("bin/aws") == "/dir/bin/aws")
        #expect(try command("/bin/aws") == "/bin/aws")
    }

    @Test("Of several files the first that has an entry counts, and those that are not there do not")
    func several() throws {
        let directory = try TemporaryDirectory()
        let first = try directory.write("current-context: two\n", to: "first")
        let second = try directory.write(Self.whole, to: "second")
        let config = try Kubeconfig(paths: [directory.path("absent"), first, second])
        #expect(try config.access().credential == .tokenFile("\(directory.path)/token"))
        #expect(throws: ClusterAccessError.self) { try Kubeconfig(paths: [directory.path("absent")]) }
    }
}
