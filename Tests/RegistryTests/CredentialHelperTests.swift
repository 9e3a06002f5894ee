// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import OCI
import Policy
import TestSupport
import Testing

@testable import Registry

/// Helpers are shell scripts here, out of a directory of the test's own.
@Suite struct CredentialHelperTests {
    private let directory: TemporaryDirectory
    private let deadline = ContinuousClock.now.advanced(by: .seconds(60))

    init() throws {
        directory = try TemporaryDirectory()
        _ = try directory.write("", to: "bin/none")
    }

    private func install(_ name: String, _ script: String) throws {
        let path = try directory.write("#!/bin/sh\n\(script)\n", to: "bin/docker-credential-\(name)")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }

    private func helpers(
        _ environment: [String: String] = [:], patience: Duration = .seconds(30)
    ) -> HelperDirectory {
        HelperDirectory(directory.path("bin"), environment: environment, patience: patience)
    }

    private func source(_ config: String, _ helpers: HelperDirectory?) throws -> DockerCredentials {
        DockerCredentials(try DockerConfig(parsing: Array(config.utf8)), helpers: helpers)
    }

    private func credential(_ source: DockerCredentials, _ name: String) async throws -> RegistryCredential? {
        try await source.credential(for: ImageReference(parsing: name).repository, deadline: deadline)
    }

    private static let counting = #"echo x >>"${0%/*}/../count"; "#

    private var runs: Int { directory.read("count").map { $0.count / 2 } ?? 0 }

