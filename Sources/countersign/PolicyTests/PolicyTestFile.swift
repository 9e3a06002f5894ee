// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import JSON
import OCI
import Policy
import Registry
import YAML

/// A document of kind `PolicyTest`, `countersign.dev/v1alpha1`: policies, images, and what is to become of each.
struct PolicyTestFile: Sendable {
    /// As it is shown in messages.
    let path: String
    /// Files and directories, from where the program stands.
    let policies: [String]
    let trustedRoot: String?
    let noMatch: NoMatchAction
    let tests: [Test]

    struct Test: Sendable {
        let name: String
        let image: ImageReference
        /// A directory that holds the image and its proofs; `nil` where the registry is asked.
        let layout: String?
        let workload: WorkloadFacts?
        let expected: TestedImage.Word
        /// One of the reasons that have to be given for it.
        let reason: String?
    }

    /// Tests of one document: more than anybody writes by hand, and few enough to run in a while.
    static let maximumTests = 10_000

    /// The tests of one file: every document of the kind, while other documents are passed over. Throws for whatever is
    /// not understood: a test that is not run must not look like one that has passed.
    static func read(_ path: String) throws(UsageError) -> [PolicyTestFile] {
        let text = try readFile(path, limit: PolicyFile.maximumBytes)
        let documents: [JSONDocument]
        do throws(YAMLError) { documents = try YAMLDocument.parse(text, limits: PolicyFile.limits) } catch {
            throw UsageError("\(path): \(error)")
        }
        var files: [PolicyTestFile] = []
        for document in documents where PolicyFile.isTest(document.root) {
            files.append(try PolicyTestFile(document.root, path))
        }
        return files
    }

    private init(_ root: JSONValue, _ path: String) throws(UsageError) {
        let reader = TestReader(path: path)
        try reader.check(
            root, ["apiVersion", "kind", "policies", "trustedRoot", "noMatch", "tests"], "a test file")
        self.path = path
        var policies: [String] = []
        for entry in try reader.list(root, "policies") {
            guard let text = entry.string, !text.isEmpty else {
                throw reader.error(entry, "policies names files and directories")
            }
            policies.append(reader.place(text))
        }
        self.policies = policies
        trustedRoot = try reader.text(root, "trustedRoot").map(reader.place)
        if let text = try reader.text(root, "noMatch") {
            guard let action = NoMatchAction(rawValue: text) else {
                throw reader.error(root["noMatch"] ?? root, "noMatch is deny, warn or allow, not '\(text)'")
            }
            noMatch = action
        } else {
            noMatch = .deny
        }
        let entries = try reader.list(root, "tests")
        guard entries.count <= Self.maximumTests else {
            throw reader.error(root, "there are more than \(Self.maximumTests) tests in it")
        }
        tests = try entries.map { entry throws(UsageError) in try Test(entry, reader) }
    }
}

extension PolicyTestFile.Test {
    fileprivate init(_ entry: JSONValue, _ reader: TestReader) throws(UsageError) {
        try reader.check(entry, ["name", "image", "layout", "resource", "expect", "reason"], "a test")
        guard let text = try reader.text(entry, "image") else { throw reader.error(entry, "a test needs image") }
        do throws(ReferenceError) { image = try ImageReference(parsing: text) } catch {
            throw reader.error(entry["image"] ?? entry, "'\(text)': \(error)")
        }
        name = try reader.text(entry, "name") ?? text
        if let directory = try reader.text(entry, "layout").map(reader.place) {
            if let reason = LayoutSource.check(directory: directory) {
                throw reader.error(entry["layout"] ?? entry, "\(directory): \(reason)")
            }
            layout = directory
        } else {
            layout = nil
        }
        workload = try reader.text(entry, "resource").map { path throws(UsageError) in
            try WorkloadFacts(inFile: reader.place(path))
        }
        guard let expect = try reader.text(entry, "expect"), let word = TestedImage.Word(rawValue: expect) else {
            let words = TestedImage.Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw reader.error(entry["expect"] ?? entry, "expect is one of \(words)")
        }
        expected = word
        reason = try reader.text(entry, "reason")
        if let reason {
            guard word != .admitted else {
                throw reader.error(entry["reason"] ?? entry, "nothing is admitted for a reason; leave it out")
            }
            guard TestedImage.codes.contains(reason) else {
                throw reader.error(
                    entry["reason"] ?? entry,
                    "'\(reason)' is no reason; there are \(TestedImage.codes.sorted().joined(separator: ", "))")
            }
        }
    }
}

/// Reads fields of a test file, and says where one is not understood.
private struct TestReader {
    let path: String

    /// A path as it is written, from the directory of the file that it is written in.
    func place(_ text: String) -> String {
        guard !text.hasPrefix("/"), let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return text }
        return path[...slash] + text
    }

    func error(_ value: JSONValue, _ sentence: String) -> UsageError {
        UsageError("\(path):\(value.position.line):\(value.position.column): \(sentence)")
    }

    func check(_ value: JSONValue, _ known: [String], _ what: String) throws(UsageError) {
        guard value.kind == .object else { throw error(value, "\(what) is a mapping") }
        for member in value.members where !known.contains(member.name) {
            throw error(
                member.nameValue, "unknown field '\(member.name)'; \(what) has \(known.joined(separator: ", "))")
        }
    }

    /// At least one entry.
    func list(_ value: JSONValue, _ name: String) throws(UsageError) -> [JSONValue] {
        guard let list = value[name], list.kind == .array, list.count > 0 else {
            throw error(value[name] ?? value, "\(name) is a list that is not empty")
        }
        return Array(list.elements)
    }

    /// `nil` where the field is absent; a value that is none is an error, as its author meant something.
    func text(_ value: JSONValue, _ name: String) throws(UsageError) -> String? {
        guard let field = value[name] else { return nil }
        guard let text = field.string, !text.isEmpty else { throw error(field, "\(name) is text that is not empty") }
        return text
    }
}
