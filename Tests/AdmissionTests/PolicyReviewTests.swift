// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import JSON
import Policy
import TestSupport
import Testing

@testable import Admission

/// Reviews of the documents that policies are made of.
@Suite("Reviews of policy documents")
struct PolicyReviewTests {
    /// A review in the shape in which an API server sends one, metadata that it adds included.
    static func review(
        _ spec: String, operation: String = "CREATE", version: String = "v1beta1",
        resource: String = "clusterimagepolicies",
        subresource: String = "", kind: String = "ClusterImagePolicy", metadata: String = "", old: String? = nil
    ) -> String {
        func object(_ spec: String) -> String {
            """
            {"apiVersion":"policy.sigstore.dev/\(version)","kind":"\(kind)","metadata":{"annotations":\
            {"kubectl.kubernetes.io/last-applied-configuration":"{}\\n"},"creationTimestamp":"2026-11-21T00:03:52Z",\
            \(metadata)"generation":1,"managedFields":[{"apiVersion":"policy.sigstore.dev/v1beta1","fieldsType":"FieldsV1",\
            "fieldsV1":{"f:spec":{".":{},"f:images":{}}},"manager":"kubectl-client-side-apply","operation":"Update",\
            "time":"2026-11-21T00:03:52Z"}],"name":"example","uid":"35a14436-fd48-4f40-aaad-b3e8919cc7b8"},"spec":\(spec)}
            """
        }
        return Review(
            operation: operation, group: "policy.sigstore.dev", version: version, resource: resource,
            subresource: subresource, kind: kind, object: object(spec), oldObject: old.map(object)
        ).text
    }

    static let identity = #"{"issuer":"https://i.example","subjectRegExp":"^https://github.com/acme/"}"#

    static func keyless(_ identities: String = "[\(identity)]", more: String = "") -> String {
        #"{"images":[{"glob":"ghcr.io/acme/**"}],"authorities":[{"keyless":{"identities":\#(identities)}\#(more)}]}"#
    }

    static let pass = #"{"images":[{"glob":"a.example/**"}],"authorities":[{"static":{"action":"pass"}}]}"#

    struct Case: Sendable, CustomTestStringConvertible {
        let spec: String
        /// The whole message, or its beginning where our own words follow.
        let message: String
        /// One change away.
        let twin: String

        var testDescription: String { message }
    }