    @Test("The helper of a host goes before the file's own entry, the store comes last, and each is asked once")
    func order() async throws {
        try install(
            "one", Self.counting + #"read -r server || :; echo "{\"Username\":\"$1\",\"Secret\":\"$server\"}""#)
        try install("token", #"echo '{"ServerURL":"x","Username":"<token>","Secret":"refresh"}'"#)
        let config = """
            {"auths":{"a.io":{"username":"file"},"b.io":{"username":"file"}},"credHelpers":{"a.io":"one"},"credsStore":"one"}
            """
        let source = try source(config, helpers())
        for _ in 0..<2 {
            #expect(try await credential(source, "a.io/x") == .basic(username: "get", password: "a.io"))
            #expect(try await credential(source, "b.io/x") == .basic(username: "file", password: ""))
            #expect(try await credential(source, "c.io:5000/x") == .basic(username: "get", password: "c.io:5000"))
            #expect(
                try await credential(source, "nginx")
                    == .basic(username: "get", password: "https://index.docker.io/v1/"))
        }
        #expect(runs == 3)
        let token = try self.source(#"{"credsStore":"token"}"#, helpers())
        #expect(try await credential(token, "a.io/x") == .identityToken("refresh"))
    }

    @Test("Without a directory no helper is run, and the file's own entries serve")
    func noDirectory() async throws {
        try install("one", Self.counting)
        let source = try source(
            #"{"auths":{"a.io":{"username":"file"}},"credHelpers":{"a.io":"one"},"credsStore":"one"}"#, nil)
        #expect(try await credential(source, "a.io/x") == .basic(username: "file", password: ""))
        #expect(try await credential(source, "b.io/x") == nil)
        #expect(runs == 0)
    }

    @Test("A helper that has no credential is none; any other failure is an outage of that registry")
    func absence() async throws {
        try install("none", Self.counting + "echo 'credentials not found in native keychain'; exit 1")
        let source = try source(#"{"credsStore":"none"}"#, helpers())
        #expect(try await credential(source, "a.io/x") == nil)
        #expect(try await credential(source, "a.io/y") == nil)
        #expect(runs == 1)
    }

    static let failures: [(String, HelperFault)] = [
        ("exit 1", .failed), ("echo s3cr3t; exit 1", .failed), ("kill -9 $$", .failed),
        ("echo s3cr3t", .unreadable), ("", .unreadable), (#"echo '{"Username":"s3cr3t"}'"#, .unreadable),
        (#"echo '{"Username":"","Secret":"s3cr3t"}'"#, .unreadable),
        (#"echo '{"Username":"u","Secret":""}'"#, .unreadable),
        ("while :; do echo s3cr3ts3cr3ts3cr3t; done", .tooMuchOutput),
    ]

    @Test("What a helper does wrong is an outage in our own words", arguments: failures)
    func failure(script: String, fault: HelperFault) async throws {
        try install("bad", script)
        let source = try source(#"{"credHelpers":{"a.io":"bad"}}"#, helpers())
        do throws(Outage) {
            _ = try await source.credential(
                for: Repository(host: "a.io", path: "x"), deadline: deadline)
            Issue.record("no outage")
        } catch {
            #expect(error.service == "a.io")
            #expect(error.kind == .malfunction)
            #expect(error.detail == "the credential helper docker-credential-bad \(fault)")
        }
        // The next host is not concerned.
        #expect(try await credential(source, "b.io/x") == nil)
    }

    @Test("A helper that hangs is killed with all that it has started")
    func hanging() async throws {
        try install("slow", #"echo $$ >"${0%/*}/../pid"; sleep 600 & sleep 600"#)
        let source = try source(#"{"credsStore":"slow"}"#, helpers(patience: .milliseconds(500)))
        await #expect(throws: Outage.self) { try await credential(source, "a.io/x") }
        let group = try #require(
            directory.read("pid").flatMap { Int32(String(decoding: $0.dropLast(), as: UTF8.self)) })
        // Gone, or for a moment still on the way out.
        for _ in 0..<200 where kill(-group, 0) == 0 { try await Task.sleep(for: .milliseconds(10)) }
        #expect(kill(-group, 0) == -1)
    }

    @Test("Whoever gives up waiting is let go, and the helper with them", .timeLimit(.minutes(1)))
    func cancellation() async throws {
        try install("slow", "sleep 600")
        let source = try source(#"{"credsStore":"slow"}"#, helpers(patience: .seconds(300)))
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await #expect(throws: Outage.self) { try await credential(source, "a.io/x") } }
            try? await Task.sleep(for: .milliseconds(100))
            group.cancelAll()
        }
    }

    @Test("What a helper leaves behind with its output open does not hold the answer up", .timeLimit(.minutes(1)))
    func orphan() async throws {
        try install("fork", #"sleep 30 & echo '{"Username":"u","Secret":"s"}'"#)
        let source = try source(#"{"credsStore":"fork"}"#, helpers())
        #expect(try await credential(source, "a.io/x") == .basic(username: "u", password: "s"))
    }

    @Test(
        "Nothing of a helper's group is left when it has ended, well or not, and nothing has to be waited for by others"
    )
    func leftovers() async throws {
        // Orphans come to this process, as they do where it is the first of a container.
        let adopts = try #require(Self.adoptOrphans())
        #expect(adopts == 0)
        let answer = #"echo '{"Username":"u","Secret":"s"}'"#
        for (name, end) in [("good", answer), ("bad", "exit 1")] {
            try install(
                name,
                #"(sleep 600 & echo $! >"${0%/*}/../deep"; exec sleep 600) & echo $! >"${0%/*}/../child"; "#
                    + #"while [ ! -s "${0%/*}/../deep" ]; do sleep 0.01; done; "# + end)
            let source = try source(#"{"credsStore":"\#(name)"}"#, helpers())
            if name == "good" {
                #expect(try await credential(source, "a.io/x") == .basic(username: "u", password: "s"))
            } else {
                await #expect(throws: Outage.self) { try await credential(source, "a.io/x") }
            }
            for file in ["child", "deep"] {
                let process = try #require(
                    directory.read(file).flatMap { Int32(String(decoding: $0.dropLast(), as: UTF8.self)) })
                // One that was killed and not waited for still answers to its number.
                for _ in 0..<500 where kill(process, 0) == 0 { try await Task.sleep(for: .milliseconds(10)) }
                #expect(kill(process, 0) == -1, "\(name): \(file)")
            }
            try FileManager.default.removeItem(atPath: directory.path("deep"))
        }
    }

    /// `prctl(PR_SET_CHILD_SUBREAPER, 1)`, which has no declaration that Swift could call.
    private static func adoptOrphans() -> CInt? {
        guard let symbol = dlsym(nil, "prctl") else { return nil }
        typealias Call = @convention(c) (CInt, UInt, UInt, UInt, UInt) -> CInt
        return unsafeBitCast(symbol, to: Call.self)(36, 1, 0, 0, 0)
    }

    @Test("Only the one directory is searched, and only what helpers need of the environment is handed on")
    func environment() async throws {
        let elsewhere = try TemporaryDirectory()
        let stranger = try elsewhere.write(
            "#!/bin/sh\necho x >\(directory.path("count"))\n", to: "docker-credential-path")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: stranger)
        let variables = [
            "PATH": elsewhere.path, "HOME": "/h", "AWS_REGION": "r", "COUNTERSIGN_LISTEN": "l", "LD_PRELOAD": "p",
        ]
        let missing = try source(#"{"credsStore":"path"}"#, helpers(variables))
        await #expect(throws: Outage.self) { try await credential(missing, "a.io/x") }
        #expect(runs == 0)
        try install(
            "env",
            #"echo "{\"Username\":\"u\",\"Secret\":\"$PATH $HOME $AWS_REGION $COUNTERSIGN_LISTEN $LD_PRELOAD.\"}""#)
        let found = try await credential(try source(#"{"credsStore":"env"}"#, helpers(variables)), "a.io/x")
        #expect(found == .basic(username: "u", password: "\(directory.path("bin")) /h r  ."))
    }

    @Test("Equal questions at one time run the helper once")
    func once() async throws {
        try install("one", Self.counting + #"sleep 0.3; echo '{"Username":"u","Secret":"s"}'"#)
        let source = try source(#"{"credsStore":"one"}"#, helpers())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 { group.addTask { _ = try await credential(source, "a.io/x") } }
            try await group.waitForAll()
        }
        #expect(runs == 1)
    }
}
