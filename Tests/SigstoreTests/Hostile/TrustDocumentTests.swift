// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import Sigstore

/// Documents that say whom to believe. sigstore-go 94a2449, 5f69a46.
@Suite("A trusted root is read whole, or not at all")
struct TrustDocumentTests {
    static func root() throws -> JSONTree { try HostileWorld.shared.get().authority.trustedRoot.json }

    static func material(_ tree: JSONTree) throws -> TrustMaterial { try TrustMaterial(trustedRoot: tree.bytes) }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let change: @Sendable (inout JSONTree) -> Void

        init(_ description: String, _ change: @escaping @Sendable (inout JSONTree) -> Void) {
            testDescription = description
            self.change = change
        }
    }

    static let refused = [
        Row("an unknown member") { $0["x"] = .null },
        Row("an unknown member of a log") { $0["tlogs"][0]["x"] = "" },
        Row("an unknown member of a key") { $0["tlogs"][0]["publicKey"]["x"] = "" },
        Row("an unknown member of a period") { $0["ctlogs"][0]["publicKey"]["validFor"]["x"] = "" },
        Row("an unknown member of an authority") { $0["certificateAuthorities"][0]["x"] = "" },
        Row("a member twice") { $0.append("tlogs", []) },
        Row("a key twice") { $0["tlogs"][0].append("logId", $0["tlogs"][0]["logId"]) },
        Row("no media type") { $0.remove("mediaType") },
        Row("another media type") { $0["mediaType"] = "application/vnd.dev.sigstore.trustedroot+json;version=0.3" },
        Row("no start of a log") { $0["tlogs"][0]["publicKey"]["validFor"].remove("start") },
        Row("no start of a certificate log") { $0["ctlogs"][0]["publicKey"]["validFor"].remove("start") },
        Row("no start of an authority") { $0["certificateAuthorities"][0]["validFor"].remove("start") },
        Row("no start of a timestamp authority") { $0["timestampAuthorities"][0]["validFor"].remove("start") },
        Row("no period") { $0["tlogs"][0]["publicKey"].remove("validFor") },
        Row("a start that is no day") { $0["tlogs"][0]["publicKey"]["validFor"]["start"] = "2021-02-29T00:00:00Z" },
        Row("an end before its start") { $0["tlogs"][0]["publicKey"]["validFor"]["end"] = "2019-01-01T00:00:00Z" },
        Row("an empty end") { $0["tlogs"][0]["publicKey"]["validFor"]["end"] = "" },
        Row("another kind of key than it says") {
            $0["tlogs"][0]["publicKey"]["keyDetails"] = "PKIX_ECDSA_P384_SHA_384"
        },
        Row("a key that is none") { $0["tlogs"][0]["publicKey"]["rawBytes"] = "AAAA" },
        Row("a key with a byte after it") {
            $0["tlogs"][0]["publicKey"]["rawBytes"] = .base64(
                (Base64.decode($0["tlogs"][0]["publicKey"]["rawBytes"].text) ?? []) + [0])
        },
        Row("an identifier of 31 bytes") {
            $0["tlogs"][0]["logId"]["keyId"] = .base64([UInt8](repeating: 1, count: 31))
        },
        Row("no identifier") { $0["tlogs"][0].remove("logId") },
        Row("one identifier for two keys") { $0["tlogs"][1]["logId"] = $0["tlogs"][0]["logId"] },
        Row("a hash that is not SHA-256") { $0["tlogs"][0]["hashAlgorithm"] = "SHA2_512" },
        Row("a chain of nothing") { $0["certificateAuthorities"][0]["certChain"]["certificates"] = [] },
        Row("a number for a string") { $0["tlogs"][0]["baseUrl"] = 1 },
        Row("more than 64 of a kind") { root in root["tlogs"] = .array(Array(repeating: root["tlogs"][0], count: 65)) },
        Row("nothing at all") {
            for name in ["tlogs", "ctlogs", "certificateAuthorities", "timestampAuthorities"] { $0[name] = [] }
        },
    ]

    @Test("and is not, for", arguments: refused)
    func malformed(_ row: Row) throws {
        var tree = try Self.root()
        #expect(try Self.material(tree).leftOut.isEmpty)
        row.change(&tree)
        #expect(throws: TrustError.self) { try Self.material(tree) }
    }

    @Test("kinds of key that are not known leave out their log alone, and it says so")
    func leftOut() throws {
        let world = try HostileWorld.shared.get()
        let proof = try HostileProof(Shape(form: .bundleSignature), in: world)
        for details in ["PKIX_ML_DSA_65", "P\u{212A}IX_ECDSA_P256_SHA_256", ""] {
            var tree = try Self.root()
            tree["tlogs"][0]["publicKey"]["keyDetails"] = .string(details)
            var changed = proof
            changed.trust = try Self.material(tree)
            #expect(changed.trust.leftOut.count == 1)
            #expect(try changed.verdict() == "not-enough-log-entries")
            tree = try Self.root()
            tree["ctlogs"][0]["publicKey"]["keyDetails"] = .string(details)
            changed.trust = try Self.material(tree)
            // The other certificate log still counts.
            #expect(try changed.verdict() == "verified")
        }
        var tree = try Self.root()
        tree["certificateAuthorities"][0]["certChain"]["certificates"][0]["rawBytes"] = "MAA="
        #expect(throws: TrustError.self, "malformed is not unknown") { try Self.material(tree) }
        var template = world.authority.certificateAuthority.leafTemplate(
            for: try AuthorityKey(), .email("a@example.com", issuer: "https://issuer.example"), at: TestAuthority.time)
        template.scheme = .hashed(.sha1)
        tree["certificateAuthorities"][0]["certChain"]["certificates"][0]["rawBytes"] = .base64(
            try world.authority.certificateAuthority.issue(template).der)
        var changed = proof
        changed.trust = try Self.material(tree)
        #expect(changed.trust.leftOut.count == 1)
        #expect(try changed.verdict() == "certificate-no-authority")
    }

    @Test("a checkpoint's key identifier of version 0.2 is used where it is given")
    func checkpointKey() throws {
        let shared = try HostileWorld.shared.get()
        var proof = try HostileProof(Shape(form: .bundleSignature, options: .rekor2), in: shared)
        for (id, expected) in [
            (Array(shared.authority.tiles.id.prefix(4)), "verified"), ([1, 2, 3, 4], "checkpoint-unsigned"),
        ] {
            proof.world = try shared.trusting {
                $0.mediaType = TrustedRootTemplate.mediaTypeV02
                $0.logs[1].checkpointKeyID = id
            }
            #expect(try proof.verdict() == expected)
        }
    }

    @Test("the order of members decides nothing")
    func order() throws {
        let shared = try HostileWorld.shared.get()
        let stranger = try TestAuthority()
        for shape in [
            Shape(form: .bundleSignature), Shape(form: .bundleSignature, options: .rekor2),
            Shape(form: .legacyAttestation),
        ] {
            var proof = try HostileProof(shape, in: shared)
            for isReversed in [false, true] {
                proof.world = try shared.trusting { root in
                    root.logs += stranger.trustedRoot.logs
                    root.ctLogs += stranger.trustedRoot.ctLogs
                    root.certificateAuthorities += stranger.trustedRoot.certificateAuthorities
                    root.timestampAuthorities += stranger.trustedRoot.timestampAuthorities
                    guard isReversed else { return }
                    root.logs.reverse()
                    root.ctLogs.reverse()
                    root.certificateAuthorities.reverse()
                    root.timestampAuthorities.reverse()
                }
                #expect(try proof.verdict() == "verified")
            }
        }
    }

    @Test("its generation changes with every fact, and with nothing else")
    func generation() throws {
        let tree = try Self.root()
        var seen = [try Self.material(tree).generation]
        let changes: [(inout JSONTree) -> Void] = [
            { $0["tlogs"][0]["baseUrl"] = "https://x.test" },
            { $0["tlogs"][0]["logId"]["keyId"] = .base64([UInt8](repeating: 5, count: 32)) },
            { $0["tlogs"][0]["publicKey"]["validFor"]["start"] = "2020-01-01T00:00:00.001Z" },
            { $0["tlogs"][0]["publicKey"]["validFor"]["end"] = "2030-01-01T00:00:00Z" },
            { $0["tlogs"][0]["operator"] = "x" }, { $0["tlogs"][0]["checkpointKeyId"] = ["keyId": "AQIDBA=="] },
            { $0["tlogs"][1]["publicKey"]["keyDetails"] = "PKIX_ED25519_PH" },
            { $0["tlogs"][0]["publicKey"]["rawBytes"] = $0["ctlogs"][0]["publicKey"]["rawBytes"] },
            { $0["ctlogs"][0]["operator"] = "x" }, { $0["ctlogs"] = [$0["ctlogs"][0]] },
            { $0["certificateAuthorities"][0]["uri"] = "https://x.test" },
            { $0["certificateAuthorities"][0]["operator"] = "x" },
            { $0["certificateAuthorities"][0]["validFor"]["end"] = "2030-01-01T00:00:00Z" },
            {
                $0["certificateAuthorities"][0]["certChain"]["certificates"] = [
                    $0["certificateAuthorities"][0]["certChain"]["certificates"][1]
                ]
            },
            { $0["timestampAuthorities"][0]["uri"] = "https://x.test" }, { $0["timestampAuthorities"] = [] },
            { $0["timestampAuthorities"][0]["certChain"] = $0["certificateAuthorities"][0]["certChain"] },
            { $0["tlogs"] = $0["ctlogs"] }, { $0["certificateAuthorities"] = $0["timestampAuthorities"] },
        ]
        for (number, change) in changes.enumerated() {
            var changed = tree
            change(&changed)
            let generation = try Self.material(changed).generation
            #expect(!seen.contains(generation), "change \(number)")
            seen.append(generation)
        }
        #expect(try Self.material(tree).generation == seen[0])
    }

    // MARK: An operator's own keys

    @Test("an operator's own keys are believed in place of each kind")
    func operatorKeys() throws {
        let shared = try HostileWorld.shared.get()
        let own = try TestAuthority()
        var both = SigningOptions.rekor1
        both.isTimestamped = true
        let world = try HostileWorld(own)
        var proof = try HostileProof(Shape(form: .bundleSignature, options: both), in: world)
        var keys = OperatorKeys()
        keys.logKeys = [own.log.key.publicKeyPEM]
        keys.certificateLogKeys = own.ctLogs.map(\.key.publicKeyPEM)
        keys.roots = own.certificateAuthority.root.certificate.pem
        keys.intermediates = own.certificateAuthority.intermediates.map(\.certificate.pem).joined()
        keys.timestampChain = own.timestampAuthority.chainPEM
        proof.trust = try shared.trust.replacing(with: keys)
        #expect(try proof.verdict() == "verified")
        let changes: [(String, (inout OperatorKeys) -> Void)] = [
            ("not-enough-log-entries", { $0.logKeys = [] }), ("sct-too-few", { $0.certificateLogKeys = [] }),
            ("certificate-not-signed-by-issuer", { ($0.roots, $0.intermediates) = (nil, nil) }),
            ("not-enough-timestamps", { $0.timestampChain = nil }),
            ("not-enough-timestamps", { $0.timestampChain = own.certificateAuthority.chainPEM }),
            // Not in a bundle of version 0.3, which offers no intermediate.
            ("certificate-unknown-issuer", { $0.intermediates = nil }),
            (
                "certificate-unknown-issuer",
                { $0.roots = shared.authority.certificateAuthority.root.certificate.pem }
            ),
        ]
        for (number, (code, change)) in changes.enumerated() {
            var changed = keys
            change(&changed)
            proof.trust = try shared.trust.replacing(with: changed)
            #expect(try proof.verdict() == code, "change \(number)")
        }
        for broken in ["", "x", own.log.key.privateKeyPEM, own.log.key.publicKeyPEM + own.log.key.publicKeyPEM] {
            var changed = keys
            changed.logKeys = [broken]
            #expect(throws: TrustError.self) { try shared.trust.replacing(with: changed) }
            changed = keys
            changed.roots = broken
            #expect(throws: TrustError.self) { try shared.trust.replacing(with: changed) }
            changed = keys
            changed.timestampChain = broken
            #expect(throws: TrustError.self) { try shared.trust.replacing(with: changed) }
        }
        var alone = OperatorKeys()
        alone.intermediates = keys.intermediates
        #expect(throws: TrustError.self) { try shared.trust.replacing(with: alone) }
    }

    @Test("intermediates that come with a proof are used where an operator gave roots alone, and no root among them")
    func offered() throws {
        let own = try TestAuthority()
        let world = try HostileWorld(own)
        var keys = OperatorKeys()
        keys.roots = own.certificateAuthority.root.certificate.pem
        var options = SigningOptions.rekor1
        options.mediaType = BundleTemplate.MediaType.v02
        options.carriesChain = true
        var proof = try HostileProof(Shape(form: .bundleSignature, options: options), in: world)
        var legacy = try HostileProof(Shape(form: .legacySignature), in: world)
        // The public root of Sigstore never takes them: there the chain is only read.
        #expect(try proof.verdict() == "verified")
        let takes = try world.trust.replacing(with: keys)
        (proof.trust, legacy.trust) = (takes, takes)
        #expect(try proof.verdict() == "verified")
        #expect(try legacy.verdict() == "verified")
        let stranger = try TestCertificateAuthority()
        for (chain, expected) in [
            ([stranger.intermediates[0].certificate.der], "certificate-not-signed-by-issuer"),
            ([own.certificateAuthority.root.certificate.der], "certificate-root-in-bundle"),
            ([], "certificate-unknown-issuer"),
            ([[0x30, 0x00]], "certificate-unreadable"),
        ] {
            var changed = proof
            let leaf = changed.certificate
            changed.alterBundle { $0.material = .chain([leaf] + chain) }
            #expect(try changed.verdict() == expected)
        }
        guard case .layer(var layer) = legacy.carrier else { return }
        layer.chainPEM = stranger.chainPEM
        legacy.carrier = .layer(layer)
        #expect(try legacy.verdict() != "verified")
        layer.chainPEM = nil
        legacy.carrier = .layer(layer)
        #expect(try legacy.verdict() == "certificate-unknown-issuer")
    }
}
