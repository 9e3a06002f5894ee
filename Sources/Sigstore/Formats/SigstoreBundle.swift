// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI

/// A Sigstore bundle that has been read and not checked. sigstore/protobuf-specs, sigstore_bundle.proto, versions 0.1,
/// 0.2 and 0.3, in protobuf's JSON mapping with lowerCamelCase names.
struct SigstoreBundle {
    enum Version: Hashable {
        case v01, v02, v03
    }

    enum Content {
        case envelope(Envelope)
        /// A signature over an artifact's bytes, and the digest that it says they have.
        case messageSignature(digest: SaidDigest?, signature: [UInt8])
    }

    /// A hint that has to be true: the artifact is hashed and compared.
    struct SaidDigest: Hashable {
        let algorithm: HashAlgorithm
        let bytes: [UInt8]
    }

    let version: Version
    let signer: OfferedSigner
    let content: Content
    let entries: [LogEntry]
    /// Timestamp responses, DER.
    let timestamps: [[UInt8]]
    private let root: JSONValue

    /// Log entries and timestamps in one bundle, each; the bound of the reference client.
    static let maximumEntries = 32
    /// Certificates of a version 0.1 or 0.2 chain, the signer's included. Fulcio's has two.
    static let maximumChainLength = 10

    /// The envelope's own text, for whoever wants to print it; empty where the bundle holds none.
    var envelopeText: [UInt8] { root["dsseEnvelope"].map { Array($0.rawText) } ?? [] }

    static func read(_ bytes: [UInt8]) throws(VerificationError) -> SigstoreBundle {
        try read(bytes, taken: nil)
    }

    /// The same where the payload of its envelope has been taken out of the text.
    static func read(_ bytes: [UInt8], taken large: LargePayload?) throws(VerificationError) -> SigstoreBundle {
        let document: JSONDocument
        do throws(JSONError) { document = try JSONDocument(parsing: bytes, limits: .proof) } catch {
            throw .unreadable("the bundle is not JSON: \(large?.original(error) ?? error)")
        }
        return try SigstoreBundle(document.root, large)
    }

    private init(_ root: JSONValue, _ large: LargePayload?) throws(VerificationError) {
        self.root = root
        let bundle = try BundleObject(root, "the bundle")
        try bundle.allow(["mediaType", "verificationMaterial", "dsseEnvelope", "messageSignature"])
        version = try Self.version(bundle.text("mediaType"))
        let material = try bundle.object("verificationMaterial")
        try material.allow([
            "publicKey", "x509CertificateChain", "certificate", "tlogEntries", "timestampVerificationData",
        ])
        signer = try Self.signer(material, version)
        // Counted before any of them is read.
        let list = try material.list("tlogEntries", atMost: Self.maximumEntries)
        var entries: [LogEntry] = []
        for entry in list { entries.append(try LogEntry(entry, version)) }
        self.entries = entries
        var timestamps: [[UInt8]] = []
        if let data = try material.optionalObject("timestampVerificationData") {
            try data.allow(["rfc3161Timestamps"])
            for timestamp in try data.list("rfc3161Timestamps", atMost: Self.maximumEntries) {
                try timestamp.allow(["signedTimestamp"])
                timestamps.append(try timestamp.bytes("signedTimestamp"))
            }
        }
        self.timestamps = timestamps
        content =
            switch (bundle.optional("dsseEnvelope"), try bundle.optionalObject("messageSignature")) {
            case (let envelope?, nil): .envelope(try Envelope(envelope, strict: true, large: large))
            case (nil, let message?): try Self.messageSignature(message)
            case (nil, nil): throw .unreadable("the bundle holds no signature")
            case (_?, _?): throw .unreadable("the bundle holds two kinds of signature")
            }
    }

    private static let mediaTypes: [(String, Version)] = [
        ("application/vnd.dev.sigstore.bundle.v0.3+json", .v03),
        ("application/vnd.dev.sigstore.bundle+json;version=0.3", .v03),
        ("application/vnd.dev.sigstore.bundle+json;version=0.2", .v02),
        ("application/vnd.dev.sigstore.bundle+json;version=0.1", .v01),
    ]

    private static func version(_ mediaType: String?) throws(VerificationError) -> Version {
        guard let mediaType else { throw .unreadable("the bundle has no mediaType") }
        guard let known = mediaTypes.first(where: { $0.0.isExactly(mediaType) }) else {
            throw .unreadable("the bundle's media type is not known: \(printable(mediaType))")
        }
        return known.1
    }

