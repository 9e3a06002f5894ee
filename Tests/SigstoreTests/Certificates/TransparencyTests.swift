// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import Sigstore

@Suite("Certificate transparency")
struct TransparencyTests {
    private static let now = TestAuthority.time

    private let authority: TestCertificateAuthority
    private let log: TestCTLog

    init() throws {
        var options = TestCertificateAuthority.Options()
        options.rootKind = .p256
        options.intermediateKinds = [.p256]
        authority = try TestCertificateAuthority(options)
        log = try TestCTLog()
    }

    private func path(_ leaf: Certificate) throws -> ValidatedPath {
        try authority.trusted().path(to: leaf, for: .codeSigning, at: [Self.now.instant])
    }

    /// A leaf with the promises that the closure makes for it, each perhaps altered.
    private func leaf(
        identity: SigningIdentity = .email("a@example.com", issuer: "https://issuer.example"),
        _ list: (CertificateTemplate) throws -> [UInt8]
    ) throws -> Certificate {
        var template = authority.leafTemplate(for: try AuthorityKey(), identity, at: Self.now)
        template.timestampList = try list(template)
        return try authority.issue(template).read()
    }

    private func leaf(_ alter: (inout SCTTemplate) throws -> Void) throws -> Certificate {
        try leaf { template in
            var promise = log.timestampTemplate(for: template, issuer: authority.issuer, at: Self.now)
            try alter(&promise)
            return SCTTemplate.list([try promise.minted()])
        }
    }

    private func outcome(
        _ leaf: Certificate, in logs: [TransparencyLog]? = nil, threshold: Int = 1
    ) throws -> CertificateError? {
        let logs = try logs ?? [log.trusted()]
        return try certificateError {
            _ = try path(leaf).requireTransparency(in: logs, threshold: threshold)
        }
    }

    @Test("A promise of a log that is believed is found", arguments: [AuthorityKey.Kind.p256, .rsa2048])
    func accepted(_ kind: AuthorityKey.Kind) throws {
        let log = try TestCTLog(kind)
        let leaf = try authority.leaf(logs: [log])
        let witnessed = try path(leaf).requireTransparency(in: [log.trusted()])
        #expect(witnessed.witnesses == [.init(logID: log.id, at: try Self.now.instant)])
    }

    // sigstore-python bda3da0: extensions are part of what is signed.
    @Test("A promise with extensions is found, and another extension is not signed")
    func extensions() throws {
        #expect(try outcome(leaf { $0.extensions = [1, 2, 3] }) == nil)
        let swapped = try leaf {
            var original = $0
            original.extensions = [1, 2, 3]
            $0.signature = try original.key.sign(original.signedBytes, .hashed(.sha256))
            $0.extensions = [1, 2, 4]
        }
        #expect(try outcome(swapped) == .wrongTimestampSignature(log: log.url))
    }

