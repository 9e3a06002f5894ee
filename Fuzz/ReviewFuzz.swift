// SPDX-License-Identifier: Apache-2.0
import Glibc
import ImageVerification
import JSON
import OCI
import Policy

@testable import Admission

/// No policy names any image, so that every image that is looked at is denied; every tag names one digest.
private struct NothingMatches: ImageVerifying {
    func verdict(
        on reference: ImageReference, for workload: WorkloadFacts?, deadline: Deadline
    ) async -> ImageVerdict {
        ImageVerdict(
            reference: reference, image: ResolvedImage(pinned: reference), finding: .noMatchingPolicy(.deny),
            isCached: false)
    }

    func resolve(
        _ reference: ImageReference, for puller: Puller?, deadline: Deadline
    ) async throws(Outage) -> ResolutionLookup {
        ResolvedImage(reference: reference, manifest: [0x7B, 0x7D]).map(ResolutionLookup.resolved) ?? .notFound
    }

    func modes(for reference: ImageReference, workload: WorkloadFacts?) -> PolicyModes { .noMatch(.deny) }
}

private let reviewer = AdmissionReviewer(verifier: NothingMatches())

/// A review: the answer is one that its asker can use, and lets through only what names no image that has to be judged.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzReview(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let body = Array(UnsafeBufferPointer(start: bytes, count: count))
    let done = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
    defer { done.deallocate() }
    sem_init(done, 0, 0)
    let address = UInt(bitPattern: done)
    Task.detached {
        for endpoint in ReviewEndpoint.allCases {
            // A deadline that is still to come costs a timer, which takes as long as twenty reviews without.
            let answer = await reviewer.review(
                body, at: endpoint, deadline: body.count % 32 == 0 ? .after(.seconds(60)) : Deadline(.now))
            check(answer, to: body, at: endpoint)
        }
        if let done = UnsafeMutablePointer<sem_t>(bitPattern: address) { sem_post(done) }
    }
    while sem_wait(done) != 0 {}
    let refused = reviewer.refuse(body, at: .validate, because: .deadline)
    precondition(!refused.record.isAllowed)
    return 0
}

private func check(_ answer: ReviewAnswer, to body: [UInt8], at endpoint: ReviewEndpoint) {
    precondition(answer.record.endpoint == endpoint)
    guard answer.isJSON else {
        precondition(answer.httpStatus >= 400 && !answer.record.isAllowed && answer.record.uid == nil)
        return
    }
    guard let response = (try? JSONDocument(parsing: answer.body))?.root["response"], answer.httpStatus == 200 else {
        preconditionFailure("an answer that is no review")
    }
    precondition(response["allowed"]?.bool == answer.record.isAllowed)
    precondition((response["patch"] == nil) == (response["patchType"] == nil))
    precondition(response["patch"] == nil || endpoint == .mutate && answer.record.isAllowed)
    guard let request = (try? JSONDocument(parsing: body))?.root["request"] else {
        // In the shadow a denial is told and not made.
        precondition(endpoint == .shadow ? answer.record.isShadowed : !answer.record.isAllowed)
        return
    }
    precondition(response["uid"]?.string.map { Array($0.utf8) } == request["uid"]?.string.map { Array($0.utf8) })
    guard endpoint == .validate, answer.record.isAllowed else { return }
    // What is let through names nothing that runs: a deletion, a subresource without images, or nothing new.
    let operation = request["operation"]?.string
    precondition(operation != nil)
    guard operation == "CREATE", request["subResource"]?.string ?? "" == "",
        request["resource"]?["resource"]?.string == "pods", request["resource"]?["group"]?.string ?? "" == ""
    else { return }
    let specification = request["object"]?["spec"]
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        precondition(specification?[list]?.isNull ?? true || specification?[list]?.count == 0)
    }
}
