// SPDX-License-Identifier: Apache-2.0
import Demo
import TestSupport

/// Load from programs that share no code with ours.
enum ServeLoad {
    /// One review and what must come of it; the uid carries the expectation, so that whoever answers it can be checked.
    struct Review: Sendable {
        enum Expectation: String, Sendable {
            case allowed, denied, warned, pinned
        }

        let path: String
        let body: [UInt8]

        init(_ expectation: Expectation, at path: String = "validate", _ body: (_ uid: String) -> [UInt8]) {
            self.path = path
            self.body = body(expectation.rawValue + "-1")
        }
    }

    /// What wrk counted.
    struct Report: Sendable, CustomStringConvertible {
        let requests: Int
        /// Failures to connect, to read and to write, and time-outs.
        let failures: Int
        /// Answers that are not 200, or not what their uid says.
        let wrong: Int
        /// In microseconds.
        let median: Int
        let percentile99: Int
        /// The first of the wrong answers.
        let sample: String

        var description: String {
            "\(requests) requests, \(failures) failures, \(wrong) wrong answers, p50 \(median) µs, p99 \(percentile99) µs"
                + (sample.isEmpty ? "" : "; \(sample)")
        }
    }

    /// Starts wrk on all reviews in turn over kept connections, for a minute at least; SIGINT ends it.
    static func wrk(
        _ bench: ServeBench, _ reviews: [Review], connections: Int, name: String = "wrk", timeout: String = "10s"
    ) throws -> RunningProcess {
        guard let program = Tool.find("wrk") else { throw BenchFailure("there is no wrk") }
        var list = ""
        for (index, review) in reviews.enumerated() {
            let file = try bench.folder.write(review.body, to: "\(name)-\(index).json")
            list += "  {'/\(review.path)?timeout=\(timeout)', '\(file)'},\n"
        }
        let script = try bench.folder.write("local reviews = {\n\(list)}\n" + lua, to: "\(name).lua")
        return try RunningProcess(
            Command(
                program,
                [
                    "-t", "2", "-c", String(connections), "-d", "300s", "--timeout", "15s", "--latency", "-s", script,
                    bench.webhook,
                ]), log: bench.folder.path("\(name).log"))
    }

    /// Ends wrk and reads its report.
    static func finish(_ process: RunningProcess) async throws -> Report {
        let end = await process.stop(signal: interrupt)
        let line = process.output.split(separator: "\n").first { $0.hasPrefix("REPORT ") }
        let words = line?.split(separator: " ", maxSplits: 6).dropFirst().map(String.init) ?? []
        let numbers = words.prefix(5).compactMap { Int($0) }
        guard end == .exited(0), numbers.count == 5 else {
            throw BenchFailure("wrk ended with \(end); it said: \(process.output)")
        }
        return Report(
            requests: numbers[0], failures: numbers[1], wrong: numbers[2], median: numbers[3],
            percentile99: numbers[4], sample: words.count > 5 ? words[5] : "")
    }

    private static let interrupt: Int32 = 2

    private static let lua = #"""
        local requests, turn, threads = {}, 0, {}
        wrong, sample = 0, ""
        local signs = {
          allowed = { '"allowed":true' }, denied = { '"allowed":false', '"message":' },
          warned = { '"allowed":true', '"warnings":%[' }, pinned = { '"allowed":true', '"patch":"' },
        }

        function setup(thread) table.insert(threads, thread) end

        function init()
          for i, review in ipairs(reviews) do
            local file = assert(io.open(review[2], "rb"))
            requests[i] = wrk.format("POST", review[1], { ["Content-Type"] = "application/json" }, file:read("*a"))
            file:close()
          end
        end

        function request()
          turn = turn % #requests + 1
          return requests[turn]
        end

        function response(status, headers, body)
          local expected = signs[string.match(body, '"uid":"(%a+)%-') or ""]
          local right = status == 200 and expected ~= nil
          for _, sign in ipairs(expected or {}) do right = right and string.find(body, sign) ~= nil end
          if expected == signs.allowed and string.find(body, '"warnings":') then right = false end
          if not right then
            wrong = wrong + 1
            if sample == "" then sample = status .. " " .. string.sub(body, 1, 1500) end
          end
        end

        function done(summary, latency)
          local errors, wrong, sample = summary.errors, 0, ""
          for _, thread in ipairs(threads) do
            wrong = wrong + thread:get("wrong")
            if sample == "" then sample = thread:get("sample") end
          end
          print(string.format("REPORT %d %d %d %d %d %s", summary.requests,
            errors.connect + errors.read + errors.write + errors.timeout, wrong, latency:percentile(50),
            latency:percentile(99), string.gsub(sample, "\n", " ")))
        end

        """#

    /// Sends one review many times; throws unless every answer is 200.
    static func h2load(
        _ bench: ServeBench, _ path: String, file: String, count: Int, connections: Int, streams: Int,
        isHTTP1: Bool = false
    ) async throws {
        guard let program = Tool.find("h2load") else { throw BenchFailure("there is no h2load") }
        let result = try await Command(
            program,
            [
                "-n", String(count), "-c", String(connections), "-m", String(isHTTP1 ? 1 : streams), "-d", file, "-H",
                "content-type: application/json",
            ] + (isHTTP1 ? ["--h1"] : []) + ["\(bench.webhook)/\(path)"]
        ).run()
        let wanted = [
            "\(count) succeeded, 0 failed, 0 errored, 0 timeout", "status codes: \(count) 2xx, 0 3xx, 0 4xx, 0 5xx",
        ]
        guard result.succeeded, wanted.allSatisfy({ result.outputText.firstRange(of: $0) != nil }) else {
            throw BenchFailure("h2load for \(file): \(result.end), \(result.outputText) \(result.errorText)")
        }
    }
}
