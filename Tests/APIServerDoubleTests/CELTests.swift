import TestSupport
// SPDX-License-Identifier: Apache-2.0
import Testing

@Suite("The CEL evaluator")
struct CELTests {
    static let variables: [String: JSONTree] = [
        "request": [
            "operation": "UPDATE", "name": "web", "namespace": "demo", "dryRun": false,
            "resource": ["group": "", "version": "v1", "resource": "pods"], "userInfo": ["groups": ["a", "b"]],
        ],
        "object": [
            "metadata": ["labels": ["app": "web", "x/y": "1"], "name": "web"],
            "spec": ["replicas": 3, "containers": [["image": "a:1"], ["image": "b:2"]]],
        ],
        "oldObject": ["metadata": ["name": "web"], "spec": ["replicas": 2, "containers": []]],
        "nothing": .null,
    ]

    @Test(
        "Expressions that hold",
        arguments: [
            "true", "!false", "1 + 2 * 3 == 7", "(1 + 2) * 3 == 9", "7 % 4 - 1 == 2", "-1 < 1", "1.5 < 2",
            "'a' + \"b\" == 'ab'", "'abc' < 'abd'", "request.operation == 'UPDATE'",
            "request.operation in ['CREATE', 'UPDATE']", "object.spec != oldObject.spec",
            "object.metadata.labels['x/y'] == '1'", "has(object.metadata.labels)", "!has(oldObject.metadata.labels)",
            "'app' in object.metadata.labels", "!('b' in object.metadata.labels)",
            "object.spec.containers.all(c, c.image.contains(':'))",
            "object.spec.containers.exists(c, c.image.startsWith('b'))",
            "object.spec.containers.exists_one(c, c.image.endsWith(':1'))",
            "object.spec.containers.map(c, c.image) == ['a:1', 'b:2']",
            "object.spec.containers.filter(c, c.image != 'a:1').size() == 1", "size(object.spec.containers) == 2",
            "object.metadata.labels.exists(k, k == 'app')", "object.spec.containers[1].image == 'b:2'",
            "request.name.matches('^w.b$')", "request.dryRun ? false : true", "nothing == null",
            "object.spec.replicas > oldObject.spec.replicas", "object.spec.replicas >= 3 && 3 <= 3",
            "object.metadata.?annotations.orValue({}) == {}", "object.metadata.?labels.?app.orValue('') == 'web'",
            "!object.?metadata.?annotations[?'a'].hasValue()", "{'a': 1} == {'a': 1}", "[1, 2] + [3] == [1, 2, 3]",
            "'a,b'.split(',').size() == 2", "r'\\d' == '\\\\d'", "int('3') == 3 && string(3) == '3'", "1 != 'a'",
            "request.operation != 'CREATE' // a remark",
            // An error is absorbed by what decides, on either side.
            "true || object.missing == 1", "object.missing == 1 || true", "!(false && object.missing == 1)",
            "!(object.missing == 1 && false)", "object.spec.containers.exists(c, c.image == 'b:2' || c.none)",
            "[1, 'a'].exists(x, x > 0)", "![1, 'a'].all(x, x < 0)",
        ])
    func holds(expression: String) throws {
        #expect(try CELProgram(expression).holds(Self.variables))
    }

    @Test(
        "Expressions that are errors",
        arguments: [
            "object.missing == 1", "object.metadata.labels['none'] == ''", "object.spec.containers[5].image == ''",
            "false || object.missing == 1", "true && object.missing == 1", "1", "'a' < 1", "1 / 0 == 0", "!1",
            "9223372036854775807 + 1 > 0", "'a' in 'abc'", "nothing.spec == 1", "has(nothing.spec)",
            "object.?missing == 1", "oldObject.metadata.labels == {}", "'a'.matches('(')", "[1, 'a'].all(x, x > 0)",
            "size(1) == 1", "object.?missing.value() == 1", "1 ? true : false",
        ])
    func errors(expression: String) throws {
        let failure = #expect(throws: CELFailure.self) { try CELProgram(expression).holds(Self.variables) }
        guard case .evaluation = failure else {
            Issue.record("\(String(describing: failure)) is no error of evaluation")
            return
        }
    }

    @Test(
        "Texts that are refused when they are read",
        arguments: [
            "", "1 +", "(true", "true)", "a.", "'a", "[1", "{'a' 1}", "true ? 1", "x.all(1, true)", "x.frob()",
            "frob(1)", "1u == 1", "b'a' == 'a'", "'\\q'", "has(x)", "\"\"\"a\"\"\"", "a & b",
            String(repeating: "(", count: 100) + "1" + String(repeating: ")", count: 100),
        ])
    func refused(expression: String) {
        let failure = #expect(throws: CELFailure.self) { try CELProgram(expression) }
        if case .evaluation = failure { Issue.record("\(expression) was read") }
    }

    @Test("A name that nobody declared is no error that logic absorbs")
    func undeclared() {
        #expect(throws: CELFailure.unsupported("undeclared reference to 'authorizer'")) {
            try CELProgram("authorizer.x || true").holds(Self.variables)
        }
    }
}
