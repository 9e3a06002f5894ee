// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import JSON
import TestSupport
import Testing

@testable import Admission

/// `/mutate` of policy documents.
@Suite("Defaults of policy documents")
struct PolicyDefaultsTests {
    /// The patch as it is sent; `nil` where there is none.
    private func patch(
        _ spec: String, version: String = "v1beta1", resource: String = "clusterimagepolicies",
        kind: String = "ClusterImagePolicy"
    ) async -> String? {
        let verifier = ScriptedVerifier()
        let reply = await review(
            PolicyReviewTests.review(spec, version: version, resource: resource, kind: kind), at: .mutate, verifier)
        #expect(reply.isAllowed == true, "\(reply.message)")
        #expect(verifier.calls.isEmpty)
        guard let text = reply.response?["patch"]?.string, let data = Data(base64Encoded: text) else { return nil }
        return String(decoding: data, as: UTF8.self)
    }

    static let written = #"{"op":"add","path":"/spec/mode","value":"enforce"}"#
    static let named = #"{"op":"add","path":"/spec/authorities/0/name","value":"authority-0"}"#
    static let url = #"{"op":"add","path":"/spec/authorities/0/keyless/url","value":"https://fulcio.sigstore.dev"}"#
    static let noIdentities = #"{"op":"add","path":"/spec/authorities/0/keyless/identities","value":null}"#
    static let noImages = #"{"op":"add","path":"/spec/images","value":null}"#
    static let noKeyless = #"{"op":"remove","path":"/spec/authorities/0/keyless"}"#

    /// The members of the only authority, and what is written into it.
    static let authorities: [(String, [String])] = [
        (#""name":"n","static":{"action":"pass"}"#, []),
        (#""static":{"action":"pass"}"#, [named]),
        (#""name":"","key":{"data":"x"}"#, [named]),
        (#""name":null,"key":{"data":"x"}"#, [named]),
        (#""name":"n","keyless":{"identities":[]}"#, [url]),
        (#""name":"n","keyless":{"identities":[],"url":"https://f.example"}"#, []),
        (#""name":"n","keyless":{"identities":[],"ca-cert":{"kms":"k"}}"#, []),
        (#""name":"n","keyless":{"identities":[],"url":null}"#, [url]),
        (#""name":"n","keyless":{"url":"https://f.example"}"#, [noIdentities]),
        (#""name":"n","keyless":{"url":"https://f.example","identities":null}"#, [noIdentities]),
        (#""name":"n","keyless":{},"key":{}"#, [noIdentities]),
        (#""name":"n","keyless":{},"static":{}"#, [noIdentities]),
        (#""name":"n","keyless":null,"key":{}"#, [noKeyless]),
        // What asks for more where it is named is not taken away: the API server refuses it.
        (#""name":"n","key":{"data":"x"},"ctlog":null,"source":null"#, []),
        (#""name":"n","keyless":[]"#, []), (#""name":7,"key":7"#, []),
    ]

    @Test("An authority is given its name and its Fulcio, and a list that lacks is null", arguments: authorities)
    func authority(members: String, expected: [String]) async {
        let spec = #"{"mode":"warn","images":[{"glob":"*"}],"authorities":[{\#(members)}]}"#
        #expect(await patch(spec) == (expected.isEmpty ? nil : "[\(expected.joined(separator: ","))]"))
    }

    @Test("A mode that is not written is enforce, and images that lack are null")
    func spec() async {
        for mode in [#""mode":"""#, #""mode":null"#, #""match":[]"#] {
            #expect(await patch(#"{\#(mode),"images":[]}"#) == "[\(Self.written)]", "\(mode)")
        }
        #expect(await patch(#"{"mode":"garbage","images":[]}"#) == nil)
        #expect(await patch(#"{"mode":7,"images":[]}"#) == nil)
        #expect(await patch("{}") == "[\(Self.noImages),\(Self.written)]")
        for spec in ["null", "[]", "7", #""x""#] { #expect(await patch(spec) == nil) }
        for authorities in ["null", "{}", "7", "[]", "[null]", "[7]", "[[]]"] {
            #expect(await patch(#"{"mode":"warn","images":[],"authorities":\#(authorities)}"#) == nil)
        }
    }

    @Test("The second authority is the second by number")
    func second() async {
        let spec = #"{"mode":"warn","images":[],"authorities":[{"name":"a","static":{}},{"static":{}}]}"#
        #expect(
            await patch(spec) == #"[{"op":"add","path":"/spec/authorities/1/name","value":"authority-1"}]"#)
    }

    @Test("A TrustRoot is told where the targets are")
    func trustRoot() async {
        func patch(_ spec: String) async -> String? {
            await self.patch(spec, version: "v1alpha1", resource: "trustroots", kind: "TrustRoot")
        }
        for source in ["remote", "repository"] {
            let expected = #"[{"op":"add","path":"/spec/\#(source)/targets","value":"targets"}]"#
            #expect(await patch(#"{"\#(source)":{}}"#) == expected)
            #expect(await patch(#"{"\#(source)":{"targets":""}}"#) == expected)
            #expect(await patch(#"{"\#(source)":{"targets":"t"}}"#) == nil)
            #expect(await patch(#"{"\#(source)":null}"#) == nil)
        }
        #expect(await patch(#"{"sigstoreKeys":{}}"#) == nil)
    }

    @Test("What is written down, the reader takes: only then is a policy without it whole in the cluster")
    func agreement() async throws {
        let bare = PolicyReviewTests.keyless()
        let full = PolicyReviewTests.keyless(
            "[\(PolicyReviewTests.identity)],\"url\":\"\(PolicyDefaults.fulcio)\"", more: #","name":"authority-0""#)
        #expect(await patch(bare) == "[\(Self.written),\(Self.named),\(Self.url)]")
        for spec in [bare, #"{"mode":"enforce",\#(full.dropFirst())"#] {
            #expect(await review(PolicyReviewTests.review(spec)).isAllowed == true)
        }
        #expect(await patch(#"{"mode":"enforce",\#(full.dropFirst())"#) == nil)
    }
}
