// SPDX-License-Identifier: Apache-2.0
public import JSON
import OCI

/// A proof that was too large to be held, read as it came by: everything of it but the payload, hashes of what is compared
/// or signed, and the parts of its statement that were asked for. Nothing of it has been checked, except that the bytes were
/// those of its digest. Only `LargeProofReader` can make one.
public struct LargeProof: Sendable {
    public let blob: UnreadProof.Blob
    /// The parts of the statement that are there.
    public let parts: JSONParts
    private let content: Result<Content, VerificationError>

    private struct Content: Sendable {
        /// The text without the payload's characters.
        let frame: [UInt8]
        let payload: LargePayload
    }

    fileprivate init(_ blob: UnreadProof.Blob, _ parts: JSONParts, unreadable why: String) {
        self.blob = blob
        self.parts = parts
        content = .failure(.unreadable(why))
    }

    fileprivate init(_ blob: UnreadProof.Blob, _ parts: JSONParts, frame: [UInt8], _ payload: LargePayload) {
        self.blob = blob
        self.parts = parts
        content = .success(Content(frame: frame, payload: payload))
    }

    /// Bytes that it holds.
    public var byteCount: Int {
        guard case .success(let content) = content else { return 256 }
        return content.frame.count + ((try? content.payload.pruned.get())?.count ?? 0) + 1024
    }

    /// SHA-256 of the envelope's text, where it stands alone.
    var textDigest: Digest? {
        guard case .success(let content) = content, let hash = content.payload.text?[.sha256] else { return nil }
        return Digest(streamed: .sha256, hash: hash)
    }

    /// The proof as a small one is read, by the same code.
    func envelope(
        _ annotations: CosignAnnotations, for verifier: Verifier
    ) throws(VerificationError) -> (proof: SignedProof, envelope: Envelope) {
        let content = try content.get()
        switch blob.form {
        case .envelope:
            let envelope = try Envelope.read(content.frame, taken: content.payload)
            return (try SignedProof(envelope, text: nil, annotations, for: verifier), envelope)
        case .bundle:
            let read = try SigstoreBundle.read(content.frame, taken: content.payload)
            let envelope = try read.imageEnvelope()
            return (SignedProof(read, envelope), envelope)
        }
    }
}

/// Equal bytes, of which equal parts were kept.
extension LargeProof: Hashable {
    public static func == (one: LargeProof, other: LargeProof) -> Bool {
        one.blob == other.blob && one.parts == other.parts
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(blob)
        hasher.combine(parts)
    }
}

/// Reads a proof that is too large to be held, in two passes over the same bytes, which come in pieces of any length.
///
/// What is signed begins with the payload's length, and the payload says it nowhere: the first pass finds it, and everything
/// of the proof but the payload; the second hashes and prunes. Each pass checks that the bytes have the digest that was asked
/// for, so that both have read the same.
public struct LargeProofReader: Sendable {
    /// The bytes are not those that were asked for; what was read of them says nothing.
    public enum Fault: Error, Hashable, Sendable {
        case digest
        /// They have the digest, and another size than the descriptor says.
        case size
    }

    private let blob: UnreadProof.Blob
    private let parts: JSONParts
    private var hashing: MessageHashing
    private var count = 0
    private var splitter: PayloadSplitter
    private var outline: Outline?
    private var payload: PayloadPass?

    /// What the first pass has found.
    private struct Outline: Sendable {
        let frame: [UInt8]
        /// Where the payload's characters are in the text, without its padding.
        let characters: Range<Int>
        let padding: Int
        let hasEscapes: Bool
        let text: MessageDigests?
    }

    public init(_ blob: UnreadProof.Blob, parts: JSONParts) {
        self.blob = blob
        self.parts = parts
        splitter = PayloadSplitter(blob.form)
        hashing = Self.hashing(blob, isFirst: true)
    }

    /// Log entries and timestamps may be about the text of an envelope that stands alone, under any hash.
    private static func hashing(_ blob: UnreadProof.Blob, isFirst: Bool) -> MessageHashing {
        var algorithms: Set<HashAlgorithm> = [blob.digest.algorithm.function]
        if isFirst, blob.form == .envelope { algorithms.formUnion(HashAlgorithm.allCases) }
        return MessageHashing(algorithms)
    }

