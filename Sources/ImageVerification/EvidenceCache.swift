// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import Sigstore
import Synchronization

/// Proofs that have been checked, and what came of it; pure functions of the key.
final class EvidenceCache: Sendable {
    /// Every input of a check. The proof is told apart by bytes: form, carrier, annotations (a signature is one of them)
    /// and the digest of its content, so that no other proof can stand in its place.
    private struct Key: Hashable, Sendable {
        let proof: Digest?
        let image: Digest?
        let trust: TrustGeneration?
        let options: VerificationOptions?
        /// What was read of a proof too large to be held; `nil` of one that is.
        let parts: JSONParts?
    }

    private final class Turn: Sendable {
        let lock = Mutex(())
    }

    private let life: Duration
    /// See the tests.
    private let ignored: EvidenceInput?
    /// Many more than processors, so that proofs that differ hardly ever wait for each other.
    private let turns: [Turn] = (0..<256).map { _ in Turn() }
    private let signatures: ByteBoundedCache<Key, Result<VerifiedSignature, VerificationError>>
    private let statements: ByteBoundedCache<Key, Result<VerifiedStatement, VerificationError>>

    /// - Parameters:
    ///   - bytes: for signatures, and again for statements.
    ///   - ignored: what keys do not hold, for a test that shows what it is for.
    init(bytes: Int, life: Duration, ignoring ignored: EvidenceInput? = nil) {
        self.life = life
        self.ignored = ignored
        signatures = ByteBoundedCache(name: "signatures", limit: bytes / 2)
        statements = ByteBoundedCache(name: "statements", limit: bytes / 2)
    }

    func signature(
        in bundle: UnverifiedBundle, of image: Digest, _ options: VerificationOptions, _ trust: TrustMaterial
    ) -> Result<VerifiedSignature, VerificationError> {
        let verifier = Verifier(trust: trust, options: options)
        return remembered(
            signatures, bundle, image, verifier,
            bytes: { $0.claims.payload.count + $0.claims.optional.count }
        ) { () throws(VerificationError) in try verifier.signature(in: bundle, of: image) }
    }

    func statement(
        in bundle: UnverifiedBundle, of image: Digest, _ options: VerificationOptions, _ trust: TrustMaterial
    ) -> Result<VerifiedStatement, VerificationError> {
        let verifier = Verifier(trust: trust, options: options)
        // The envelope, the payload in it, and the payload's tape of 16 bytes for each value.
        return remembered(
            statements, bundle, image, verifier, bytes: { ($0.envelope?.count ?? 0) * 2 + $0.statement.text.count * 4 }
        ) { () throws(VerificationError) in try verifier.statement(in: bundle, of: image) }
    }

    private func remembered<Value>(
        _ cache: ByteBoundedCache<Key, Result<Value, VerificationError>>, _ bundle: UnverifiedBundle, _ image: Digest,
        _ verifier: Verifier, bytes: (Value) -> Int, check: () throws(VerificationError) -> Value
    ) -> Result<Value, VerificationError> {
        let key = Key(
            proof: holds(.proof) ? Self.identity(bundle) : nil, image: holds(.image) ? image : nil,
            trust: holds(.trust) ? verifier.trust.generation : nil, options: holds(.options) ? verifier.options : nil,
            parts: holds(.parts) ? Self.parts(bundle) : nil)
        if let known = cache.value(for: key, countsMiss: false) { return known }
        func checked() -> Result<Value, VerificationError> {
            let result: Result<Value, VerificationError>
            do throws(VerificationError) { result = .success(try check()) } catch { result = .failure(error) }
            // An error keeps an excerpt of a few hundred bytes at most.
            let size = 1024 + ((try? result.get()).map(bytes) ?? 1024)
            cache.insert(result, for: key, bytes: size, expires: .now.advanced(by: life))
            return result
        }
        // A large one takes so long that nobody may hold a thread to wait for it.
        guard bundle.byteCount <= Self.maximumAwaitedBytes else { return cache.value(for: key) ?? checked() }
        // Who comes while an equal proof is being checked waits for it, as they would for their turn at a processor.
        let turn = turns[Int(truncatingIfNeeded: UInt(bitPattern: key.hashValue) % UInt(turns.count))]
        return turn.lock.withLock { _ in cache.value(for: key) ?? checked() }
    }

    private func holds(_ input: EvidenceInput) -> Bool { input != ignored }

    /// Of a proof that others wait for on their threads: its check takes a few milliseconds.
    private static let maximumAwaitedBytes = 64 << 10

    private static func parts(_ bundle: UnverifiedBundle) -> JSONParts? {
        if case .read(let proof, _) = bundle.content { return proof.parts }
        return nil
    }

    private static func identity(_ bundle: UnverifiedBundle) -> Digest {
        var text: [UInt8] = Array(
            "\(bundle.origin.carrier.rawValue) \(bundle.origin.manifest) \(bundle.origin.blob) ".utf8)
        func add(_ form: String, _ annotations: CosignAnnotations?) {
            text += Array(form.utf8)
            for part in annotations?.parts ?? [] {
                // Lengths keep neighbours apart, and -1 an absent one from an empty one.
                text += Array(" \(part?.utf8.count ?? -1):".utf8) + Array((part ?? "").utf8)
            }
        }
        switch bundle.content {
        case .simpleSigning(_, let annotations): add("simple-signing", annotations)
        case .envelope(_, let annotations): add("envelope", annotations)
        case .bundle: add("bundle", nil)
        case .large(let unread): add("unread \(unread.blob.form.rawValue) \(unread.blob.size)", unread.annotations)
        case .read(let proof, let annotations): add("\(proof.blob.form.rawValue) in parts", annotations)
        case .unreadable(let why): add("unreadable " + why, nil)
        }
        return Digest(of: text)
    }

    var counters: [(name: String, counters: CacheCounters)] {
        [(signatures.name, signatures.counters), (statements.name, statements.counters)]
    }
}

/// What the check of a proof depends on, and its key holds.
enum EvidenceInput: CaseIterable, Hashable, Sendable {
    case proof, image, trust, options, parts
}
