// SPDX-License-Identifier: Apache-2.0
import JSON
import TestSupport
import Testing

@testable import Admission

/// What a real API server sends, and what its own schema says.
struct RecordingTests {
    static let hasRecordings = available(
        SharedFolder.path("captures/admission/images.json") != nil, orSkip: "no recordings of an API server")
    static let hasFields = available(
        SharedFolder.path("captures/kubernetes-api/image-fields.tsv") != nil, orSkip: "no list of image fields")

    static func fields(_ value: JSONValue?, _ request: AdmissionRequest) throws -> [[String]] {
        guard let value, request.subresource != "scale", let kind = request.workloadKind else { return [] }
        return try PodImages.fields(of: value, kind).map { [$0.pointer, $0.reference] }
    }

    static func pairs(_ value: JSONValue?) -> [[String]] {
        value?.elements.map { $0.elements.compactMap(\.string) } ?? []
    }

    @Test("Every recorded review decodes to the images that were written down for it", .enabled(if: hasRecordings))
    func recordings() throws {
        let index = try JSONDocument(
            parsing: try #require(SharedFolder.bytes("captures/admission/images.json"))
        ).root
        let listed = index.elements.compactMap { $0["file"]?.string }
        let present = SharedFolder.names(in: "captures/admission").filter {
            $0.hasSuffix(".json") && $0 != "images.json"
        }
        #expect(listed.sorted() == present)
        for row in index.elements {
            let file = try #require(row["file"]?.string)
            let bytes = try #require(SharedFolder.bytes("captures/admission/\(file)"))
            let review = try JSONDocument(parsing: bytes).root
            let request = try AdmissionRequest(review)
            #expect(ReturnAddress(review)?.uid == row["uid"]?.string, "\(file)")
            #expect(ReturnAddress(prefix: bytes)?.uid == row["uid"]?.string, "\(file)")
            #expect(request.operation.rawValue == row["operation"]?.string, "\(file)")
            #expect(request.resource == row["resource"]?.string, "\(file)")
            #expect(request.subresource == row["subResource"]?.string, "\(file)")
            #expect(request.kind == row["kind"]?.string, "\(file)")
            #expect(request.namespace == row["namespace"]?.string ?? "", "\(file)")
            #expect(request.isDryRun == row["dryRun"]?.bool, "\(file)")
            #expect(try Self.fields(request.object, request) == Self.pairs(row["images"]), "\(file)")
            #expect(try Self.fields(request.oldObject, request) == Self.pairs(row["oldImages"]), "\(file)")
        }
    }

    /// By number of the recording: whether `/validate` admits it when all digests are admitted.
    static let admitted: Set<String> = ["031", "038", "055", "059", "060", "062"]

    @Test("Every recorded review gets one answer that bears its uid", .enabled(if: hasRecordings))
    func answers() async throws {
        for name in SharedFolder.names(in: "captures/admission") where name.hasSuffix(".json") && name != "images.json"
        {
            let bytes = try #require(SharedFolder.bytes("captures/admission/\(name)"))
            let uid = try JSONDocument(parsing: bytes).root["request"]?["uid"]?.string
            let mutated = await review(String(decoding: bytes, as: UTF8.self), at: .mutate)
            #expect(mutated.uid == uid && mutated.isAllowed == true, "\(name)")
            guard name.contains("validate") else { continue }
            let validated = await review(String(decoding: bytes, as: UTF8.self), at: .validate)
            #expect(validated.uid == uid && validated.answer.httpStatus == 200, "\(name)")
            #expect(validated.isAllowed == Self.admitted.contains(String(name.prefix(3))), "\(name)")
        }
    }

    @Test("Every field of Kubernetes that names an image is known to us, and no other is", .enabled(if: hasFields))
    func fields() throws {
        let bytes = try #require(SharedFolder.bytes("captures/kubernetes-api/image-fields.tsv"))
        var rows: Set<String> = []
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let columns = line.split(separator: "\t").map(String.init)
            guard columns.count == 3, columns[0] != "apiVersion" else { continue }
            rows.insert(columns.joined(separator: " "))
        }
        #expect(!rows.isEmpty)
        let known = WorkloadKind.all.filter { $0.version != "v1beta1" }.flatMap { kind in
            PodImages.patterns(of: kind).map { "\(kind.apiVersion) \(kind.kind) \($0)" }
        }
        #expect(Set(known) == rows)
    }
}