    static let cases: [Case] = [
        Case(
            spec: pass.replacing("**", with: "["),
            message:
                "validation failed: invalid value: a.example/[: spec.images[0].glob\nglob is invalid: syntax error in pattern",
            twin: pass),
        Case(
            spec: keyless("[]"), message: "validation failed: missing field(s): spec.authorities[0].keyless.identities",
            twin: keyless()),
        Case(
            spec: keyless(#"[{"issuer":"https://i.example"}]"#),
            message: "validation failed: missing field(s): spec.authorities[0].keyless.identities[0].subject, "
                + "spec.authorities[0].keyless.identities[0].subjectRegExp",
            twin: keyless(#"[{"issuer":"https://i.example","subject":"s"}]"#)),
        Case(
            spec: pass.replacing("pass", with: "garbage"),
            message:
                "validation failed: invalid value: garbage: spec.authorities[0].static.action\nunsupported action\n"
                + "spec.authorities[0].static.action: write pass or fail",
            twin: pass.replacing("pass", with: "fail")),
        Case(
            spec: #"{"mode":"garbage",\#(pass.dropFirst())"#,
            message:
                "validation failed: invalid value: garbage: spec.mode\nunsupported mode\nspec.mode: write enforce or warn",
            twin: #"{"mode":"warn",\#(pass.dropFirst())"#),
        Case(
            spec: #"{"match":[{"resource":"apple","group":"a","version":"v1"}],\#(pass.dropFirst())"#,
            message: "validation failed: invalid value: apple: spec.match[0].resource\nunsupported resource name",
            twin: #"{"match":[{"resource":"pods","group":"","version":"v1"}],\#(pass.dropFirst())"#),
        Case(
            spec: #"{"images":[{"glob":"a.example/**"}],"authorities":[]}"#,
            message: "validation failed: missing field(s): spec.authorities", twin: pass),
        Case(
            spec: #"{"images":[{"glob":"a.example/**"}],"authorities":[{"key":{},"name":"k"}]}"#,
            message: "validation failed: expected exactly one, got neither: spec.authorities[0].key.data, "
                + "spec.authorities[0].key.kms, spec.authorities[0].key.secretref",
            twin:
                #"{"images":[{"glob":"a.example/**"}],"authorities":[{"key":{"secretRef":{"name":"s"}},"name":"k"}]}"#),
    ]

    @Test("A document that policy check refuses is denied in the same words, and its twin is let in", arguments: cases)
    func refusals(refused: Case) async {
        for version in ["v1alpha1", "v1beta1"] {
            for operation in ["CREATE", "UPDATE"] {
                let verifier = ScriptedVerifier()
                let reply = await AdmissionTests.review(
                    Self.review(refused.spec, operation: operation, version: version, old: Self.pass), at: .validate,
                    verifier)
                #expect(reply.isAllowed == false)
                #expect(reply.code == 400)
                #expect(reply.reason == "BadRequest")
                #expect(reply.message.hasPrefix(refused.message), "\(reply.message)")
                #expect(reply.answer.record.decisions.map(\.reason) == ["invalid-document"])
                let twin = await AdmissionTests.review(
                    Self.review(refused.twin, operation: operation, version: version, old: Self.pass), at: .validate,
                    verifier)
                #expect(twin.isAllowed == true, "\(twin.message)")
                #expect(twin.answer.record.code == nil)
                #expect(verifier.calls.isEmpty)
            }
        }
    }

    @Test("Warnings come as lines, what first and why on a line of its own, and admit")
    func warnings() async {
        let attestation = #","attestations":[{"name":"a","predicateType":"TYPE"}]"#
        let alias = await AdmissionTests.review(
            Self.review(Self.keyless(more: attestation.replacing("TYPE", with: "custom"))))
        #expect(alias.isAllowed == true, "\(alias.message)")
        // What upstream's users know stands in its two lines, one after the other.
        let known = [
            "invalid value: custom: spec.authorities[0].attestations.predicateType",
            "deprecated value, please use RFC 3986 conformant values",
        ]
        let place = alias.warnings.firstIndex(of: known[0]) ?? alias.warnings.count
        #expect(Array(alias.warnings[place...].prefix(2)) == known, "\(alias.warnings)")
        #expect(
            alias.warnings.contains { $0.hasPrefix("spec.authorities[0].attestations[0].predicateType: write ") })
        let uri = await AdmissionTests.review(
            Self.review(Self.keyless(more: attestation.replacing("TYPE", with: "https://example.com/t"))))
        #expect(uri.isAllowed == true)
        #expect(!uri.warnings.contains { known.contains($0) })
        // The lint of `policy check` says the same here.
        #expect(uri.warnings.contains { $0.contains("attestations are checked and signatures are not") })
    }

    @Test("A policy without authorities is let in, with a warning or two, only where the operator says so")
    func noAuthorities() async {
        var rules = DocumentRules()
        rules.admitsNoAuthorities = true
        let text = Self.review(#"{"images":[{"glob":"a.example/**"}]}"#)
        let strict = await AdmissionTests.review(text)
        #expect(strict.message.hasPrefix("validation failed: missing field(s): spec.authorities"))
        let answer = await AdmissionReviewer(verifier: ScriptedVerifier(), documents: rules).review(
            Array(text.utf8), at: .validate, deadline: .after(.seconds(9)))
        #expect(Reply(answer).isAllowed == true)
    }

    @Test("Rules that change while we run hold for the next review")
    func liveRules() async throws {
        let inForce = PoliciesInForce(PolicySet(policies: []))
        let reviewer = AdmissionReviewer(verifier: ScriptedVerifier(), policies: inForce)
        let text = Array(Self.review(#"{"images":[{"glob":"a.example/**"}]}"#).utf8)
        for admits in [false, true, false] {
            var settings = PolicySettings()
            settings.rules.admitsNoAuthorities = admits
            inForce.replace(with: PolicySet(policies: []), health: .whole, settings: settings)
            let answer = await reviewer.review(text, at: .validate, deadline: .after(.seconds(9)))
            #expect(Reply(answer).isAllowed == admits)
        }
    }

    @Test("Deletions and updates of the status are not looked at; another subresource is denied")
    func passedOver() async {
        for endpoint in ReviewEndpoint.enforcing {
            for (operation, subresource, isAllowed) in [
                ("DELETE", "", true), ("UPDATE", "status", true), ("UPDATE", "scales", false),
                ("CREATE", "status", false),
                ("CONNECT", "", false),
            ] {
                let reply = await AdmissionTests.review(
                    Self.review("{}", operation: operation, subresource: subresource, old: "{}"), at: endpoint)
                #expect(reply.isAllowed == isAllowed, "\(operation) \(subresource) at \(endpoint)")
                #expect(reply.operations == nil)
            }
        }
    }

    @Test("A document that goes away can lose its finalizer, and can no longer change")
    func beingDeleted() async {
        let leaving = #""deletionTimestamp":"2026-11-21T00:03:52Z","#
        let same = await AdmissionTests.review(Self.review("{}", operation: "UPDATE", metadata: leaving, old: "{}"))
        #expect(same.isAllowed == true)
        let changed = await AdmissionTests.review(
            Self.review("{}", operation: "UPDATE", metadata: leaving, old: Self.pass))
        #expect(changed.isAllowed == false)
        let staying = await AdmissionTests.review(Self.review("{}", operation: "UPDATE", old: "{}"))
        #expect(staying.isAllowed == false)
    }

    static let otherObjects: [(String, String)] = [
        (#""object":{"apiVersion":"policy.sigstore.dev/v1beta1","kind":"TrustRoot""#, "found TrustRoot"),
        (
            #""object":{"apiVersion":"policy.sigstore.dev/v1alpha1","kind":"ClusterImagePolicy""#,
            "found policy.sigstore.dev/v1alpha1"
        ),
        (#""object":{"apiVersion":7,"kind":"ClusterImagePolicy""#, "found "),
        (#""object":{"apiVersion":"policy.sigstore.dev/v1beta1""#, "found "),
    ]

    @Test("An object that is not what its resource holds is denied, at both ends", arguments: otherObjects)
    func malformed(object: String, words: String) async {
        let text = Self.review(Self.pass)
        let known = #""object":{"apiVersion":"policy.sigstore.dev/v1beta1","kind":"ClusterImagePolicy""#
        for endpoint in ReviewEndpoint.enforcing {
            #expect(await AdmissionTests.review(text, at: endpoint).isAllowed == true)
            let reply = await AdmissionTests.review(text.replacing(known, with: object), at: endpoint)
            #expect(reply.isAllowed == false)
            #expect(reply.code == 400)
            #expect(reply.message.contains(words), "\(reply.message)")
        }
    }

    @Test("Without an object, or with one of another sort, a document is denied")
    func noObject() async {
        for object in [nil, "null", "[]", "7", #""x""#, "{}"] as [String?] {
            let text = Review(
                group: "policy.sigstore.dev", version: "v1beta1", resource: "clusterimagepolicies",
                kind: "ClusterImagePolicy", object: object
            ).text
            for endpoint in ReviewEndpoint.enforcing {
                let reply = await AdmissionTests.review(text, at: endpoint)
                #expect(reply.isAllowed == false)
                #expect(reply.code == 400)
            }
        }
    }

    @Test("A document that nests deeper than any is denied, and cannot stop the reader")
    func deep() async {
        let deep = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
        let reply = await AdmissionTests.review(Self.review(#"{"images":\#(deep)}"#))
        #expect(reply.isAllowed == false)
        #expect(reply.code == 400)
    }

    @Test("Versions, and resources of that group, that nobody here reads are an unknown kind")
    func unknown() async {
        for (version, resource) in [("v1", "clusterimagepolicies"), ("v1beta1", "trustroots"), ("v1beta1", "others")] {
            let reply = await AdmissionTests.review(Self.review(Self.pass, version: version, resource: resource))
            #expect(reply.isAllowed == false)
            #expect(reply.message.contains("unhandled kind: \(resource) of policy.sigstore.dev/\(version)"))
        }
    }

    @Test("A TrustRoot is judged by what the reader says of it")
    func trustRoot() async throws {
        let spec = #"{"remote":{}}"#
        let reply = await AdmissionTests.review(
            Self.review(spec, version: "v1alpha1", resource: "trustroots", kind: "TrustRoot"))
        let text =
            #"{"apiVersion":"policy.sigstore.dev/v1alpha1","kind":"TrustRoot","metadata":{"name":"example"},"spec":\#(spec)}"#
        let reading = PolicyDocument(reading: try JSONDocument(parsing: Array(text.utf8)))
        #expect(reply.isAllowed == false)
        #expect(reply.message.hasPrefix("validation failed: " + reading.errors.merged), "\(reply.message)")
    }

    @Test("What a document says cannot draw on a terminal")
    func escaping() async {
        let reply = await AdmissionTests.review(
            Self.review(Self.pass.replacing("pass", with: #"\u001b[2J\u202e"#)))
        #expect(reply.isAllowed == false)
        #expect(!reply.message.contains("\u{1B}") && !reply.message.contains("\u{202E}"))
        #expect(reply.message.contains("\\u{1b}"))
    }
}
