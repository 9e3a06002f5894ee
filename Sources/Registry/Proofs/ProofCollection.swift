// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import OCI
import Policy
import Sigstore

/// Where manifests and blobs are read: a registry, or a directory.
protocol ContentReading: Sendable {
    /// What outages name.
    var service: String { get }

    /// The content of that digest, which has been checked. Bytes that have another digest are an outage.
    /// What arrives is taken from the budget.
    func content(
        _ digest: Digest, _ kind: ContentKind, maximumBytes: Int, budget: ProofBudget
    ) async throws(Outage) -> ContentAnswer
}

enum ContentKind: Hashable, Sendable {
    case manifest, blob
}

/// Candidates, and whether there are more that were not read since the scope lets them be left out.
struct ProofsRead: Sendable {
    let bundles: [UnverifiedBundle]
    let leavesOut: Bool

    init(_ bundles: [UnverifiedBundle], leavesOut: Bool = false) {
        self.bundles = bundles
        self.leavesOut = leavesOut
    }
}

enum ContentAnswer: Sendable {
    case bytes([UInt8])
    case missing
    case tooLarge
    /// The budget has no room for it.
    case overBudget
}

/// Turns what lies beside an image into candidate proofs.
///
/// Whoever may push to the repository may push junk, so junk is a candidate that says why it is unreadable: it neither
/// hides a good proof nor ends the lookup. What the registry fails to hand out is an outage, since it may be the good one.
/// In between, by who could have caused it:
/// - a manifest or blob that is named and not there, malformed, too large, or of another size than claimed: junk;
/// - more proofs, or more bytes of them, than are read: junk as well, one candidate that names the limit, beside those that
///   were found before it. That is safe, since an unreadable candidate never admits: an image is admitted for what has been
///   read and verified, and nothing that was left out could take that away. Where nothing good was found the image is
///   denied, and the denial names the limit. An outage instead would give whoever may push a way to stop good images;
/// - bytes that do not have the digest under which they were asked for: the registry is broken, an outage.
struct ProofCollection<Source: ContentReading>: Sendable {
    /// See `slackBytes`.
    private static var slackBytes: Int { RegistryLimits.slackBytes }

    private let source: Source
    private let limits: RegistryLimits
    /// For the referrers; what lies under the tag has its own.
    let referrersBudget: ProofBudget
    let tagBudget: ProofBudget

    init(_ source: Source, limits: RegistryLimits, _ lookup: LookupBytes) {
        self.source = source
        self.limits = limits
        referrersBudget = ProofBudget(limits, lookup)
        tagBudget = ProofBudget(limits, lookup)
    }

    /// The layers of what lies under one of cosign's tags, whose bytes have been taken from `tagBudget`.
    func tagged(_ manifest: [UInt8], _ kind: ProofKind) async throws(Outage) -> [UnverifiedBundle] {
        let digest = Digest(of: manifest)
        let carrier: ProofOrigin.Carrier = kind == .signature ? .signatureTag : .attestationTag
        return try await candidates(
            TaggedProofs.items(manifest, digest, kind, limits: limits), tagBudget,
            whole: ProofOrigin(carrier: carrier, manifest: digest, blob: digest))
    }

    /// What the referrers hold, in the order of the list.
    ///
    /// A listed artifact type says nothing: the fallback index gets it wrong as a rule (there it is the config's media
    /// type), and the good proof may hide behind any. Of the list that a registry makes the predicate type is heeded where
    /// the scope allows it.
    func referrers(
        _ list: ReferrersList, of subject: Digest, for kind: ProofKind, _ scope: ProofScope = .all
    ) async throws(Outage) -> ProofsRead {
        let origin = ProofOrigin(carrier: .referrer, manifest: list.digest, blob: list.digest)
        var seen: Set<Digest> = []
        let distinct = list.descriptors.filter { reading in
            guard case .readable(let descriptor) = reading else { return true }
            return seen.insert(descriptor.digest).inserted
        }
        let wanted = distinct.filter { Self.isWanted($0, scope, in: list) }
        let opened = Array(wanted.prefix(limits.referrers))
        var excess = list.excess
        if wanted.count > opened.count { excess = "more than the \(limits.referrers) referrers that are opened" }
        let found = try await concurrently(opened, width: limits.width) {
            (reading) async throws(Outage) -> [UnverifiedBundle] in
            switch reading {
            case .unreadable(let reason):
                return [UnverifiedBundle(.unreadable(reason), origin: origin)]
            case .readable(let descriptor):
                return try await referrer(descriptor, of: subject, for: kind)
            }
        }.flatMap { $0 }
        let surplus = excess.map { UnverifiedBundle(.unreadable("this image has \($0)"), origin: origin) }
        return ProofsRead(found + [surplus].compactMap { $0 }, leavesOut: wanted.count < distinct.count)
    }

