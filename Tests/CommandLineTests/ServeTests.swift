// SPDX-License-Identifier: Apache-2.0
import Demo
import JSON
import TestSupport
import Testing

@testable import countersign

@Suite("serve and demo")
struct ServeTests {
    /// A `serve` that runs; where it listens, and the authority that it printed.
    private struct Server {
        let process: RunningProcess
        let port: Int
        let healthPort: Int
        let authority: String

        init(_ program: Program, _ arguments: [String], _ variables: [String: String] = [:]) async throws {
            let process = try RunningProcess(
                try program.command(["serve", "--drain-seconds", "0"] + arguments, variables),
                log: program.home.path("log"))
            let output = try await process.waitUntil {
                process.output.contains("END CERTIFICATE") ? process.output : nil
            }
            let numbers = output.split(separator: "\n").first.map { $0.split(whereSeparator: { !$0.isNumber }) } ?? []
            port = try #require(numbers.first.flatMap { Int($0) }, "\(output)")
            healthPort = try #require(numbers.last.flatMap { Int($0) }, "\(output)")
            authority = String(output.drop { $0 != "-" })
            self.process = process
        }
    }

    @Test("Without a certificate the authority of its own is printed, and is what verifies it; SIGTERM ends with 0")
    func selfSigned() async throws {
        try await DemoBench.running { bench in
            let server = try await Server(
                bench.program, ["--policies", "policies", "--listen=127.0.0.1:0", "--health-listen=127.0.0.1:0"])
            let client = CurlClient(caPEM: server.authority)
            for (entry, allowed) in [(bench.content.signed, true), (bench.content.unsigned, false)] {
                let answer = try await client.post(
                    "https://127.0.0.1:\(server.port)/validate?timeout=10s",
                    body: DemoReview.creation(of: entry.pinned, uid: "u").body)
                #expect(answer.status == 200)
                let response = try JSONDocument(parsing: answer.body).root["response"]
                #expect(response?["allowed"]?.bool == allowed, "\(answer.text)")
                guard !allowed else { continue }
                // The README's transcript holds these very words, with a registry of another name.
                let message = try #require(response?["status"]?["message"]?.string)
                let readme = try #require(TextFile.text(PackageFolder.root + "/README.md"))
                let shown = message.replacing(bench.content.host, with: "registry.example")
                #expect(readme.contains("denied the request: \(shown)\n"), "the README must hold:\n\(shown)")
            }
            await #expect(throws: CurlFailure.self) {
                _ = try await CurlClient().get("https://127.0.0.1:\(server.port)/validate")
            }
            let metrics = try await CurlClient().get("http://127.0.0.1:\(server.healthPort)/metrics")
            for name in try Self.documentedMetrics() { #expect(metrics.text.contains("\n# TYPE \(name) "), "\(name)") }
            #expect(await server.process.stop() == .exited(0))
        }
    }