    /// The bytes come from the first one on; a pass that broke off is begun anew.
    public mutating func begin() {
        count = 0
        hashing = Self.hashing(blob, isFirst: outline == nil)
        if let outline {
            payload = PayloadPass(parts, bytes: Self.decodedCount(outline.characters.count))
        } else {
            splitter = PayloadSplitter(blob.form)
        }
    }

    private static func decodedCount(_ characters: Int) -> Int {
        characters / 4 * 3 + [0, 0, 1, 2][characters % 4]
    }

    /// The next bytes of a pass.
    public mutating func read(_ bytes: UnsafeRawBufferPointer) {
        hashing.update(bytes)
        if let outline {
            let range = outline.characters.clamped(to: count..<(count + bytes.count))
            if !range.isEmpty {
                let piece = bytes[(range.lowerBound - count)..<(range.upperBound - count)]
                payload?.read(UnsafeRawBufferPointer(rebasing: piece))
            }
        } else {
            splitter.read(bytes)
        }
        count += bytes.count
    }

    /// The pass has come to its end: the proof, or `nil` where the bytes have to come once more. Throws where they were not
    /// those of the digest; the pass is then to be begun anew, or given up.
    public mutating func end() throws(Fault) -> LargeProof? {
        let digests = hashing.digests
        guard let hash = digests[blob.digest.algorithm.function],
            Digest(streamed: blob.digest.algorithm, hash: hash) == blob.digest
        else { throw .digest }
        guard count == blob.size else { throw .size }
        if let outline, let payload {
            self.payload = nil
            return proof(outline, payload)
        }
        guard !splitter.isTooLarge else {
            return unreadable(
                "the \(blob.form.rawValue) has more than \(PayloadSplitter.frameBytes) bytes besides its payload")
        }
        guard splitter.isComplete, let place = splitter.place else {
            return unreadable("the \(blob.form.rawValue) ends within its payload, or has none")
        }
        outline = Outline(
            frame: splitter.frame, characters: place..<(place + splitter.characters - splitter.padding),
            padding: splitter.padding, hasEscapes: splitter.hasEscapes,
            text: blob.form == .envelope ? digests : nil)
        return nil
    }

    private func unreadable(_ why: String) -> LargeProof { LargeProof(blob, parts, unreadable: why) }

    private func proof(_ outline: Outline, _ payload: PayloadPass) -> LargeProof {
        var payload = payload
        let isBase64 = payload.finish(padding: outline.padding)
        let fault =
            outline.hasEscapes
            ? "the envelope's payload has escapes, which are not read in a proof of this size"
            : isBase64 ? nil : "the envelope's payload is not base64"
        let read = LargePayload(
            place: outline.characters.lowerBound, characters: outline.characters.count + outline.padding, fault: fault,
            digests: payload.digests, encoding: payload.encoding, text: outline.text, parts: parts,
            pruned: payload.pruned)
        return LargeProof(blob, parts, frame: outline.frame, read)
    }
}

/// What the second pass makes of the payload.
private struct PayloadPass: Sendable {
    private var base64 = StreamedBase64()
    private var hashing = MessageHashing([.sha256])
    private var signed = MessageHashing(Set(HashAlgorithm.allCases))
    private var pruner: JSONPruner

    init(_ parts: JSONParts, bytes: Int) {
        pruner = JSONPruner(parts, maximumDepth: JSONLimits.payload.maximumDepth)
        Envelope.encodingPrefix(Envelope.inToto, payloadBytes: bytes).withUnsafeBytes { signed.update($0) }
    }

    mutating func read(_ text: UnsafeRawBufferPointer) {
        var base64 = base64
        self.base64 = StreamedBase64()
        base64.read(text) { take($0) }
        self.base64 = base64
    }

    mutating func finish(padding: Int) -> Bool {
        var base64 = base64
        return base64.finish(padding: padding) { take($0) }
    }

    private mutating func take(_ bytes: UnsafeRawBufferPointer) {
        hashing.update(bytes)
        signed.update(bytes)
        pruner.read(bytes)
    }

    var digests: MessageDigests { hashing.digests }
    var encoding: MessageDigests { signed.digests }
    var pruned: Result<[UInt8], JSONPruner.Failure> {
        var pruner = pruner
        do throws(JSONPruner.Failure) { return .success(try pruner.finish()) } catch { return .failure(error) }
    }
}
