// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import OCI
import Policy
import Sigstore

enum ReferrersListing: Sendable {
    case none
    /// Descriptors, and the digest of the (first) list that holds them.
    ///
    /// `excess` says what there was more of than is read.
    case listed([DescriptorReading], list: Digest, excess: String?)
    /// Something lies under the fallback tag and is no list.
    case junk(UnverifiedBundle)
}

extension RegistrySession {
    /// What refers to a digest: distribution-spec "Listing Referrers", and "Unavailable Referrers API" where it is not
    /// offered.
    ///
    /// An API that is offered and lists nothing is believed: a registry that begins to offer it must list what was pushed
    /// before (distribution-spec "Enabling the Referrers API"), so the fallback tag has nothing to add.
    func referrers(of subject: Digest, budget: ProofBudget) async throws(Outage) -> ReferrersListing {
        var url = try endpoint.url("referrers/\(subject)")
        var descriptors: [DescriptorReading] = []
        var first: Digest?
        for page in 0..<client.limits.referrerPages {
            let response: OutboundResponse
            do throws(RegistryFailure) {
                response = try await referrersPage(url, budget)
            } catch {
                // Registries copy annotations into the list, so whoever may push can make a page as large as they like.
                let isOver = if case .overBudget = try answer(to: error, budget) { true } else { false }
                let excess =
                    isOver
                    ? "proofs of more than the \(client.limits.lookupBytes) bytes that are read"
                    : "a list of referrers with more than the \(client.limits.manifestBytes) bytes that are read"
                return .listed(descriptors, list: first ?? subject, excess: excess)
            }
            let isOffered = response.status == 200 && response.headers.mediaType == MediaType.ociIndex
            guard isOffered else {
                if page == 0, [200, 400, 404, 405, 406].contains(response.status) {
                    return try await fallback(for: subject, budget)
                }
                throw .status(response.status, service: service, asking: "referrers")
            }
            guard let reading = try? ManifestReading(response.body, maximumBytes: client.limits.manifestBytes),
                case .manifests(let listed) = reading.content
            else { throw Outage(.malfunction, service: service, detail: "its list of referrers cannot be read") }
            first = first ?? Digest(of: response.body)
            descriptors += listed
            guard descriptors.count <= client.limits.referrers else {
                return .listed(
                    Array(descriptors.prefix(client.limits.referrers)), list: first ?? subject,
                    excess: "more than the \(client.limits.referrers) referrers that are opened")
            }
            guard let next = LinkHeader.next(response.headers.all("link")) else {
                return first.map { .listed(descriptors, list: $0, excess: nil) } ?? .none
            }
            url = try nextPage(next, after: url)
        }
        return .listed(
            descriptors, list: first ?? subject,
            excess: "a list of referrers with more than the \(client.limits.referrerPages) pages that are read")
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

    private func fallback(for subject: Digest, _ budget: ProofBudget) async throws(Outage) -> ReferrersListing {
        // Distribution-spec "Referrers Tag Schema": the hex is cut to 64 characters, which concerns sha512.
        let tag = "\(subject.algorithm.rawValue)-\(subject.hex.prefix(64))"
        let bytes: [UInt8]
        switch try await content(tag: tag, budget: budget) {
        case .bytes(let found): bytes = found
        case .missing: return .none
        case .tooLarge, .overBudget:
            return .junk(
                UnverifiedBundle(
                    .unreadable(
                        "the list under the fallback tag is larger than the \(client.limits.manifestBytes) bytes that are read"
                    ), origin: ProofOrigin(carrier: .referrer, manifest: subject, blob: subject)))
        }
        let digest = Digest(of: bytes)
        let origin = ProofOrigin(carrier: .referrer, manifest: digest, blob: digest)
        let reading: ManifestReading
        do throws(ManifestFault) {
            reading = try ManifestReading(bytes, maximumBytes: client.limits.manifestBytes)
        } catch {
            return .junk(
                UnverifiedBundle(
                    .unreadable("the list under the fallback tag cannot be read: \(error)"), origin: origin))
        }
        guard case .manifests(let descriptors) = reading.content else {
            return .junk(
                UnverifiedBundle(.unreadable("a manifest lies under the fallback tag, not a list"), origin: origin))
        }
        return .listed(descriptors, list: digest, excess: nil)
    }
}
