// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import Sigstore

/// One bit of anything that is signed or hashed, and the entry proves nothing.
@Suite("A log entry with one flipped bit")
struct DamagedEntryTests {
    typealias Kind = SigningOptions.EntryKind

    /// Entries are never accepted; what is thrown is left open here.
    private func check(_ entry: LogEntry, _ minted: MintedEntry, _ place: String) {
        let result = Result { try LoggedEntry.checked(entry, for: minted.logged, in: [minted.believed]) }
        if case .success(.some) = result { Issue.record("accepted with a flipped bit of the \(place)") }
    }

    private func flips(_ bytes: [UInt8], every step: Int = 1) -> some Sequence<[UInt8]> {
        stride(from: 0, to: bytes.count * 8, by: step).lazy.map { bit in
            var bytes = bytes
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            return bytes
        }
    }

    private func entry(
        _ old: LogEntry, body: [UInt8]? = nil, timestamp: [UInt8]? = nil, proof: InclusionProof? = nil
    ) -> LogEntry {
        LogEntry(
            index: old.index, logID: old.logID, kind: old.kind, integratedTime: old.integratedTime,
            signedEntryTimestamp: timestamp ?? old.signedEntryTimestamp, inclusionProof: proof ?? old.inclusionProof,
            body: body ?? old.body)
    }

    private func proof(
        _ old: InclusionProof, root: [UInt8]? = nil, siblings: [[UInt8]]? = nil, checkpoint: [UInt8]? = nil
    ) -> InclusionProof {
        InclusionProof(
            leafIndex: old.leafIndex, treeSize: old.treeSize, rootHash: root ?? old.rootHash,
            siblings: siblings ?? old.siblings,
            checkpoint: checkpoint.map { String(decoding: $0, as: UTF8.self) } ?? old.checkpoint)
    }

    @Test("of the proof is refused", arguments: Kind.allCases)
    func inProof(kind: Kind) throws {
        let minted = try MintedEntry(kind)
        let whole = try minted.entry
        #expect(try minted.check() != nil)
        let path = try #require(whole.inclusionProof)
        // Every bit for one kind of each design; for the others, which share the code, a prime number of bits apart.
        let step = kind == .hashedrekord001 || kind == .hashedrekord002 ? 1 : 23
        for root in flips(path.rootHash, every: step) {
            check(entry(whole, proof: proof(path, root: root)), minted, "root")
        }
        for number in path.siblings.indices {
            for sibling in flips(path.siblings[number], every: step) {
                var siblings = path.siblings
                siblings[number] = sibling
                check(entry(whole, proof: proof(path, siblings: siblings)), minted, "siblings")
            }
        }
        for text in flips(Array(path.checkpoint.utf8), every: step) {
            check(entry(whole, proof: proof(path, checkpoint: text)), minted, "checkpoint")
        }
    }

    @Test("of the body is refused, with a proof and with a promise alone", arguments: Kind.allCases)
    func inBody(kind: Kind) throws {
        var minted = try MintedEntry(kind)
        for isAlone in [false, true] where !isAlone || kind.generation == .v1 {
            if isAlone { minted.template.proof = nil }
            let whole = try minted.entry
            // A prime number of bits apart, so that each bit of a byte has its turn.
            for body in flips(whole.body, every: 29) { check(entry(whole, body: body), minted, "body") }
        }
    }

    @Test(
        "of the signed entry timestamp is refused",
        arguments: [AuthorityKey.Kind.p256, .ed25519])
    func inTimestamp(key: AuthorityKey.Kind) throws {
        let minted = try MintedEntry(.hashedrekord001, log: TestTransparencyLog(.v1, key: AuthorityKey(key)))
        let whole = try minted.entry
        for timestamp in flips(try #require(whole.signedEntryTimestamp)) {
            check(entry(whole, timestamp: timestamp), minted, "signed entry timestamp")
        }
    }

    @Test("of the signature in question is refused", arguments: Kind.allCases)
    func inSignature(kind: Kind) throws {
        var minted = try MintedEntry(kind)
        let whole = try minted.entry
        for signature in flips(minted.signature) {
            minted.signature = signature
            check(whole, minted, "signature")
        }
    }

    @Test("of the log's id is a log that nobody knows")
    func inLogID() throws {
        var minted = try MintedEntry(.hashedrekord001)
        for id in flips(minted.template.logID, every: 7) {
            minted.template.logID = id
            #expect(try minted.check() == nil)
        }
    }
}

@Suite("A log error")
struct LogErrorTests {
    static let all: [LogError] =
        periods + [
            .unreadable("x"), .unknownKind("x"), .kindDiffers(told: "x", body: "y"),
            .kindDoesNotFit(kind: "x", content: "y"), .wrongLogDesign(kind: "x"), .otherSignature, .otherSigner,
            .otherContent("x"), .hashNotKnown("x"), .keyDetails(found: "x"), .notCanonical, .negativeIndex, .unproven,
            .proofRequired, .unexpectedTime, .noTime, .entryTimestampSignature, .checkpointUnreadable("x"),
            .checkpointOrigin(found: "x"), .checkpointUnsigned, .checkpointSignature, .otherTree("x"),
            .indexBeyondTree(index: 1, size: 1), .otherIndex(told: 1, proof: 2), .siblingCount(1, required: 2),
            .notIncluded,
        ]

    static let periods: [LogError] = {
        guard let time = Instant(seconds: 0), let period = ValidityPeriod(start: time, end: nil) else { return [] }
        return [.outsideValidity(time, period)]
    }()

    @Test("has a word and a sentence of its own")
    func words() {
        #expect(Self.all.count == 27)
        #expect(Set(Self.all.map(\.code)).count == Self.all.count)
        #expect(Set(Self.all.map(\.description)).count == Self.all.count)
        for error in Self.all {
            #expect(error.code.utf8.allSatisfy { 0x61...0x7A ~= $0 || $0 == 0x2D })
            #expect(!error.description.hasSuffix("."))
        }
    }

    @Test("shows what an attacker wrote as one line")
    func printed() {
        let error = LogError.checkpointOrigin(found: "a\nb\u{202E}")
        #expect(!error.description.contains("\n"))
        #expect(!error.description.unicodeScalars.contains("\u{202E}"))
    }
}

/// Nobody vouches for these texts when they are read: whatever stands in them is a value or a reason, never a trap.
@Suite("A damaged log text")
struct DamagedLogTextTests {
    static let rounds = 1_500

    @Test("is read or refused", arguments: SigningOptions.EntryKind.allCases)
    func read(kind: SigningOptions.EntryKind) throws {
        let minted = try MintedEntry(kind)
        let checkpoint = Array(try minted.log.checkpoint().text().utf8)
        var random = SeededRandom(seed: 7)
        var refused = 0
        for _ in 0..<Self.rounds {
            var body = minted.template.body
            var note = checkpoint
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                body.damage(&random)
                note.damage(&random)
            }
            if (try? EntryBody(body)) == nil { refused += 1 }
            if let read = try? Checkpoint(note), note != checkpoint {
                #expect(throws: LogError.self) {
                    try read.tree(of: minted.believed, kind.generation == .v1 ? .v1 : .v2)
                }
            }
        }
        #expect(refused > Self.rounds / 10)
    }
}
