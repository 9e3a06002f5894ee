// SPDX-License-Identifier: Apache-2.0

/// A trusted_root.json before it is written.
public struct TrustedRootTemplate: Sendable {
    /// The media type of version 0.1.
    public static let mediaTypeV01 = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"
    /// The media type of version 0.2.
    public static let mediaTypeV02 = "application/vnd.dev.sigstore.trustedroot.v0.2+json"

    /// A log or a CT log.
    public struct Log: Sendable {
        /// Its host is the name of a Rekor v2 log.
        public var baseURL: String
        /// The hash of the tree.
        public var hashAlgorithm = "SHA2_256"
        /// The SubjectPublicKeyInfo, DER.
        public var publicKeyDER: [UInt8]
        /// Sigstore's name of key and scheme.
        public var keyDetails: String
        /// `nil` leaves it out.
        public var start: TestTime? = TestTime(2020, 1, 1)
        /// `nil` leaves it out.
        public var end: TestTime?
        /// The id by which the log is found.
        public var id: [UInt8]
        /// Version 0.2: the key hash of checkpoints.
        public var checkpointKeyID: [UInt8]?
        /// Version 0.2: who runs it.
        public var operatorName: String?

        /// A log with that key, trusted from 2020 on.
        public init(baseURL: String, key: AuthorityKey, id: [UInt8]) {
            self.baseURL = baseURL
            publicKeyDER = key.publicKeyDER
            keyDetails = key.keyDetails
            self.id = id
        }

        /// The JSON of the member.
        public var json: JSONTree {
            var tree: JSONTree = [
                "baseUrl": .string(baseURL), "hashAlgorithm": .string(hashAlgorithm),
                "publicKey": [
                    "rawBytes": .base64(publicKeyDER), "keyDetails": .string(keyDetails),
                    "validFor": window(start, end),
                ],
                "logId": ["keyId": .base64(id)],
            ]
            if let checkpointKeyID { tree["checkpointKeyId"] = ["keyId": .base64(checkpointKeyID)] }
            if let operatorName { tree["operator"] = .string(operatorName) }
            return tree
        }
    }

    /// A certificate authority or a timestamp authority.
    public struct Authority: Sendable {
        /// The organization of the member's subject.
        public var organization: String
        /// The common name of the member's subject.
        public var commonName: String
        /// Where it would be.
        public var uri: String
        /// DER; the root last.
        public var certificates: [[UInt8]]
        /// `nil` leaves it out.
        public var start: TestTime? = TestTime(2020, 1, 1)
        /// `nil` leaves it out.
        public var end: TestTime?
        /// Version 0.2: who runs it.
        public var operatorName: String?

        /// An authority with that chain, trusted from 2020 on.
        public init(name: DistinguishedName, uri: String, chain: [MintedCertificate]) {
            organization = name.value(of: "2.5.4.10")
            commonName = name.value(of: "2.5.4.3")
            self.uri = uri
            certificates = chain.map(\.der)
        }

        /// The JSON of the member.
        public var json: JSONTree {
            var tree: JSONTree = [
                "subject": ["organization": .string(organization), "commonName": .string(commonName)],
                "uri": .string(uri),
                "certChain": ["certificates": .array(certificates.map { ["rawBytes": .base64($0)] })],
                "validFor": window(start, end),
            ]
            if let operatorName { tree["operator"] = .string(operatorName) }
            return tree
        }
    }

    /// One of the two above, or any other text.
    public var mediaType = TrustedRootTemplate.mediaTypeV01
    /// The transparency logs.
    public var logs: [Log] = []
    /// The certificate authorities.
    public var certificateAuthorities: [Authority] = []
    /// The certificate transparency logs.
    public var ctLogs: [Log] = []
    /// The timestamp authorities.
    public var timestampAuthorities: [Authority] = []

    /// An empty trusted root.
    public init() {}

    /// The document.
    public var json: JSONTree {
        [
            "mediaType": .string(mediaType), "tlogs": .array(logs.map(\.json)),
            "certificateAuthorities": .array(certificateAuthorities.map(\.json)),
            "ctlogs": .array(ctLogs.map(\.json)),
            "timestampAuthorities": .array(timestampAuthorities.map(\.json)),
        ]
    }

    /// The document's JSON text.
    public var bytes: [UInt8] { json.bytes }
}

extension TestTransparencyLog {
    /// The log as a trusted root lists it.
    public var trusted: TrustedRootTemplate.Log { .init(baseURL: url, key: key, id: id) }
}

extension TestCTLog {
    /// The log as a trusted root lists it.
    public var trusted: TrustedRootTemplate.Log { .init(baseURL: url, key: key, id: id) }
}

extension TestCertificateAuthority {
    /// The authority as a trusted root lists it.
    public var trusted: TrustedRootTemplate.Authority {
        .init(name: root.name, uri: "https://fulcio.sigstore.test", chain: chain)
    }
}

extension TestTimestampAuthority {
    /// The authority as a trusted root lists it.
    public var trusted: TrustedRootTemplate.Authority { .init(name: signer.name, uri: url, chain: chain) }
}

private func window(_ start: TestTime?, _ end: TestTime?) -> JSONTree {
    var tree: JSONTree = .object([])
    if let start { tree["start"] = .string(start.rfc3339) }
    if let end { tree["end"] = .string(end.rfc3339) }
    return tree
}
