// SPDX-License-Identifier: Apache-2.0
import Policy
import TestSupport
import Testing

@testable import Kubernetes

@Suite("The ConfigMap of settings")
struct SettingsTests {
    static func read(_ reading: inout SettingsReading, _ data: [String: String]?) throws {
        try reading.read(data.map { try KubernetesObject(parsing: Example.settings($0).bytes) })
    }

    @Test(
        "What no policy names is denied unless the ConfigMap says exactly allow or warn",
        arguments: [
            ("allow", NoMatchAction.allow, 0), ("warn", .warn, 0), ("deny", .deny, 0), ("Allow", .deny, 1),
            ("", .deny, 1), ("allow ", .deny, 1), ("true", .deny, 1),
        ])
    func noMatch(text: String, expected: NoMatchAction, problems: Int) throws {
        var reading = SettingsReading(PolicySettings(noMatch: .warn))
        try Self.read(&reading, ["no-match-policy": text])
        #expect(reading.settings.noMatch == expected)
        #expect(reading.problems.count == problems)
        try Self.read(&reading, [:])
        #expect(reading.settings.noMatch == .warn)
        try Self.read(&reading, nil)
        #expect(reading.settings.noMatch == .warn)
    }

    @Test(
        "A boolean is one of Go's",
        arguments: [
            ("1", true), ("t", true), ("T", true), ("TRUE", true), ("true", true), ("True", true), ("0", false),
            ("f", false), ("F", false), ("FALSE", false), ("false", false), ("False", false), ("tRUE", nil), ("", nil),
            ("yes", nil), (" true", nil),
        ])
    func boolean(text: String, expected: Bool?) {
        #expect(SettingsReading.goBoolean(text) == expected)
    }

    @Test("A bad boolean leaves what it was before, and at start the strict one, whatever the flag says")
    func badBoolean() throws {
        var lax = PolicySettings()
        lax.rules.admitsNoAuthorities = true
        var reading = SettingsReading(lax)
        try Self.read(&reading, ["fail-on-empty-authorities": "perhaps"])
        #expect(!reading.settings.rules.admitsNoAuthorities)
        #expect(reading.problems.count == 1)
        try Self.read(&reading, ["fail-on-empty-authorities": "false"])
        #expect(reading.settings.rules.admitsNoAuthorities)
        #expect(reading.problems == [])
        try Self.read(&reading, ["fail-on-empty-authorities": "perhaps", "no-match-policy": "allow"])
        #expect(reading.settings.rules.admitsNoAuthorities)
        #expect(reading.settings.noMatch == .allow)
        try Self.read(&reading, ["fail-on-empty-authorities": "T"])
        #expect(!reading.settings.rules.admitsNoAuthorities)
    }

    @Test("Keys that are none are told; examples and what is always so are not")
    func unknownKeys() throws {
        var reading = SettingsReading(PolicySettings())
        try Self.read(&reading, ["_example": "no-match-policy: allow", "enable-oci11": "x", "no-match-polcy": "allow"])
        #expect(reading.problems == ["\"no-match-polcy\" is no setting"])
        #expect(reading.settings == PolicySettings())
    }

    @Test("Settings change while we run, and without the ConfigMap the flags' hold again")
    func live() async throws {
        try await Cluster.with(configuration: { $0.defaults.noMatch = .warn }) { cluster in
            #expect(cluster.settings.noMatch == .warn)
            cluster.double.store(Example.settings(["no-match-policy": "allow"]))
            try await eventually("allow", within: .seconds(1)) { cluster.settings.noMatch == .allow }
            cluster.double.store(Example.settings(["no-match-policy": "nonsense"]))
            try await eventually("deny", within: .seconds(1)) { cluster.settings.noMatch == .deny }
            #expect(
                cluster.events.all.contains { if case .settingsProblem = $0 { true } else { false } })
            cluster.double.remove("configmaps", "config-policy-controller", in: Example.namespace)
            try await eventually("the flags'", within: .seconds(1)) { cluster.settings.noMatch == .warn }
            #expect(cluster.settings.rules.namespace == Example.namespace)
        }
    }

    @Test("A policy without authorities is read anew as the rule changes, and none stands in for a stricter rule")
    func emptyAuthorities() async throws {
        let settings = { (text: String) in Example.settings(["fail-on-empty-authorities": text]) }
        try await Cluster.with([Example.policy("p", authorities: []), Example.policy("q")]) { cluster in
            #expect(cluster.names == ["q"])
            #expect(cluster.set.broken.map(\.name) == ["p"])
            cluster.double.store(settings("false"))
            try await eventually("admitted", within: .seconds(1)) { cluster.names == ["p", "q"] }
            #expect(cluster.set.broken.isEmpty)
            #expect(cluster.settings.rules.admitsNoAuthorities)
            cluster.double.store(settings("perhaps"))
            cluster.double.store(Example.policy("r"))
            try await eventually("the other edit") { cluster.names == ["p", "q", "r"] }
            cluster.double.store(settings("true"))
            try await eventually("denied", within: .seconds(1)) { cluster.names == ["q", "r"] }
            #expect(cluster.set.broken.map(\.name) == ["p"])
        }
    }
}
