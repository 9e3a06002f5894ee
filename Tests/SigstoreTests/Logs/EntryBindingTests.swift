// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import Sigstore

/// An entry counts for the signature that it is about, and for no other.
@Suite("A log entry")
struct EntryBindingTests {
    typealias Kind = SigningOptions.EntryKind

    @Test(
        "of each kind counts for its own signature, by certificate and by key", arguments: Kind.allCases, [true, false])
    func accepted(kind: Kind, certificate: Bool) throws {
        let minted = try MintedEntry(kind, certificate: certificate)
        let proof = try #require(try minted.check())
        #expect(proof.logID == minted.log.id)
        #expect(proof.operatorName == "tests")
        #expect(proof.index == minted.template.logIndex)
        #expect(proof.isIncluded)
        #expect(
            proof.integratedTime
                == (kind.generation == .v1 ? Instant(seconds: TestAuthority.time.seconds) : nil))
    }

    // GHSA-ccxc-vr6p-4858, GHSA-whqx-f9j3-ch6m: a genuine entry, taken from somebody else's proof.
    @Test("copied to another signature of the same signer's content is refused", arguments: Kind.allCases)
    func otherSignature(kind: Kind) throws {
        var minted = try MintedEntry(kind)
        let other = try MintedEntry(kind)
        minted.template = other.template
        minted.log = other.log
        minted.believed = other.believed
        // intoto 0.0.1 does not record the signature; the signer is the first thing that differs.
        #expect(try minted.refusal() == (kind == .intoto001 ? .otherSigner : .otherSignature))
    }

    @Test("about the same signature by another certificate is refused", arguments: Kind.allCases)
    func otherSigner(kind: Kind) throws {
        var minted = try MintedEntry(kind)
        minted.signer = try MintedEntry(kind).signer
        #expect(try minted.refusal() == .otherSigner)
    }

    /// cosign logs the certificate where it was given one beside a key.
    @Test("that records a certificate counts for its very key, and a key for no certificate", arguments: Kind.allCases)
    func certificateOfKey(kind: Kind) throws {
        var minted = try MintedEntry(kind)
        minted.signer = .key(minted.signer.publicKey)
        #expect(try minted.check() != nil)
        minted.signer = .key(try MintedEntry(kind).signer.publicKey)
        #expect(try minted.refusal() == .otherSigner)
        var bare = try MintedEntry(kind, certificate: false)
        bare.signer = try MintedEntry(kind).signer
        #expect(try bare.refusal() == .otherSigner)
    }

    // sigstore-go 2114754, 60a1fd5.
    @Test("about another message is refused", arguments: [Kind.hashedrekord001, .rekord001, .hashedrekord002])
    func otherMessage(kind: Kind) throws {
        var minted = try MintedEntry(kind)
        minted.content = .message(.bytes(MintedEntry.message + [0x0A]))
        #expect(try minted.refusal() == .otherContent("message"))
        minted.content = .message(.digest(.sha256, HashAlgorithm.sha256.hash(MintedEntry.message)))
        #expect(try minted.check() != nil)
        minted.content = .message(.digest(.sha256, [UInt8](repeating: 0, count: 32)))
        #expect(try minted.refusal() == .otherContent("message"))
        minted.content = .message(.digest(.sha512, HashAlgorithm.sha512.hash(MintedEntry.message)))
        #expect(try minted.refusal() == .hashNotKnown("sha256"))
    }

    @Test("about another payload is refused", arguments: [Kind.dsse001, .intoto002, .dsse002])
    func otherPayload(kind: Kind) throws {
        var minted = try MintedEntry(kind)
        guard case .envelope(let envelope, _) = minted.content else { return }
        let other = EnvelopeTemplate(
            payload: try envelope.bytes() + [0x20], signatures: [.init(minted.signature)])
        minted.content = .envelope(try Envelope.read(other.json.bytes), text: nil)
        #expect(try minted.refusal() == .otherContent("payload"))
    }

    @Test(
        "about another text of the envelope is refused where the text is known", arguments: [Kind.dsse001, .intoto001])
    func otherText(kind: Kind) throws {
        var minted = try MintedEntry(kind)
        guard case .envelope(let envelope, let text?) = minted.content else { return }
        minted.content = .envelope(envelope, text: text + [0x0A])
        #expect(try minted.refusal() == .otherContent("envelope"))
        minted.content = .envelope(envelope, text: nil)
        #expect(
            try minted.refusal()
                == (kind == .dsse001
                    ? nil : .kindDoesNotFit(kind: "intoto 0.0.1", content: "an envelope in a bundle")))
    }

    @Test("of an envelope by its signed form counts in Rekor v2, and only there")
    func envelopeAsMessage() throws {
        let envelope = try MintedEntry(.dsse002)
        guard case .envelope(let read, _) = envelope.content else { return }
        var minted = try MintedEntry(.hashedrekord002, message: read.signedBytes)
        let signed = EnvelopeTemplate(payload: try read.bytes(), signatures: [.init(minted.signature)])
        minted.content = .envelope(try Envelope.read(signed.json.bytes), text: nil)
        #expect(try minted.check() != nil)
        let other = EnvelopeTemplate(payload: try read.bytes() + [0x20], signatures: [.init(minted.signature)])
        minted.content = .envelope(try Envelope.read(other.json.bytes), text: nil)
        #expect(try minted.refusal() == .otherContent("envelope"))

        for kind in [Kind.hashedrekord001, .rekord001] {
            var old = try MintedEntry(kind, message: read.signedBytes)
            let signed = EnvelopeTemplate(payload: try read.bytes(), signatures: [.init(old.signature)])
            old.content = .envelope(try Envelope.read(signed.json.bytes), text: nil)
            let name = kind == .rekord001 ? "rekord 0.0.1" : "hashedrekord 0.0.1"
            #expect(try old.refusal() == .kindDoesNotFit(kind: name, content: "an envelope"))
        }
    }

    @Test(
        "about an envelope is refused for a message",
        arguments: [Kind.dsse001, .intoto001, .intoto002, .dsse002])
    func envelopeForMessage(kind: Kind) throws {
        var minted = try MintedEntry(kind)
        minted.content = .message(.bytes(MintedEntry.message))
        guard case .kindDoesNotFit(_, "a message") = try minted.refusal() else {
            Issue.record("\(String(describing: try minted.refusal()))")
            return
        }
    }

    @Test("whose envelope has another signature than the one in question is refused")
    func envelopeWithOtherSignature() throws {
        var minted = try MintedEntry(.intoto001)
        minted.signature[8] ^= 1
        #expect(try minted.refusal() == .otherSignature)
    }

    @Test("that the bundle tells as another kind is refused", arguments: Kind.allCases)
    func kindDiffers(kind: Kind) throws {
        var minted = try MintedEntry(kind)
        minted.template.version = "0.0.9"
        guard case .kindDiffers = try minted.refusal() else {
            Issue.record("\(String(describing: try minted.refusal()))")
            return
        }
    }

    @Test("of which nobody tells the kind is read by its body")
    func kindUntold() throws {
        let minted = try MintedEntry(.hashedrekord001)
        let entry = try minted.entry
        let untold = LogEntry(
            index: entry.index, logID: entry.logID, kind: nil, integratedTime: entry.integratedTime,
            signedEntryTimestamp: entry.signedEntryTimestamp, inclusionProof: nil, body: entry.body)
        #expect(try LoggedEntry.checked(untold, for: minted.logged, in: [minted.believed])?.isIncluded == false)
    }

    @Test("of a log that nobody believes counts for nothing and harms nothing")
    func unknownLog() throws {
        var minted = try MintedEntry(.hashedrekord001)
        let other = try TestTransparencyLog(.v1).believed()
        #expect(try LoggedEntry.checked(minted.entry, for: minted.logged, in: []) == nil)
        #expect(try LoggedEntry.checked(minted.entry, for: minted.logged, in: [other]) == nil)
        #expect(try LoggedEntry.checked(minted.entry, for: minted.logged, in: [other, minted.believed]) != nil)
        minted.template.logID = other.id
        #expect(throws: LogError.entryTimestampSignature) {
            try LoggedEntry.checked(minted.entry, for: minted.logged, in: [other, minted.believed])
        }
    }

    @Test(
        "by a P-384 key binds by the hash that it names, SHA-256 or the key's own",
        arguments: [MintedHash.sha256, .sha384, .sha512])
    func namedHash(hash: MintedHash) throws {
        let minted = try MintedEntry(.hashedrekord001, key: .p384, certificate: false, scheme: .hashed(hash))
        #expect(try minted.check() != nil)
    }
}
