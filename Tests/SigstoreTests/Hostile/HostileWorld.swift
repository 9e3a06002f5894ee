// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import TestSupport
import Testing

@testable import Sigstore

/// One private Sigstore for a suite, who is believed of it, and the identities that sign under it.
struct HostileWorld: Sendable {
    var authority: TestAuthority
    var trust: TrustMaterial

    static let issuer = "https://accounts.example.com"
    static let alice = "alice@example.com"

    /// Made once: keys take time, and every test alters a copy.
    static let shared = Result { try HostileWorld() }

    init(_ authority: TestAuthority? = nil) throws {
        self.authority = try authority ?? TestAuthority(ctLogs: [TestCTLog(), TestCTLog(url: "https://ct2.test")])
        trust = try TrustMaterial(trustedRoot: self.authority.trustedRoot.bytes)
    }

    func signer(
        _ kind: AuthorityKey.Kind = .p256, as address: String = alice,
        alter: (inout CertificateTemplate) throws -> Void = { _ in }
    ) throws -> TestSigner {
        try authority.keylessSigner(.email(address, issuer: Self.issuer), kind: kind, alter: alter)
    }

    /// The world with another trusted root.
    func trusting(_ change: (inout TrustedRootTemplate) -> Void) throws -> HostileWorld {
        var root = authority.trustedRoot
        change(&root)
        var other = self
        other.trust = try TrustMaterial(trustedRoot: root.bytes)
        return other
    }

    func verifier(_ options: VerificationOptions) -> Verifier { Verifier(trust: trust, options: options) }

    static func identity(
        _ subject: String = alice, issuer: String = issuer, workflow: [WorkflowClaim: String] = [:]
    ) throws -> CertificateIdentity {
        try CertificateIdentity(subject: [.exactly(subject)], issuer: [.exactly(issuer)], workflow: workflow)
    }
}

/// How something was signed: one row of the table of accepted shapes.
struct Shape: Sendable, CustomTestStringConvertible {
    enum Form: String, CaseIterable, Sendable {
        case bundleSignature, bundleAttestation, bundleMessage, legacySignature, legacyAttestation

        var isBundle: Bool { rawValue.hasPrefix("bundle") }
        var isEnvelope: Bool { self == .bundleSignature || self == .bundleAttestation || self == .legacyAttestation }
    }

    var form: Form
    var isKeyless = true
    var kind = AuthorityKey.Kind.p256
    var options = SigningOptions.rekor1
    var note = ""

    var testDescription: String {
        "\(form.rawValue) \(isKeyless ? "keyless" : "key") \(kind.rawValue) \(note)"
    }

    var isLogged: Bool { options.log != .none }
    var isRekor2: Bool {
        switch options.log {
        case .v2, .kind(.hashedrekord002), .kind(.dsse002): true
        default: false
        }
    }
}

/// A proof before it is written down; a test changes one thing of it.
struct HostileProof: Sendable {
    enum Carrier: Sendable {
        case bundle(BundleTemplate)
        case layer(LegacyTemplate)
    }

    static let attested = "https://example.com/attested/v1"
    static let artifact = Array("an artifact of some bytes\n".utf8)

    var world: HostileWorld
    var shape: Shape
    var signer: TestSigner
    var carrier: Carrier
    /// What is asked of it.
    var options: VerificationOptions
    /// Whom it is asked about.
    var subject = image
    var artifactBytes = HostileProof.artifact
    /// Changes the JSON of a bundle after it is made.
    var altersJSON: @Sendable (inout JSONTree) -> Void = { _ in }

    init(_ shape: Shape, in world: HostileWorld, by given: TestSigner? = nil, of subject: Digest = image) throws {
        self.world = world
        self.shape = shape
        let authority = world.authority
        let signer = try given ?? (shape.isKeyless ? world.signer(shape.kind) : authority.keySigner(kind: shape.kind))
        self.signer = signer
        let attestation = StatementTemplate(of: subject, predicateType: Self.attested)
        carrier =
            switch shape.form {
            case .bundleSignature:
                .bundle(
                    try authority.bundle(payload: StatementTemplate(of: subject).bytes, by: signer, shape.options))
            case .bundleAttestation:
                .bundle(try authority.bundle(payload: attestation.bytes, by: signer, shape.options))
            case .bundleMessage: .bundle(try authority.bundle(message: Self.artifact, by: signer, shape.options))
            case .legacySignature:
                .layer(
                    try authority.legacySignature(
                        SimpleSigningTemplate(of: subject, reference: "r.example/app"), by: signer, shape.options))
            case .legacyAttestation: .layer(try authority.legacyAttestation(attestation, by: signer, shape.options))
            }
        let required: RequiredSigner =
            shape.isKeyless
            ? .certificate([try HostileWorld.identity()])
            : .key(try VerificationKey(pem: signer.key.publicKeyPEM))
        options = VerificationOptions(
            signer: required, logs: shape.isLogged ? 1 : 0, timestamps: shape.options.isTimestamped ? 1 : 0)
    }

    // MARK: Parts that can be changed, whatever the carrier

    var entry: LogEntryTemplate? {
        get {
            switch carrier {
            case .bundle(let bundle): bundle.entries.first
            case .layer(let layer): layer.entry
            }
        }
        set {
            switch carrier {
            case .bundle(var bundle):
                bundle.entries = newValue.map { [$0] } ?? []
                carrier = .bundle(bundle)
            case .layer(var layer):
                layer.entry = newValue
                carrier = .layer(layer)
            }
        }
    }

