// SPDX-License-Identifier: Apache-2.0

/// A DSSE envelope before it is written.
public struct EnvelopeTemplate: Sendable {
    /// The payload type of in-toto statements.
    public static let inToto = "application/vnd.in-toto+json"

    /// One signature.
    public struct Signature: Sendable {
        /// The raw signature.
        public var bytes: [UInt8]
        /// `nil` leaves it out.
        public var keyID: String?

        /// A signature, without a key id mostly.
        public init(_ bytes: [UInt8], keyID: String? = nil) {
            self.bytes = bytes
            self.keyID = keyID
        }
    }

    /// The decoded payload.
    public var payload: [UInt8]
    /// The type of the payload, which is signed too.
    public var payloadType: String
    /// The signatures; a good envelope has one.
    public var signatures: [Signature]

    /// An envelope that is not signed yet.
    public init(payload: [UInt8], payloadType: String = EnvelopeTemplate.inToto, signatures: [Signature] = []) {
        self.payload = payload
        self.payloadType = payloadType
        self.signatures = signatures
    }

    /// What is signed.
    public var preAuthentication: [UInt8] { MintedText.preAuthentication(type: payloadType, payload: payload) }

    /// The envelope, as bundles and cosign 3 have it.
    public var json: JSONTree {
        let written = signatures.map { signature -> JSONTree in
            var tree: JSONTree = ["sig": .base64(signature.bytes)]
            if let keyID = signature.keyID { tree["keyid"] = .string(keyID) }
            return tree
        }
        return [
            "payload": .base64(payload), "payloadType": .string(payloadType), "signatures": .array(written),
        ]
    }

    /// The JSON text as cosign 2 wrote it: another order, and an empty keyid.
    public var cosign2Bytes: [UInt8] {
        let tree: JSONTree = [
            "payloadType": .string(payloadType), "payload": .base64(payload),
            "signatures": .array(
                signatures.map { ["keyid": .string($0.keyID ?? ""), "sig": .base64($0.bytes)] }),
        ]
        return tree.bytes
    }
}

/// A signature over an artifact's bytes before it is written.
public struct MessageTemplate: Sendable {
    /// The name of the digest's hash: `SHA2_256`.
    public var hashName: String
    /// What the bundle says is the hash of the artifact.
    public var digest: [UInt8]
    /// The raw signature.
    public var signature: [UInt8]

    /// A signature with the digest that it is told to be over.
    public init(hashName: String, digest: [UInt8], signature: [UInt8]) {
        self.hashName = hashName
        self.digest = digest
        self.signature = signature
    }

    /// The `messageSignature` of a bundle.
    public var json: JSONTree {
        [
            "messageDigest": ["algorithm": .string(hashName), "digest": .base64(digest)],
            "signature": .base64(signature),
        ]
    }
}

/// A Sigstore bundle before it is written.
public struct BundleTemplate: Sendable {
    /// The spellings of `mediaType`.
    public enum MediaType {
        /// Version 0.1: promises needed.
        public static let v01 = "application/vnd.dev.sigstore.bundle+json;version=0.1"
        /// Version 0.2: proofs needed.
        public static let v02 = "application/vnd.dev.sigstore.bundle+json;version=0.2"
        /// Version 0.3 in the spelling of those before it.
        public static let v03Old = "application/vnd.dev.sigstore.bundle+json;version=0.3"
        /// Version 0.3.
        public static let v03 = "application/vnd.dev.sigstore.bundle.v0.3+json"
    }

    /// What verifies the signature.
    public enum Material: Sendable {
        /// A leaf alone, DER.
        case certificate([UInt8])
        /// The leaf first, DER.
        case chain([[UInt8]])
        case publicKey(hint: String)
        /// Nothing at all.
        case none
    }

    /// What is signed.
    public enum Content: Sendable {
        case envelope(EnvelopeTemplate)
        case message(MessageTemplate)
        /// Nothing at all.
        case none

        var isEnvelope: Bool { if case .envelope = self { true } else { false } }
    }

    /// One of the spellings above, or any other text.
    public var mediaType = MediaType.v03
    /// What verifies the signature.
    public var material: Material
    /// The log entries.
    public var entries: [LogEntryTemplate] = []
    /// The timestamp tokens.
    public var timestamps: [TimestampTemplate] = []
    /// What is signed.
    public var content: Content

    /// A bundle without log entries and timestamps.
    public init(material: Material, content: Content) {
        self.material = material
        self.content = content
    }

    /// The bytes of the signature, or of the first one.
    public var signature: [UInt8] {
        switch content {
        case .envelope(let envelope): envelope.signatures.first?.bytes ?? []
        case .message(let message): message.signature
        case .none: []
        }
    }

    /// The document; what else a test wants changed can be changed in it.
    public func json() throws -> JSONTree {
        var proof: JSONTree = .object([])
        switch material {
        case .certificate(let der): proof["certificate"] = ["rawBytes": .base64(der)]
        case .chain(let chain):
            proof["x509CertificateChain"] = [
                "certificates": .array(chain.map { ["rawBytes": .base64($0)] })
            ]
        case .publicKey(let hint): proof["publicKey"] = ["hint": .string(hint)]
        case .none: break
        }
        if !entries.isEmpty { proof["tlogEntries"] = .array(try entries.map { try $0.json() }) }
        if !timestamps.isEmpty {
            proof["timestampVerificationData"] = [
                "rfc3161Timestamps": .array(
                    try timestamps.map { ["signedTimestamp": .base64(try $0.minted())] })
            ]
        }
        var tree: JSONTree = ["mediaType": .string(mediaType), "verificationMaterial": proof]
        switch content {
        case .envelope(let envelope): tree["dsseEnvelope"] = envelope.json
        case .message(let message): tree["messageSignature"] = message.json
        case .none: break
        }
        return tree
    }

    /// The document's JSON text.
    public func bytes() throws -> [UInt8] { try json().bytes }
}
