// SPDX-License-Identifier: Apache-2.0
import OCI
import TestSupport
import Testing

@testable import Sigstore

/// Parts of proofs that are each genuine, put together otherwise; and parts with a bit of damage.
/// CVE-2022-23649 (GHSA-ccxc-vr6p-4858), CVE-2026-22703 (GHSA-whqx-f9j3-ch6m), CVE-2022-36056 (GHSA-8gw7-4j42-w388).
@Suite("Genuine parts of several proofs are no proof together")
struct MixAndMatchTests {
    /// A part that stands for itself in a proof.
    enum Part: String, CaseIterable, Sendable {
        case entry, token, certificate, promise, inclusionProof, checkpoint, body, content, signature, payload
    }

    static let shapes: [Shape] = {
        var both = SigningOptions.rekor1
        both.isTimestamped = true
        var intoto = both
        intoto.log = .kind(.intoto002)
        var dsse = SigningOptions.rekor2
        dsse.log = .kind(.dsse002)
        return [
            Shape(form: .bundleSignature, options: both), Shape(form: .bundleSignature, options: .rekor2, note: "v2"),
            Shape(form: .bundleMessage, options: both), Shape(form: .bundleMessage, options: .rekor2, note: "v2"),
            Shape(form: .bundleAttestation, options: intoto, note: "intoto"),
            Shape(form: .bundleAttestation, options: dsse, note: "dsse 0.0.2"),
            Shape(form: .bundleSignature, isKeyless: false, options: both),
            Shape(form: .legacySignature, options: both), Shape(form: .legacyAttestation, options: both),
        ]
    }()

    /// Puts a part of `other` into `proof`; false where they have no such part.
    static func move(_ part: Part, from other: HostileProof, to proof: inout HostileProof) -> Bool {
        switch part {
        case .entry:
            proof.entry = other.entry
        case .token: proof.token = other.token
        case .certificate:
            guard proof.shape.isKeyless else { return false }
            proof.certificate = other.certificate
        case .promise:
            guard let promise = other.entry?.promise else { return false }
            proof.entry?.promise = promise
        case .inclusionProof:
            guard proof.shape.form.isBundle else { return false }
            proof.entry?.proof = other.entry?.proof
        case .checkpoint:
            guard proof.shape.form.isBundle else { return false }
            proof.entry?.proof?.checkpoint = other.entry?.proof?.checkpoint
        case .body:
            guard let body = other.entry?.body else { return false }
            proof.entry?.body = body
        case .content:
            switch (proof.carrier, other.carrier) {
            case (.bundle(var bundle), .bundle(let given)):
                bundle.content = given.content
                proof.carrier = .bundle(bundle)
            case (.layer(var layer), .layer(let given)):
                (layer.blob, layer.signature) = (given.blob, given.signature)
                proof.carrier = .layer(layer)
            default: return false
            }
        case .signature:
            guard proof.shape.form != .legacyAttestation else { return false }
            var found: [UInt8] = []
            var source = other
            source.alterSignature { found = $0 }
            proof.alterSignature { $0 = found }
        case .payload:
            switch (proof.carrier, other.carrier) {
            case (.bundle(var bundle), .bundle(let given)):
                guard case .envelope(var envelope) = bundle.content, case .envelope(let one) = given.content else {
                    return false
                }
                envelope.payload = one.payload
                bundle.content = .envelope(envelope)
                proof.carrier = .bundle(bundle)
            case (.layer(var layer), .layer(let given)) where proof.shape.form == .legacySignature:
                layer.blob = given.blob
                proof.carrier = .layer(layer)
            default: return false
            }
        }
        return true
    }

    @Test("of one signer about two images, by one certificate", arguments: shapes)
    func oneCertificate(_ shape: Shape) throws {
        let world = try HostileWorld.shared.get()
        let one = try HostileProof(shape, in: world)
        let other = try HostileProof(shape, in: world, by: one.signer, of: otherImage)
        #expect(try one.verdict() == "verified")
        for part in Part.allCases where part != .certificate {
            // The bytes of a message are always the same.
            if shape.form == .bundleMessage, part == .payload { continue }
            var mixed = one
            guard Self.move(part, from: other, to: &mixed) else { continue }
            #expect(try mixed.verdict() != "verified", "\(part)")
            mixed.subject = otherImage
            #expect(try mixed.verdict() != "verified", "\(part), asked about the other image")
        }
    }

    @Test("of one signer about one image, by two certificates or keys", arguments: shapes)
    func twoCertificates(_ shape: Shape) throws {
        let world = try HostileWorld.shared.get()
        let one = try HostileProof(shape, in: world)
        let other = try HostileProof(shape, in: world)
        for part in Part.allCases where part != .payload {
            var mixed = one
            guard Self.move(part, from: other, to: &mixed) else { continue }
            // A checkpoint is the log's, whoever signed: that of a larger tree fails for its size.
            #expect(try mixed.verdict() != "verified", "\(part)")
        }
    }

