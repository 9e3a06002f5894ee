// SPDX-License-Identifier: Apache-2.0
import CUE
import JSON
import Testing

@testable import Policy

/// What a policy sees of a statement whose type is written by a short name.
@Suite("Statements by short names")
struct TypedPredicateTests {
    private func completed(_ predicate: String, _ alias: String) throws -> String? {
        let document = try JSONDocument(parsing: Array(#"{"_type":"t","predicate":\#(predicate)}"#.utf8))
        return try TypedPredicate.completed(document.root, for: alias).map { String(decoding: $0.text, as: UTF8.self) }
    }

    @Test(
        "what such a statement lacks is empty, and what it has stays",
        arguments: [
            (
                "slsaprovenance", "{}",
                #"{"builder":{"id":""},"buildType":"","invocation":{"configSource":{}}}"#
            ),
            (
                "slsaprovenance",
                #"{"buildType":"b","x":[1],"metadata":{"reproducible":true},"builder":{"id":"me","v":1}}"#,
                #"{"buildType":"b","x":[1],"metadata":{"reproducible":true,"completeness":{"parameters":false,"#
                    + #""environment":false,"materials":false}},"builder":{"id":"me","v":1},"invocation":"#
                    + #"{"configSource":{}}}"#
            ),
            ("slsaprovenance", "7", "7"),
            (
                "link", #"{"name":"n"}"#,
                #"{"name":"n","_type":"","materials":null,"products":null,"byproducts":null,"command":null,"environment":null}"#
            ),
            (
                "vuln", #"{"scanner":{"uri":"u","db":{}},"invocation":{},"metadata":{"scanStartedOn":"s"}}"#,
                #"{"scanner":{"uri":"u","db":{"uri":"","version":""},"version":"","result":null},"invocation":"#
                    + #"{"parameters":null,"uri":"","event_id":"","builder.id":""},"metadata":{"scanStartedOn":"s","#
                    + #""scanFinishedOn":"0001-01-01T00:00:00Z"}}"#
            ),
        ])
    func completes(_ alias: String, _ predicate: String, _ expected: String) throws {
        #expect(try completed(predicate, alias) == #"{"_type":"t","predicate":\#(expected)}"#)
    }

    @Test(
        "by its URI, and by any other name, a statement is seen as it was signed",
        arguments: ["https://slsa.dev/provenance/v0.2", "slsaprovenance02", "slsaprovenance1", "custom", "spdx"])
    func asSigned(_ name: String) throws {
        #expect(try completed("{}", name) == nil)
    }

    @Test(
        "a predicate that is not of the type is refused, and what is demanded has to be written",
        arguments: [
            ("slsaprovenance", #"{"builder":{"id":"x"},"buildType":"b"}"#, #"{"builder":7,"buildType":"b"}"#),
            ("slsaprovenance", #"{"builder":{"id":"x"},"buildType":"b"}"#, #"{"builder":{"id":"x"}}"#),
            ("vuln", #"{"scanner":{"uri":"u"},"builder":{"id":""},"buildType":""}"#, #"{"scanner":[]}"#),
        ])
    func mistyped(_ alias: String, _ good: String, _ bad: String) throws {
        func objection(_ predicate: String) throws -> PolicyObjection? {
            let program = PolicyProgram(
                language: .cue, body: PolicyProgram.body(of: Array("predicate: buildType: string".utf8), in: .cue),
                demand: .fields)
            let requirement = AttestationRequirement(
                name: "a", predicateType: PredicateType.uri(alias), writtenType: alias, program: program)
            let document = try JSONDocument(parsing: Array(#"{"predicate":\#(predicate)}"#.utf8))
            return requirement.objection(to: document.root)
        }
        #expect(try objection(good) == nil)
        #expect(try objection(bad) != nil)
    }
}