    /// Exactly one of the three; a chain only before version 0.3.
    private static func signer(
        _ material: BundleObject, _ version: Version
    ) throws(VerificationError) -> OfferedSigner {
        switch (
            try material.optionalObject("publicKey"), try material.optionalObject("certificate"),
            try material.optionalObject("x509CertificateChain")
        ) {
        case (let key?, nil, nil):
            try key.allow(["hint"])
            // Which key it is, is for the operator to say.
            _ = try key.text("hint")
            return .key
        case (nil, let certificate?, nil):
            try certificate.allow(["rawBytes"])
            return .certificate(try certificate.bytes("rawBytes"), offered: [])
        case (nil, nil, let chain?):
            guard version != .v03 else { throw .unreadable("a version 0.3 bundle holds no certificate chain") }
            try chain.allow(["certificates"])
            var certificates: [[UInt8]] = []
            for certificate in try chain.list("certificates", atMost: maximumChainLength) {
                try certificate.allow(["rawBytes"])
                certificates.append(try certificate.bytes("rawBytes"))
            }
            guard let leaf = certificates.first else { throw .unreadable("the bundle's certificate chain is empty") }
            return .certificate(leaf, offered: Array(certificates.dropFirst()))
        case (nil, nil, nil): throw .unreadable("the bundle names neither a key nor a certificate")
        default: throw .unreadable("the bundle names several signers")
        }
    }

    private static func messageSignature(_ message: BundleObject) throws(VerificationError) -> Content {
        try message.allow(["messageDigest", "signature"])
        var said: SaidDigest?
        if let digest = try message.optionalObject("messageDigest") {
            try digest.allow(["algorithm", "digest"])
            let name = try digest.text("algorithm") ?? ""
            guard let algorithm = hashes.first(where: { $0.0.isExactly(name) })?.1 else {
                throw .unreadable("the bundle's digest is of an algorithm that is not known: \(printable(name))")
            }
            said = SaidDigest(algorithm: algorithm, bytes: try digest.bytes("digest"))
        }
        return .messageSignature(digest: said, signature: try message.bytes("signature"))
    }

    /// sigstore/protobuf-specs, HashAlgorithm; SHA-3 is not known here.
    private static let hashes: [(String, HashAlgorithm)] = [
        ("SHA2_256", .sha256), ("SHA2_384", .sha384), ("SHA2_512", .sha512),
    ]
}

/// Who a proof says has signed it; nothing of it is believed.
enum OfferedSigner: Hashable {
    /// Somebody whose key is known by other means.
    case key
    /// The holder of the key in this certificate, DER; and what came along to lead from it to an authority.
    case certificate([UInt8], offered: [[UInt8]])
}

extension LogEntry {
    /// `tlogEntries[n]`: version 0.1 asks for a promise, the later ones for a proof with its checkpoint.
    fileprivate init(_ entry: BundleObject, _ version: SigstoreBundle.Version) throws(VerificationError) {
        try entry.allow([
            "logIndex", "logId", "kindVersion", "integratedTime", "inclusionPromise", "inclusionProof",
            "canonicalizedBody",
        ])
        let id = try entry.object("logId")
        try id.allow(["keyId"])
        let kind = try entry.object("kindVersion")
        try kind.allow(["kind", "version"])
        var promise: [UInt8]?
        if let object = try entry.optionalObject("inclusionPromise") {
            try object.allow(["signedEntryTimestamp"])
            promise = try object.bytes("signedEntryTimestamp")
        }
        let proof = try entry.optionalObject("inclusionProof").map { object throws(VerificationError) in
            try InclusionProof(object)
        }
        guard version != .v01 || promise != nil else { throw .unreadable("\(entry.place) has no inclusion promise") }
        guard version == .v01 || proof != nil else { throw .unreadable("\(entry.place) has no inclusion proof") }
        let time = try entry.integer("integratedTime") ?? 0
        self.init(
            index: try entry.natural("logIndex"), logID: try id.bytes("keyId"),
            kind: (name: try kind.text("kind") ?? "", version: try kind.text("version") ?? ""),
            integratedTime: time == 0 ? nil : time, signedEntryTimestamp: promise, inclusionProof: proof,
            body: try entry.bytes("canonicalizedBody"))
    }
}

extension InclusionProof {
    fileprivate init(_ proof: BundleObject) throws(VerificationError) {
        try proof.allow(["logIndex", "rootHash", "treeSize", "hashes", "checkpoint"])
        let checkpoint = try proof.object("checkpoint")
        try checkpoint.allow(["envelope"])
        self.init(
            leafIndex: try proof.natural("logIndex"), treeSize: try proof.natural("treeSize"),
            rootHash: try proof.bytes("rootHash"), siblings: try proof.listOfBytes("hashes", atMost: 63),
            checkpoint: try checkpoint.text("envelope") ?? "")
    }
}