    /// cosign's annotation of a referrer that holds a bundle, and of its descriptor in a registry's list.
    private static var predicateTypeAnnotation: String { "dev.sigstore.bundle.predicateType" }

    private static func isWanted(_ reading: DescriptorReading, _ scope: ProofScope, in list: ReferrersList) -> Bool {
        guard case .likely(let likely) = scope, list.isMadeByRegistry, case .readable(let descriptor) = reading else {
            return true
        }
        return likely.includes(listed: descriptor.annotations[predicateTypeAnnotation])
    }

    private func referrer(
        _ descriptor: ContentDescriptor, of subject: Digest, for kind: ProofKind
    ) async throws(Outage) -> [UnverifiedBundle] {
        let digest = descriptor.digest
        let origin = ProofOrigin(carrier: .referrer, manifest: digest, blob: digest)
        switch try await read(
            descriptor, .manifest, maximumBytes: limits.manifestBytes, referrersBudget)
        {
        case .success(let bytes):
            return try await candidates(
                ReferrerProofs.items(bytes, digest, of: subject, for: kind, limits: limits), referrersBudget,
                whole: origin)
        case .failure(let fault):
            return [UnverifiedBundle(.unreadable(fault.sentence("the referrer")), origin: origin)]
        }
    }

    private func candidates(
        _ items: [ProofItem], _ budget: ProofBudget, whole: ProofOrigin
    ) async throws(Outage) -> [UnverifiedBundle] {
        guard budget.take(proofs: items.count) else {
            let reason = "this image has more than the \(limits.proofs) proofs that are read"
            return [UnverifiedBundle(.unreadable(reason), origin: whole)]
        }
        return try await concurrently(items, width: limits.width) { (item) async throws(Outage) -> UnverifiedBundle in
            switch item {
            case .junk(let bundle): return bundle
            case .blob(let descriptor, let form, let origin):
                if let streamed = form.streamed, descriptor.size > limits.heldProofBytes {
                    return UnverifiedBundle(unread(descriptor, streamed), origin: origin)
                }
                switch try await read(descriptor, .blob, maximumBytes: limits.proofBytes, budget) {
                case .success(let bytes):
                    return UnverifiedBundle(form.content(bytes, descriptor), origin: origin)
                case .failure(let fault):
                    return UnverifiedBundle(.unreadable(fault.sentence("the proof")), origin: origin)
                }
            }
        }
    }

    /// A proof that is too large to be held, as its descriptor has it.
    private func unread(_ descriptor: ContentDescriptor, _ form: UnreadProof.Form) -> UnverifiedBundle.Content {
        guard descriptor.size <= limits.streamedProofBytes else {
            return .unreadable("the proof is larger than the \(limits.streamedProofBytes) bytes that are read")
        }
        return .large(
            UnreadProof(
                UnreadProof.Blob(form: form, digest: descriptor.digest, size: Int(descriptor.size)),
                annotations: CosignAnnotations(descriptor.annotations)))
    }

    private enum ReadingFault: Error {
        case content(String)
        case budget(String)

        func sentence(_ subject: String) -> String {
            switch self {
            case .content(let reason): "\(subject) \(reason)"
            case .budget(let reason): "\(subject) has not been read: \(reason)"
            }
        }
    }

    private func read(
        _ descriptor: ContentDescriptor, _ kind: ContentKind, maximumBytes: Int, _ budget: ProofBudget
    ) async throws(Outage) -> Result<[UInt8], ReadingFault> {
        let tooLarge = ReadingFault.content("is larger than the \(maximumBytes) bytes that are read")
        guard descriptor.size <= maximumBytes else { return .failure(tooLarge) }
        guard !budget.isExhausted else { return .failure(.budget(budget.exhaustion)) }
        let claimed = Int(descriptor.size)
        // No more is held than was claimed, or many small claims could hide much. The slack lets a page that a proxy sends
        // instead be seen for what it is, bytes without their digest.
        let allowed = min(maximumBytes, claimed + Self.slackBytes)
        switch try await source.content(descriptor.digest, kind, maximumBytes: allowed, budget: budget) {
        case .bytes(let bytes):
            guard bytes.count == claimed else {
                return .failure(.content("has another size than its descriptor says"))
            }
            return .success(bytes)
        case .missing: return .failure(.content("is named and is not there"))
        case .tooLarge: return .failure(.content("is larger than its descriptor says"))
        case .overBudget: return .failure(.budget(budget.exhaustion))
        }
    }
}
