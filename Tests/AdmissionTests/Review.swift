// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import ImageVerification
import JSON
import OCI
import Testing

@testable import Admission

/// `@sha256:` and a digest of nothing in particular.
let digest = "sha256:" + String(repeating: "ab", count: 32)
let pinnedWeb = "r.io/web@\(digest)"
let pinnedAPI = "r.io/api@\(digest)"

/// An AdmissionReview as text, put together from texts.
struct Review {
    var apiVersion = "admission.k8s.io/v1"
    var uid = #""u-1""#
    var operation = "CREATE"
    var group = ""
    var version = "v1"
    var resource = "pods"
    var subresource = ""
    var kind = "Pod"
    var object: String? = Review.pod(pinnedWeb)
    var oldObject: String?

    static func deployment(
        _ operation: String = "CREATE", new: String?, old: String? = nil, subresource: String = ""
    ) -> Review {
        Review(
            operation: operation, group: "apps", resource: "deployments", subresource: subresource,
            kind: "Deployment", object: new, oldObject: old)
    }

    /// The text of a Pod with these images, in containers.
    static func pod(_ images: String..., metadata: String = #"{"name":"web"}"#) -> String {
        #"{"metadata":\#(metadata),"spec":{"containers":\#(containers(images))}}"#
    }

    static func workload(
        _ images: String..., replicas: Int? = nil, metadata: String = #"{"name":"api"}"#
    ) -> String {
        let replicas = replicas.map { #""replicas":\#($0),"# } ?? ""
        return
            #"{"metadata":\#(metadata),"spec":{\#(replicas)"template":{"spec":{"containers":\#(containers(images))}}}}"#
    }

    static func containers(_ images: [String]) -> String {
        "[" + images.map { #"{"name":"c","image":"\#($0)"}"# }.joined(separator: ",") + "]"
    }

    var text: String {
        let objects =
            (object.map { #","object":\#($0)"# } ?? "") + (oldObject.map { #","oldObject":\#($0)"# } ?? "")
        return """
            {"kind":"AdmissionReview","apiVersion":"\(apiVersion)","request":{"uid":\(uid),\
            "kind":{"group":"\(group)","version":"\(version)","kind":"\(kind)"},\
            "resource":{"group":"\(group)","version":"\(version)","resource":"\(resource)"},\
            "subResource":"\(subresource)","namespace":"demo","name":"web","operation":"\(operation)"\(objects)}}
            """
    }

    func request() throws -> AdmissionRequest {
        try AdmissionRequest(JSONDocument(parsing: Array(text.utf8)).root)
    }
}

/// What an answer says, read back as the API server reads it.
struct Reply {
    let answer: ReviewAnswer
    let response: JSONValue?

    init(_ answer: ReviewAnswer) {
        self.answer = answer
        response = try? JSONDocument(parsing: answer.body).root["response"]
    }

    var text: String { String(decoding: answer.body, as: UTF8.self) }
    var uid: String? { response?["uid"]?.string }
    var isAllowed: Bool? { response?["allowed"]?.bool }
    var code: Int64? { response?["status"]?["code"]?.integer }
    var reason: String? { response?["status"]?["reason"]?.string }
    var message: String { response?["status"]?["message"]?.string ?? "" }
    var warnings: [String] { response?["warnings"]?.elements.compactMap(\.string) ?? [] }

    /// `path value` of each operation; `nil` without a patch.
    var operations: [String]? {
        guard let patch = response?["patch"]?.string, response?["patchType"]?.string == "JSONPatch",
            let data = Data(base64Encoded: patch), let operations = try? JSONDocument(parsing: Array(data)).root
        else { return nil }
        return operations.elements.map {
            "\($0["op"]?.string ?? "") \($0["path"]?.string ?? "") \($0["value"]?.string ?? "")"
        }
    }
}

func review(
    _ text: String, at endpoint: ReviewEndpoint = .validate, _ verifier: ScriptedVerifier = ScriptedVerifier(),
    deadline: Deadline = .after(.seconds(30)), tags: TagTreatment = .refused
) async -> Reply {
    let answer = await AdmissionReviewer(verifier: verifier, tags: tags).review(
        Array(text.utf8), at: endpoint, deadline: deadline)
    // Whoever remembers all of it says the very same, at once.
    let warm = AdmissionReviewer(verifier: RememberingVerifier(script: verifier), tags: tags)
    // Twice, since the second time the ruling itself is remembered.
    for _ in 0..<2 where !verifier.hangs && !deadline.hasPassed {
        if case .answered(let known) = warm.begin(Array(text.utf8), at: endpoint) { #expect(known == answer) }
    }
    return Reply(answer)
}

extension ReviewEndpoint {
    /// Those whose denials are denials.
    static let enforcing: [ReviewEndpoint] = [.validate, .mutate]
}
