// SPDX-License-Identifier: Apache-2.0
import Admission
import JSON
import Logging
import Testing

@testable import WebhookServer

@Suite("Logs")
struct LogTests {
    private func lines(_ format: LogFormat, level: Logger.Level = .info, _ use: (Logger) -> Void) -> [String] {
        let lines = LogLines()
        use(Logger(label: "countersign") { format.handler(label: $0, level: level, output: lines.output) })
        return lines.all
    }

    @Test("A JSON line is one object of our strict reader, with the metadata in it")
    func jsonLine() throws {
        let written = lines(.json) { logger in
            logger.info(
                "review", metadata: ["uid": "u-1", "ms": .stringConvertible(12), "allowed": .stringConvertible(true)])
        }
        let line = try #require(written.first)
        let root = try JSONDocument(parsing: Array(line.utf8)).root
        #expect(root["message"]?.string == "review")
        #expect(root["level"]?.string == "info")
        #expect(root["uid"]?.string == "u-1")
        #expect(line.contains(#""ms":12"#) && line.contains(#""allowed":true"#))
        #expect(line.hasSuffix("}\n"))
    }

    @Test("Nothing that a value holds reaches the terminal as control", arguments: LogFormat.allCases)
    func escaping(format: LogFormat) throws {
        let hostile = "a\"b\\c\nd\r\u{1B}[31m\u{7F}\u{9B}\u{202E}\u{2028}\u{E0041}\u{FEFF}é"
        let line = try #require(lines(format) { $0.info("m", metadata: ["v": .string(hostile), hostile: "v"]) }.first)
        #expect(line.count(where: { $0.isNewline }) == 1)
        #expect(line.unicodeScalars.allSatisfy { $0 == "\n" || $0 == "é" || (" "..."~").contains($0) })
        if format == .json {
            #expect(try JSONDocument(parsing: Array(line.utf8)).root["v"]?.string == hostile)
        }
    }

    @Test("A long value is cut, nested ones are bounded, and names of ours cannot be taken")
    func bounds() throws {
        let written = lines(.json) { logger in
            var nested: Logger.MetadataValue = "deep"
            for _ in 0..<100 { nested = .array([nested]) }
            logger.info(
                "m",
                metadata: [
                    "long": .string(String(repeating: "x", count: 1 << 20)), "nested": nested, "level": "mine",
                    "many": .array(Array(repeating: "y", count: 10_000)),
                ])
        }
        let line = try #require(written.first)
        #expect(line.utf8.count < 4096)
        let root = try JSONDocument(parsing: Array(line.utf8)).root
        #expect(root["level"]?.string == "info")
        #expect(root["_level"]?.string == "mine")
    }

    @Test("Lines below the level are not written")
    func levels() {
        #expect(lines(.text, level: .warning) { $0.info("quiet") } == [])
        #expect(lines(.text, level: .warning) { $0.error("loud") }.count == 1)
    }

    @Test("A text line holds time, level, message and the values in quotes")
    func textLine() throws {
        let line = try #require(lines(.text) { $0.notice("drain begins", metadata: ["left": "3 of 4"]) }.first)
        #expect(line.hasSuffix(" notice drain begins left=\"3 of 4\"\n"))
        #expect(line.prefix(11).hasSuffix("T"))
    }

    @Test("The line of a review names the object and the images, bounded")
    func reviewLine() throws {
        let decisions = (0..<40).map {
            ReviewRecord.Decision(
                image: "i\($0)", policy: "p", mode: "warn", result: "denied", reason: "unsigned", isCached: true)
        }
        let record = ReviewRecord(
            uid: "u", endpoint: .mutate, operation: "CREATE", resource: "pods", namespace: "n", name: "w",
            isAllowed: false, code: 403, decisions: ReviewRecord.Decisions(decisions))
        let metadata = ReviewLog.metadata(record, status: 200, duration: .milliseconds(7), wasSent: true)
        let images = try JSONDocument(parsing: Array((metadata["images"]?.description ?? "").utf8)).root
        #expect(images.elements.map { $0["image"]?.string } == (0..<ReviewLog.maximumDecisions).map { "i\($0)" })
        let first = try #require(images[0])
        #expect(first.members.map(\.name) == ["cached", "image", "mode", "policy", "reason", "result"])
        #expect(first["cached"]?.bool == true && first["reason"]?.string == "unsigned")
        #expect(metadata["imagesOmitted"]?.description == "8")
        #expect(metadata["code"]?.description == "403")
        #expect(metadata["ms"]?.description == "7")
        #expect(metadata["sent"] == nil)
    }

    @Test("What an image is called cannot end its entry in the line", arguments: LogFormat.allCases)
    func hostileImage(format: LogFormat) throws {
        let hostile = #"i","allowed":true,"x":"\#u{1B}[31m\#n\"#
        let decision = ReviewRecord.Decision(
            image: hostile, policy: hostile, mode: hostile, result: hostile, reason: hostile, isCached: false)
        let record = ReviewRecord(
            uid: "u", endpoint: .validate, isAllowed: false, decisions: ReviewRecord.Decisions([decision]))
        let line = try #require(
            lines(format) { ReviewLog(logger: $0).write(record, status: 200, duration: .zero, wasSent: true) }.first)
        #expect(line.unicodeScalars.dropLast().allSatisfy { (" "..."~").contains($0) })
        guard format == .json else { return }
        let root = try JSONDocument(parsing: Array(line.utf8)).root
        #expect(root["allowed"]?.bool == false)
        #expect(root["images"]?[0]?["image"]?.string == hostile)
    }
}