    @Test("Policy documents are reviewed by the rules of the flags, at the paths that users know")
    func documents() async throws {
        let program = try Program()
        try program.writePolicy()
        func review(_ authorities: String) -> [UInt8] {
            Array(
                """
                {"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","operation":"CREATE",\
                "kind":{"group":"policy.sigstore.dev","version":"v1beta1","kind":"ClusterImagePolicy"},\
                "resource":{"group":"policy.sigstore.dev","version":"v1beta1","resource":"clusterimagepolicies"},\
                "name":"p","object":{"apiVersion":"policy.sigstore.dev/v1beta1","kind":"ClusterImagePolicy",\
                "metadata":{"name":"p"},"spec":{"images":[{"glob":"**"}],"authorities":[\(authorities)]}}}}
                """.utf8)
        }
        let (pass, garbage) = (#"{"static":{"action":"pass"}}"#, #"{"static":{"action":"garbage"}}"#)
        for (flag, isEmptyAllowed) in [("true", false), ("false", true)] {
            let server = try await Server(
                program,
                [
                    "--policies", "policy.yaml", "--listen=127.0.0.1:0", "--health-listen=127.0.0.1:0",
                    "--fail-on-empty-authorities", flag,
                ])
            let client = CurlClient(caPEM: server.authority)
            for path in ["validating", "validate"] {
                for (authorities, isAllowed) in [(pass, true), (garbage, false), ("", isEmptyAllowed)] {
                    let answer = try await client.post(
                        "https://127.0.0.1:\(server.port)/\(path)", body: review(authorities))
                    let response = try JSONDocument(parsing: answer.body).root["response"]
                    #expect(response?["allowed"]?.bool == isAllowed, "\(answer.text)")
                    #expect(response?["status"]?["code"]?.integer == (isAllowed ? nil : 400))
                }
            }
            let defaulted = try await client.post(
                "https://127.0.0.1:\(server.port)/defaulting", body: review(pass))
            #expect(try JSONDocument(parsing: defaulted.body).root["response"]?["patch"] != nil, "\(defaulted.text)")
            #expect(await server.process.stop() == .exited(0))
        }
    }

    /// The names in the README's table.
    private static func documentedMetrics() throws -> [String] {
        let readme = try #require(TextFile.text(PackageFolder.root + "/README.md"))
        let names = readme.split(separator: "\n").compactMap { line -> String? in
            guard line.hasPrefix("| `countersign_") || line.hasPrefix("| `process_"),
                line.firstRange(of: "with `--cluster`") == nil
            else { return nil }
            return String(line.dropFirst(3).prefix { $0 != "`" && $0 != "{" })
        }
        #expect(names.count > 10)
        return names
    }

    @Test("Our own credentials are shown for a workload's image to listed hosts only, where workloads have their own")
    func workloadCredentials() async throws {
        let access = LoopbackAccess.basic(LoopbackCredentials(user: "robot", password: "secret"))
        try await DemoBench.running(LoopbackOptions(access: access)) { bench in
            // "robot:secret"
            let config = #"{"auths":{"\#(bench.content.host)":{"auth":"cm9ib3Q6c2VjcmV0"}}}"#
            try bench.program.home.write(config, to: ".docker/config.json")
            for (flags, allowed) in [
                ([], true), (["--workload-credentials=true"], false),
                (["--workload-credentials=true", "--own-credentials-for=other.example"], false),
                (["--workload-credentials=true", "--own-credentials-for=\(bench.content.host)"], true),
            ] as [([String], Bool)] {
                let server = try await Server(
                    bench.program,
                    ["--policies", "policies", "--listen=127.0.0.1:0", "--health-listen=127.0.0.1:0"] + flags)
                let answer = try await CurlClient(caPEM: server.authority).post(
                    "https://127.0.0.1:\(server.port)/validate?timeout=10s",
                    body: DemoReview.creation(of: bench.content.signed.pinned, uid: "u").body)
                let response = try JSONDocument(parsing: answer.body).root["response"]
                #expect(response?["allowed"]?.bool == allowed, "\(flags): \(answer.text)")
                if !allowed { #expect(answer.text.contains("there are none for"), "\(answer.text)") }
                #expect(await server.process.stop() == .exited(0))
            }
        }
    }

    @Test("A flag goes before a variable, a variable before the file")
    func precedence() async throws {
        let program = try Program()
        try program.writePolicy("from-file.yaml")
        let (file, variable, flag) = (try freeLoopbackPort(), try freeLoopbackPort(), try freeLoopbackPort())
        try program.home.write(
            "policies:\n  - from-file.yaml\nlisten: 127.0.0.1:\(file)\nhealth-listen: 127.0.0.1:0\nlog-format: json\n",
            to: "settings.yaml")
        for (arguments, variables, port) in [
            ([], [:], file),
            ([], ["COUNTERSIGN_LISTEN": "127.0.0.1:\(variable)"], variable),
            (["--listen", "127.0.0.1:\(flag)"], ["COUNTERSIGN_LISTEN": "127.0.0.1:\(variable)"], flag),
        ] as [([String], [String: String], Int)] {
            let server = try await Server(program, ["--config", "settings.yaml"] + arguments, variables)
            #expect(server.port == port)
            #expect(await server.process.stop() == .exited(0))
        }
        let named = try await Server(program, [], ["COUNTERSIGN_CONFIG": "settings.yaml"])
        #expect(named.port == file)
        #expect(await named.process.stop(signal: 2) == .exited(0))
    }

    @Test("A list in a variable is separated by commas; a flag replaces it whole")
    func lists() throws {
        let sources = try SettingSources(config: nil, names: []) { name in
            ["COUNTERSIGN_INSECURE_REGISTRY": "a:1, b:2,,", "COUNTERSIGN_REGISTRY_CA": ""][name]
        }
        #expect(sources.list("insecure-registry", flags: []) == ["a:1", "b:2"])
        #expect(sources.list("insecure-registry", flags: ["c:3"]) == ["c:3"])
        #expect(sources.list("registry-ca", flags: []).isEmpty)
        #expect(try sources.value("registry-ca", flag: nil)?.text == "")
        #expect(try sources.value("listen", flag: nil) == nil)
    }

    @Test("An address that is in use, or not this machine's, is told as such and ends with 64")
    func addressInUse() async throws {
        try await LoopbackRegistry.running { registry in
            let program = try Program()
            try program.writePolicy()
            let host = try await registry.host
            for (arguments, words) in [
                (
                    ["--listen", host, "--health-listen", "127.0.0.1:0"],
                    "--listen: cannot listen on \(host): the port is in use"
                ),
                (
                    ["--listen", "127.0.0.1:0", "--health-listen", host],
                    "--health-listen: cannot listen on \(host): the port"
                ),
                (
                    ["--listen", "192.0.2.1:0"],
                    "--listen: cannot listen on 192.0.2.1:0: this machine has no such address"
                ),
                (["--listen", "no.invalid:1"], "--listen: cannot listen on no.invalid:1: the name does not resolve"),
            ] {
                let answer = try await program.run(["serve", "--policies", "policy.yaml"] + arguments)
                #expect(answer.exitCode == 64, "\(answer)")
                #expect(answer.words.contains(words), "\(answer)")
                #expect(answer.words.split(separator: "\n").count == 1, "\(answer)")
            }
        }
    }

    @Test("The demo shows its table, ends with 0, says nothing on stderr, and reads nothing of the environment")
    func demo() async throws {
        let program = try Program()
        try program.home.write("{", to: ".docker/config.json")
        let answer = try await program.run(["demo"], ["COUNTERSIGN_LISTEN": "x", "COUNTERSIGN_CONFIG": "/absent"])
        #expect(answer.exitCode == 0, "\(answer)")
        #expect(answer.words.isEmpty, "\(answer)")
        let rows = answer.output.split(separator: "\n").filter { $0.first?.isNumber == true }
        #expect(
            rows.map { $0.split(separator: " ")[3] } == [
                "pinned", "admitted", "admitted", "denied", "denied", "denied", "denied", "warned",
            ], "\(answer)")
        for reason in ["no signatures found", "no matching signatures", "must be an image digest"] {
            #expect(answer.output.contains(reason), "\(reason)")
        }
    }
}
