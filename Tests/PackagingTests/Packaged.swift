// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import JSON
import TestSupport
import Testing
import YAML

/// What is shipped beside the program.
enum Packaged {
    static let manifest = "deploy/countersign.yaml"
    static let golden = "Tests/PackagingTests/Golden"
    static let chart = "charts/countersign"

    static func text(_ path: String) throws -> String {
        let bytes = try #require(FileManager.default.contents(atPath: "\(PackageFolder.root)/\(path)"), "\(path)")
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Names in a folder, sorted.
    static func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(PackageFolder.root)/\(folder)").sorted()
    }

    static func documents(_ path: String) throws -> [JSONValue] {
        try YAMLDocument.parse(Array(try text(path).utf8)).map(\.root)
    }

    /// The objects of this kind in a manifest.
    static func objects(_ kind: String, in path: String = manifest) throws -> [JSONValue] {
        try documents(path).filter { $0["kind"]?.string == kind }
    }

    static func object(_ kind: String, in path: String = manifest) throws -> JSONValue {
        let found = try objects(kind, in: path)
        try #require(found.count == 1, "\(found.count) of kind \(kind) in \(path)")
        return found[0]
    }

    /// The value at a path of names and positions, as `spec.rules.0.verbs`.
    static func value(_ root: JSONValue, _ path: String) -> JSONValue? {
        var value: JSONValue? = root
        for step in path.split(separator: ".").map(String.init) {
            value = Int(step).map { index in value?[index] } ?? value?[step]
        }
        return value
    }
}

extension JSONValue {
    /// Of a list, the strings in it.
    var strings: [String] { kind == .array ? elements.compactMap(\.string) : [] }
}
