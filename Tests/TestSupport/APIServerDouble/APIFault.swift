// SPDX-License-Identifier: Apache-2.0

/// A refusal, as the `Status` object that the API server answers with.
struct APIFault: Error {
    let status: JSONTree
    let code: Int
    /// Seconds for `Retry-After`.
    var retryAfter: Int?

    init(_ code: Int, _ reason: String, _ message: String, details: JSONTree? = nil, retryAfter: Int? = nil) {
        var status: JSONTree = [
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure", "message": .string(message),
            "reason": .string(reason),
        ]
        if let details { status["details"] = details }
        status["code"] = .integer(Int64(code))
        self.status = status
        self.code = code
        self.retryAfter = retryAfter
    }

    /// A `Status` that came from elsewhere, such as a webhook.
    init(status: JSONTree, code: Int) {
        self.status = status
        self.code = code
    }

    /// `details`: members without a value are left out, as Go leaves out empty ones.
    private static func details(_ resource: APIResource, _ name: String) -> JSONTree {
        var details: JSONTree = [:]
        if !name.isEmpty { details["name"] = .string(name) }
        if !resource.group.isEmpty { details["group"] = .string(resource.group) }
        details["kind"] = .string(resource.plural)
        return details
    }

    static func notFound(_ resource: APIResource, _ name: String) -> APIFault {
        APIFault(
            404, "NotFound", "\(resource.qualifiedName) \"\(name)\" not found", details: details(resource, name))
    }

    static var noSuchResource: APIFault {
        APIFault(404, "NotFound", "the server could not find the requested resource", details: [:])
    }

    static func alreadyExists(_ resource: APIResource, _ name: String) -> APIFault {
        APIFault(
            409, "AlreadyExists", "\(resource.qualifiedName) \"\(name)\" already exists",
            details: details(resource, name))
    }

    static func conflict(
        _ resource: APIResource, _ name: String,
        _ why: String = "the object has been modified; please apply your changes to the latest version and try again"
    ) -> APIFault {
        APIFault(
            409, "Conflict", "Operation cannot be fulfilled on \(resource.qualifiedName) \"\(name)\": \(why)",
            details: details(resource, name))
    }

    static func forbidden(_ call: APICall, user: String) -> APIFault {
        guard let resource = call.resource else {
            return APIFault(
                403, "Forbidden", "forbidden: User \"\(user)\" cannot \(call.verb) path \"\(call.path)\"", details: [:])
        }
        let name = call.name.isEmpty ? "" : " \"\(call.name)\""
        let scope = call.namespace.isEmpty ? "at the cluster scope" : "in the namespace \"\(call.namespace)\""
        let subject = call.subresource.isEmpty ? resource.plural : "\(resource.plural)/\(call.subresource)"
        return APIFault(
            403, "Forbidden",
            "\(resource.qualifiedName)\(name) is forbidden: User \"\(user)\" cannot \(call.verb) resource "
                + "\"\(subject)\" in API group \"\(resource.group)\" \(scope)", details: details(resource, call.name))
    }

    static var unauthorized: APIFault { APIFault(401, "Unauthorized", "Unauthorized") }

    static func badRequest(_ message: String) -> APIFault { APIFault(400, "BadRequest", message) }

    static func invalid(_ resource: APIResource, _ name: String, field: String, _ why: String) -> APIFault {
        let cause: JSONTree = [
            "reason": "FieldValueInvalid", "message": .string(why), "field": .string(field),
        ]
        var details: JSONTree = ["name": .string(name)]
        if !resource.group.isEmpty { details["group"] = .string(resource.group) }
        details["kind"] = .string(resource.kind)
        details["causes"] = [cause]
        return APIFault(
            422, "Invalid", "\(resource.qualifiedKind) \"\(name)\" is invalid: \(field): \(why)", details: details)
    }

    static var methodNotAllowed: APIFault {
        APIFault(
            405, "MethodNotAllowed", "the server does not allow this method on the requested resource", details: [:])
    }

    static func unsupportedMediaType(_ accepted: String) -> APIFault {
        APIFault(
            415, "UnsupportedMediaType",
            "the body of the request was in an unknown format - accepted media types include: \(accepted)")
    }

    /// A watch from a version that is gone; the answer itself is a 200.
    static func tooOld(_ asked: Int64, oldest: Int64) -> APIFault {
        APIFault(410, "Expired", "too old resource version: \(asked) (\(oldest))")
    }

    /// A list that cannot be continued; `token` begins where it stopped, in another snapshot.
    static func expiredContinue(token: String) -> APIFault {
        var fault = APIFault(
            410, "Expired",
            "The provided continue parameter is too old to display a consistent list result. You can start a new list "
                + "without the continue parameter.")
        var status = fault.status
        status["metadata"] = ["continue": .string(token)]
        fault = APIFault(status: status, code: 410)
        return fault
    }

    static func internalError(_ message: String) -> APIFault {
        APIFault(
            500, "InternalError", "Internal error occurred: \(message)",
            details: ["causes": [["message": .string(message)]]])
    }

    var answer: APIAnswer {
        var answer = APIAnswer(code, status)
        if let retryAfter { answer.headers.append(("Retry-After", String(retryAfter))) }
        return answer
    }
}

/// A whole answer, not a stream.
public struct APIAnswer: Sendable {
    /// The status code.
    public var status: Int
    var headers: [(String, String)] = []
    /// The body; JSON but for `/healthz` and its like.
    public var body: [UInt8]

    init(_ status: Int, _ object: JSONTree) {
        self.status = status
        headers = [("Content-Type", "application/json")]
        body = object.bytes + [UInt8(ascii: "\n")]
    }

    init(_ status: Int, text: String) {
        self.status = status
        headers = [("Content-Type", "text/plain; charset=utf-8")]
        body = Array(text.utf8)
    }

    /// The body as JSON; `null` where it is none.
    public var object: JSONTree { (try? JSONTree(json: body)) ?? .null }
}
