// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import OCI
import Policy

/// What becomes of a reference without a digest where an object is judged.
public enum TagTreatment: Hashable, Sendable {
    /// It is denied: between our look at it and the kubelet's it can move. What a webhook does.
    case refused
    /// It is judged as the digest that it names now. What a command line does that only tells.
    case resolved
}

/// `/validate`: each distinct reference of an object, judged once.
struct Judging: Sendable {
    let verifier: any ImageVerifying
    let tags: TagTreatment

    func judge(
        _ fields: AtLeastOne<ImageField>, of workload: WorkloadFacts, deadline: Deadline
    ) async -> AtLeastOne<JudgedImage> {
        await concurrently(
            DistinctReference.among(fields), until: deadline,
            // As what is asked too late: a tag is denied, and nothing else is looked at.
            otherwise: { JudgedImage($0, await finding(on: $0.text, of: workload, deadline: Deadline(.now))) },
            { JudgedImage($0, await finding(on: $0.text, of: workload, deadline: deadline)) })
    }

    /// The same, where every image's verdict is remembered, and on what that rests; `nil` where one is not. A tag is not
    /// looked at here, nor what is no reference: both are rare, and denied.
    ///
    /// - Parameter most: how many verdicts are looked up.
    func remembered(
        _ fields: AtLeastOne<ImageField>, of workload: WorkloadFacts, atMost most: Int
    ) -> (images: AtLeastOne<JudgedImage>, terms: VerdictTerms?)? {
        let distinct = DistinctReference.among(fields).all
        var references: [ImageReference] = []
        for one in distinct {
            guard let reference = try? ImageReference(parsing: one.text),
                reference.digest != nil || tags == .resolved
            else { return nil }
            references.append(reference)
        }
        guard let known = verifier.remembered(on: references, for: workload, atMost: most),
            known.verdicts.count == distinct.count
        else { return nil }
        return AtLeastOne(zip(distinct, known.verdicts).map { JudgedImage($0, .verdict($1)) }).map { ($0, known.terms) }
    }

    private func finding(
        on text: String, of workload: WorkloadFacts, deadline: Deadline
    ) async -> JudgedImage.Finding {
        let reference: ImageReference
        do {
            reference = try ImageReference(parsing: text)
        } catch {
            return .invalidReference("\(error)")
        }
        if reference.digest == nil, tags == .refused {
            let modes = verifier.modes(for: reference, workload: workload)
            return .unpinned(cause: await cause(of: reference, for: workload.puller, deadline: deadline), modes: modes)
        }
        if deadline.hasPassed || Task.isCancelled { return .verdict(outOfTime(reference, of: workload)) }
        return .verdict(await verifier.verdict(on: reference, for: workload, deadline: deadline))
    }

    /// Why a tag came here unpinned: `/mutate` leaves no trace, so the registry is asked again. The answer explains a
    /// denial and never changes it.
    private func cause(of reference: ImageReference, for puller: Puller?, deadline: Deadline) async -> String {
        let pinning = "let /mutate pin it, or write it with its digest"
        do throws(Outage) {
            guard !deadline.hasPassed else { throw Self.outOfTime }
            switch try await verifier.resolve(reference, for: puller, deadline: deadline) {
            case .resolved:
                return "names what can move: it was not pinned, although its digest can be found; \(pinning) "
                    + "(/mutate must be called for this resource and operation, and on UPDATE pins what changed)"
            case .notFound:
                return "could not be pinned: the registry has no such image; push it, or correct the name"
            }
        } catch {
            return "could not be pinned: \(error); try again when it answers, or write it with its digest"
        }
    }

    // MARK: Out of time

    private static let outOfTime = Outage(
        .deadline, service: "countersign", detail: "the time that the API server gives was over")

    private func outOfTime(_ reference: ImageReference, of workload: WorkloadFacts) -> ImageVerdict {
        let finding: ImageVerdict.Finding =
            switch verifier.modes(for: reference, workload: workload) {
            case .allWarn: .outage(Self.outOfTime, modes: [.warn])
            case .enforced: .outage(Self.outOfTime, modes: [.enforce])
            case .noMatch(let action): .noMatchingPolicy(action)
            }
        return ImageVerdict(
            reference: reference, image: ResolvedImage(pinned: reference), finding: finding, isCached: false)
    }
}

extension JudgedImage {
    fileprivate init(_ distinct: DistinctReference, _ finding: Finding) {
        self.init(
            reference: distinct.text,
            paths: AtLeastOne(distinct.fields.first.path, distinct.fields.rest.map(\.path)), finding: finding)
    }
}
