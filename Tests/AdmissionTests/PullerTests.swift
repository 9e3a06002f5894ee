// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import JSON
import Policy
import Testing

@testable import Admission

/// On whose behalf the images of an object are asked for.
struct PullerTests {
    private static let specification =
        #"{"containers":[{"image":"nginx"}],"serviceAccountName":"builder","imagePullSecrets":[{"name":"a"},{"name":"b"}]}"#

    private static func pod(_ members: String) -> String {
        #"{"spec":{"containers":[{"name":"c","image":"\#(pinnedWeb)"}]\#(members.isEmpty ? "" : "," + members)}}"#
    }

    @Test(
        "The Pod's specification of every kind says it, and the request says the namespace",
        arguments: WorkloadKind.all)
    func kinds(kind: WorkloadKind) async {
        var object = Self.specification
        for name in kind.podSpecification.reversed() { object = #"{"\#(name)":\#(object)}"# }
        // What the object says of its namespace is not asked.
        object = #"{"metadata":{"namespace":"other"},"# + object.dropFirst()
        let review = Review(
            group: kind.group, version: kind.version, resource: kind.resource, kind: kind.kind, object: object)
        let verifier = ScriptedVerifier()
        _ = await AdmissionTests.review(review.text, verifier)
        let expected = Puller(namespace: "demo", serviceAccount: "builder", pullSecrets: ["a", "b"])
        #expect(verifier.lastPuller == expected)
        _ = await AdmissionTests.review(review.text, at: .mutate, verifier)
        #expect(verifier.lastPuller == expected)
    }

    @Test(
        "Names that are not there, or empty, are what Kubernetes makes of them",
        arguments: [
            ("", "default", []),
            (#""serviceAccountName":"""#, "default", []),
            (#""serviceAccountName":null,"imagePullSecrets":null"#, "default", []),
            (#""serviceAccount":"old""#, "old", []),
            (#""serviceAccount":"old","serviceAccountName":"new""#, "new", []),
            (#""imagePullSecrets":[{"name":"a"},{},{"name":""},{"name":"a"},{"name":null}]"#, "default", ["a"]),
        ] as [(String, String, [String])])
    func names(members: String, account: String, secrets: [String]) async {
        let verifier = ScriptedVerifier()
        let reply = await review(Review(object: Self.pod(members)).text, verifier)
        #expect(reply.isAllowed == true)
        #expect(
            verifier.lastWorkload?.puller
                == Puller(namespace: "demo", serviceAccount: account, pullSecrets: secrets))
    }

    @Test(
        "What is not shaped as a Pod's specification is denied by /validate, and /mutate asks nobody",
        arguments: [
            #""imagePullSecrets":{}"#, #""imagePullSecrets":["a"]"#, #""imagePullSecrets":[{"name":7}]"#,
            #""serviceAccountName":7"#, #""serviceAccount":[]"#,
        ])
    func shapes(members: String) async {
        let verifier = ScriptedVerifier()
        let validated = await review(Review(object: Self.pod(members)).text, verifier)
        #expect(validated.isAllowed == false)
        let tagged = #"{"spec":{"containers":[{"image":"nginx"}],\#(members)}}"#
        let mutated = await review(Review(object: tagged).text, at: .mutate, verifier)
        #expect(mutated.isAllowed == true)
        #expect(mutated.operations == nil)
        #expect(verifier.calls.isEmpty)
    }
}
