// SPDX-License-Identifier: Apache-2.0
import JSON
import Policy
import TestSupport
import Testing
import YAML

/// The CustomResourceDefinitions beside the readers of the same documents.
@Suite("The definitions of policies and trust roots")
struct DefinitionTests {
    /// One object of a schema: the way to it, and the fields that it has.
    struct Place: Sendable, CustomTestStringConvertible {
        let kind: String
        /// A name, or `[]` for an element of a list.
        let path: [String]
        let fields: Set<String>

        var testDescription: String { "\(kind) \(path.joined(separator: "."))" }
    }

    private static func definition(_ kind: String) throws -> JSONValue {
        let definitions = try Packaged.objects("CustomResourceDefinition")
        return try #require(definitions.first { Packaged.value($0, "spec.names.kind")?.string == kind })
    }

    private static func schema(_ kind: String, version: Int = 0) throws -> JSONValue {
        try #require(Packaged.value(try definition(kind), "spec.versions.\(version).schema.openAPIV3Schema"))
    }

    /// Every object of `spec` that names its fields.
    private static func places(_ kind: String) throws -> [Place] {
        var found: [Place] = []
        func walk(_ schema: JSONValue, _ path: [String]) {
            if let properties = schema["properties"] {
                found.append(Place(kind: kind, path: path, fields: Set(properties.members.map(\.name))))
                for property in properties.members { walk(property.value, path + [property.name]) }
            }
            if let items = schema["items"] { walk(items, path + ["[]"]) }
        }
        walk(try #require(Packaged.value(try schema(kind), "properties.spec")), ["spec"])
        return found
    }

    static let places = ["ClusterImagePolicy", "TrustRoot"].flatMap { (try? places($0)) ?? [] }

    /// A document with a field that nobody knows at the place, and what the reader has to see to come by there.
    private static func document(_ place: Place) -> String {
        var text = "{\"nobodyKnowsThis\": 1}"
        for step in place.path.reversed() {
            switch step {
            case "[]": text = "[\(text)]"
            // An authority is read on only where it says who may vouch.
            case "authorities": text = "{\"authorities\": \(withKind(text))}"
            default: text = "{\"\(step)\": \(text)}"
            }
        }
        let version = place.kind == "TrustRoot" ? "v1alpha1" : "v1beta1"
        return """
            {"apiVersion": "policy.sigstore.dev/\(version)", "kind": "\(place.kind)", "metadata": {"name": "x"}, \
            \(text.dropFirst())
            """
    }

    private static func withKind(_ list: String) -> String {
        let hasKind = ["key", "keyless", "static"].contains { list.hasPrefix("[{\"\($0)\"") }
        return hasKind ? list : list.replacing("[{", with: "[{\"static\": {\"action\": \"pass\"}, ", maxReplacements: 1)
    }

    @Test("What the schema knows at a place is what the reader knows there", arguments: places)
    func fields(place: Place) throws {
        let text = Self.document(place)
        let document = PolicyDocument(reading: try JSONDocument(parsing: Array(text.utf8)))
        let problem = try #require(
            document.errors.first { $0.message == "unknown field \"nobodyKnowsThis\"" }, "\(text): \(document.errors)")
        let words = problem.advice.split(separator: ": ", maxSplits: 1).last ?? ""
        #expect(Set(words.split(separator: ", ").map(String.init)) == place.fields)
    }

    @Test("All places were found")
    func count() {
        #expect(Self.places.count { $0.kind == "ClusterImagePolicy" } == 24)
        #expect(Self.places.count { $0.kind == "TrustRoot" } == 10)
    }

