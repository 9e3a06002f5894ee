// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import TestSupport

/// wrk, sending one review over and over on kept connections.
struct Wrk: Sendable {
    struct Report: Sendable {
        let requests: Double
        let perSecond: Double
        /// In milliseconds.
        let median: Double
        let percentile99: Double
        /// Whatever was no answer with status 200.
        let failures: Int
    }

    private let program: String
    private let folder: TemporaryDirectory
    private let body: String

    init(_ review: [UInt8]) throws {
        guard let program = Tool.find("wrk") else { throw Failure("there is no wrk") }
        self.program = program
        folder = try TemporaryDirectory()
        body = try folder.write(review, to: "review.json")
    }

    /// - Parameter pace: requests per second to keep to, all connections together; `nil` sends as fast as answers come.
    func run(_ url: String, connections: Int, seconds: Int, pace: Double? = nil) async throws -> Report {
        var script = Self.script(body)
        if let pace {
            // Each connection waits between nothing and twice the mean, so that they do not march in step.
            let longest = 2000 * Double(connections) / pace
            script += "function delay() return math.floor(math.random() * \(longest) + 0.5) end\n"
        }
        let path = try folder.write(script, to: "review.lua")
        let threads = min(2, connections)
        let result = try await Command(
            program, ["-t", "\(threads)", "-c", "\(connections)", "-d", "\(seconds)s", "--latency", "-s", path, url]
        ).run(timeout: .seconds(seconds + 60))
        let line = result.outputText.split(separator: "\n").first { $0.hasPrefix("REPORT ") }
        let numbers = line?.split(separator: " ").dropFirst().compactMap { Double($0) } ?? []
        guard result.succeeded, numbers.count == 5, numbers[0] > 0 else {
            throw Failure("wrk to \(url): \(result.end), \(result.outputText) \(result.errorText)")
        }
        return Report(
            requests: numbers[0], perSecond: numbers[0] / (numbers[1] / 1e6), median: numbers[2] / 1000,
            percentile99: numbers[3] / 1000, failures: Int(numbers[4]))
    }

    private static func script(_ body: String) -> String {
        """
        local file = assert(io.open("\(body)", "rb"))
        wrk.method, wrk.body = "POST", file:read("*a")
        wrk.headers["Content-Type"] = "application/json"
        file:close()

        function done(summary, latency)
          local errors = summary.errors
          print(string.format("REPORT %d %d %d %d %d", summary.requests, summary.duration, latency:percentile(50),
            latency:percentile(99), errors.connect + errors.read + errors.write + errors.status + errors.timeout))
        end

        """
    }
}
