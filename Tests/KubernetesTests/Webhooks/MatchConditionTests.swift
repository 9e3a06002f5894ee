// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import Kubernetes

/// The reviews that an API server sent, and what a match condition would have made of them.
@Suite("Match conditions")
struct MatchConditionTests {
    struct Recorded: Sendable, CustomTestStringConvertible {
        let name: String
        let request: JSONTree
        var testDescription: String { name }

        static let all: [Recorded] = SharedFolder.names(in: "captures/admission").filter { $0.hasSuffix(".json") }
            .compactMap { name in
                guard let bytes = SharedFolder.bytes("captures/admission/\(name)"),
                    let review = try? JSONTree(json: bytes), review["request"].isObject
                else { return nil }
                return Recorded(name: name, request: review["request"])
            }
    }

    private static let isRecorded = available(!Recorded.all.isEmpty, orSkip: "there are no recorded reviews")

    /// As the API server evaluates them, in order; an error is one here too.
    static func hold(_ conditions: [MatchCondition], _ request: JSONTree) throws -> Bool {
        try conditions.allSatisfy { condition in
            try CELProgram(condition.expression).holds([
                "request": request, "object": request["object"], "oldObject": request["oldObject"],
            ])
        }
    }

    private static func isOfPolicies(_ request: JSONTree) -> Bool {
        request["resource"]["group"].text == "policy.sigstore.dev"
    }

    private static func conditions(for request: JSONTree) -> [MatchCondition] {
        isOfPolicies(request) ? MatchCondition.policies : MatchCondition.workloads
    }

