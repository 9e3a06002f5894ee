// SPDX-License-Identifier: Apache-2.0
import JSON
import Testing
import YAML

@testable import Policy

/// A document with every field, of which every part is replaced by everything that it is not.
@Suite("The shape of documents")
struct PolicyShapeTests {
    private static let whole = """
        apiVersion: policy.sigstore.dev/v1beta1
        kind: ClusterImagePolicy
        metadata: {name: whole, labels: {a: b}, annotations: {a: b}, finalizers: [x]}
        spec:
          mode: warn
          images: [{glob: "registry.example/**"}]
          match:
          - group: apps
            version: v1
            resource: deployments
            selector: {matchLabels: {app: web}, matchExpressions: [{key: app, operator: In, values: [web]}]}
          authorities:
          - name: key
            key: {data: KEY, hashAlgorithm: sha256}
            source: [{oci: proofs.example/acme, tagPrefix: v1}]
            ctlog: {url: "https://log.example", trustRootRef: a}
            rfc3161timestamp: {trustRootRef: a}
            requireSignature: true
            attestations:
            - name: bom
              predicateType: "https://cyclonedx.org/bom"
              policy: {type: cue, data: "a: 1", concrete: true}
            - name: map
              predicateType: "https://cyclonedx.org/bom"
              policy: {type: cue, configMapRef: {name: a, key: b, namespace: c}}
          - keyless:
              url: https://ca.example
              identities: [{issuer: a, subject: b}, {issuerRegExp: a, subjectRegExp: b}]
              trustRootRef: a
              insecureIgnoreSCT: true
            signatureFormat: bundle
          - keyless: {ca-cert: {kms: "hashivault://k"}, identities: [{issuer: a, subject: b}]}
          - key: {secretRef: {name: a, namespace: cosign-system}}
          - static: {action: fail, message: m}
          policy:
            type: cue
            remote: {url: "https://p.example", sha256sum: a}
            fetchConfigFile: true
            includeSpec: true
            includeObjectMeta: true
            includeTypeMeta: true
        status: {observedGeneration: 1}

        """

    private func document() throws -> JSONDocument {
        try #require(try YAMLDocument.parse(Array(Self.whole.replacing("KEY", with: key).utf8)).first)
    }

    private var key: String { "\"" + Keys.first.replacing("\n", with: "\\n") + "\"" }

    /// The document with the value at `place` (in order of a walk) written as `replacement`, or with an unknown member
    /// added where `replacement` is `nil` and the value is an object; with the path of that value.
    private func changed(_ root: JSONValue, at place: Int, to replacement: String?) -> (text: [UInt8], path: String)? {
        var count = 0
        var path: String?
        var writer = JSONWriter()
        func write(_ value: JSONValue, _ here: String, _ writer: inout JSONWriter) {
            let isTarget = count == place
            count += 1
            if isTarget, let replacement {
                path = "\(here): \(value.kind)"
                writer.raw(Array(replacement.utf8))
                return
            }
            switch value.kind {
            case .object:
                if isTarget { path = here }
                writer.object { writer in
                    if isTarget {
                        writer.name("bogus")
                        writer.string("x")
                    }
                    for member in value.members {
                        writer.name(member.name)
                        write(member.value, "\(here).\(member.name)", &writer)
                    }
                }
            case .array:
                writer.array { writer in for element in value.elements { write(element, "\(here)[]", &writer) } }
            default: writer.raw(Array(value.rawText))
            }
        }
        write(root, "", &writer)
        return path.map { (writer.bytes, $0) }
    }

    private func compiles(_ text: [UInt8]) throws -> Bool {
        PolicyDocument(reading: try JSONDocument(parsing: text)).policy != nil
    }

    @Test("the document compiles as it is")
    func asItIs() throws {
        let document = PolicyDocument(reading: try document())
        #expect(document.policy != nil, "\(document.errors)")
    }

    @Test("a value of another type is refused, wherever it stands")
    func otherTypes() throws {
        let root = try document().root
        let replacements: [(JSONValue.Kind, String)] = [
            (.object, "{\"x\":1}"), (.array, "[1]"), (.string, "\"\\u0000\""), (.number, "7"), (.bool, "true"),
        ]
        var accepted: Set<String> = []
        for (kind, replacement) in replacements {
            var place = 0
            while let change = changed(root, at: place, to: replacement) {
                place += 1
                guard !change.path.hasSuffix(": \(kind)") else { continue }
                if try compiles(change.text) { accepted.insert(change.path) }
            }
            #expect(place > 60)
        }
        // What a controller wrote is not read.
        #expect(accepted == [".metadata.finalizers[]: string", ".status.observedGeneration: number"])
    }

    @Test("a member that nobody knows is refused, wherever it stands")
    func unknownMembers() throws {
        let root = try document().root
        var accepted: Set<String> = []
        for place in 0..<200 {
            guard let change = changed(root, at: place, to: nil) else { continue }
            if try compiles(change.text) { accepted.insert(change.path) }
        }
        // Maps have members of any name; a label more names fewer workloads.
        #expect(
            accepted == [
                ".metadata.labels", ".metadata.annotations", ".status", ".spec.match[].selector.matchLabels",
            ])
    }

    @Test("nothing that bytes can say brings the reader down")
    func mutations() throws {
        var random = SplitMix(state: 0x5EED)
        let source = Array(Self.whole.replacing("KEY", with: key).utf8)
        let inserts = Array("{}[]:,-*&!|>'\"%@#\n \u{0}ÿ".utf8)
        for _ in 0..<1_500 {
            var text = source
            for _ in 0...(random.next() % 4) {
                let at = Int(random.next() % UInt64(text.count))
                switch random.next() % 4 {
                case 0: text.remove(at: at)
                case 1: text.insert(inserts[Int(random.next() % UInt64(inserts.count))], at: at)
                case 2: text[at] = UInt8(truncatingIfNeeded: random.next())
                default: text.removeSubrange(at..<min(text.count, at + Int(random.next() % 40)))
                }
            }
            let file = PolicyFile(path: "m.yaml", text: text)
            for document in file.documents where document.policy == nil {
                #expect(document.brokenPolicy(in: "m.yaml") != nil)
                #expect(document.errors.allSatisfy { !$0.description.contains("\n") })
            }
        }
    }

    private struct SplitMix: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    @Test("a file of nothing but mistakes tells a bounded number of them, in bounded time")
    func manyMistakes() throws {
        let members = (0..<40_000).map { "\"m\($0)\":1" }.joined(separator: ",")
        let text = "{\"apiVersion\":\"policy.sigstore.dev/v1beta1\",\"kind\":\"ClusterImagePolicy\",\(members)}"
        let elapsed = ContinuousClock().measure {
            let file = PolicyFile(path: "m.json", text: Array(text.utf8))
            #expect(file.errors.count == DocumentReader.maximumProblems)
        }
        #expect(elapsed < .seconds(30))
    }
}
