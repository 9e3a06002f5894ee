// SPDX-License-Identifier: Apache-2.0
import JSON
import Policy

/// Why a review is turned away before any image is looked at. It is always a denial, whatever the policies' modes are:
/// nobody knows which images, and so which policies, it is about.
enum Fault: Error, Hashable, Sendable {
    /// What the server turned away itself.
    case refused(Refusal)
    /// The bytes are not the JSON that we read.
    case malformed(JSONError)
    /// The envelope has another version than the one that we speak.
    case envelope(apiVersion: String, kind: String)
    /// A member of the request is missing or is not what it must be.
    case request(member: String, expected: String)
    case noObject
    /// A policy document is under review, and is not there.
    case noDocument
    case unknownKind(group: String, version: String, resource: String)
    case unknownSubresource(resource: String, name: String)
    /// The object is not of the kind that the resource holds.
    case otherKind(expected: String, found: String)
    /// Something in the object is not shaped as its kind is.
    case shape(_ path: String, _ expected: String, JSONValue.Kind)
    case noPodSpecification(WorkloadKind, _ path: String)
    case tooManyImages(limit: Int)
}

extension Fault {
    var code: StatusCode {
        switch self {
        case .refused(.tooLarge): .tooLarge
        case .refused(.overloaded): .overloaded
        case .refused(.unsupportedContentType): .unsupportedMediaType
        case .refused(.deadline): .timeout
        case .refused(.truncated), .malformed, .envelope, .request, .noObject, .noDocument, .otherKind: .badRequest
        case .shape, .noPodSpecification: .badRequest
        case .unknownKind, .unknownSubresource, .tooManyImages: .forbidden
        }
    }

    var retryAfterSeconds: Int? {
        if case .refused(.overloaded(let seconds)) = self { max(1, seconds) } else { nil }
    }

    /// `nil` where the review was not looked at.
    var reason: DenialReason.Code? {
        switch self {
        case .unknownKind, .unknownSubresource: .unknownKind
        case .refused: nil
        default: .invalidReview
        }
    }

    /// What, why, and how to fix; not escaped yet.
    var sentence: String {
        switch self {
        case .refused(.tooLarge(let limit)):
            "the review is larger than \(limit) bytes; make the object smaller"
        case .refused(.overloaded):
            "too many reviews are being judged; try again"
        case .refused(.truncated):
            "the review is cut off before its end; send it again"
        case .refused(.deadline):
            "the review could not be judged in the time that the API server gives; try again"
        case .refused(.unsupportedContentType):
            "the content type of a review is application/json"
        case .malformed(let error):
            "the review is not valid JSON: \(error)"
        case .envelope(let apiVersion, let kind):
            "expected an AdmissionReview of admission.k8s.io/v1, found \(apiVersion) \(kind); "
                + "set admissionReviewVersions of the webhook to [v1]"
        case .request(let member, let expected):
            "the review's \(member) must be \(expected)"
        case .noObject:
            "the review has no object, so that its images are unknown"
        case .noDocument:
            "the review has no object, so that there is no document to read"
        case .unknownKind(let group, let version, let resource):
            "unhandled kind: \(resource) of \(group.isEmpty ? version : "\(group)/\(version)"); nobody knows where it "
                + "names images, so take it out of the webhook's rules"
        case .unknownSubresource(let resource, let name):
            "unhandled subresource: \(resource)/\(name); nobody knows whether it names images, so take it out of the "
                + "webhook's rules"
        case .otherKind(let expected, let found):
            "the resource holds objects of kind \(expected), found \(found)"
        case .shape(let path, let expected, let found):
            "\(path) must be \(expected), found \(Self.withArticle(found)), so that its images are unknown"
        case .noPodSpecification(let kind, let path):
            "the \(kind.kind) has no \(path), so that its images are unknown"
        case .tooManyImages(let limit):
            "the object names more than \(limit) images; split it"
        }
    }

    private static func withArticle(_ kind: JSONValue.Kind) -> String {
        switch kind {
        case .object, .array: "an \(kind)"
        case .null: "null"
        case .string, .number, .bool: "a \(kind)"
        }
    }
}

/// `status.code` of a denial, with the reason that `metav1.StatusReason` has for it.
///
/// A policy that cannot be decided is answered as one that denies, 403, unless it is for want of time alone: another 5xx
/// would read as if the API server itself were ill, and clients that repeat those at once would add to the outage.
enum StatusCode: Int, Hashable, Sendable {
    case badRequest = 400
    case forbidden = 403
    case tooLarge = 413
    case unsupportedMediaType = 415
    case overloaded = 429
    case timeout = 504

    var reason: String {
        switch self {
        case .badRequest: "BadRequest"
        case .forbidden: "Forbidden"
        case .tooLarge: "RequestEntityTooLarge"
        case .unsupportedMediaType: "UnsupportedMediaType"
        case .overloaded: "TooManyRequests"
        case .timeout: "Timeout"
        }
    }
}
