// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import Testing

@testable import Sigstore

/// What holds of a proof that comes by in pieces, besides what its small twin is held to in every other suite.
@Suite("A proof that is too large to be held")
struct LargeProofTests {
    private static func attestation(_ components: Int = 40) -> ProofText {
        var proof = ProofText.attestation
        let list = (0..<components).map { #"{"name":"package-\#($0)","version":"1.\#($0)"}"# }.joined(separator: ",")
        proof.statement.predicate = #"{"bomFormat":"CycloneDX","components":[\#(list)],"serial":"x"}"#
        return proof
    }

    private static let reads = JSONParts.members([
        "_type": .all, "subject": .all, "predicateType": .all, "predicate": .members(["bomFormat": .all]),
    ])

    @Test("is read to the same end, whatever the length of the pieces, and holds only the parts that were asked for")
    func pieces() throws {
        let key = try TestKey.shared(.p256)
        let proof = Self.attestation()
        for (text, form) in [
            (try proof.bundle(signedBy: key), UnreadProof.Form.bundle), (try proof.envelope(signedBy: key), .envelope),
        ] {
            let small = form == .bundle ? candidate(bundle: text) : candidate(envelope: text)
            for piece in [1, 2, 3, 4, 5, 7, 64, 1000, 1 << 20] {
                let large = try #require(try largeTwin(small, parts: Self.reads, piece: piece))
                let found = try key.verifier().statement(in: large, of: image)
                let kept = String(decoding: found.statement.root["predicate"]?.rawText ?? [], as: UTF8.self)
                #expect(kept == #"{"bomFormat":"CycloneDX"}"#)
                #expect(found.statement.root["subject"] != nil && found.parts == Self.reads)
                #expect(found.predicateType == "https://spdx.dev/Document" && found.envelope == nil)
            }
        }
    }

    @Test("A byte that is flipped anywhere makes it a proof of nothing, by way of its digest")
    func flipped() throws {
        let key = try TestKey.shared(.p256)
        let text = Array(try Self.attestation(3).bundle(signedBy: key).utf8)
        let blob = UnreadProof.Blob(form: .bundle, digest: Digest(of: text), size: text.count)
        for place in stride(from: 0, to: text.count, by: 7) {
            var flipped = text
            flipped[place] ^= 1
            #expect(throws: LargeProofReader.Fault.digest) { try largeProof(flipped, blob) }
        }
    }

    @Test("and where the digest is the flipped one's, what its small twin is")
    func flippedAndNamed() throws {
        let key = try TestKey.shared(.p256)
        let verifier = try key.verifier()
        for isBundle in [true, false] {
            let proof = Self.attestation(2)
            let text = Array((isBundle ? try proof.bundle(signedBy: key) : try proof.envelope(signedBy: key)).utf8)
            for place in text.indices {
                var flipped = text
                flipped[place] ^= 1
                let origin = origin()
                let small = UnverifiedBundle(
                    isBundle ? .bundle(flipped) : .envelope(flipped, annotations: CosignAnnotations([:])),
                    origin: origin)
                _ = verifier.refusal(asStatement: small)
                let whole = try #require(try largeTwin(small, parts: Self.reads))
                // A member's name that nobody knows may be flipped beside an envelope.
                let isSame = (try? verifier.statement(in: small, of: image)) == nil
                #expect(((try? verifier.statement(in: whole, of: image)) == nil) == isSame, "at \(place)")
            }
        }
    }

    @Test("Both passes have to read all of the bytes that were asked for")
    func passes() throws {
        let key = try TestKey.shared(.p256)
        let text = Array(try Self.attestation().bundle(signedBy: key).utf8)
        let blob = UnreadProof.Blob(form: .bundle, digest: Digest(of: text), size: text.count)
        var changed = text
        changed[text.count / 2] ^= 1

        // Changed between the passes.
        var reader = LargeProofReader(blob, parts: .all)
        reader.begin()
        reader.take(text, piece: 100)
        #expect(try reader.end() == nil)
        reader.begin()
        reader.take(changed, piece: 100)
        #expect(throws: LargeProofReader.Fault.digest) { try reader.end() }
        // A pass that broke off is begun anew, and says nothing.
        reader.begin()
        reader.take(Array(text.dropLast(10)), piece: 100)
        reader.begin()
        reader.take(text, piece: 100)
        #expect(try reader.end() != nil)

        #expect(throws: LargeProofReader.Fault.digest) { try largeProof(Array(text.dropLast()), blob) }
        #expect(throws: LargeProofReader.Fault.digest) { try largeProof(text + [0x20], blob) }
        #expect(throws: LargeProofReader.Fault.digest) { try largeProof([], blob) }
        let other = UnreadProof.Blob(form: .bundle, digest: Digest(of: text), size: text.count + 1)
        #expect(throws: LargeProofReader.Fault.size) { try largeProof(text, other) }
        let stronger = UnreadProof.Blob(form: .bundle, digest: Digest(of: text, .sha512), size: text.count)
        #expect(try largeProof(text, stronger).blob == stronger)
    }

    @Test("What is read in parts stands in for no other candidate")
    func reading() throws {
        let key = try TestKey.shared(.p256)
        let texts = try [2, 3].map { Array(try Self.attestation($0).bundle(signedBy: key).utf8) }
        let blobs = texts.map { UnreadProof.Blob(form: .bundle, digest: Digest(of: $0), size: $0.count) }
        let unread = UnverifiedBundle(
            .large(UnreadProof(blobs[0], annotations: CosignAnnotations([:]))), origin: origin())
        #expect(unread.reading(try largeProof(texts[1], blobs[1])) == unread)
        #expect(try key.verifier().refusal(asStatement: unread)?.code == "unreadable")
        #expect(try key.verifier().refusal(asSignature: unread)?.code == "unreadable")
    }

    @Test(
        "What is ambiguous in the envelope is refused",
        arguments: [
            ("two payloads", #","payload":"""#), ("a payload twice, escaped", #","p\u0061yload":"""#),
            ("two lists of signatures", #","signatures":[]"#),
        ])
    func ambiguous(what: String, more: String) throws {
        let key = try TestKey.shared(.p256)
        var proof = Self.attestation()
        proof.envelopeMore = more
        for small in [
            candidate(bundle: try proof.bundle(signedBy: key)), candidate(envelope: try proof.envelope(signedBy: key)),
        ] {
            let large = try #require(try largeTwin(small))
            guard case .unreadable(let why)? = try key.verifier().refusal(asStatement: large) else {
                Issue.record("\(what) is not refused")
                return
            }
            #expect(why.contains("duplicate key"))
        }
    }

    @Test("A payload that stands elsewhere is not the envelope's")
    func elsewhere() throws {
        let key = try TestKey.shared(.p256)
        let envelope = try Self.attestation().envelope(signedBy: key)
        for text in [
            #"{"x":\#(envelope)}"#, #"[\#(envelope)]"#, #"{"dsseEnvelope":[\#(envelope)]}"#,
            #"{"a":{"dsseEnvelope":\#(envelope)}}"#, #""payload""#, "", #"{"payload":"#, #"{"payload":"AAAA"#,
            #"{"payload":["AAAA"]}"#,
        ] {
            for form in [UnreadProof.Form.bundle, .envelope] {
                let bytes = Array(text.utf8)
                let small = UnverifiedBundle(
                    form == .bundle ? .bundle(bytes) : .envelope(bytes, annotations: CosignAnnotations([:])),
                    origin: origin())
                let large = try #require(try largeTwin(small))
                #expect(try key.verifier().refusal(asStatement: large)?.code == "unreadable", "\(text)")
            }
        }
    }

    @Test("The order of members and the way names are escaped change nothing")
    func order() throws {
        let key = try TestKey.shared(.p256)
        let text = try Self.attestation().envelope(signedBy: key)
        let document = try JSONDocument(parsing: Array(text.utf8)).root
        func raw(_ name: String) -> String { String(decoding: document[name]?.rawText ?? [], as: UTF8.self) }
        for text in [
            #"{ "signatures" : \#(raw("signatures")) , "payloadType":\#(raw("payloadType")),"#
                + #""payload" : \#(raw("payload")) } "#,
            #"{"p\u0061yload":\#(raw("payload")),"x":{"payload":"!"},"signatures":\#(raw("signatures")),"#
                + #""payloadType":\#(raw("payloadType"))}"#,
        ] {
            let small = candidate(envelope: text)
            #expect(try key.verifier().refusal(asStatement: small) == nil)
            let large = try #require(try largeTwin(small))
            #expect(try key.verifier().refusal(asStatement: large) == nil)
        }
    }

    @Test("Everything besides the payload is bounded")
    func frame() throws {
        let key = try TestKey.shared(.p256)
        var proof = Self.attestation()
        for (bytes, isRead) in [(PayloadSplitter.frameBytes / 2, true), (PayloadSplitter.frameBytes, false)] {
            proof.envelopeMore = #","x":"\#(String(repeating: "x", count: bytes))""#
            let large = try #require(try largeTwin(candidate(envelope: try proof.envelope(signedBy: key)), piece: 4096))
            let refusal = try key.verifier().refusal(asStatement: large)
            #expect((refusal == nil) == isRead)
            if !isRead { #expect(refusal.map { "\($0)".contains("besides its payload") } == true) }
        }
    }

    @Test(
        "No more of the statement is kept than is kept of any",
        arguments: [JSONParts.all, .members(["predicate": .all])])
    func kept(parts: JSONParts) throws {
        let key = try TestKey.shared(.p256)
        var proof = Self.attestation()
        proof.statement.predicate = #"{"x":"\#(String(repeating: "x", count: JSONPruner.keptBytes))"}"#
        let small = candidate(bundle: try proof.bundle(signedBy: key))
        let large = try #require(try largeTwin(small, parts: parts, piece: 1 << 16))
        var refusal: VerificationError?
        do { _ = try key.verifier().statement(in: large, of: image) } catch let error as VerificationError {
            refusal = error
        }
        #expect(refusal.map { "\($0)".contains("reads more of it than") } == true)
        let little = try #require(try largeTwin(small, parts: Self.reads, piece: 1 << 16))
        #expect(try key.verifier().statement(in: little, of: image).parts == Self.reads)
    }

    @Test("Keys of every kind sign it, but those that sign bytes and not their hash", arguments: TestKey.Kind.allCases)
    func keys(kind: TestKey.Kind) throws {
        let key = try TestKey.shared(kind)
        for scheme in kind.schemes {
            var proof = Self.attestation()
            proof.scheme = scheme
            let small = candidate(bundle: try proof.bundle(signedBy: key))
            #expect(try key.verifier().refusal(asStatement: small) == nil)
            let large = try #require(try largeTwin(small))
            #expect(
                try key.verifier().refusal(asStatement: large) == (kind == .ed25519 ? .needsAllBytes : nil), "\(scheme)"
            )
            if kind != .p256 {
                #expect(
                    try TestKey.shared(.p256).verifier().refusal(asStatement: large)
                        == .wrongKey(required: TestKey.shared(.p256).verificationKey().fingerprint))
            }
        }
    }

    @Test("A large one is no signature")
    func signature() throws {
        let key = try TestKey.shared(.p256)
        let attestation = try #require(try largeTwin(candidate(bundle: try Self.attestation().bundle(signedBy: key))))
        #expect(
            try key.verifier().refusal(asSignature: attestation)
                == .attestationIsNoSignature(predicateType: "https://spdx.dev/Document"))
        let signature = try #require(try largeTwin(candidate(bundle: try ProofText().bundle(signedBy: key))))
        #expect(try key.verifier().refusal(asSignature: signature)?.code == "unreadable")
    }

    @Test("Base64 that comes in pieces is what it is in one")
    func base64() {
        var random = SeededRandom(seed: 77)
        let alphabet = Array("AQgwZz09+/-_=\n\\ ".utf8)
        for _ in 0..<20_000 {
            let count = Int(random.next() % 14)
            let text = (0..<count).map { _ in alphabet[Int(random.next() % UInt64(alphabet.count))] }
            let padding = text.suffix(2).count { $0 == UInt8(ascii: "=") }
            var decoder = StreamedBase64()
            var found: [UInt8] = []
            let characters = Array(text.dropLast(padding))
            let piece = 1 + Int(random.next() % 5)
            for start in stride(from: 0, to: characters.count, by: piece) {
                characters[start..<min(characters.count, start + piece)].withUnsafeBytes {
                    decoder.read($0) { found += $0 }
                }
            }
            let isWhole = decoder.finish(padding: padding) { found += $0 }
            let whole = Base64.decode(String(decoding: text, as: UTF8.self), .any)
            #expect((isWhole ? found : nil) == whole, "\(String(decoding: text, as: UTF8.self))")
        }
    }
}
