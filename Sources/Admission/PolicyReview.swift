// SPDX-License-Identifier: Apache-2.0
import JSON
import Policy

/// A resource whose objects are what policies are made of, so that a review of one judges a document and no image.
struct PolicyResource: Hashable, Sendable {
    /// As its objects write it.
    let kind: String
    /// As its objects write it: `policy.sigstore.dev/v1beta1`.
    let apiVersion: String

    /// Plural, as in a URL, with kind and versions.
    private static let all = [
        "clusterimagepolicies": ("ClusterImagePolicy", PolicyDocument.versions),
        "trustroots": ("TrustRoot", ["v1alpha1"]),
    ]

    /// `nil` for every other resource, and for a version that nobody here reads: that is an unknown kind.
    init?(of request: AdmissionRequest) {
        guard request.group == PolicyDocument.groupName, let (kind, versions) = Self.all[request.resource],
            versions.contains(request.version)
        else { return nil }
        self.kind = kind
        apiVersion = "\(PolicyDocument.groupName)/\(request.version)"
    }

    /// Why the request needs no look; throws where nobody knows what the request carries.
    func exemption(from request: AdmissionRequest) throws(Fault) -> Exemption? {
        switch (request.operation, request.subresource) {
        case (.delete, _): return .deletion
        // The API server takes nothing but `status` from the object.
        case (.update, "status"): return .subresource
        case (.create, ""), (.update, ""): break
        default: throw .unknownSubresource(resource: request.resource, name: request.subresource)
        }
        guard request.kind == kind else { throw .otherKind(expected: kind, found: request.kind) }
        guard let object = request.object else { throw .noDocument }
        guard object.kind == .object else { throw .otherKind(expected: kind, found: object.kind.description) }
        // The object is read by what it says of itself, which has to be what it came as.
        for (name, expected) in [("kind", kind), ("apiVersion", apiVersion)] {
            let found = object[name]?.string ?? ""
            guard found == expected else { throw .otherKind(expected: expected, found: found) }
        }
        return isLeaving(object, request.oldObject) ? .beingDeleted : nil
    }

    /// Whether nothing can change any more but that it goes: a finalizer can be taken off a document that a reader of
    /// another version let in.
    private func isLeaving(_ object: JSONValue, _ old: JSONValue?) -> Bool {
        guard let old, Scope.isBeingDeleted(object), Scope.isBeingDeleted(old) else { return false }
        return object["spec"]?.rawText == old["spec"]?.rawText
    }
}

/// A document under review: what the reader of policy files says about it.
struct PolicyReview: Sendable {
    /// What keeps it from being in force; empty for one that is whole.
    let errors: [PolicyProblem]
    let warnings: [PolicyProblem]

    /// A file holds a mebibyte, an object of the API server more; in all else the bounds are those of a file.
    private static let limits = JSONLimits(
        maximumBytes: AdmissionReviewer.maximumReviewBytes, maximumDepth: PolicyFile.limits.maximumDepth,
        maximumValues: PolicyFile.limits.maximumValues)

    /// Reads the object as `policy check` reads a document.
    init(of object: JSONValue, rules: DocumentRules) throws(Fault) {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(parsing: Array(object.rawText), limits: Self.limits)
        } catch {
            throw .malformed(error)
        }
        let reading = PolicyDocument(reading: document, rules: rules)
        errors = reading.errors
        warnings = reading.warnings
    }

    /// What keeps it out: the words that users of ClusterImagePolicy know, whole and in their order, and below them our
    /// own about the same fields.
    var denials: [Statement] { Self.statements(errors) }

    var cautions: [Statement] { Self.statements(warnings) }

    /// One for each line: a denial's lines are joined again, and each warning is a line.
    private static func statements(_ problems: [PolicyProblem]) -> [Statement] {
        guard !problems.isEmpty else { return [] }
        var advice: [String] = []
        for problem in problems where !problem.advice.isEmpty {
            let line = problem.path.isEmpty ? problem.advice : "\(problem.path): \(problem.advice)"
            if !advice.contains(line) { advice.append(line) }
        }
        let known = problems.merged.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        return (known + advice).map { Statement(headline: $0) }
    }
}
