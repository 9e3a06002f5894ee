// SPDX-License-Identifier: Apache-2.0
public import JSON
import YAML

/// The text of one file of policies: its documents, or why there are none.
public struct PolicyFile: Sendable {
    /// As it is shown in messages.
    public let path: String
    /// In the order of the file; those that are empty, and tests, are left out.
    public let documents: [PolicyDocument]
    /// What keeps the whole file from being read; then there are no documents.
    public let problem: PolicyProblem?

    /// Bytes of one file: a ConfigMap holds a mebibyte at most, and one object of the API server a little more.
    public static let maximumBytes = 1 << 20
    /// Bytes of one object: etcd takes 1.5 MiB by default.
    public static let maximumObjectBytes = 2 << 20
    /// Documents of one file: a mebibyte of the shortest policies that mean anything has fewer.
    public static let maximumDocuments = 4096
    /// A policy nests eight levels deep; metadata that a controller wrote nests deeper.
    public static let limits = JSONLimits(maximumBytes: maximumBytes, maximumDepth: 50, maximumValues: 200_000)

    /// Reads YAML, or JSON where the path ends in `.json`. Never throws: what is wrong is part of the result.
    public init(path: String, text: [UInt8], rules: DocumentRules = DocumentRules()) {
        self.path = path
        do throws(PolicyProblem) {
            let documents = try Self.documents(in: text, isJSON: path.hasSuffix(".json"))
            guard !documents.isEmpty else { throw PolicyProblem(.unreadable, "the file holds no document") }
            guard documents.count <= Self.maximumDocuments else {
                throw PolicyProblem(.unreadable, "the file holds more than \(Self.maximumDocuments) documents")
            }
            self.documents = documents.enumerated().filter { !Self.isTest($0.element.root) }.map {
                PolicyDocument(reading: $0.element, index: $0.offset, rules: rules)
            }
            problem = nil
        } catch {
            documents = []
            problem = error
        }
    }

    /// An object of an API server, as JSON; what is wrong with it is told without line and column.
    init(path: String, object text: [UInt8], rules: DocumentRules) {
        self.path = path
        do throws(JSONError) {
            let limits = JSONLimits(
                maximumBytes: Self.maximumObjectBytes, maximumDepth: Self.limits.maximumDepth,
                maximumValues: Self.limits.maximumValues)
            let document = try JSONDocument(parsing: text, limits: limits)
            documents = [PolicyDocument(reading: document, rules: rules)]
            problem = nil
        } catch {
            documents = []
            problem = PolicyProblem(.unreadable, "\(error.reason)")
        }
    }

    /// A file that could not be read at all.
    public init(path: String, unreadable reason: String) {
        self.path = path
        documents = []
        problem = PolicyProblem(.unreadable, reason)
    }

    /// Everything that keeps the file from being in force, in order.
    public var errors: [PolicyProblem] {
        if let problem { return [problem] }
        return documents.flatMap(\.errors)
    }

    /// What holds, and may not mean what its author hopes.
    public var warnings: [PolicyProblem] { documents.flatMap(\.warnings) }

    /// Whether a document holds tests of policies, which may be kept in the files of the policies: it is passed over.
    public static func isTest(_ root: JSONValue) -> Bool {
        root["apiVersion"]?.string == "countersign.dev/v1alpha1" && root["kind"]?.string == "PolicyTest"
    }

    private static func documents(in text: [UInt8], isJSON: Bool) throws(PolicyProblem) -> [JSONDocument] {
        if isJSON {
            do throws(JSONError) {
                return [try JSONDocument(parsing: text, limits: limits)]
            } catch {
                throw PolicyProblem(.unreadable, "\(error.reason)", position: position(of: error.offset, in: text))
            }
        }
        do throws(YAMLError) {
            return try YAMLDocument.parse(text, limits: limits)
        } catch {
            throw PolicyProblem(.unreadable, "\(error.reason)", position: error.position)
        }
    }

    private static func position(of offset: Int, in text: [UInt8]) -> SourcePosition {
        let before = text.prefix(offset)
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        return SourcePosition(
            line: before.count { $0 == UInt8(ascii: "\n") } + 1,
            column: before[lineStart...].count { $0 & 0xC0 != 0x80 } + 1)
    }
}

extension PolicyProblem: Error {}
