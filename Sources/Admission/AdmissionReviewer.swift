// SPDX-License-Identifier: Apache-2.0
public import ImageVerification
import JSON
public import Policy

/// Answers reviews: decodes one, lists its images, has each judged or pinned, and folds the verdicts into one answer.
/// It speaks no HTTP, and always answers.
public struct AdmissionReviewer: Reviewing {
    /// Bytes of one review. The API server reads objects of 3 MiB at most; an update carries two, and 2 MiB are left for
    /// the options and who asks.
    public static let maximumReviewBytes = 8 << 20

    /// Values are bounded by the body, since `[0,0,…` has one for two bytes, and each takes 16 in memory: managed
    /// fields, the densest that Kubernetes writes, have one for 3.5 bytes. Two objects of 3 MiB that are nothing else
    /// have less than 2^21; the first 1,024 are free, for reviews of a few bytes.
    static func limits(for body: [UInt8]) -> JSONLimits {
        JSONLimits(
            maximumBytes: maximumReviewBytes, maximumDepth: JSONLimits.default.maximumDepth,
            maximumValues: min(1 << 21, 1024 + body.count / 3))
    }

    /// Verdicts that are looked up while a caller's event loop waits: a fraction of a millisecond's work.
    private static let lookupsAtOnce = 64

    private let judging: Judging
    private let pinning: Pinning
    private let documents: @Sendable () -> DocumentRules
    /// Of what is called in the shadow.
    private let shadowJudging: Judging
    /// Pods of one workload ask alike.
    private let rulings: RememberedRulings

    /// - Parameter documents: how documents under review, ClusterImagePolicy and TrustRoot, are read.
    public init(
        verifier: any ImageVerifying, tags: TagTreatment = .refused, documents: DocumentRules = DocumentRules()
    ) {
        self.init(verifier, tags, documents: { documents }, RememberedRulings())
    }

    /// - Parameter policies: their settings say how documents under review are read, for each review anew.
    public init(verifier: any ImageVerifying, policies: PoliciesInForce) {
        self.init(verifier, .refused, documents: { policies.settings.rules }, RememberedRulings())
    }

    init(
        _ verifier: any ImageVerifying, _ tags: TagTreatment = .refused,
        documents: @escaping @Sendable () -> DocumentRules = { DocumentRules() }, _ rulings: RememberedRulings
    ) {
        self.documents = documents
        self.rulings = rulings
        judging = Judging(verifier: verifier, tags: tags)
        shadowJudging = Judging(verifier: verifier, tags: .resolved)
        pinning = Pinning(verifier: verifier)
    }

    /// By name of the cache of what was answered a moment ago, for the metrics.
    public var counters: (name: String, counters: CacheCounters) { rulings.counters }

    public func review(_ body: [UInt8], at endpoint: ReviewEndpoint, deadline: Deadline) async -> ReviewAnswer {
        switch begin(body, at: endpoint) {
        case .answered(let answer): answer
        case .pending(let finish): await finish(deadline)
        }
    }

    public func begin(_ body: [UInt8], at endpoint: ReviewEndpoint) -> ReviewStart {
        let review: JSONValue
        do {
            review = try JSONDocument(parsing: body, limits: Self.limits(for: body)).root
        } catch {
            return .answered(answer(Self.fault(error), to: ReturnAddress(prefix: body), at: endpoint))
        }
        guard let address = ReturnAddress(review) else {
            let missing = Fault.request(
                member: "request.uid", expected: "a string of 1 to \(ReturnAddress.maximumUIDBytes) bytes")
            return .answered(answer(missing, to: nil, at: endpoint))
        }
        let request: AdmissionRequest
        do {
            request = try AdmissionRequest(review)
        } catch {
            return .answered(answer(error, to: address, at: endpoint))
        }
        @Sendable func answered(_ grounds: Grounds, patch: [UInt8]? = nil) -> ReviewAnswer {
            answer(
                WrittenRuling(fold(grounds, endpoint.enforcement), in: address.apiVersion, at: endpoint, patch: patch),
                to: address, at: endpoint, request)
        }
        let matter: Matter
        do {
            matter = try self.matter(of: request, at: endpoint)
        } catch {
            return .answered(answered(.fault(error)))
        }
        switch matter {
        case .settled(let grounds, let patch):
            return .answered(answered(grounds, patch: patch))
        case .document(let object):
            // Compiling what it holds may take a while.
            return .pending { _ in
                do throws(Fault) {
                    return answered(.document(try PolicyReview(of: object, rules: documents())))
                } catch {
                    return answered(.fault(error))
                }
            }
        case .judging(let fields):
            let judging = endpoint == .shadow ? shadowJudging : judging
            let question = rulings.question(fields, of: request, endpoint)
            if let question, let known = rulings.ruling(on: question, where: judging.verifier.holds) {
                return .answered(answer(known, to: address, at: endpoint, request))
            }
            let workload: WorkloadFacts
            do {
                workload = try request.facts()
            } catch {
                return .answered(answered(.fault(error)))
            }
            @Sendable func remembered(atMost most: Int) -> ReviewAnswer? {
                guard let (images, terms) = judging.remembered(fields, of: workload, atMost: most) else { return nil }
                let ruling = WrittenRuling(
                    fold(.images(images), endpoint.enforcement), in: address.apiVersion, at: endpoint)
                if let question, let terms { rulings.keep(ruling, on: question, terms) }
                return answer(ruling, to: address, at: endpoint, request)
            }
            if let known = remembered(atMost: Self.lookupsAtOnce) { return .answered(known) }
            return .pending { deadline in
                if let known = remembered(atMost: .max) { return known }
                return answered(.images(await judging.judge(fields, of: workload, deadline: deadline)))
            }
        case .pinning(let fields, let puller):
            if let patch = pinning.remembered(fields, for: puller) {
                return .answered(answered(.exempt(.mutation), patch: patch.operations))
            }
            return .pending {
                answered(.exempt(.mutation), patch: await pinning.patch(fields, for: puller, deadline: $0))
            }
        }
    }