    @Test("Every recorded review is evaluated without an error")
    func noErrors() throws {
        guard Self.isRecorded else { return }
        for recorded in Recorded.all {
            for condition in MatchCondition.workloads + MatchCondition.policies {
                let program = try CELProgram(condition.expression)
                #expect(throws: Never.self, "\(recorded.name) \(condition.name)") {
                    try program.holds([
                        "request": recorded.request, "object": recorded.request["object"],
                        "oldObject": recorded.request["oldObject"],
                    ])
                }
            }
        }
    }

    @Test("No recorded review that changes a specification, a label or an annotation is skipped")
    func nothingLost() throws {
        guard Self.isRecorded else { return }
        var counts = (changes: 0, labels: 0)
        for recorded in Recorded.all {
            let (new, old) = (recorded.request["object"], recorded.request["oldObject"])
            let isCreation = recorded.request["operation"].text == "CREATE"
            let changesLabels = new.metadata.member("labels") != old.metadata.member("labels")
            let changes =
                new.member("spec") != old.member("spec") || new.member("template") != old.member("template")
                || new.metadata.member("annotations") != old.metadata.member("annotations") || changesLabels
            guard recorded.request["operation"].text == "UPDATE" || isCreation, isCreation || changes else { continue }
            counts.changes += 1
            if !isCreation, changesLabels { counts.labels += 1 }
            #expect(try Self.hold(Self.conditions(for: recorded.request), recorded.request), "\(recorded.name)")
        }
        #expect(counts.changes > 15)
        #expect(counts.labels > 0)
    }

    @Test("What a recorded object is updated to without a change is skipped, versions and managed fields aside")
    func unchanged() throws {
        guard Self.isRecorded else { return }
        for recorded in Recorded.all where recorded.request["object"].isObject {
            var request = recorded.request
            request["operation"] = "UPDATE"
            request["oldObject"] = request["object"]
            request["object"].metadata["resourceVersion"] = "999"
            request["object"].metadata["generation"] = 7
            request["object"].metadata["managedFields"] = []
            request["object"].metadata["finalizers"] = ["example.com/f"]
            request["object"]["status"] = ["observedGeneration": 7]
            #expect(try !Self.hold(Self.conditions(for: request), request), "\(recorded.name)")
        }
    }

    @Test("Each image of each recorded object, changed alone, is reviewed; also where the object is on its way out")
    func eachImage() throws {
        guard Self.isRecorded else { return }
        var count = 0
        for recorded in Recorded.all where !Self.isOfPolicies(recorded.request) {
            for changed in Self.imagesChanged(recorded.request["object"]) {
                var request = recorded.request
                request["operation"] = "UPDATE"
                request["oldObject"] = request["object"]
                request["object"] = changed
                #expect(try Self.hold(MatchCondition.workloads, request), "\(recorded.name)")
                for name in ["object", "oldObject"] {
                    request[name].metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
                }
                #expect(try Self.hold(MatchCondition.workloads, request), "\(recorded.name), on its way out")
                count += 1
            }
        }
        #expect(count > 10)
    }

    /// Each copy of a value in which one member `image` has another text.
    private static func imagesChanged(_ value: JSONTree) -> [JSONTree] {
        switch value {
        case .object(let members):
            members.flatMap { member -> [JSONTree] in
                if member.name == "image", case .string = member.value {
                    var copy = value
                    copy["image"] = "registry.example.com/other:1"
                    return [copy]
                }
                // Neither states nor images are written through there.
                if member.name == "status" { return [] }
                return imagesChanged(member.value).map { changed in
                    var copy = value
                    copy[member.name] = changed
                    return copy
                }
            }
        case .array(let elements):
            elements.indices.flatMap { index in
                imagesChanged(elements[index]).map { changed in
                    var copy = elements
                    copy[index] = changed
                    return .array(copy)
                }
            }
        default: []
        }
    }

    // MARK: Without recordings

    private static let bare: JSONTree = ["metadata": ["name": "a"], "spec": ["containers": [["image": "a:1"]]]]

    private func update(_ old: JSONTree, _ new: JSONTree) throws -> Bool {
        try Self.hold(MatchCondition.workloads, ["operation": "UPDATE", "oldObject": old, "object": new])
    }

    @Test("Labels and annotations that come, go or change are reviewed", arguments: ["labels", "annotations"])
    func metadata(member: String) throws {
        var one = Self.bare
        one.metadata[member] = ["a": "1"]
        var other = Self.bare
        other.metadata[member] = ["a": "2"]
        #expect(try update(Self.bare, one))
        #expect(try update(one, Self.bare))
        #expect(try update(one, other))
        #expect(try !update(one, one))
    }

    @Test("A PodTemplate, which has a template instead of a specification, is reviewed where that changes")
    func podTemplate() throws {
        let one: JSONTree = ["metadata": ["name": "a"], "template": ["spec": ["containers": [["image": "a:1"]]]]]
        var other = one
        other["template"]["spec"]["containers"][0]["image"] = "a:2"
        #expect(try update(one, other))
        #expect(try !update(one, one))
    }

    @Test("Objects on their way out are reviewed for images alone, and only where they were so before")
    func deletion() throws {
        var going = Self.bare
        going.metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        var labelled = going
        labelled.metadata["labels"] = ["a": "1"]
        #expect(try !update(going, labelled))
        var began = labelled
        began.metadata.remove("deletionTimestamp")
        #expect(try update(began, going))
        #expect(try update(going, began))
        var other = going
        other["spec"]["containers"][0]["image"] = "a:2"
        #expect(try update(going, other))
    }

    @Test("Creations are reviewed whatever they hold", arguments: [MatchCondition.workloads, MatchCondition.policies])
    func creation(conditions: [MatchCondition]) throws {
        for object: JSONTree in [Self.bare, ["metadata": [:]], [:]] {
            #expect(try Self.hold(conditions, ["operation": "CREATE", "object": object]))
        }
    }

    @Test("A policy is reviewed where its specification changes, comes or goes, and not for its finalizers")
    func policies() throws {
        func update(_ old: JSONTree, _ new: JSONTree) throws -> Bool {
            try Self.hold(MatchCondition.policies, ["operation": "UPDATE", "oldObject": old, "object": new])
        }
        let none: JSONTree = ["metadata": ["name": "a"]]
        var one = none
        one["spec"] = ["mode": "warn"]
        var other = none
        other["spec"] = ["mode": "enforce"]
        var labelled = one
        labelled.metadata["finalizers"] = ["x"]
        #expect(try update(none, one))
        #expect(try update(one, none))
        #expect(try update(one, other))
        #expect(try !update(one, labelled))
        #expect(try !update(none, none))
    }
}
