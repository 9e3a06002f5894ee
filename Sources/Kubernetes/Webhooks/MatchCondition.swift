// SPDX-License-Identifier: Apache-2.0

/// An expression that holds for whatever is to be reviewed; what it does not hold for never leaves the API server.
///
/// An expression that cannot be evaluated refuses the request (`failurePolicy: Fail`), so that whatever may be missing is
/// selected by `.?`, which is `null` then. Objects come as they are written: an empty map is
/// a map that is missing.
public struct MatchCondition: Hashable, Sendable {
    public let name: String
    /// Common Expression Language as Kubernetes has it from 1.30 on.
    public let expression: String

    private static let notAnUpdate = "request.operation != 'UPDATE'"
    /// All but PodTemplates have a `spec`.
    private static let sameImages = "\(same("spec")) && \(same("template"))"

    /// A policy matches by kind, labels and specification, and may read annotations; nothing else of an object that is
    /// there already is asked for. Managed fields, owners, finalizers and versions change all day.
    static let workloads = [
        MatchCondition(
            name: "changes-what-is-judged",
            expression: "\(notAnUpdate) || !(\(sameImages)"
                + " && \(same("metadata.?labels")) && \(same("metadata.?annotations")))"),
        // Nothing new runs of it, whatever it is called: its finalizers have to come off.
        MatchCondition(
            name: "stays-or-changes-images",
            expression: "\(notAnUpdate) || !has(object.metadata.deletionTimestamp)"
                + " || !has(oldObject.metadata.deletionTimestamp) || !(\(sameImages))"),
    ]

    /// Only `spec` is defaulted and validated. What was stored before us stays writable elsewhere.
    static let policies = [
        MatchCondition(
            name: "changes-what-is-required",
            expression: "\(notAnUpdate) || !(\(same("spec")))")
    ]

    private static func same(_ path: String) -> String {
        "object.?\(path).orValue(null) == oldObject.?\(path).orValue(null)"
    }
}
