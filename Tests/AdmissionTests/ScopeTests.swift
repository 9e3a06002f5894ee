// SPDX-License-Identifier: Apache-2.0
import JSON
import Policy
import Testing

@testable import Admission

/// What of a review is judged, and what of it is pinned.
struct ScopeTests {
    static let deleting = #"{"name":"x","deletionTimestamp":"2026-11-21T00:00:00Z","finalizers":["a/b"]}"#

    enum Expected: Equatable, Sendable {
        case exempt(Exemption)
        case judged([String])
    }

    static func scope(_ review: Review, pinned: Bool = false) throws -> Expected {
        let request = try review.request()
        switch try pinned ? Scope.pinned(request) : Scope.judged(request) {
        case .exempt(let exemption): return .exempt(exemption)
        case .images(let fields): return .judged(fields.all.map(\.reference))
        }
    }

    static func fault(_ review: Review) -> Fault? {
        do {
            _ = try scope(review)
            return nil
        } catch {
            return error as? Fault
        }
    }

    static func update(_ new: String?, _ old: String?) -> Review {
        .deployment("UPDATE", new: new, old: old)
    }

    static let updates: [(String, Review, Expected)] = [
        (
            "a changed image", update(Review.workload("b", "c"), Review.workload("a", "c")), .judged(["b", "c"])
        ),
        (
            "a changed image while scaling down",
            update(Review.workload("b", replicas: 1), Review.workload("a", replicas: 2)), .judged(["b"])
        ),
        (
            "a changed image while being deleted",
            update(Review.workload("b", metadata: deleting), Review.workload("a", metadata: deleting)), .judged(["b"])
        ),
        (
            "images that changed places while scaling down",
            update(Review.workload("a", "b", replicas: 1), Review.workload("b", "a", replicas: 2)),
            .judged(["a", "b"])
        ),
        (
            "an image taken away while scaling down",
            update(Review.workload("a", replicas: 1), Review.workload("a", "b", replicas: 2)), .judged(["a"])
        ),
        (
            "a scale-down", update(Review.workload("a", replicas: 1), Review.workload("a", replicas: 2)),
            .exempt(.scaleDown)
        ),
        (
            "a scale-down to zero", update(Review.workload("a", replicas: 0), Review.workload("a", replicas: 1)),
            .exempt(.scaleDown)
        ),
        (
            "a scale-up", update(Review.workload("a", replicas: 2), Review.workload("a", replicas: 1)), .judged(["a"])
        ),
        (
            "the same number", update(Review.workload("a", replicas: 2), Review.workload("a", replicas: 2)),
            .judged(["a"])
        ),
        ("replicas left out", update(Review.workload("a"), Review.workload("a", replicas: 2)), .judged(["a"])),
        (
            "replicas below zero", update(Review.workload("a", replicas: -1), Review.workload("a", replicas: 2)),
            .judged(["a"])
        ),
        (
            "a finalizer taken off",
            update(
                Review.workload("a", metadata: deleting), Review.workload("a", metadata: deleting)),
            .exempt(.beingDeleted)
        ),
        (
            "a deletion that only the new object claims",
            update(Review.workload("a", metadata: deleting), Review.workload("a")), .judged(["a"])
        ),
        ("no old object", update(Review.workload("a", replicas: 1), nil), .judged(["a"])),
        ("an old object of another shape", update(Review.workload("a"), #"{"spec":[]}"#), .judged(["a"])),
        (
            "a scale-down that is no update",
            .deployment("CREATE", new: Review.workload("a", replicas: 1), old: Review.workload("a", replicas: 2)),
            .judged(["a"])
        ),
    ]

    @Test("An update of a template is judged whole, unless nothing but less of it is asked for", arguments: updates)
    func judgesUpdate(name: String, review: Review, expected: Expected) throws {
        #expect(try Self.scope(review) == expected)
    }

    static func podUpdate(_ new: String, _ old: String?, subresource: String = "") -> Review {
        Review(operation: "UPDATE", subresource: subresource, object: new, oldObject: old)
    }

    static let debugged =
        #"{"spec":{"containers":[{"image":"a"}],"ephemeralContainers":[{"image":"busybox"},{"image":"a"}]}}"#

    static let podUpdates: [(String, Review, Expected)] = [
        ("an equal Pod", podUpdate(Review.pod("a"), Review.pod("a")), .exempt(.nothingNew)),
        ("one image changed", podUpdate(Review.pod("a", "c"), Review.pod("a", "b")), .judged(["c"])),
        (
            "a finalizer taken off",
            podUpdate(
                Review.pod("a", metadata: deleting), Review.pod("a", metadata: deleting)), .exempt(.nothingNew)
        ),
        (
            "an image changed while being deleted",
            podUpdate(Review.pod("b", metadata: deleting), Review.pod("a", metadata: deleting)), .judged(["b"])
        ),
        (
            "an ephemeral container",
            podUpdate(debugged, Review.pod("a"), subresource: "ephemeralcontainers"), .judged(["busybox"])
        ),
        ("a resize", podUpdate(Review.pod("a"), Review.pod("a"), subresource: "resize"), .exempt(.nothingNew)),
        (
            "a resize that brings an image", podUpdate(Review.pod("b"), Review.pod("a"), subresource: "resize"),
            .judged(["b"])
        ),
        ("no old object", podUpdate(Review.pod("a"), nil), .judged(["a"])),
        (
            "a name in other bytes that Swift calls equal",
            podUpdate(Review.pod("caf\u{E9}"), Review.pod("cafe\u{301}")),
            .judged(["caf\u{E9}"])
        ),
    ]

    @Test("An update of a Pod is judged by what its old object lacks", arguments: podUpdates)
    func judgesPodUpdate(name: String, review: Review, expected: Expected) throws {
        #expect(try Self.scope(review) == expected)
    }

    static let exempt: [(Review, Exemption)] = [
        (Review(operation: "DELETE", object: nil, oldObject: Review.pod("a")), .deletion),
        (Review(operation: "DELETE", group: "x.io", resource: "widgets", kind: "Widget", object: nil), .deletion),
        (.deployment("UPDATE", new: #"{"spec":{"replicas":9}}"#, subresource: "scale"), .subresource),
        (
            .deployment("UPDATE", new: Review.workload("b"), old: Review.workload("a"), subresource: "status"),
            .subresource
        ),
        (Review(subresource: "binding", kind: "Binding", object: #"{"target":{"name":"n"}}"#), .subresource),
        (Review(subresource: "eviction", kind: "Eviction", object: "{}"), .subresource),
        (Review(operation: "CONNECT", subresource: "exec", kind: "PodExecOptions", object: "{}"), .subresource),
        (Review(object: #"{"spec":{"containers":[]}}"#), .noImages),
        (Review(object: #"{"spec":{"containers":null}}"#), .noImages),
        (Review(object: #"{"spec":{}}"#), .noImages),
    ]

    @Test("What can name or change no image passes", arguments: exempt)
    func passes(review: Review, exemption: Exemption) throws {
        #expect(try Self.scope(review) == .exempt(exemption))
    }

    static let refused: [(Review, Fault)] = [
        (
            Review(group: "x.io", resource: "widgets", kind: "Widget"),
            .unknownKind(group: "x.io", version: "v1", resource: "widgets")
        ),
        (
            Review(group: "apps", version: "v1beta9", resource: "deployments", kind: "Deployment"),
            .unknownKind(group: "apps", version: "v1beta9", resource: "deployments")
        ),
        (
            Review(group: "x.io", resource: "pods", subresource: "status"),
            .unknownKind(group: "x.io", version: "v1", resource: "pods")
        ),
        (Review(subresource: "rollback"), .unknownSubresource(resource: "pods", name: "rollback")),
        (
            .deployment(new: Review.workload("a"), subresource: "ephemeralcontainers"),
            .unknownSubresource(resource: "deployments", name: "ephemeralcontainers")
        ),
        (Review(operation: "CONNECT"), .unknownSubresource(resource: "pods", name: "")),
        (Review(kind: "Binding"), .otherKind(expected: "Pod", found: "Binding")),
        (Review(object: nil), .noObject),
        (Review(object: "null"), .noObject),
        (Review(operation: "UPDATE", object: nil, oldObject: Review.pod("a")), .noObject),
        (Review(object: "[]"), .shape("object", "an object", .array)),
        (Review(object: "{}"), .noPodSpecification(WorkloadKind.all[0], "spec")),
        (Review(object: #"{"spec":null}"#), .noPodSpecification(WorkloadKind.all[0], "spec")),
        (Review(object: #"{"spec":1}"#), .shape("spec", "an object", .number)),
        (Review(object: #"{"spec":{"containers":{}}}"#), .shape("spec.containers", "an array", .object)),
        (Review(object: #"{"spec":{"containers":"x"}}"#), .shape("spec.containers", "an array", .string)),
        (Review(object: #"{"spec":{"containers":[null]}}"#), .shape("spec.containers[0]", "an object", .null)),
        (
            Review(object: #"{"spec":{"containers":[{"image":"a"},{"image":7}]}}"#),
            .shape("spec.containers[1].image", "a string", .number)
        ),
        (
            Review(object: #"{"spec":{"volumes":[{"image":"a"}]}}"#),
            .shape("spec.volumes[0].image", "an object", .string)
        ),
        (
            Review(object: #"{"spec":{"volumes":[{"image":{"reference":true}}]}}"#),
            .shape("spec.volumes[0].image.reference", "a string", .bool)
        ),
        (
            .deployment(new: #"{"spec":{"template":{}}}"#),
            .noPodSpecification(
                WorkloadKind.all.first { $0.resource == "deployments" } ?? WorkloadKind.all[0], "spec.template.spec")
        ),
    ]

    @Test("What could hide an image is refused", arguments: refused)
    func refuses(review: Review, fault: Fault) {
        #expect(Self.fault(review) == fault)
    }

    @Test("An image that is left out is judged as an empty one, except in the volume of a template")
    func absent() throws {
        let containers = #""containers":[{"name":"a"},{"image":null},{"image":""}]"#
        let volumes = #""volumes":[{"emptyDir":{}},{"image":{}},{"image":null},{"image":{"reference":""}}]"#
        let pod = Review(object: "{\"spec\":{\(containers),\(volumes)}}")
        #expect(try Self.scope(pod) == .judged(["", "", "", "", ""]))
        let template = Review.deployment(new: "{\"spec\":{\"template\":{\"spec\":{\(containers),\(volumes)}}}}")
        #expect(try Self.scope(template) == .judged(["", "", ""]))
    }

    @Test("Only so many images are looked at, and one more is refused")
    func tooMany() throws {
        func pod(_ count: Int) -> Review {
            Review(object: "{\"spec\":{\"containers\":\(Review.containers(Array(repeating: "a", count: count)))}}")
        }
        #expect(try Self.scope(pod(PodImages.maximumCount)) == .judged(Array(repeating: "a", count: 256)))
        #expect(Self.fault(pod(PodImages.maximumCount + 1)) == .tooManyImages(limit: 256))
    }

    static let pinned: [(Review, Expected)] = [
        (Review(object: Review.pod("a", "b")), .judged(["a", "b"])),
        (update(Review.workload("a", "b"), Review.workload("a")), .judged(["b"])),
        (update(Review.workload("a"), Review.workload("a")), .exempt(.nothingNew)),
        (podUpdate(debugged, Review.pod("a"), subresource: "ephemeralcontainers"), .judged(["busybox"])),
        (Review(group: "x.io", resource: "widgets", kind: "Widget"), .exempt(.unknownKind)),
        (Review(object: #"{"spec":{"containers":{}}}"#), .exempt(.mutation)),
        (Review(operation: "DELETE", object: nil), .exempt(.deletion)),
        (.deployment("UPDATE", new: "{}", subresource: "scale"), .exempt(.subresource)),
    ]

    @Test("What is pinned is what was not there before", arguments: pinned)
    func pins(review: Review, expected: Expected) throws {
        #expect(try Self.scope(review, pinned: true) == expected)
    }
}
