// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// An AdmissionReview as the API server writes it, and the answer as it reads it.
struct AdmissionReviewText: Sendable {
    let uid: String
    /// `request`.
    let request: JSONTree

    init(_ write: ObjectWrite, _ hook: AdmissionHook) {
        uid = UUID().uuidString.lowercased()
        let (call, resource) = (write.call, write.resource)
        func named(_ version: String, _ name: String, _ value: String) -> JSONTree {
            ["group": .string(resource.group), "version": .string(version), name: .string(value)]
        }
        func kind(_ version: String) -> JSONTree {
            call.subresource == "scale"
                ? ["group": "autoscaling", "version": "v1", "kind": "Scale"] : named(version, "kind", resource.kind)
        }
        func shown(_ object: JSONTree?) -> JSONTree {
            guard let object else { return .null }
            return call.subresource == "scale"
                ? resource.subresourceShown(object, call) : resource.shown(object, in: hook.version)
        }
        var request: JSONTree = [
            "uid": .string(uid), "kind": kind(hook.version),
            "resource": named(hook.version, "resource", resource.plural),
        ]
        if !call.subresource.isEmpty { request["subResource"] = .string(call.subresource) }
        request["requestKind"] = kind(call.version)
        request["requestResource"] = named(call.version, "resource", resource.plural)
        if !call.subresource.isEmpty { request["requestSubResource"] = .string(call.subresource) }
        request["name"] = .string(write.key.name)
        if resource.isNamespaced { request["namespace"] = .string(write.key.namespace) }
        if resource.plural == "namespaces" { request["namespace"] = .string(write.key.name) }
        request["operation"] = .string(write.operation.rawValue)
        request["userInfo"] = ["username": .string(call.user), "groups": ["system:authenticated"]]
        request["object"] = shown(write.new)
        request["oldObject"] = shown(write.old?.tree)
        request["dryRun"] = .bool(call.isDryRun)
        let options =
            switch call.method {
            case "POST": "CreateOptions"
            case "PUT": "UpdateOptions"
            case "PATCH": "PatchOptions"
            default: "DeleteOptions"
            }
        request["options"] = ["kind": .string(options), "apiVersion": "meta.k8s.io/v1"]
        if let manager = call.parameter("fieldManager") { request["options"]["fieldManager"] = .string(manager) }
        self.request = request
    }

    var body: [UInt8] {
        let review: JSONTree = ["kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": request]
        return review.bytes
    }

    /// What match conditions see.
    var variables: [String: JSONTree] {
        var bare = request
        let (object, old) = (request["object"], request["oldObject"])
        bare.remove("object")
        bare.remove("oldObject")
        return ["request": bare, "object": object, "oldObject": old]
    }

    /// Reads an answer; throws the sentence that follows `failed calling webhook`.
    func answer(_ bytes: [UInt8], isMutating: Bool) throws(WebhookFailure) -> AdmissionAnswer {
        guard let review = try? JSONTree(json: bytes) else {
            throw WebhookFailure("couldn't parse the answer as JSON")
        }
        guard let response = review.member("response"), response.isObject else {
            throw WebhookFailure("webhook response was absent")
        }
        guard response["uid"].text == uid else {
            throw WebhookFailure("expected response.uid=\"\(uid)\", got \"\(response["uid"].text)\"")
        }
        guard review["apiVersion"] == "admission.k8s.io/v1", review["kind"] == "AdmissionReview" else {
            throw WebhookFailure(
                "expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got "
                    + "\(review["apiVersion"].text), Kind=\(review["kind"].text)")
        }
        let warnings = response["warnings"].elements.map(\.text)
        let patch = response["patch"].text
        let type = response.member("patchType")
        guard isMutating else {
            guard patch.isEmpty else { throw WebhookFailure("validating webhook may not return response.patch") }
            guard type == nil else { throw WebhookFailure("validating webhook may not return response.patchType") }
            return AdmissionAnswer(response: response, patch: nil, warnings: warnings)
        }
        guard patch.isEmpty == (type == nil) else {
            throw WebhookFailure("webhook returned one of response.patch and response.patchType without the other")
        }
        if patch.isEmpty { return AdmissionAnswer(response: response, patch: nil, warnings: warnings) }
        guard type == "JSONPatch" else { throw WebhookFailure("invalid webhook response.patchType") }
        guard let decoded = Data(base64Encoded: patch), let operations = try? JSONTree(json: Array(decoded)) else {
            throw WebhookFailure("response.patch is no base64 of a JSON patch")
        }
        return AdmissionAnswer(response: response, patch: operations, warnings: warnings)
    }
}

/// A valid answer.
struct AdmissionAnswer: Sendable {
    let response: JSONTree
    let patch: JSONTree?
    let warnings: [String]

    var isAllowed: Bool { response["allowed"].bool == true }

    /// How the API server tells its client of a denial.
    func denial(by webhook: String) -> APIFault {
        var status = response["status"].isObject ? response["status"] : [:]
        let given = [status["message"].text, status["reason"].text].first { !$0.isEmpty }
        let by = "admission webhook \"\(webhook)\" denied the request"
        status["message"] = .string(given.map { "\(by): \($0)" } ?? "\(by) without explanation")
        status["kind"] = "Status"
        status["apiVersion"] = "v1"
        status["metadata"] = status.member("metadata") ?? [:]
        status["status"] = "Failure"
        let code = Int(status["code"].integer ?? 0)
        // A denial never carries a status that means success.
        let real = (400..<600).contains(code) ? code : 400
        status["code"] = .integer(Int64(real))
        return APIFault(status: status, code: real)
    }
}
