// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import OCI
import Policy
import Sigstore

enum ReferrersListing: Sendable {
    case none
    case listed(ReferrersList)
    /// Something lies under the fallback tag and is no list.
    case junk(UnverifiedBundle)
}

/// Descriptors, and where they were found.
struct ReferrersList: Sendable {
    let descriptors: [DescriptorReading]
    /// Of the (first) list that holds them.
    let digest: Digest
    /// What there was more of than is read.
    var excess: String?
    /// Whether the registry made the list, and not its clients: then what it says of a referrer is what the referrer says
    /// of itself.
    var isMadeByRegistry = false
}

/// A listing, and how many bytes arrived for it.
struct ReferrersAnswer: Sendable {
    let listing: ReferrersListing
    let bytes: Int
}

extension RegistrySession {
    /// What refers to a digest, or did a moment ago.
    func referrers(of subject: Digest, budget: ProofBudget) async throws(Outage) -> ReferrersListing {
        var isOwn = false
        let answer = try await client.shared.referrers.value(
            for: SharedAnswers.ReferrersKey(place: place, subject: subject), service: service
        ) { answer in
            switch answer.listing {
            case .none: (client.shared.lives.absence, 0)
            case .listed(let list):
                // A descriptor without annotations, and what came for those that have some.
                (client.shared.lives.found, answer.bytes + list.descriptors.count * 256)
            case .junk: nil
            }
        } ask: { () async throws(Outage) in
            isOwn = true
            return try await askForReferrers(of: subject, budget)
        }
        if !isOwn, !budget.take(bytes: answer.bytes) {
            try budget.checkProcess(service: service)
            return .listed(ReferrersList(descriptors: [], digest: subject, excess: excessBytes))
        }
        return answer.listing
    }

    private var excessBytes: String { "proofs of more than the \(client.limits.lookupBytes) bytes that are read" }

    /// By the API, unless the registry has just said that it has none, and there is what there then should be.
    private func askForReferrers(of subject: Digest, _ budget: ProofBudget) async throws(Outage) -> ReferrersAnswer {
        if client.shared.doesNotOfferReferrers(place) {
            let answer = try await fallback(for: subject, budget)
            guard case .junk = answer.listing else { return answer }
            client.shared.forgetNoReferrers(place)
        }
        return try await listed(of: subject, budget)
    }

    /// Distribution-spec "Listing Referrers", and "Unavailable Referrers API" where it is not offered.
    ///
    /// An API that is offered and lists nothing is believed: a registry that begins to offer it must list what was pushed
    /// before (distribution-spec "Enabling the Referrers API"), so the fallback tag has nothing to add.
    private func listed(of subject: Digest, _ budget: ProofBudget) async throws(Outage) -> ReferrersAnswer {
        var url = try endpoint.url("referrers/\(subject)")
        var descriptors: [DescriptorReading] = []
        var first: Digest?
        var bytes = 0
        func answer(_ excess: String? = nil) -> ReferrersAnswer {
            let list = ReferrersList(
                descriptors: Array(descriptors.prefix(client.limits.referrers)), digest: first ?? subject,
                excess: excess, isMadeByRegistry: true)
            return ReferrersAnswer(listing: .listed(list), bytes: bytes)
        }
        for page in 0..<client.limits.referrerPages {
            let response: OutboundResponse
            do throws(RegistryFailure) {
                response = try await referrersPage(url, budget)
            } catch {
                // Registries copy annotations into the list, so whoever may push can make a page as large as they like.
                let isOver = if case .overBudget = try self.answer(to: error, budget) { true } else { false }
                return answer(
                    isOver
                        ? excessBytes
                        : "a list of referrers with more than the \(client.limits.manifestBytes) bytes that are read")
            }
            let isOffered = response.status == 200 && response.headers.mediaType == MediaType.ociIndex
            guard isOffered else {
                if page == 0, [200, 400, 404, 405, 406].contains(response.status) {
                    return try await fallback(for: subject, insteadOf: response, budget)
                }
                throw outage(response.status, asking: "referrers")
            }
            bytes += response.body.count
            guard let reading = try? ManifestReading(response.body, maximumBytes: client.limits.manifestBytes),
                case .manifests(let listed) = reading.content
            else { throw Outage(.malfunction, service: service, detail: "its list of referrers cannot be read") }
            first = first ?? Digest(of: response.body)
            descriptors += listed
            guard descriptors.count <= client.limits.referrers else {
                return answer("more than the \(client.limits.referrers) referrers that are opened")
            }
            guard let next = LinkHeader.next(response.headers.all("link")) else { return answer() }
            url = try nextPage(next, after: url)
        }
        return answer("a list of referrers with more than the \(client.limits.referrerPages) pages that are read")
    }

