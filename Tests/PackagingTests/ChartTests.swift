// SPDX-License-Identifier: Apache-2.0
import JSON
import TestSupport
import Testing

/// The chart, as far as it can be read without helm.
@Suite("The chart")
struct ChartTests {
    /// Paths of a tree of values; what is no object, or an empty one, ends a path.
    private static func leaves(_ value: JSONValue, _ path: String = "") -> Set<String> {
        guard value.kind == .object, value.count > 0 else { return [path] }
        return value.members.reduce(into: []) {
            $0.formUnion(leaves($1.value, path.isEmpty ? $1.name : "\(path).\($1.name)"))
        }
    }

    /// Paths that the schema knows by name, each whole.
    private static func known(_ schema: JSONValue, _ path: String = "") -> Set<String> {
        guard let properties = schema["properties"] else { return [path] }
        return properties.members.reduce(into: []) {
            $0.formUnion(known($1.value, path.isEmpty ? $1.name : "\(path).\($1.name)"))
        }
    }

    /// Whether one is the other or a place in it: an object may be open, as `webhook.resources` is, or empty.
    private static func isOnOnePath(_ one: String, _ other: String) -> Bool {
        one == other || one.hasPrefix(other + ".") || other.hasPrefix(one + ".")
    }

    private static func values() throws -> Set<String> {
        leaves(try #require(try Packaged.documents("\(Packaged.chart)/values.yaml").first))
    }

    @Test("The schema knows every value, and values.yaml names everything that the schema knows")
    func schema() throws {
        let schema = try #require(try Packaged.documents("\(Packaged.chart)/values.schema.json").first)
        let known = Self.known(schema).filter { $0 != "global" }
        for value in try Self.values() {
            #expect(known.contains { Self.isOnOnePath($0, value) }, "\(value)")
        }
        let values = try Self.values()
        for path in known {
            #expect(values.contains { Self.isOnOnePath($0, path) }, "\(path)")
        }
    }

    @Test("Every object of the schema refuses names that it does not know")
    func closed() throws {
        let schema = try #require(try Packaged.documents("\(Packaged.chart)/values.schema.json").first)
        func walk(_ schema: JSONValue, _ path: String) {
            guard let properties = schema["properties"] else { return }
            #expect(schema["additionalProperties"]?.bool == false, "\(path)")
            for property in properties.members { walk(property.value, "\(path).\(property.name)") }
        }
        walk(schema, "")
    }

    @Test("Every value is in some rendering that is kept")
    func rendered() throws {
        var set: Set<String> = []
        for name in try Packaged.names(in: Packaged.golden) where name.hasSuffix(".values.yaml") {
            let document = try #require(try Packaged.documents("\(Packaged.golden)/\(name)").first)
            set.formUnion(Self.leaves(document))
        }
        for value in try Self.values() {
            #expect(set.contains { $0 == value || $0.hasPrefix(value + ".") }, "\(value)")
        }
    }

    @Test("Every set of values has its rendering, and every rendering its values")
    func pairs() throws {
        let names = try Packaged.names(in: Packaged.golden)
        let values = names.filter { $0.hasSuffix(".values.yaml") }.map { String($0.dropLast(".values.yaml".count)) }
        let renderings = names.filter { !$0.hasSuffix(".values.yaml") }.map { String($0.dropLast(".yaml".count)) }
        #expect(values == renderings && values.count >= 8)
    }

    @Test("It installs the version that it was made with")
    func version() async throws {
        let chart = try #require(try Packaged.documents("\(Packaged.chart)/Chart.yaml").first)
        let version = try await CountersignTool().run(["--version"]).output
        #expect(version.hasPrefix(chart["appVersion"]?.string ?? "?"), "\(version)")
        #expect(chart["version"]?.string == chart["appVersion"]?.string)
    }
}