    @Test("A promise about something else is an error")
    func aboutSomethingElse() throws {
        let wrong = CertificateError.wrongTimestampSignature(log: log.url)
        // Another certificate's; another issuer's key; another time; another key than the log's.
        let other = authority.leafTemplate(
            for: try AuthorityKey(), .email("b@example.com", issuer: "https://issuer.example"), at: Self.now)
        #expect(try outcome(leaf { $0.tbs = other.tbs(issuerKey: authority.issuer.key) }) == wrong)
        #expect(try outcome(leaf { $0.issuerKeyHash = authority.root.key.fingerprint }) == wrong)
        #expect(
            try outcome(
                leaf {
                    $0.signature = try $0.key.sign($0.signedBytes, .hashed(.sha256))
                    $0.milliseconds += 1
                }) == wrong)
        let stranger = try AuthorityKey()
        #expect(try outcome(leaf { $0.key = stranger }) == wrong)
    }

    @Test("A promise that names another algorithm than its log's is an error")
    func algorithms() throws {
        let wrong = CertificateError.wrongTimestampSignature(log: log.url)
        #expect(try outcome(leaf { $0.hashAlgorithm = 2 }) == wrong)
        #expect(try outcome(leaf { $0.signatureAlgorithm = 1 }) == wrong)
        #expect(try outcome(leaf { $0.signatureAlgorithm = 0 }) == wrong)
    }

    @Test("A promise of an unknown log says nothing, and does not hide a good one")
    func unknownLog() throws {
        let unknown = try TestCTLog()
        #expect(
            try outcome(authority.leaf(logs: [unknown]))
                == .tooFewLogs(found: 0, required: 1, outsidePeriod: false))
        #expect(try outcome(authority.leaf(logs: [unknown, log])) == nil)
        #expect(
            try outcome(authority.leaf(logs: [log]), in: [])
                == .tooFewLogs(found: 0, required: 1, outsidePeriod: false))
    }

    @Test("No promise at all, or no list of them, is not enough")
    func missing() throws {
        #expect(try outcome(authority.leaf()) == .tooFewLogs(found: 0, required: 1, outsidePeriod: false))
        #expect(try outcome(authority.leaf(), threshold: 0) == .tooFewLogs(found: 0, required: 1, outsidePeriod: false))
    }

    @Test("A bad promise of a known log is an error beside a good one")
    func badBesideGood() throws {
        let other = try TestCTLog(url: "https://other.sigstore.test")
        let leaf = try leaf { template in
            let good = log.timestampTemplate(for: template, issuer: authority.issuer, at: Self.now)
            var bad = other.timestampTemplate(for: template, issuer: authority.issuer, at: Self.now)
            bad.tbs[10] ^= 1
            return SCTTemplate.list([try good.minted(), try bad.minted()])
        }
        #expect(
            try outcome(leaf, in: [log.trusted(), other.trusted()]) == .wrongTimestampSignature(log: other.url))
        #expect(try outcome(leaf) == nil)
    }

    // GHSA-9vcr-p3rj-q5q6: distinct logs count, not promises.
    @Test("Two promises of one log count once, and so do two logs of one operator")
    func distinctLogs() throws {
        let other = try TestCTLog(url: "https://other.sigstore.test")
        let twice = try leaf { template in
            let first = log.timestampTemplate(for: template, issuer: authority.issuer, at: Self.now)
            let second = log.timestampTemplate(
                for: template, issuer: authority.issuer, at: Self.now.adding(seconds: 1))
            return SCTTemplate.list([try first.minted(), try second.minted()])
        }
        #expect(try outcome(twice) == nil)
        #expect(try outcome(twice, threshold: 2) == .tooFewLogs(found: 1, required: 2, outsidePeriod: false))

        let both = try authority.leaf(logs: [log, other])
        #expect(try outcome(both, in: [log.trusted(), other.trusted()], threshold: 2) == nil)
        #expect(
            try outcome(
                both, in: [log.trusted(operatorName: "one"), other.trusted(operatorName: "one")], threshold: 2)
                == .tooFewLogs(found: 1, required: 2, outsidePeriod: false))
        #expect(
            try outcome(
                both, in: [log.trusted(operatorName: "one"), other.trusted(operatorName: "two")], threshold: 2) == nil)
    }

    @Test("A log is believed in its own period alone, to the millisecond and ends included")
    func period() throws {
        let leaf = try authority.leaf(logs: [log])
        let now = Self.now
        for (start, end, isInside) in [
            (now, now, true), (now.adding(milliseconds: 1), nil, false),
            (TestTime(2020, 1, 1), now.adding(milliseconds: -1), false),
        ] as [(TestTime, TestTime?, Bool)] {
            let trusted = try log.trusted(validity: .period(start, end))
            #expect(
                try outcome(leaf, in: [trusted])
                    == (isInside ? nil : .tooFewLogs(found: 0, required: 1, outsidePeriod: true)))
        }
        // One log with two periods, as after a change of its address.
        let before = try log.trusted(validity: .period(TestTime(2020, 1, 1), TestTime(2021, 1, 1)))
        #expect(try outcome(leaf, in: [before, log.trusted()]) == nil)
    }

    @Test("A list or a promise of another length than it says is refused")
    func lengths() throws {
        let promise = { (template: CertificateTemplate) in
            try self.log.timestampTemplate(for: template, issuer: self.authority.issuer, at: Self.now).minted()
        }
        let lists: [(CertificateTemplate) throws -> [UInt8]] = [
            { _ in [] }, { _ in [0, 0] }, { _ in [0, 2, 0, 0] },
            { SCTTemplate.list([try promise($0)]) + [0] },
            { SCTTemplate.list([try promise($0)]).dropLast() },
            { SCTTemplate.list([try promise($0) + [0]]) },
            { SCTTemplate.list([Array(try promise($0).dropLast())]) },
            { SCTTemplate.list([[1] + (try promise($0).dropFirst())]) },
            { SCTTemplate.list([[], try promise($0)]) },
            { SCTTemplate.list(Array(repeating: try promise($0), count: 33)) },
        ]
        for list in lists {
            guard case .unreadableTimestamps = try outcome(leaf(list)) else {
                Issue.record("taken")
                continue
            }
        }
        // The twin: as many as are looked at.
        #expect(try outcome(leaf { SCTTemplate.list(Array(repeating: try promise($0), count: 32)) }) == nil)
        // Not in an OCTET STRING.
        let bare = try authority.leaf {
            $0.extraExtensions.append(.init(oid: "1.3.6.1.4.1.11129.2.4.2", value: [0, 0]))
        }
        #expect(try outcome(bare) == .unreadableTimestamps("they are not in an OCTET STRING"))
    }

    @Test("Any bit of a promise that is changed makes it worthless")
    func anyBit() throws {
        var random = SeededRandom(seed: 3)
        var template = authority.leafTemplate(
            for: try AuthorityKey(), .email("a@example.com", issuer: "https://issuer.example"), at: Self.now)
        let promise = try log.timestampTemplate(for: template, issuer: authority.issuer, at: Self.now).minted()
        let list = SCTTemplate.list([promise])
        for index in list.indices {
            var changed = list
            changed[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            template.timestampList = changed
            let error = try outcome(authority.issue(template).read())
            #expect(error != nil, "byte \(index)")
        }
    }

    @Test("What was signed is rebuilt for every size of certificate, and where no other extension is left")
    func precertificate() throws {
        for size in [0, 1, 40, 127, 128, 200, 255, 256, 300, 1000] {
            var template = authority.leafTemplate(
                for: try AuthorityKey(), .email("a@example.com", issuer: "https://issuer.example"), at: Self.now)
            template.extraExtensions.append(.init(oid: "1.2.3", value: Array(repeating: 7, count: size)))
            let bare = template.tbs(issuerKey: authority.issuer.key)
            template.timestampList = SCTTemplate.list([Array(repeating: 1, count: 100)])
            #expect(try authority.issue(template).read().precertificate() == bare)
        }
        var alone = CertificateTemplate(
            issuer: authority.issuer.name, subject: .empty, publicKeyDER: try AuthorityKey().publicKeyDER,
            notBefore: Self.now, notAfter: Self.now)
        let bare = alone.tbs(issuerKey: authority.issuer.key)
        alone.timestampList = SCTTemplate.list([[1]])
        let read = try authority.issue(alone).read()
        #expect(try read.precertificate() == bare)
        #expect(read.extensions.count == 1)
    }
}
