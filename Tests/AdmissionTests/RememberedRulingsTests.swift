// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import JSON
import OCI
import Policy
import Sigstore
import Testing

@testable import Admission
@testable import ImageVerification

/// Every way in which a ruling that is remembered could answer a review that it was not made for. Each input is shown
/// twice: as it is, and with that input taken out of the question.
@Suite("Rulings that are remembered")
struct RememberedRulingsTests {
    /// Tells all that it was asked, as the reason of a denial; and has been asked everything before.
    private struct EchoVerifier: ImageVerifying {
        var hasTerms = true

        func remembered(
            on references: [ImageReference], for workload: WorkloadFacts?, atMost most: Int
        ) -> RememberedVerdicts? {
            let terms = VerdictTerms(
                policies: 0, trust: TrustMaterial.none.generation, shown: [], end: .now.advanced(by: .seconds(60)))
            return RememberedVerdicts(
                verdicts: references.map { verdict($0, workload) }, terms: hasTerms ? terms : nil)
        }

        func holds(_ terms: VerdictTerms) -> Bool { true }

        private func verdict(_ reference: ImageReference, _ workload: WorkloadFacts?) -> ImageVerdict {
            let facts = workload.map { workload in
                let labels = workload.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                let puller = workload.puller
                let whose =
                    "\(puller?.namespace ?? "-") \(puller?.serviceAccount ?? "-") \(puller?.pullSecrets ?? [])"
                return "\(workload.group)/\(workload.version)/\(workload.resource) \(labels) \(whose)"
            }
            let reason = DenialReason(.noSignatures, "asked about \(reference.asWritten) for \(facts ?? "nobody")")
            let judgement = Judgement(policy: "echo", mode: .enforce, outcome: .denied(AtLeastOne(reason)))
            return ImageVerdict(
                reference: reference, image: ResolvedImage(pinned: reference), finding: .judged(AtLeastOne(judgement)),
                isCached: true)
        }

        func verdict(
            on reference: ImageReference, for workload: WorkloadFacts?, deadline: Deadline
        ) async -> ImageVerdict { verdict(reference, workload) }

        func resolve(
            _ reference: ImageReference, for puller: Puller?, deadline: Deadline
        ) async throws(Outage) -> ResolutionLookup { .notFound }

        func modes(for reference: ImageReference, workload: WorkloadFacts?) -> PolicyModes { .enforced }
    }

    /// One review.
    struct Asked: Sendable {
        var review = Review(object: pod())
        var endpoint = ReviewEndpoint.validate
        var namespace = "demo"
        var name = "web"
        var more = ""

        static func pod(
            _ images: [String] = [pinnedWeb, pinnedAPI], list: String = "containers",
            metadata: String = #""labels":{"app":"web"}"#, specification: String = #""serviceAccountName":"robot""#
        ) -> String {
            let containers = Review.containers(images)
            return #"{"metadata":{\#(metadata)},"spec":{\#(specification),"\#(list)":\#(containers)}}"#
        }

        init(_ change: (inout Asked) -> Void = { _ in }) { change(&self) }

        var text: String {
            review.text.replacing(#""namespace":"demo","name":"web""#, with: "\(rest)")
        }

        private var rest: String { #""namespace":"\#(namespace)","name":"\#(name)"\#(more)"# }
    }

    /// One input changed, and which of a question's it is; `nil` where the answer does not depend on it.
    struct Change: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let input: RulingInput?
        let before: Asked
        let after: Asked

        init(
            _ name: String, _ input: RulingInput?, from before: (inout Asked) -> Void = { _ in },
            _ after: (inout Asked) -> Void
        ) {
            testDescription = name
            self.input = input
            self.before = Asked(before)
            var changed = self.before
            after(&changed)
            self.after = changed
        }
    }

