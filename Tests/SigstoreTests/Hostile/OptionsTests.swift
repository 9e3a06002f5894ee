// SPDX-License-Identifier: Apache-2.0
import RE2
import TestSupport
import Testing

@testable import Sigstore

/// What is asked of a proof. CVE-2025-29778 (GHSA-46mp-8w32-6g94): a field that is set must be able to fail;
/// GHSA-9vcr-p3rj-q5q6: thresholds count logs and authorities and not what they wrote; GHSA-wqqc-jjcq-vfxm: periods.
@Suite("Everything that is asked of a proof can refuse it")
struct OptionsTests {
    static let workflowIssuer = "https://token.actions.githubusercontent.com"

    static func workflow() throws -> HostileProof {
        let world = try HostileWorld.shared.get()
        let signer = try world.authority.keylessSigner(.workflow())
        return try HostileProof(Shape(form: .bundleSignature, options: both), in: world, by: signer)
    }

    static var both: SigningOptions {
        var options = SigningOptions.rekor1
        options.isTimestamped = true
        return options
    }

    // MARK: Identities

    /// What Fulcio wrote, in the form of a requirement.
    static let subject = "https://github.com/octo/app/.github/workflows/release.yml@refs/heads/main"
    static let claims: [WorkflowClaim: String] = [
        .trigger: "push", .sha: String(repeating: "c0ffee1234", count: 4), .name: "Release", .repository: "octo/app",
        .ref: "refs/heads/main",
    ]

