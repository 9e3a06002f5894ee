// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import ImageVerification
import OCI
import Policy
import Sigstore

/// The questions that one lookup asks of one repository, with one credential and one deadline.
struct RegistrySession: ContentReading {
    let client: RegistryClient
    let endpoint: RegistryEndpoint
    let shown: ShownCredential
    let deadline: Deadline

    /// Whether content that is stored already is taken without asking: it says nothing about who may read it. Proofs are
    /// found by a list that this credential was shown; what an image itself holds is asked for.
    var takesStoredBlobs = true

    var service: String { endpoint.repository.host }

    func answer(_ question: RegistryQuestion) async throws(RegistryFailure) -> OutboundResponse {
        try await client.conversation.answer(question, of: endpoint, as: shown, deadline: deadline)
    }

    /// The repository, in the keys of what is remembered.
    var place: SharedAnswers.Place {
        SharedAnswers.Place(
            origin: endpoint.origin, path: endpoint.repository.path, credential: shown.fingerprint)
    }

    /// The bytes of a tag's manifest; `nil` where there is no such tag, or can be none.
    func manifest(tag: String) async throws(Outage) -> [UInt8]? {
        switch try await content(tag: tag) {
        case .bytes(let bytes): return bytes
        case .missing: return nil
        case .tooLarge, .overBudget:
            throw Outage(
                .corrupt, service: service,
                detail: "the tag's manifest is larger than the \(client.limits.manifestBytes) bytes that are read")
        }
    }

    /// What lies under a tag, taken from the budget of a lookup where it belongs to one.
    func content(tag: String, budget: ProofBudget? = nil) async throws(Outage) -> ContentAnswer {
        // A prefix may make a name that no registry can hold, as sha512 does; nothing lies there.
        guard RegistryEndpoint.isTag(tag) else { return .missing }
        var question = RegistryQuestion(
            kind: .manifest, url: try endpoint.url("manifests/\(tag)"), accept: ProofMediaType.accept,
            maximumBodyBytes: client.limits.manifestBytes)
        if let budget { question.admits = { budget.take(bytes: $0) } }
        let response: OutboundResponse
        do throws(RegistryFailure) {
            response = try await answer(question)
        } catch {
            return try answer(to: error, budget)
        }
        switch response.status {
        case 200: break
        case 404: return .missing
        default: throw outage(response.status, asking: "a tag")
        }
        // The header is not believed; one that contradicts the bytes means that somebody on the way changed something,
        // and that nodes would be told another digest than the one judged here.
        if let claimed = response.headers["docker-content-digest"], let digest = try? Digest(claimed),
            !digest.matches(response.body)
        {
            throw Outage(
                .corrupt, service: service, detail: "a tag's manifest does not have the digest that is claimed")
        }
        return .bytes(response.body)
    }

    /// What lies under one of cosign's tags, or did a moment ago.
    func proofTag(_ tag: String, budget: ProofBudget) async throws(Outage) -> ContentAnswer {
        var isOwn = false
        let answer = try await client.shared.tags.value(
            for: SharedAnswers.TagKey(place: place, tag: tag), service: service
        ) { answer in
            switch answer {
            case .bytes(let bytes): (client.shared.lives.found, bytes.count)
            case .missing: (client.shared.lives.absence, 0)
            case .tooLarge, .overBudget: nil
            }
        } ask: { () async throws(Outage) in
            isOwn = true
            return try await content(tag: tag, budget: budget)
        }
        switch answer {
        case _ where isOwn: return answer
        case .bytes(let bytes): return try taking(bytes, maximumBytes: client.limits.manifestBytes, budget)
        case .missing: return .missing
        // A limit that somebody else has met says nothing about ours.
        case .tooLarge, .overBudget: return try await content(tag: tag, budget: budget)
        }
    }

    /// Bytes that somebody else has read count as if we had read them.
    private func taking(
        _ bytes: [UInt8], maximumBytes: Int, _ budget: ProofBudget
    ) throws(Outage) -> ContentAnswer {
        guard bytes.count <= maximumBytes else { return .tooLarge }
        guard budget.take(bytes: bytes.count) else {
            try budget.checkProcess(service: service)
            return .overBudget
        }
        return .bytes(bytes)
    }

    func content(
        _ digest: Digest, _ kind: ContentKind, maximumBytes: Int, budget: ProofBudget
    ) async throws(Outage) -> ContentAnswer {
        if takesStoredBlobs, let bytes = await stored({ $0.blob(digest) }) {
            return try taking(bytes, maximumBytes: maximumBytes, budget)
        }
        var isOwn = false
        let key = SharedAnswers.ContentKey(place: place, digest: digest, kind: kind)
        let answer = try await client.shared.contents.value(for: key, service: service) {
            () async throws(Outage) -> ContentAnswer in
            isOwn = true
            return try await request(digest, kind, maximumBytes: maximumBytes, budget: budget)
        }
        switch answer {
        case _ where isOwn: return answer
        case .bytes(let bytes): return try taking(bytes, maximumBytes: maximumBytes, budget)
        case .missing: return .missing
        case .tooLarge, .overBudget:
            return try await request(digest, kind, maximumBytes: maximumBytes, budget: budget)
        }
    }

    private func request(
        _ digest: Digest, _ kind: ContentKind, maximumBytes: Int, budget: ProofBudget
    ) async throws(Outage) -> ContentAnswer {
        let place = kind == .manifest ? "manifests" : "blobs"
        var question = RegistryQuestion(
            kind: kind == .manifest ? .manifest : .blob, url: try endpoint.url("\(place)/\(digest)"),
            accept: kind == .manifest ? ProofMediaType.accept : "*/*",
            maximumBodyBytes: min(maximumBytes, client.limits.blobBytes),
            expectedDigest: ExpectedDigest(digest.algorithm == .sha256 ? .sha256 : .sha512, hex: digest.hex))
        question.admits = { budget.take(bytes: $0) }
        let response: OutboundResponse
        do throws(RegistryFailure) {
            response = try await answer(question)
        } catch {
            return try answer(to: error, budget)
        }
        switch response.status {
        case 200:
            await stored { $0.keep(response.body, as: digest) }
            return .bytes(response.body)
        case 404: return .missing
        default: throw outage(response.status, asking: kind == .manifest ? "a manifest" : "a blob")
        }
    }

    /// Something with the store of blobs; a disk is waited for where nobody else waits.
    private func stored<Answer: Sendable>(_ work: @Sendable (any BlobStore) -> Answer) async -> Answer {
        guard client.blobs.isOnDisk else { return work(client.blobs) }
        @concurrent func elsewhere() async -> Answer { work(client.blobs) }
        return await withTaskExecutorPreference(globalConcurrentExecutor) { await elsewhere() }
    }

    /// What a status is that is no answer. A refusal names the repository, as that of a 401 does: tags and lists are asked for
    /// at the same time, and which of them is refused first must not change what is told.
    func outage(_ status: Int, asking: String) -> Outage {
        .status(status, service: service, asking: status == 403 ? "\(endpoint.repository)" : asking)
    }

    /// What a failure is for a lookup: beyond a limit, or an outage.
    func answer(to failure: RegistryFailure, _ budget: ProofBudget?) throws(Outage) -> ContentAnswer {
        guard case .transport(.tooLarge) = failure else { throw failure.outage(service: service) }
        // Transport says that bytes were refused, not by whom.
        try budget?.checkProcess(service: service)
        return budget?.isExhausted == true ? .overBudget : .tooLarge
    }
}
