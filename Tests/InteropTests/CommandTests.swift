// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@Suite struct CommandTests {
    @Test("A program's output, errors and exit code are told apart")
    func outputs() async throws {
        let script = "cat; echo out; echo err >&2; pwd; echo $WORD; exit 7"
        let result = try await Command(
            "/bin/sh", ["-c", script], environment: ["WORD": "word"], directory: "/usr", input: Array("in\n".utf8)
        ).run()
        #expect(result.exitCode == 7)
        #expect(result.outputText == "in\nout\n/usr\nword\n")
        #expect(result.errorText == "err\n")
    }

    @Test("A program that does not end is killed, with what it started")
    func timeout() async throws {
        await #expect(throws: ProcessFailure.self) {
            _ = try await Command("/bin/sh", ["-c", "sleep 60 & sleep 60"]).run(timeout: .milliseconds(200))
        }
    }

    @Test("A program that is not there cannot be started")
    func absent() async throws {
        await #expect(throws: ProcessFailure.self) { _ = try await Command("/no/such/program").run() }
    }

    @Test("A server is stopped by its signal")
    func server() async throws {
        let folder = try TemporaryDirectory()
        let script = "trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.05; done"
        let process = try RunningProcess(Command("/bin/sh", ["-c", script]), log: folder.path("log"))
        try await process.waitUntil { process.output == "ready\n" ? true : nil }
        #expect(await process.stop() == .exited(3))
        #expect(process.output == "ready\nbye\n")
    }
}
