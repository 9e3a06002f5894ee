// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import Sigstore

@Suite("A signed entry timestamp")
struct EntryTimestampTests {
    @Test("counts under a log key of each kind", arguments: AuthorityKey.Kind.allCases)
    func keys(kind: AuthorityKey.Kind) throws {
        let log = try TestTransparencyLog(.v1, key: AuthorityKey(kind))
        let minted = try MintedEntry(.hashedrekord001, log: log)
        #expect(try minted.check()?.integratedTime == Instant(seconds: TestAuthority.time.seconds))
    }

    enum Lie: CaseIterable { case body, time, index, log, signature, key, empty }

    @Test("over anything else than the entry as it is told is refused", arguments: Lie.allCases)
    func twin(lie: Lie) throws {
        var minted = try MintedEntry(.hashedrekord001)
        var expected = LogError.entryTimestampSignature
        switch lie {
        case .body: minted.template.promise?.body = try MintedEntry(.hashedrekord001).template.body
        case .time: minted.template.integratedTime? += 1
        case .index: minted.template.logIndex += 1
        case .log: minted.template.promise?.logID[0] ^= 1
        case .signature:
            minted.template.promise?.signature = try MintedEntry(.hashedrekord001).template.promise?.minted()
        case .key: minted.template.promise?.key = try AuthorityKey()
        case .empty: minted.template.promise?.signature = []
        }
        #expect(try minted.refusal() == expected)
        // The proof alone does not make up for it, nor does it need it.
        expected = .unproven
        minted.template.promise = nil
        #expect(try minted.refusal() == nil)
        minted.template.proof = nil
        #expect(try minted.refusal() == expected)
    }

    @Test("is enough without an inclusion proof, and the other way round; without both there is nothing")
    func either() throws {
        var promised = try MintedEntry(.dsse001)
        promised.template.proof = nil
        let time = Instant(seconds: TestAuthority.time.seconds)
        #expect(try promised.check()?.isIncluded == false)
        #expect(try promised.check()?.integratedTime == time)
        #expect(try promised.check()?.index == promised.template.logIndex)
        promised.template.promise = nil
        #expect(try promised.refusal() == .unproven)

        var included = try MintedEntry(.dsse001)
        included.template.promise = nil
        #expect(try included.check()?.isIncluded == true)
    }

    // sigstore-js #1659.
    @Test("is the only thing that makes a time of what an entry tells")
    func timeWithoutSignature() throws {
        var minted = try MintedEntry(.hashedrekord001)
        minted.template.promise = nil
        minted.template.integratedTime = 1
        #expect(try minted.check()?.integratedTime == nil)
        // Nor does anything else vouch for the position in the whole log.
        #expect(try minted.check()?.index == nil)
    }

    @Test("does not count where the proof beside it is wrong")
    func wrongProof() throws {
        var minted = try MintedEntry(.hashedrekord001)
        minted.template.proof?.hashes[0][0] ^= 1
        #expect(try minted.refusal() == .notIncluded)
    }

    @Test("needs a time after 1970 that there is", arguments: [nil, 0, -1, .max] as [Int64?])
    func times(seconds: Int64?) throws {
        var minted = try MintedEntry(.hashedrekord001)
        minted.template.integratedTime = seconds
        minted.template.promise?.integratedTime = seconds ?? 0
        let expected: LogError = seconds == .max ? .unreadable("its time is beyond the year 9999") : .noTime
        #expect(try minted.refusal() == expected)
    }

    @Test("of a negative position is refused, although the log signed it")
    func negativeIndex() throws {
        var minted = try MintedEntry(.hashedrekord001)
        minted.template.logIndex = -1
        minted.template.promise?.logIndex = -1
        #expect(try minted.refusal() == .negativeIndex)
    }

    // GHSA-wqqc-jjcq-vfxm; both ends of a period belong to it.
    @Test(
        "lies in the log's period, both ends included", arguments: [(0, true), (-1, false), (100, true), (101, false)])
    func validity(offset: Int64, isValid: Bool) throws {
        var minted = try MintedEntry(.hashedrekord001)
        let start = TestAuthority.time
        minted.believed = try minted.log.believed(from: start, to: start.adding(seconds: 100))
        let time = start.adding(seconds: offset)
        minted.template.integrate(at: time)
        let instant = try #require(Instant(seconds: time.seconds))
        #expect(try minted.refusal() == (isValid ? nil : .outsideValidity(instant, minted.believed.validity)))
    }

    @Test("counts under whichever shard of its log was believed at the time")
    func shards() throws {
        let minted = try MintedEntry(.hashedrekord001)
        let time = TestAuthority.time
        let before = try minted.log.believed(from: TestTime(2020, 1, 1), to: time.adding(seconds: -1))
        let during = try minted.log.believed(from: time)
        let after = try minted.log.believed(from: time.adding(seconds: 1))
        func check(_ logs: [TransparencyLog]) throws -> LoggedEntry? {
            try LoggedEntry.checked(minted.entry, for: minted.logged, in: logs)
        }
        #expect(try check([before, during, after])?.logValidity == during.validity)
        #expect(try check([after, during])?.logValidity == during.validity)
        let instant = try #require(Instant(seconds: time.seconds))
        #expect(throws: LogError.outsideValidity(instant, before.validity)) { try check([before, before]) }
    }

    @Test("is over canonical JSON: members sorted, no white space, base64 and lower-case hex as they are")
    func message() {
        let entry = LogEntry(
            index: 9_007_199_254_740_993, logID: [0xAB, 0xFF], kind: nil, integratedTime: 5, signedEntryTimestamp: nil,
            inclusionProof: nil, body: [0xFB, 0xFF, 0xBF])
        #expect(
            String(decoding: SignedEntryTimestamp.message(of: entry, at: 5), as: UTF8.self)
                == #"{"body":"+/+/","integratedTime":5,"logID":"abff","logIndex":9007199254740993}"#)
    }
}
