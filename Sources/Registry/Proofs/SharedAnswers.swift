// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import ImageVerification
import OCI
import Policy

/// Answers of registries that equal questions share: while they are asked, and for a moment afterwards.
///
/// One review asks for signatures and attestations, by several policies, and asks for the rest where a first part did not
/// satisfy; all of these look under the same tags and into the same list of referrers. Everything here is keyed by the
/// registry, the repository and the credential that was shown: nothing that one credential has opened answers for another.
final class SharedAnswers: Sendable {
    typealias Place = RepositoryAsShown

    struct ReferrersKey: Hashable, Sendable {
        let place: Place
        let subject: Digest
    }

    struct TagKey: Hashable, Sendable {
        let place: Place
        let tag: String
    }

    struct ContentKey: Hashable, Sendable {
        let place: Place
        let digest: Digest
        let kind: ContentKind
    }

    /// How long an answer is believed here: as long as one review takes to ask its questions. What is found is kept longer
    /// further up (`CacheLimits`); this comes on top of that, and has to stay small beside it.
    struct Lives: Hashable, Sendable {
        /// Of what was found.
        var found: Duration = .seconds(2)
        /// Of an answer that there is nothing.
        var absence: Duration = .seconds(1)
        /// How long a registry is believed not to offer the referrers API; see `doesNotOfferReferrers`.
        var withoutReferrers: Duration = .seconds(5)
    }

    let lives: Lives
    /// Lists and manifests have a few KiB, and live for seconds.
    private static let bytes = 1 << 20
    /// A few thousand repositories.
    private static let placeBytes = 1 << 20

    let referrers = Shared<ReferrersKey, ReferrersAnswer>(name: "referrers", bytes: bytes)
    let tags = Shared<TagKey, ContentAnswer>(name: "proof-tags", bytes: bytes)
    /// While they are read only: what has been read is in the store of blobs.
    let contents = Relay<ContentKey, ContentAnswer>()
    private let withoutReferrers = ByteBoundedCache<Place, Bool>(name: "without-referrers", limit: placeBytes)

    init(lives: Lives = Lives()) { self.lives = lives }

    /// Whether the fallback tag is asked without asking the API before: the registry has said a moment ago that it does not
    /// offer it.
    ///
    /// As long as a listing is believed, and no longer: a proof that a policy's program forbids must not stay out of sight.
    /// It spares the images of one repository that are asked about together one request each.
    func doesNotOfferReferrers(_ place: Place) -> Bool { withoutReferrers.value(for: place) ?? false }

    func noteNoReferrers(_ place: Place) {
        withoutReferrers.insert(
            true, for: place, bytes: place.path.utf8.count + 256,
            expires: .now.advanced(by: lives.withoutReferrers))
    }

    /// Something under the fallback tag was not what it should be: the API is asked again.
    func forgetNoReferrers(_ place: Place) { withoutReferrers.insert(false, for: place, bytes: 0, expires: .now) }
}

/// Equal questions are asked once, and their answer is kept for a moment.
final class Shared<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let relay = Relay<Key, Value>()
    private let kept: ByteBoundedCache<Key, Value>

    init(name: String, bytes: Int) { kept = ByteBoundedCache(name: name, limit: bytes) }

    /// The answer that `ask` gives, or has given to somebody else.
    ///
    /// - Parameter keep: how long an answer is kept and what it weighs; `nil` for one that is not.
    func value(
        for key: Key, service: String, keep: (Value) -> (life: Duration, bytes: Int)?,
        ask: () async throws(Outage) -> Value
    ) async throws(Outage) -> Value {
        if let known = kept.value(for: key) { return known }
        return try await relay.value(for: key, service: service) { () async throws(Outage) -> Value in
            // Found between the two looks.
            if let known = kept.value(for: key) { return known }
            let value = try await ask()
            if let (life, bytes) = keep(value) {
                kept.insert(value, for: key, bytes: bytes, expires: .now.advanced(by: life))
            }
            return value
        }
    }
}