    @Test("of two signers: neither lends the other an identity", arguments: shapes.filter(\.isKeyless))
    func twoSigners(_ shape: Shape) throws {
        let world = try HostileWorld.shared.get()
        let alice = try HostileProof(shape, in: world)
        let mallory = try HostileProof(shape, in: world, by: world.signer(as: "mallory@example.com"))
        #expect(try mallory.verdict() == "wrong-identity")
        for part in Part.allCases {
            for (base, source) in [(mallory, alice), (alice, mallory)] {
                var mixed = base
                guard Self.move(part, from: source, to: &mixed) else { continue }
                // The payload is one and the same text.
                if part == .payload, base.signer.key.publicKeyDER == alice.signer.key.publicKeyDER { continue }
                #expect(try mixed.verdict() != "verified", "\(part)")
            }
        }
        // All of Alice's but the signature's own bytes.
        var dressed = mallory
        dressed.certificate = alice.certificate
        dressed.entry = alice.entry
        dressed.token = alice.token
        #expect(try dressed.verdict() != "verified")
    }

    // MARK: Damage

    /// Decoded parts of a bundle, by the way to them.
    static let places: [[String]] = [
        ["verificationMaterial", "certificate", "rawBytes"],
        ["verificationMaterial", "tlogEntries", "0", "canonicalizedBody"],
        ["verificationMaterial", "tlogEntries", "0", "logId", "keyId"],
        ["verificationMaterial", "tlogEntries", "0", "inclusionPromise", "signedEntryTimestamp"],
        ["verificationMaterial", "tlogEntries", "0", "inclusionProof", "rootHash"],
        ["verificationMaterial", "tlogEntries", "0", "inclusionProof", "hashes", "0"],
        ["verificationMaterial", "timestampVerificationData", "rfc3161Timestamps", "0", "signedTimestamp"],
        ["dsseEnvelope", "payload"], ["dsseEnvelope", "signatures", "0", "sig"],
    ]

    static func alter(_ tree: inout JSONTree, _ path: ArraySlice<String>, _ change: (inout [UInt8]) -> Void) {
        guard let name = path.first else {
            var bytes = Base64.decode(tree.text) ?? []
            guard !bytes.isEmpty else { return }
            change(&bytes)
            tree = .base64(bytes)
            return
        }
        if let index = Int(name) {
            alter(&tree[index], path.dropFirst(), change)
        } else if case .null = tree[name] {
            return
        } else {
            alter(&tree[name], path.dropFirst(), change)
        }
    }

    @Test("and a proof with one bit changed is never another proof", arguments: [false, true])
    func bits(_ isRekor2: Bool) throws {
        var options = isRekor2 ? SigningOptions.rekor2 : .rekor1
        options.isTimestamped = true
        let world = try HostileWorld.shared.get()
        let proof = try HostileProof(Shape(form: .bundleSignature, options: options), in: world)
        let whole = try proof.evidence()
        let tree = try #require(JSONTree(parsing: proof.bytes()))
        let verifier = world.verifier(proof.options)
        var random = SeededRandom(seed: isRekor2 ? 2 : 1)
        for path in Self.places {
            for _ in 0..<60 {
                var changed = tree
                var isChanged = false
                Self.alter(&changed, path[...]) { bytes in
                    let at = Int.random(in: bytes.indices, using: &random)
                    bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                    isChanged = true
                }
                guard isChanged else { continue }
                guard
                    let found = try? verifier.signature(
                        in: UnverifiedBundle(.bundle(changed.bytes), origin: origin()), of: image)
                else { continue }
                // The one thing that nobody signs is the outside of a token: its status text, say.
                #expect(path.last == "signedTimestamp", "\(path) verified")
                #expect(found.signer == whole.signer && found.support == whole.support)
            }
        }
    }

    @Test("and a checkpoint with one byte changed is never another one", arguments: [false, true])
    func checkpoints(_ isRekor2: Bool) throws {
        let world = try HostileWorld.shared.get()
        let proof = try HostileProof(
            Shape(form: .bundleSignature, options: isRekor2 ? .rekor2 : .rekor1), in: world)
        let text = Array(try #require(proof.entry?.proof?.checkpoint).text().utf8)
        var random = SeededRandom(seed: 3)
        for _ in 0..<200 {
            var bytes = text
            bytes[Int.random(in: bytes.indices, using: &random)] ^= 1 << UInt8.random(in: 0..<7, using: &random)
            guard bytes != text else { continue }
            var changed = proof
            let written = String(decoding: bytes, as: UTF8.self)
            changed.altersJSON = {
                $0["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]["checkpoint"]["envelope"] =
                    .string(written)
            }
            #expect(try changed.verdict() != "verified", "\(written)")
        }
    }
}
