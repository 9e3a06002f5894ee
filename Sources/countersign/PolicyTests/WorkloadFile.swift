// SPDX-License-Identifier: Apache-2.0
import Admission
import JSON
import Policy
import YAML

extension WorkloadFacts {
    /// The workload in a file, YAML or JSON, which holds exactly one: what `match` rules and policies over authorities
    /// read of it.
    init(inFile path: String) throws(UsageError) {
        let text = try readFile(path, limit: AdmissionReviewer.maximumReviewBytes)
        let documents: [JSONDocument]
        do throws(YAMLError) { documents = try YAMLDocument.parse(text) } catch {
            throw UsageError("\(path): \(error)")
        }
        guard documents.count == 1, let object = documents.first?.root else {
            throw UsageError("\(path): a resource is one object, and there are \(documents.count) in it")
        }
        guard let apiVersion = object["apiVersion"]?.string, let kind = object["kind"]?.string, !kind.isEmpty else {
            throw UsageError("\(path): \(object.position): an object needs apiVersion and kind")
        }
        var labels: [String: String] = [:]
        if let members = object["metadata"]?["labels"], !members.isNull {
            guard members.kind == .object else { throw UsageError("\(path): metadata.labels is a mapping of strings") }
            for member in members.members {
                guard let value = member.value.string else {
                    throw UsageError("\(path): \(member.value.position): a label's value is a string")
                }
                labels[member.name] = value
            }
        }
        let slash = apiVersion.utf8.firstIndex(of: UInt8(ascii: "/"))
        self.init(
            group: slash.map { String(apiVersion[..<$0]) } ?? "",
            version: slash.map { String(apiVersion[apiVersion.utf8.index(after: $0)...]) } ?? apiVersion,
            // Of a kind that is not known the plural is guessed as the API server's own generators do.
            resource: WorkloadKind.of(apiVersion: apiVersion, kind: kind)?.resource ?? kind.lowercased() + "s",
            labels: labels, object: WorkloadObject(kind: kind, object: object))
    }
}