    private static func template(
        _ asked: inout Asked, _ group: String, _ version: String, _ resource: String, _ kind: String
    ) {
        var object = #"{"containers":\#(Review.containers([pinnedWeb]))}"#
        let path = WorkloadKind.of(group: group, version: version, resource: resource)?.podSpecification ?? []
        for name in path.reversed() { object = #"{"\#(name)":\#(object)}"# }
        asked.review = Review(group: group, version: version, resource: resource, kind: kind, object: object)
    }

    static let dependent: [Change] = [
        Change("the webhook", .endpoint) { $0.endpoint = .shadow },
        Change("the namespace", .namespace) { $0.namespace = "other" },
        Change("no namespace", .namespace) { $0.namespace = "" },
        Change("the service account", .serviceAccount) {
            $0.review.object = Asked.pod(specification: #""serviceAccountName":"default""#)
        },
        Change("a pull secret", .pullSecrets) {
            $0.review.object = Asked.pod(
                specification: #""serviceAccountName":"robot","imagePullSecrets":[{"name":"a"}]"#)
        },
        Change(
            "the order of pull secrets", .pullSecrets,
            from: {
                $0.review.object = Asked.pod(
                    specification: #""serviceAccountName":"robot","imagePullSecrets":[{"name":"a"},{"name":"b"}]"#)
            }
        ) {
            $0.review.object = Asked.pod(
                specification: #""serviceAccountName":"robot","imagePullSecrets":[{"name":"b"},{"name":"a"}]"#)
        },
        Change("a label's value", .labels) { $0.review.object = Asked.pod(metadata: #""labels":{"app":"api"}"#) },
        Change("a label's name", .labels) { $0.review.object = Asked.pod(metadata: #""labels":{"apps":"web"}"#) },
        Change("where a label's name ends", .labels) {
            $0.review.object = Asked.pod(metadata: #""labels":{"appw":"eb"}"#)
        },
        Change("one label more", .labels) {
            $0.review.object = Asked.pod(metadata: #""labels":{"app":"web","tier":""}"#)
        },
        Change("no labels", .labels) { $0.review.object = Asked.pod(metadata: #""name":"web""#) },
        Change("an image", .references) { $0.review.object = Asked.pod([pinnedWeb, "r.io/new@\(digest)"]) },
        Change("how an image is written", .references) {
            $0.review.object = Asked.pod([pinnedWeb, "r.io/api:v1@\(digest)"])
        },
        Change("the order of images", .references) { $0.review.object = Asked.pod([pinnedAPI, pinnedWeb]) },
        Change("the kind of containers", .paths) { $0.review.object = Asked.pod(list: "initContainers") },
        Change("the version", .version, from: { template(&$0, "batch", "v1", "cronjobs", "CronJob") }) {
            template(&$0, "batch", "v1beta1", "cronjobs", "CronJob")
        },
        Change("the resource", .resource, from: { template(&$0, "apps", "v1", "statefulsets", "StatefulSet") }) {
            template(&$0, "apps", "v1", "daemonsets", "DaemonSet")
        },
    ]

    static let independent: [Change] = [
        Change("the uid", nil) { $0.review.uid = #""u-2""# },
        Change("the name", nil) { $0.name = "web-7c9f8b-x2x4z" },
        Change("a dry run", nil) { $0.more = #","dryRun":true"# },
        Change("the operation", nil) { $0.review.operation = "UPDATE" },
        Change("a subresource that carries images", nil) { $0.review.subresource = "ephemeralcontainers" },
        Change("what nobody reads of the object", nil) {
            $0.review.object = Asked.pod(
                metadata: #""generateName":"web-","annotations":{"a":"b"},"labels":{"app":"web"}"#,
                specification: #""serviceAccountName":"robot","nodeName":"n1","hostNetwork":true"#)
        },
        // As the admission controller for service accounts adds them to each Pod of a ReplicaSet.
        Change(
            "another Pod of one ReplicaSet", nil,
            from: {
                $0.name = "web-7c9f8b-aaaaa"
                $0.review.object = Asked.pod(
                    specification:
                        #""serviceAccountName":"robot","volumes":[{"name":"kube-api-access-aaaaa","projected":{}}]"#)
            }
        ) {
            $0.name = "web-7c9f8b-bbbbb"
            $0.review.uid = #""u-3""#
            $0.review.object = Asked.pod(
                specification:
                    #""serviceAccountName":"robot","volumes":[{"name":"kube-api-access-bbbbb","projected":{}}]"#)
        },
    ]

    private func answer(_ asked: Asked, _ reviewer: AdmissionReviewer) throws -> ReviewAnswer {
        let start = reviewer.begin(Array(asked.text.utf8), at: asked.endpoint)
        guard case .answered(let answer) = start else { throw NotAtOnce() }
        return answer
    }

    private struct NotAtOnce: Error {}

    private func fresh(_ asked: Asked) throws -> ReviewAnswer {
        try answer(asked, AdmissionReviewer(verifier: EchoVerifier()))
    }

    @Test("What an answer depends on is part of its question", arguments: dependent)
    func answersDiffer(change: Change) throws {
        let (before, after) = (try fresh(change.before), try fresh(change.after))
        try #require(before.body != after.body)
        for ignored in [nil, change.input] {
            let reviewer = AdmissionReviewer(
                EchoVerifier(), .refused, documents: { DocumentRules() }, RememberedRulings(ignoring: ignored))
            for _ in 0..<2 { #expect(try answer(change.before, reviewer) == before) }
            #expect(reviewer.counters.counters.hits == 1)
            #expect((try answer(change.after, reviewer) == after) == (ignored == nil))
            #expect(try answer(change.before, reviewer) == before)
        }
    }

    @Test("What it does not depend on is not, and only the record tells it", arguments: independent)
    func answersAreShared(change: Change) throws {
        let reviewer = AdmissionReviewer(verifier: EchoVerifier())
        #expect(try answer(change.before, reviewer) == fresh(change.before))
        #expect(try answer(change.after, reviewer) == fresh(change.after))
        #expect(reviewer.counters.counters.hits == 1)
        #expect(try answer(change.before, reviewer) == fresh(change.before))
    }

    @Test("Every input of a question is among those that are shown here")
    func whole() throws {
        let shown = Set(Self.dependent.compactMap(\.input))
        // No two kinds differ in their group alone.
        #expect(Set(RulingInput.allCases).subtracting(shown) == [.group])
        #expect(try question(#"{"spec":{}}"#, group: "") != question(#"{"spec":{}}"#, group: "apps"))
        #expect(
            try question(#"{"spec":{}}"#, group: "", ignoring: .group)
                == question(#"{"spec":{}}"#, group: "apps", ignoring: .group))
    }

    /// About one image in a Pod, or whatever has its version and resource.
    private func question(
        _ object: String, group: String = "", ignoring ignored: RulingInput? = nil
    ) throws -> PartsHash? {
        let review = try JSONDocument(parsing: Array(Review(group: group, object: object).text.utf8)).root
        let image = try JSONDocument(parsing: Array(#""b""#.utf8)).root
        return RememberedRulings(ignoring: ignored).question(
            AtLeastOne(ImageField(kind: .pod, list: 1, element: 0, value: image)), of: try AdmissionRequest(review),
            .validate)
    }

    @Test("Where a program read the object, each review is answered by itself")
    func withoutTerms() throws {
        let reviewer = AdmissionReviewer(verifier: EchoVerifier(hasTerms: false))
        for _ in 0..<3 { #expect(try answer(Asked(), reviewer) == fresh(Asked())) }
        #expect(reviewer.counters.counters.hits == 0 && reviewer.counters.counters.entries == 0)
    }

    @Test("What is absent, null and empty are told apart, and so is where it stands")
    func absent() throws {
        let objects = [
            "{}", #"{"metadata":{"labels":null}}"#, #"{"metadata":{"labels":{}}}"#, #"{"metadata":{"labels":[]}}"#,
            #"{"spec":{"serviceAccountName":null}}"#, #"{"spec":{"serviceAccountName":""}}"#,
            #"{"spec":{"serviceAccount":""}}"#, #"{"spec":{"serviceAccountName":[]}}"#,
            #"{"spec":{"imagePullSecrets":null}}"#, #"{"spec":{"imagePullSecrets":[]}}"#,
            #"{"spec":{"imagePullSecrets":[{}]}}"#, #"{"spec":{"imagePullSecrets":{}}}"#,
        ]
        let questions = try objects.map { try #require(try question($0)) }
        #expect(Set(questions).count == objects.count)
        // Null is absent here, and as good.
        #expect(try question(#"{"metadata":null}"#) == question("{}"))
    }

    @Test(
        "An object of another shape is no question, and a ruling on one of the right shape does not answer it",
        arguments: [#""metadata":[]"#, #""metadata":"labels""#, #""metadata":7"#])
    func shapes(metadata: String) async throws {
        let reviewer = AdmissionReviewer(verifier: EchoVerifier())
        let images = Review.containers([pinnedWeb])
        let shapeless = Asked { $0.review.object = #"{"spec":{"containers":\#(images)}}"# }
        let wrong = Asked { $0.review.object = #"{\#(metadata),"spec":{"containers":\#(images)}}"# }
        let before = try answer(shapeless, reviewer)
        let denied = try answer(wrong, reviewer)
        #expect(denied.record.isAllowed == false && denied != before)
        #expect(String(decoding: denied.body, as: UTF8.self).contains("metadata"))
        #expect(try question("{\(metadata)}") == nil)
        // What is wrong within is another question.
        for inner in [#""metadata":{"labels":[]}"#, #""metadata":{"labels":{"app":7}}"#] {
            let other = Asked { $0.review.object = #"{\#(inner),"spec":{"containers":\#(images)}}"# }
            #expect(String(decoding: try answer(other, reviewer).body, as: UTF8.self).contains("metadata.labels"))
        }
        #expect(try answer(shapeless, reviewer) == before)
        #expect(reviewer.counters.counters.hits == 1)
    }
}