    /// What lies under the fallback tag of a registry that has just said that it does not offer the API. That is remembered
    /// where it is certain: a list under the tag shows that clients keep one, and a 404 that is no JSON is not about the
    /// repository. Any other 404 may say that there is no such repository yet.
    private func fallback(
        for subject: Digest, insteadOf response: OutboundResponse, _ budget: ProofBudget
    ) async throws(Outage) -> ReferrersAnswer {
        let answer = try await fallback(for: subject, budget)
        let saysWhy = response.headers.mediaType == "application/json"
        // Pages that a proxy sends, and refusals of the question's form, are believed for this one question.
        guard response.status == 404 else { return answer }
        switch answer.listing {
        case .listed: client.shared.noteNoReferrers(place)
        case .none where !saysWhy: client.shared.noteNoReferrers(place)
        case .none, .junk: break
        }
        return answer
    }

    private func referrersPage(
        _ url: RequestURL, _ budget: ProofBudget
    ) async throws(RegistryFailure) -> OutboundResponse {
        var question = RegistryQuestion(
            kind: .referrers, url: url, accept: MediaType.ociIndex, maximumBodyBytes: client.limits.manifestBytes)
        question.admits = { budget.take(bytes: $0) }
        return try await answer(question)
    }

    /// The next page is at the registry itself, in the same repository: our credentials go there.
    private func nextPage(_ link: String, after url: RequestURL) throws(Outage) -> RequestURL {
        let repository = try endpoint.url("referrers/")
        guard let next = try? url.resolving(link), next.origin == url.origin,
            next.path.hasPrefix(repository.path)
        else {
            throw Outage(.malfunction, service: service, detail: "its list of referrers goes on somewhere else")
        }
        return next
    }

    private func fallback(for subject: Digest, _ budget: ProofBudget) async throws(Outage) -> ReferrersAnswer {
        // Distribution-spec "Referrers Tag Schema": the hex is cut to 64 characters, which concerns sha512.
        let tag = "\(subject.algorithm.rawValue)-\(subject.hex.prefix(64))"
        func junk(_ reason: String, _ digest: Digest, _ bytes: Int) -> ReferrersAnswer {
            let origin = ProofOrigin(carrier: .referrer, manifest: digest, blob: digest)
            return ReferrersAnswer(
                listing: .junk(UnverifiedBundle(.unreadable(reason), origin: origin)), bytes: bytes)
        }
        let bytes: [UInt8]
        switch try await content(tag: tag, budget: budget) {
        case .bytes(let found): bytes = found
        case .missing: return ReferrersAnswer(listing: .none, bytes: 0)
        case .tooLarge, .overBudget:
            return junk(
                "the list under the fallback tag is larger than the \(client.limits.manifestBytes) bytes that are read",
                subject, 0)
        }
        let digest = Digest(of: bytes)
        let reading: ManifestReading
        do throws(ManifestFault) {
            reading = try ManifestReading(bytes, maximumBytes: client.limits.manifestBytes)
        } catch {
            return junk("the list under the fallback tag cannot be read: \(error)", digest, bytes.count)
        }
        guard case .manifests(let descriptors) = reading.content else {
            return junk("a manifest lies under the fallback tag, not a list", digest, bytes.count)
        }
        let list = ReferrersList(descriptors: descriptors, digest: digest)
        return ReferrersAnswer(listing: .listed(list), bytes: bytes.count)
    }
}