    @Test("each field of an identity, changed alone")
    func identityFields() throws {
        var proof = try Self.workflow()
        func verdict(
            _ subject: [TextRequirement] = [.exactly(OptionsTests.subject)],
            _ issuer: [TextRequirement] = [.exactly(OptionsTests.workflowIssuer)],
            _ workflow: [WorkflowClaim: String] = OptionsTests.claims
        ) throws -> String {
            let identity = try CertificateIdentity(subject: subject, issuer: issuer, workflow: workflow)
            proof.options = proof.options.with(signer: .certificate([identity]))
            return try proof.verdict()
        }
        #expect(try verdict() == "verified")
        for claim in WorkflowClaim.allCases {
            var other = Self.claims
            for value in ["x", (Self.claims[claim] ?? "") + " ", (Self.claims[claim] ?? "").uppercased() + "\u{301}"] {
                other[claim] = value
                #expect(
                    try verdict([.exactly(Self.subject)], [.exactly(Self.workflowIssuer)], other) == "wrong-identity")
            }
        }
        for text in [
            Self.subject + "/", String(Self.subject.dropLast()), Self.subject.uppercased(),
            "https://github.com/octo/app",
        ] {
            #expect(try verdict([.exactly(text)]) == "wrong-identity", "\(text)")
            #expect(
                try verdict([.exactly(Self.subject), .exactly(text)]) == "wrong-identity", "all of them have to hold")
        }
        for text in [
            Self.workflowIssuer + "/", "https://token.actions.githubusercontent.com.evil.example",
            "http" + Self.workflowIssuer.dropFirst(5),
        ] {
            #expect(try verdict([.exactly(Self.subject)], [.exactly(text)]) == "wrong-identity", "\(text)")
        }
        let matches = try RegularExpression("^https://github\\.com/octo/")
        let misses = try RegularExpression("^https://github\\.com/octo/$")
        let insensitive = try RegularExpression("^HTTPS://GITHUB\\.COM/")
        #expect(try verdict([.matching(matches)]) == "verified")
        #expect(try verdict([.matching(misses)]) == "wrong-identity")
        #expect(try verdict([.matching(insensitive)]) == "wrong-identity")
        #expect(try verdict([.matching(matches), .matching(misses)]) == "wrong-identity")
        #expect(try verdict([.exactly(Self.subject)], [.matching(misses)]) == "wrong-identity")
    }

    /// R27, R47: an address inside of another one. Fulcio GHSA-59jp-pj84-45mr.
    @Test("an issuer that holds another one is met by an unanchored expression, and by nothing else")
    func unanchored() throws {
        let world = try HostileWorld.shared.get()
        let evil = "https://evil.example/?x=" + HostileWorld.issuer
        let signer = try world.authority.keylessSigner(.email(HostileWorld.alice, issuer: evil))
        var proof = try HostileProof(Shape(form: .bundleSignature), in: world, by: signer)
        #expect(try proof.verdict() == "wrong-identity")
        func verdict(_ pattern: String) throws -> String {
            let identity = try CertificateIdentity(
                subject: [.exactly(HostileWorld.alice)], issuer: [.matching(RegularExpression(pattern))])
            proof.options = proof.options.with(signer: .certificate([identity]))
            return try proof.verdict()
        }
        #expect(try verdict("^https://accounts\\.example\\.com$") == "wrong-identity")
        #expect(try verdict("https://accounts\\.example\\.com") == "verified")
        #expect(try !RegularExpression("https://accounts\\.example\\.com").hasFixedBeginning)
    }

    /// GHSA-mpvw-hw8p-7x27: what is there and empty is not what is absent.
    @Test("an empty requirement is none that can be written")
    func empty() throws {
        let text = TextRequirement.exactly("x")
        #expect(throws: CertificateIdentityError.self) { try CertificateIdentity(subject: [], issuer: [text]) }
        #expect(throws: CertificateIdentityError.self) { try CertificateIdentity(subject: [text], issuer: []) }
        #expect(throws: CertificateIdentityError.self) {
            try CertificateIdentity(subject: [text, .exactly("")], issuer: [text])
        }
        #expect(throws: CertificateIdentityError.self) {
            try CertificateIdentity(subject: [text], issuer: [.matching(RegularExpression(""))])
        }
        for claim in WorkflowClaim.allCases {
            #expect(throws: CertificateIdentityError.self) {
                try CertificateIdentity(subject: [text], issuer: [text], workflow: [claim: ""])
            }
        }
    }

    /// Swift's equality of strings is canonical equivalence; each pair is equal to it.
    @Test(
        "texts that Unicode calls equal are different people",
        arguments: [
            ("caf\u{E9}!example.com", "cafe\u{301}!example.com"), ("\u{212B}!a", "\u{C5}!a"), ("\u{212A}!a", "K!a"),
        ])
    func twins(_ one: String, _ other: String) throws {
        #expect(one == other)
        let world = try HostileWorld.shared.get()
        let signer = try world.authority.keylessSigner(.username(one, issuer: HostileWorld.issuer))
        var proof = try HostileProof(Shape(form: .bundleSignature), in: world, by: signer)
        for (name, expected) in [(one, "verified"), (other, "wrong-identity")] {
            proof.options = proof.options.with(signer: .certificate([try HostileWorld.identity(name)]))
            #expect(try proof.verdict() == expected)
        }
        #expect(try HostileWorld.identity(one) != HostileWorld.identity(other))

        let issued = try world.authority.keylessSigner(.email(HostileWorld.alice, issuer: "https://" + one))
        var second = try HostileProof(Shape(form: .bundleSignature), in: world, by: issued)
        for (name, expected) in [(one, "verified"), (other, "wrong-identity")] {
            second.options = second.options.with(
                signer: .certificate([try HostileWorld.identity(issuer: "https://" + name)]))
            #expect(try second.verdict() == expected)
        }
    }

    @Test("several identities are alternatives, of which one is enough and none is not")
    func alternatives() throws {
        var proof = try HostileProof(Shape(form: .bundleSignature), in: HostileWorld.shared.get())
        let (alice, bob) = (try HostileWorld.identity(), try HostileWorld.identity("bob@example.com"))
        // The subject of one and the issuer of the other do not make a third.
        let crossed = [
            try HostileWorld.identity(issuer: "https://other.example"), try HostileWorld.identity("bob@example.com"),
        ]
        for (identities, expected) in [
            ([bob, alice], "verified"), ([bob], "wrong-identity"), ([], "no-identity-required"),
            (crossed, "wrong-identity"),
        ] {
            proof.options = proof.options.with(signer: .certificate(identities))
            #expect(try proof.verdict() == expected)
        }
    }

    // MARK: Thresholds

    @Test("each number that is asked for, one more")
    func thresholds() throws {
        let proof = try HostileProof(Shape(form: .bundleSignature, options: Self.both), in: HostileWorld.shared.get())
        for (options, expected) in [
            (proof.options, "verified"), (proof.options.with(logs: 2), "not-enough-log-entries"),
            (proof.options.with(timestamps: 2), "not-enough-timestamps"),
            (proof.options.with(certificateLogs: 2), "verified"),
            (proof.options.with(certificateLogs: 3), "sct-too-few"),
        ] {
            var asked = proof
            asked.options = options
            #expect(try asked.verdict() == expected)
        }
        // Fewer than none is none, and then nobody looks; every member is part of what evidence is cached under.
        #expect(proof.options.with(logs: -1).logs == 0)
        let all = [
            proof.options, proof.options.with(logs: 2), proof.options.with(timestamps: 2),
            proof.options.with(certificateLogs: 2), proof.options.with(timeWithoutProof: .earliest),
            proof.options.with(signer: .certificate([])),
        ]
        #expect(Set(all).count == all.count)
    }

    @Test("two logs and two authorities count for two, and for one where one operator runs both")
    func distinct() throws {
        var world = try HostileWorld.shared.get()
        let (log, tsa) = (try TestTransparencyLog(.v1, host: "second.test"), try TestTimestampAuthority())
        var second = world.authority
        second.log = log
        second.timestampAuthority = tsa
        second.timestampAuthority.url = "https://second-tsa.test"
        let own = second
        let one = try HostileProof(Shape(form: .bundleSignature, options: Self.both), in: world)
        var proof = one
        try proof.alterBundle { bundle in
            bundle.entries.append(try #require(own.entry(for: bundle.content, by: one.signer)))
            bundle.timestamps.append(own.timestamp(over: bundle.signature))
        }
        proof.options = proof.options.with(logs: 2, timestamps: 2, certificateLogs: 2)
        for (logs, authorities, certificateLogs, expected) in [
            ("", "", "", "verified"), ("x", "", "", "not-enough-log-entries"), ("", "x", "", "not-enough-timestamps"),
            ("", "", "x", "sct-too-few"),
        ] {
            world = try HostileWorld.shared.get().trusting { root in
                root.mediaType = TrustedRootTemplate.mediaTypeV02
                root.logs.append(own.log.trusted)
                root.timestampAuthorities.append(own.timestampAuthority.trusted)
                func run(_ list: inout [TrustedRootTemplate.Log], by name: String) {
                    for index in list.indices where !name.isEmpty { list[index].operatorName = name }
                }
                run(&root.logs, by: logs)
                run(&root.ctLogs, by: certificateLogs)
                for index in root.timestampAuthorities.indices where !authorities.isEmpty {
                    root.timestampAuthorities[index].operatorName = authorities
                }
            }
            proof.world = world
            #expect(try proof.verdict() == expected)
        }
        // An entry of one log that is told as two: without a promise nobody signs the index in the whole log.
        proof = one
        proof.alterBundle { bundle in
            var again = bundle.entries[0]
            again.promise = nil
            again.logIndex += 1
            bundle.entries.append(again)
        }
        proof.options = proof.options.with(logs: 2)
        #expect(try proof.verdict() == "not-enough-log-entries")
    }

    // MARK: Times

    /// T2, T3 (2a88ada), sigstore-js #1659.
    @Test("a time that no signature proves is never the clock")
    func unprovenTimes() throws {
        let world = try HostileWorld.shared.get()
        var options = SigningOptions.rekor1
        options.hasPromise = false
        var proof = try HostileProof(Shape(form: .bundleSignature, options: options), in: world)
        #expect(proof.entry?.integratedTime != nil)
        #expect(try proof.verdict() == "no-proven-time")
        // With the log ignored, even a signed time of it counts for nothing.
        proof = try HostileProof(Shape(form: .bundleSignature), in: world)
        proof.options = proof.options.with(logs: 0)
        #expect(try proof.verdict() == "no-proven-time")
        // A clock counts where nothing else does, and nowhere else.
        let within = try TestAuthority.time.adding(seconds: 600).instant
        let after = try TestAuthority.time.adding(seconds: 601).instant
        proof.options = proof.options.with(logs: 0, timeWithoutProof: after)
        #expect(try proof.verdict() == "certificate-outside-validity")
        proof.options = proof.options.with(timeWithoutProof: within)
        #expect(try proof.verdict() == "verified")
        #expect(try proof.evidence().support.times.isEmpty)
        #expect(try proof.evidence().support.unchecked == [.transparencyLogEntry])
        proof.options = proof.options.with(logs: 1, timeWithoutProof: after)
        #expect(try proof.verdict() == "verified")
        // One that is proven and outside is not replaced by a clock that is within.
        proof.entry?.integrate(at: TestAuthority.time.adding(seconds: 601))
        proof.options = proof.options.with(timeWithoutProof: within)
        #expect(try proof.verdict() == "certificate-outside-validity")
    }

    /// Which member's period a test moves.
    enum Member: String, CaseIterable, Sendable {
        case log, tiles, certificateLog, certificateAuthority, timestampAuthority

        var code: String {
            switch self {
            case .log, .tiles: "log-outside-validity"
            case .certificateLog: "sct-too-few"
            case .certificateAuthority: "authority-outside-period"
            case .timestampAuthority: "timestamp-outside-authority"
            }
        }
    }

    @Test(
        "a member is believed in its period, both ends included, and not a millisecond beyond",
        arguments: Member.allCases)
    func periods(_ member: Member) throws {
        let shared = try HostileWorld.shared.get()
        let shape = Shape(
            form: .bundleSignature,
            options: member == .tiles
                ? .rekor2
                : member == .log
                    ? .rekor1
                    : member == .certificateAuthority || member == .timestampAuthority ? .timestampOnly : .rekor1)
        var proof = try HostileProof(shape, in: shared)
        let time = TestAuthority.time
        let at: TestTime =
            switch member {
            case .log: time.adding(seconds: 4)
            case .certificateLog: time
            case .tiles, .certificateAuthority, .timestampAuthority: time.adding(seconds: 2)
            }
        for (start, end, isIn) in [
            (at, at, true), (at.adding(milliseconds: -1), at.adding(milliseconds: 1), true),
            (at.adding(milliseconds: 1), at.adding(seconds: 9), false),
            (at.adding(seconds: -9), at.adding(milliseconds: -1), false),
        ] {
            proof.world = try shared.trusting { root in
                func move(_ log: inout TrustedRootTemplate.Log) { (log.start, log.end) = (start, end) }
                switch member {
                case .log: move(&root.logs[0])
                case .tiles: move(&root.logs[1])
                case .certificateLog: for index in root.ctLogs.indices { move(&root.ctLogs[index]) }
                case .certificateAuthority:
                    (root.certificateAuthorities[0].start, root.certificateAuthorities[0].end) = (start, end)
                case .timestampAuthority:
                    (root.timestampAuthorities[0].start, root.timestampAuthorities[0].end) = (start, end)
                }
            }
            #expect(try proof.verdict() == (isIn ? "verified" : member.code), "\(start.rfc3339) \(end.rfc3339)")
            // The same member twice, in two periods: one of them is enough.
            let periods = [(time.adding(seconds: -99), time.adding(seconds: -98)), (start, end)]
            proof.world = try shared.trusting { root in
                func both(_ log: TrustedRootTemplate.Log) -> [TrustedRootTemplate.Log] {
                    periods.map { period in
                        var one = log
                        (one.start, one.end) = period
                        return one
                    }
                }
                func both(_ authority: TrustedRootTemplate.Authority) -> [TrustedRootTemplate.Authority] {
                    periods.map { period in
                        var one = authority
                        (one.start, one.end) = period
                        return one
                    }
                }
                switch member {
                case .log: root.logs = both(root.logs[0])
                case .tiles: root.logs = both(root.logs[1])
                case .certificateLog: root.ctLogs = root.ctLogs.flatMap(both)
                case .certificateAuthority: root.certificateAuthorities = both(root.certificateAuthorities[0])
                case .timestampAuthority: root.timestampAuthorities = both(root.timestampAuthorities[0])
                }
            }
            #expect(try proof.verdict() == (isIn ? "verified" : member.code), "twice")
        }
    }
}