    var token: TimestampTemplate? {
        get {
            switch carrier {
            case .bundle(let bundle): bundle.timestamps.first
            case .layer(let layer): layer.timestamp
            }
        }
        set {
            switch carrier {
            case .bundle(var bundle):
                bundle.timestamps = newValue.map { [$0] } ?? []
                carrier = .bundle(bundle)
            case .layer(var layer):
                layer.timestamp = newValue
                carrier = .layer(layer)
            }
        }
    }

    /// The leaf's DER.
    var certificate: [UInt8] {
        get { signer.certificate?.der ?? [] }
        set {
            switch carrier {
            case .bundle(var bundle):
                if case .chain(let chain) = bundle.material {
                    bundle.material = .chain([newValue] + chain.dropFirst())
                } else {
                    bundle.material = .certificate(newValue)
                }
                carrier = .bundle(bundle)
            case .layer(var layer):
                layer.certificatePEM = MintedText.pem("CERTIFICATE", newValue)
                carrier = .layer(layer)
            }
        }
    }

    mutating func alterBundle(_ change: (inout BundleTemplate) throws -> Void) rethrows {
        guard case .bundle(var bundle) = carrier else { return }
        try change(&bundle)
        carrier = .bundle(bundle)
    }

    mutating func alterEnvelope(_ change: (inout EnvelopeTemplate) -> Void) {
        alterBundle {
            guard case .envelope(var envelope) = $0.content else { return }
            change(&envelope)
            $0.content = .envelope(envelope)
        }
    }

    /// The raw signature, changed after it was made.
    mutating func alterSignature(_ change: (inout [UInt8]) -> Void) {
        switch carrier {
        case .layer(var layer) where shape.form == .legacySignature:
            if var signature = layer.signature {
                change(&signature)
                layer.signature = signature
            }
            carrier = .layer(layer)
        case .layer: break
        case .bundle(var bundle):
            if case .message(var message) = bundle.content {
                change(&message.signature)
                bundle.content = .message(message)
                carrier = .bundle(bundle)
            } else {
                alterEnvelope { change(&$0.signatures[0].bytes) }
            }
        }
    }

    // MARK: The verdict

    var trust: TrustMaterial {
        get { world.trust }
        set { world.trust = newValue }
    }

    func bytes() throws -> [UInt8] {
        guard case .bundle(let bundle) = carrier else { return [] }
        var tree = try bundle.json()
        altersJSON(&tree)
        return tree.bytes
    }

    func unverified() throws -> UnverifiedBundle {
        switch carrier {
        case .bundle: return UnverifiedBundle(.bundle(try bytes()), origin: origin())
        case .layer(let layer):
            let annotations = CosignAnnotations(try layer.annotations())
            let isSignature = shape.form == .legacySignature
            return UnverifiedBundle(
                isSignature
                    ? .simpleSigning(payload: layer.blob, annotations: annotations)
                    : .envelope(layer.blob, annotations: annotations), origin: origin(.signatureTag))
        }
    }

    /// Evidence, whatever its kind.
    struct Evidence: Equatable {
        let signer: ProvenSigner
        let support: ProvenSupport
    }

    func evidence() throws -> Evidence {
        let verifier = world.verifier(options)
        switch shape.form {
        case .bundleSignature, .legacySignature:
            let found = try verifier.signature(in: unverified(), of: subject)
            return Evidence(signer: found.signer, support: found.support)
        case .bundleAttestation, .legacyAttestation:
            let unverified = try unverified()
            let found: VerifiedStatement
            do { found = try verifier.statement(in: unverified, of: subject) } catch {
                verifier.compareLarge(unverified, error) { (large) throws(VerificationError) in
                    _ = try verifier.statement(in: large, of: subject)
                }
                throw error
            }
            // The same who, where and when.
            if let large = try largeTwin(unverified), shape.kind != .ed25519 {
                let other = try verifier.statement(in: large, of: subject)
                #expect(other.signer == found.signer && other.support == found.support)
                #expect(other.predicateType == found.predicateType && other.statement.text == found.statement.text)
                #expect(other.envelope == nil && other.parts == .all)
            }
            return Evidence(signer: found.signer, support: found.support)
        case .bundleMessage:
            let found = try verifier.artifact(.bytes(artifactBytes), in: bytes())
            return Evidence(signer: found.signer, support: found.support)
        }
    }

    /// The word for why it proves nothing; `verified` where it proves who signed.
    func verdict() throws -> String {
        do {
            _ = try evidence()
            return "verified"
        } catch let error as VerificationError {
            return error.code
        }
    }
}

extension VerificationOptions {
    /// The same with some members changed.
    func with(
        signer: RequiredSigner? = nil, logs: Int? = nil, timestamps: Int? = nil, certificateLogs: Int? = nil,
        timeWithoutProof: Instant? = nil
    ) -> VerificationOptions {
        VerificationOptions(
            signer: signer ?? self.signer, logs: logs ?? self.logs, timestamps: timestamps ?? self.timestamps,
            certificateLogs: certificateLogs ?? self.certificateLogs,
            timeWithoutProof: timeWithoutProof ?? self.timeWithoutProof)
    }
}
