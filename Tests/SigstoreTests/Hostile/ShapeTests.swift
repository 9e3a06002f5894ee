// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import Sigstore

/// A row: what is changed of an accepted proof, and the word for why it is then refused; `nil` where the row does not
/// apply to a shape.
struct Twin: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let code: @Sendable (Shape) -> String?
    let change: @Sendable (inout HostileProof) throws -> Void

    init(
        _ description: String, _ code: @escaping @Sendable (Shape) -> String?,
        _ change: @escaping @Sendable (inout HostileProof) throws -> Void
    ) {
        testDescription = description
        self.code = code
        self.change = change
    }
}

@Suite("Every accepted shape verifies, and with one thing changed it does not")
struct ShapeTests {
    static let shapes: [Shape] = {
        var shapes: [Shape] = []
        func add(_ form: Shape.Form, _ note: String, keyless: [Bool] = [true, false], _ change: (inout Shape) -> Void) {
            for isKeyless in keyless {
                var shape = Shape(form: form, isKeyless: isKeyless, note: note)
                change(&shape)
                shapes.append(shape)
            }
        }
        for form in Shape.Form.allCases {
            add(form, "Rekor v1") { _ in }
            add(form, "token only") { $0.options = .timestampOnly }
            add(form, "Rekor v1 and token") { $0.options.isTimestamped = true }
        }
        for form in [Shape.Form.bundleSignature, .bundleAttestation, .bundleMessage] {
            add(form, "Rekor v2") { $0.options = .rekor2 }
            add(form, "v0.1, promise only") {
                $0.options.mediaType = BundleTemplate.MediaType.v01
                $0.options.hasProof = false
                $0.options.carriesChain = true
            }
            add(form, "v0.2") {
                $0.options.mediaType = BundleTemplate.MediaType.v02
                $0.options.carriesChain = true
            }
            add(form, "v0.3, old spelling") { $0.options.mediaType = BundleTemplate.MediaType.v03Old }
        }
        add(.bundleAttestation, "intoto 0.0.2") { $0.options.log = .kind(.intoto002) }
        add(.bundleAttestation, "dsse 0.0.2") {
            $0.options = .rekor2
            $0.options.log = .kind(.dsse002)
        }
        for kind in [SigningOptions.EntryKind.intoto001, .intoto002] {
            add(.legacyAttestation, kind.rawValue) { $0.options.log = .kind(kind) }
        }
        add(.legacySignature, "rekord 0.0.1") { $0.options.log = .kind(.rekord001) }
        for kind in [AuthorityKey.Kind.p384, .p521, .rsa2048, .ed25519] {
            for options in [SigningOptions.rekor1, .rekor2] {
                for form in [Shape.Form.bundleSignature, .bundleMessage] {
                    add(form, options.log == .v2 ? "Rekor v2" : "Rekor v1", keyless: [kind != .rsa2048]) {
                        $0.kind = kind
                        $0.options = options
                    }
                }
            }
        }
        return shapes
    }()

