// SPDX-License-Identifier: Apache-2.0
import JSON
import Policy

/// The ConfigMap of settings, `config-policy-controller`, as it is read again and again: a value that cannot be read
/// leaves the last good one of its key, and nothing that is unknown allows anything.
struct SettingsReading {
    /// What holds where the ConfigMap says nothing.
    private let defaults: PolicySettings
    private(set) var settings: PolicySettings
    /// What is wrong with it, a sentence each.
    private(set) var problems: [String] = []

    /// Keys that mean something to others: `_example` is documentation, and referrers are always looked at.
    private static let inert: Set<String> = ["_example", "enable-oci11"]
    /// Unknown keys that are told by name; a ConfigMap has a mebibyte of them at most.
    private static let maximumProblems = 20

    init(_ defaults: PolicySettings) {
        self.defaults = defaults
        settings = defaults
    }

    /// - Parameter configMap: `nil` where there is none.
    mutating func read(_ configMap: KubernetesObject?) {
        problems = []
        var next = defaults
        // A mode of reading that cannot be read is no reason to forget the last one that could.
        var entries: [String: JSONValue] = [:]
        for member in configMap?.root["data"].map({ Array($0.members) }) ?? [] { entries[member.name] = member.value }
        if let text = entries["no-match-policy"]?.string {
            if let action = NoMatchAction(rawValue: text) {
                next.noMatch = action
            } else {
                next.noMatch = .deny
                problems.append("no-match-policy is \(printable(text)), not deny, warn or allow: images are denied")
            }
        }
        if let text = entries["fail-on-empty-authorities"]?.string {
            if let fails = Self.goBoolean(text) {
                next.rules.admitsNoAuthorities = !fails
            } else {
                next.rules.admitsNoAuthorities = lastAdmitsNoAuthorities ?? false
                problems.append(
                    "fail-on-empty-authorities is \(printable(text)), not true or false: "
                        + (lastAdmitsNoAuthorities == nil ? "it counts as true" : "what it was before stays"))
            }
        }
        let known = Self.inert.union(["no-match-policy", "fail-on-empty-authorities"])
        for key in entries.keys.filter({ !known.contains($0) }).sorted().prefix(Self.maximumProblems) {
            problems.append("\(printable(key)) is no setting")
        }
        settings = next
        lastAdmitsNoAuthorities = next.rules.admitsNoAuthorities
    }

    /// `nil` before the first look.
    private var lastAdmitsNoAuthorities: Bool?

    /// `strconv.ParseBool`.
    static func goBoolean(_ text: String) -> Bool? {
        switch text {
        case "1", "t", "T", "TRUE", "true", "True": true
        case "0", "f", "F", "FALSE", "false", "False": false
        default: nil
        }
    }
}