    public func refuse(
        _ prefix: [UInt8], at endpoint: ReviewEndpoint, because refusal: Refusal
    ) -> ReviewAnswer {
        answer(.refused(refusal), to: ReturnAddress(prefix: prefix), at: endpoint)
    }

    // MARK: What a review is about

    private enum Matter {
        case settled(Grounds, patch: [UInt8]?)
        case document(JSONValue)
        case judging(AtLeastOne<ImageField>)
        case pinning(AtLeastOne<ImageField>, for: Puller)
    }

    private func matter(of request: AdmissionRequest, at endpoint: ReviewEndpoint) throws(Fault) -> Matter {
        if let resource = PolicyResource(of: request) {
            let exemption = try resource.exemption(from: request)
            guard endpoint == .mutate else {
                if let exemption { return .settled(.exempt(exemption), patch: nil) }
                guard let object = request.object else { throw .noDocument }
                return .document(object)
            }
            guard exemption == nil, let object = request.object else {
                return .settled(.exempt(exemption ?? .mutation), patch: nil)
            }
            return .settled(.exempt(.mutation), patch: PolicyDefaults.patch(of: object, resource))
        }
        switch endpoint {
        case .validate, .shadow:
            switch try Scope.judged(request) {
            case .exempt(let exemption): return .settled(.exempt(exemption), patch: nil)
            case .images(let fields): return .judging(fields)
            }
        case .mutate:
            switch try Scope.pinned(request) {
            case .exempt(let exemption): return .settled(.exempt(exemption), patch: nil)
            case .images(let fields):
                // Where the credentials cannot be read, nothing is pinned; `/validate` says why it is denied.
                guard let puller = try? request.puller() else { return .settled(.exempt(.mutation), patch: nil) }
                return .pinning(fields, for: puller)
            }
        }
    }

    private static func fault(_ error: JSONError) -> Fault {
        switch error.reason {
        case .tooLarge(let limit): .refused(.tooLarge(limit: limit))
        case .unexpectedEnd: .refused(.truncated)
        default: .malformed(error)
        }
    }

    // MARK: Answers

    private func answer(_ fault: Fault, to address: ReturnAddress?, at endpoint: ReviewEndpoint) -> ReviewAnswer {
        let ruling = fold(.fault(fault), address == nil ? .enforce : endpoint.enforcement)
        if let address {
            return answer(WrittenRuling(ruling, in: address.apiVersion, at: endpoint), to: address, at: endpoint, nil)
        }
        // Without a uid no AdmissionReview can answer, and HTTP's own status has to.
        return ReviewAnswer(
            httpStatus: fault.code.rawValue,
            body: Array((PlainText.escaped(fault.sentence, limit: 1024) + "\n").utf8), isJSON: false,
            record: ReviewRecord(
                uid: nil, endpoint: endpoint, isAllowed: false, code: fault.code.rawValue,
                decisions: ReviewRecord.Decisions(ruling.decisions)))
    }

    private func answer(
        _ written: WrittenRuling, to address: ReturnAddress, at endpoint: ReviewEndpoint, _ request: AdmissionRequest?
    ) -> ReviewAnswer {
        var record = ReviewRecord(
            uid: PlainText.name(address.uid), endpoint: endpoint, isAllowed: written.ruling.isAllowed,
            decisions: written.decisions)
        if case .denied(let code, _, _) = written.ruling.outcome { record.code = code.rawValue }
        record.isShadowed = written.ruling.isShadowed
        if let request {
            record.operation = request.operation.rawValue
            // Names have 253 characters at most.
            record.resource = PlainText.name(request.resourcePath, limit: 253)
            record.namespace = PlainText.name(request.namespace, limit: 253)
            record.name = PlainText.name(request.name, limit: 253)
            record.isDryRun = request.isDryRun
        }
        return ReviewAnswer(
            httpStatus: 200, body: written.response.bytes(to: address.uid), isJSON: true, record: record)
    }
}
