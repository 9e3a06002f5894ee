// SPDX-License-Identifier: Apache-2.0
import JSON

/// A Sigstore bundle that has been read and not checked. sigstore/protobuf-specs, sigstore_bundle.proto, versions 0.1,
/// 0.2 and 0.3, in protobuf's JSON mapping with lowerCamelCase names.
struct SigstoreBundle {
    enum Version: Hashable {
        case v01, v02, v03
    }

    enum Material {
        /// The signer's key is known by other means; the hint is not read.
        case publicKey
        case certificate
        case certificateChain
    }

    enum Content {
        case envelope(Envelope)
        /// A signature over an artifact's bytes; on an image it says nothing that can be checked.
        case messageSignature
    }

    let version: Version
    let material: Material
    let content: Content
    let hasLogEntry: Bool
    let hasTimestamp: Bool

    /// Log entries and timestamps in one bundle, each; the bound of the reference client.
    static let maximumEntries = 32

    static func read(_ bytes: [UInt8]) throws(VerificationError) -> SigstoreBundle {
        let document: JSONDocument
        do { document = try JSONDocument(parsing: bytes, limits: .proof) } catch {
            throw .unreadable("the bundle is not JSON: \(error)")
        }
        return try SigstoreBundle(document.root)
    }

    /// The envelope's own text, for whoever wants to print it; empty where the bundle holds none.
    var envelopeText: [UInt8] { root["dsseEnvelope"].map { Array($0.rawText) } ?? [] }

    private let root: JSONValue

    private init(_ root: JSONValue) throws(VerificationError) {
        guard root.kind == .object else { throw .unreadable("the bundle is no JSON object") }
        self.root = root
        try root.allowOnly(["mediaType", "verificationMaterial", "dsseEnvelope", "messageSignature"], in: "the bundle")
        version = try Self.version(root["mediaType"]?.string)
        guard let material = root["verificationMaterial"], material.kind == .object else {
            throw .unreadable("the bundle has no verificationMaterial")
        }
        try material.allowOnly(
            ["publicKey", "x509CertificateChain", "certificate", "tlogEntries", "timestampVerificationData"],
            in: "verificationMaterial")
        self.material = try Self.signer(material, version)
        hasLogEntry = try Self.bounded(material["tlogEntries"], "tlogEntries", of: Self.entryMembers) > 0
        let timestamps = try Self.timestamps(material["timestampVerificationData"])
        hasTimestamp = try Self.bounded(timestamps, "rfc3161Timestamps", of: ["signedTimestamp"]) > 0
        content =
            switch (root["dsseEnvelope"], root["messageSignature"]) {
            case (let envelope?, nil): .envelope(try Envelope(envelope, strict: true))
            case (nil, let message?):
                try Self.messageSignature(message)
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
    private static func signer(_ material: JSONValue, _ version: Version) throws(VerificationError) -> Material {
        switch (material["publicKey"], material["certificate"], material["x509CertificateChain"]) {
        case (let key?, nil, nil):
            try members(key, ["hint"], in: "publicKey")
            guard key["hint"].map({ $0.isNull || $0.kind == .string }) ?? true else {
                throw .unreadable("publicKey.hint is no string")
            }
            return .publicKey
        case (nil, let certificate?, nil):
            try members(certificate, ["rawBytes"], in: "certificate")
            return .certificate
        case (nil, nil, let chain?):
            guard version != .v03 else { throw .unreadable("a version 0.3 bundle holds no certificate chain") }
            try members(chain, ["certificates"], in: "x509CertificateChain")
            return .certificateChain
        case (nil, nil, nil): throw .unreadable("the bundle names neither a key nor a certificate")
        default: throw .unreadable("the bundle names several signers")
        }
    }

    private static func messageSignature(_ message: JSONValue) throws(VerificationError) -> Content {
        try members(message, ["messageDigest", "signature"], in: "messageSignature")
        return .messageSignature
    }

    private static func timestamps(_ data: JSONValue?) throws(VerificationError) -> JSONValue? {
        guard let data, !data.isNull else { return nil }
        try members(data, ["rfc3161Timestamps"], in: "timestampVerificationData")
        return data["rfc3161Timestamps"]
    }

    /// What a log entry may say; read only as far as a hostile one is refused.
    private static let entryMembers = [
        "logIndex", "logId", "kindVersion", "integratedTime", "inclusionPromise", "inclusionProof",
        "canonicalizedBody",
    ]

    /// How many objects there are in the list, none of them with a member that its version does not know.
    private static func bounded(
        _ list: JSONValue?, _ name: String, of known: [String]
    ) throws(VerificationError) -> Int {
        guard let list, !list.isNull else { return 0 }
        guard list.kind == .array else { throw .unreadable("\(name) is no list") }
        let count = list.count
        guard count <= maximumEntries else { throw .unreadable("\(name) has more than \(maximumEntries) entries") }
        for element in list.elements { try members(element, known, in: name) }
        return count
    }

    private static func members(
        _ value: JSONValue, _ known: [String], in place: String
    ) throws(VerificationError) {
        guard value.kind == .object else { throw .unreadable("\(place) is no JSON object") }
        try value.allowOnly(known, in: place)
    }
}