    static let twins: [Twin] = [
        Twin("another image or artifact is asked about", { $0.form == .bundleMessage ? nil : "wrong-image" }) {
            $0.subject = otherImage
        },
        // sigstore-go 2114754, 60a1fd5.
        Twin("another artifact's bytes", { $0.form == .bundleMessage ? "wrong-artifact" : nil }) {
            $0.artifactBytes[0] ^= 1
        },
        Twin("another key or identity is required", { $0.isKeyless ? "wrong-identity" : "wrong-key" }) {
            $0.options = $0.options.with(
                signer: $0.shape.isKeyless
                    ? .certificate([try HostileWorld.identity("mallory@example.com")])
                    : .key(try VerificationKey(pem: AuthorityKey().publicKeyPEM)))
        },
        Twin("nobody is named who may sign", { $0.isKeyless ? "no-identity-required" : nil }) {
            $0.options = $0.options.with(signer: .certificate([]))
        },
        Twin(
            "an identity is required of a key, and a key of a certificate's",
            {
                $0.isKeyless
                    ? ($0.form.isBundle ? "certificate-where-key-required" : "wrong-key")
                    : "key-where-certificate-required"
            }
        ) {
            $0.options = $0.options.with(
                signer: $0.shape.isKeyless
                    ? .key(try VerificationKey(pem: AuthorityKey().publicKeyPEM))
                    : .certificate([try HostileWorld.identity()]))
        },
        Twin(
            "another signature",
            {
                guard $0.form != .legacyAttestation else { return nil }
                guard $0.isKeyless else { return "wrong-key" }
                return $0.isLogged ? "log-entry-other-signature" : "timestamp-of-another-signature"
            }
        ) { $0.alterSignature { $0[$0.count - 1] ^= 1 } },
        Twin("no log entry at all", { $0.isLogged ? "not-enough-log-entries" : nil }) { $0.entry = nil },
        Twin("a log that nobody believes", { $0.isLogged ? "not-enough-log-entries" : nil }) {
            $0.entry?.logID[0] ^= 1
        },
        // sigstore-js #1659: an unsigned time is no time.
        Twin(
            "another integrated time than was signed",
            { $0.isLogged && !$0.isRekor2 ? "log-entry-timestamp-signature" : nil }
        ) {
            $0.entry?.integratedTime? += 1
        },
        Twin("another index than was signed", { $0.isLogged && !$0.isRekor2 ? "log-entry-timestamp-signature" : nil }) {
            $0.entry?.logIndex += 1
        },
        Twin("a time in a log that signs none", { $0.isRekor2 ? "log-time-unexpected" : nil }) {
            $0.entry?.integratedTime = TestAuthority.time.seconds
        },
        Twin("another place in the log", { $0.isRekor2 ? "log-proof-other-index" : nil }) { $0.entry?.logIndex += 1 },
        Twin("another kind told", { $0.isLogged && $0.form.isBundle ? "log-entry-kind-differs" : nil }) {
            $0.entry?.kind = "rekord"
        },
        Twin(
            "another root in the proof",
            { $0.isLogged && $0.form.isBundle && $0.options.hasProof ? "log-proof-other-tree" : nil }
        ) { $0.entry?.proof?.rootHash[0] ^= 1 },
        Twin(
            "another sibling in the proof",
            { $0.isLogged && $0.form.isBundle && $0.options.hasProof ? "log-proof-not-included" : nil }
        ) { $0.entry?.proof?.hashes[0][0] ^= 1 },
        Twin(
            "a checkpoint by another key of that name",
            { $0.isLogged && $0.form.isBundle && $0.options.hasProof ? "checkpoint-signature" : nil }
        ) {
            let key = try AuthorityKey($0.shape.isRekor2 ? .ed25519 : .p256)
            $0.entry?.proof?.checkpoint?.signatures[0].kind = .log(key)
        },
        // GHSA-ccxc-vr6p-4858, GHSA-whqx-f9j3-ch6m: a genuine entry of another signature by the same signer.
        Twin(
            "the entry of another signature of the same signer",
            {
                // RSA and Ed25519 make one signature of one message.
                if $0.form == .bundleMessage, $0.kind == .rsa2048 || $0.kind == .ed25519 { return nil }
                return $0.isLogged
                    ? ($0.options.log == .kind(.intoto001) ? "log-entry-other-content" : "log-entry-other-signature")
                    : nil
            }
        ) { $0.entry = try HostileProof($0.shape, in: $0.world, by: $0.signer, of: otherImage).entry },
        Twin("no token at all", { $0.options.isTimestamped ? "not-enough-timestamps" : nil }) { $0.token = nil },
        Twin("the token of another signature", { $0.options.isTimestamped ? "timestamp-of-another-signature" : nil }) {
            $0.token?.imprint[0] ^= 1
        },
        Twin("a token by another key", { $0.options.isTimestamped ? "timestamp-wrong-signature" : nil }) {
            $0.token?.signers[0].key = try AuthorityKey()
        },
        Twin(
            "a token of an authority that nobody believes", { $0.options.isTimestamped ? "not-enough-timestamps" : nil }
        ) {
            let other = try TestTimestampAuthority()
            guard let token = $0.token else { return }
            $0.token = other.template(over: [], at: token.genTime)
            $0.token?.imprint = token.imprint
        },
        // §12.8: every proven time counts, not the best one.
        Twin(
            "a token of a time after the certificate's end",
            {
                $0.isKeyless && $0.options.isTimestamped ? "certificate-outside-validity" : nil
            }
        ) { $0.token?.genTime = TestAuthority.time.adding(seconds: 601) },
        Twin(
            "a log's time after the certificate's end",
            {
                $0.isKeyless && $0.isLogged && !$0.isRekor2 ? "certificate-outside-validity" : nil
            }
        ) { $0.entry?.integrate(at: TestAuthority.time.adding(seconds: 601)) },
        Twin(
            "a log's time before the certificate's beginning",
            {
                $0.isKeyless && $0.isLogged && !$0.isRekor2 ? "certificate-outside-validity" : nil
            }
        ) { $0.entry?.integrate(at: TestAuthority.time.adding(seconds: -1)) },
        Twin("another authority of the same names", { $0.isKeyless ? "certificate-not-signed-by-issuer" : nil }) {
            let other = try TestAuthority()
            $0.world = try $0.world.trusting { $0.certificateAuthorities = [other.certificateAuthority.trusted] }
        },
        Twin("no certificate authority", { $0.isKeyless ? "certificate-no-authority" : nil }) {
            $0.world = try $0.world.trusting { $0.certificateAuthorities = [] }
        },
        Twin("no certificate log", { $0.isKeyless ? "sct-too-few" : nil }) {
            $0.world = try $0.world.trusting { $0.ctLogs = [] }
        },
    ]

    @Test("and says who signed", arguments: shapes)
    func accepted(_ shape: Shape) throws {
        let world = try HostileWorld.shared.get()
        let proof = try HostileProof(shape, in: world)
        let evidence = try proof.evidence()
        switch evidence.signer {
        case .key(let fingerprint):
            #expect(!shape.isKeyless)
            #expect(fingerprint == proof.options.key?.fingerprint)
        case .certificate(let claims):
            #expect(shape.isKeyless)
            #expect(claims.subject == .email(HostileWorld.alice))
            #expect(claims.issuer == HostileWorld.issuer)
        }
        #expect(evidence.support.logs == (shape.isLogged ? 1 : 0))
        #expect(evidence.support.timestamps == (shape.options.isTimestamped ? 1 : 0))
        let times = (shape.isLogged && !shape.isRekor2 ? [4] : []) + (shape.options.isTimestamped ? [2] : [])
        let instants = try times.sorted().map { try TestAuthority.time.adding(seconds: Int64($0)).instant }
        #expect(evidence.support.times == instants)
        #expect(evidence.support.unchecked.isEmpty)

        for twin in Self.twins {
            guard let code = twin.code(shape) else { continue }
            var changed = proof
            try twin.change(&changed)
            #expect(try changed.verdict() == code, "\(twin.testDescription)")
        }
    }
}
