// SPDX-License-Identifier: Apache-2.0
import TestSupport

/// From the start of the program until it says that it is ready.
struct StartPart {
    private let settings: Settings

    init(_ settings: Settings) { self.settings = settings }

    func run() async throws -> Section {
        var times: [Double] = []
        for _ in 0..<(settings.isQuick ? 5 : 20) { times.append(try await once().milliseconds) }
        var section = Section(part: .start, title: "Start to ready")
        section.goals = [
            Goal(what: "start to ready, median of \(times.count)", measured: times.median, limit: 300, unit: "ms")
        ]
        var table = Table("starts", "median, ms", "fastest, ms", "slowest, ms")
        table.add(
            "\(times.count)", decimals(times.median, 1), decimals(times.min(), 1), decimals(times.max(), 1))
        section.add(
            "From `posix_spawn` to the first 200 of `/readyz`, with one policy and a certificate made at start.")
        section.add(table)
        section.add(
            BarChart(
                title: "Start to ready", unit: "ms", series: ["start"],
                groups: [
                    ("fastest", [times.min()]), ("median", [times.median]), ("slowest", [times.max()]),
                ], goal: ("goal for the median: 300", 300)), name: "start")
        return section
    }

    private func once() async throws -> Duration {
        let port = try freeLoopbackPort()
        let policy = """
            apiVersion: policy.sigstore.dev/v1beta1
            kind: ClusterImagePolicy
            metadata:
              name: everything
            spec:
              images:
                - glob: "**"
              authorities:
                - static:
                    action: fail
            """
        let (command, folder) = try ServerProcess.command(
            settings, policies: [policy], healthListen: "127.0.0.1:\(port)")
        let client = CurlClient(timeout: .seconds(1))
        let start = ContinuousClock.now
        let process = try RunningProcess(command, log: folder.path("log"))
        while true {
            if let answer = try? await client.get("http://127.0.0.1:\(port)/readyz"), answer.status == 200 { break }
            guard process.end == nil, start.duration(to: .now) < .seconds(20) else {
                throw Failure("it does not get ready: \(process.output.suffix(1000))")
            }
            try await Task.sleep(for: .milliseconds(1))
        }
        let took = start.duration(to: .now)
        await process.stop()
        return took
    }
}