    @Test("Both versions have one schema and one set of columns, and the older one is stored")
    func versions() throws {
        let versions = try #require(Packaged.value(try Self.definition("ClusterImagePolicy"), "spec.versions"))
        #expect(versions.elements.map { $0["name"]?.string } == ["v1alpha1", "v1beta1"])
        #expect(versions.elements.map { $0["storage"]?.bool } == [true, false])
        #expect(versions.elements.allSatisfy { $0["served"]?.bool == true })
        #expect(versions.elements.allSatisfy { Packaged.value($0, "subresources.status") != nil })
        for part in ["schema", "additionalPrinterColumns"] {
            #expect(Set(versions.elements.map { $0[part].map { Array($0.rawText) } }).count == 1, "\(part)")
        }
        let columns = versions[0]?["additionalPrinterColumns"]?.elements.compactMap { $0["name"]?.string }
        #expect(columns == ["Mode", "Globs", "Ready", "Reason", "Age"])
        let roots = try #require(Packaged.value(try Self.definition("TrustRoot"), "spec.versions"))
        #expect(roots.elements.map { $0["name"]?.string } == ["v1alpha1"])
    }

    @Test("Names are those that scripts know, and no conversion is said that an apply could not undo")
    func names() throws {
        let policies = try Self.definition("ClusterImagePolicy")
        #expect(Packaged.value(policies, "metadata.name")?.string == "clusterimagepolicies.policy.sigstore.dev")
        #expect(Packaged.value(policies, "spec.names.shortNames")?.strings == ["cip"])
        #expect(Packaged.value(policies, "spec.names.categories")?.strings == ["all", "sigstore"])
        let roots = try Self.definition("TrustRoot")
        #expect(Packaged.value(roots, "metadata.name")?.string == "trustroots.policy.sigstore.dev")
        #expect(Packaged.value(roots, "spec.names.shortNames") == nil)
        for definition in [policies, roots] {
            #expect(Packaged.value(definition, "spec.scope")?.string == "Cluster")
            #expect(Packaged.value(definition, "spec.conversion") == nil)
        }
    }

    @Test("Nothing that is stored could fail the schema: no field is required, defaulted or limited")
    func openness() throws {
        let allowed: Set<String> = [
            "type", "description", "properties", "items", "x-kubernetes-validations",
            "x-kubernetes-preserve-unknown-fields",
        ]
        var rules = 0
        func walk(_ schema: JSONValue, _ path: String) {
            let names = Set(schema.members.map(\.name))
            switch path {
            case "status.conditions[]": #expect(names.subtracting(allowed) == ["required"])
            case "status.observedGeneration": #expect(names.subtracting(allowed) == ["format"])
            default: #expect(names.subtracting(allowed).isEmpty, "\(path)")
            }
            if schema["x-kubernetes-validations"] != nil { rules += 1 }
            for property in schema["properties"].map({ Array($0.members) }) ?? [] {
                walk(property.value, path.isEmpty ? property.name : "\(path).\(property.name)")
            }
            if let items = schema["items"] { walk(items, "\(path)[]") }
        }
        walk(try Self.schema("ClusterImagePolicy"), "")
        #expect(rules == 2)
        walk(try Self.schema("TrustRoot"), "")
        #expect(rules == 2)
    }

    @Test(
        "The two rules say what the webhook says",
        arguments: [("spec.properties.mode", "spec.mode"), ("action", "static.action")])
    func rules(_ place: String, _ shown: String) throws {
        let schema = try Self.schema("ClusterImagePolicy")
        let path =
            place == "action"
            ? "properties.spec.properties.authorities.items.properties.static.properties.action" : "properties.\(place)"
        let rule = try #require(Packaged.value(schema, "\(path).x-kubernetes-validations.0"))
        // Scripts search for these words.
        let words = try #require(rule["messageExpression"]?.string)
        #expect(words.hasPrefix("'invalid value: ' + self + ': \(shown)"), "\(words)")
        let broken =
            place == "action" ? "authorities: [{static: {action: garbage}}]" : "mode: garbage, authorities: []"
        let text =
            "{apiVersion: policy.sigstore.dev/v1beta1, kind: ClusterImagePolicy, metadata: {name: x}, "
            + "spec: {images: [{glob: \"**\"}], \(broken)}}"
        let document = PolicyDocument(reading: try YAMLDocument.parse(Array(text.utf8))[0])
        let own = try #require(document.errors.first { $0.message == "invalid value: garbage" }, "\(document.errors)")
        #expect(own.paths.first?.hasSuffix(shown) == true && words.contains(own.details))
    }
}
