// SPDX-License-Identifier: Apache-2.0

/// A timestamp response of RFC 3161 before it is signed.
public struct TimestampTemplate: Sendable {
    /// The PKIStatus: 0 is granted, 1 granted with modifications.
    public var status = 0
    /// A text of the status.
    public var statusText: String?
    /// Leave the token out of the response.
    public var tokenOmitted = false

    // MARK: TSTInfo

    /// The version of TSTInfo.
    public var version = 1
    /// Sigstore's policy, unless another is named.
    public var policy = "1.3.6.1.4.1.57264.2"
    /// The object identifier of the imprint's hash.
    public var imprintHashOID: String
    /// The hash of what is timestamped.
    public var imprint: [UInt8]
    /// Big-endian magnitude.
    public var serial: [UInt8] = [1] + MintedText.random(8)
    /// With its fraction where there is one.
    public var genTime: TestTime
    /// The text of genTime; `nil` writes the time above.
    public var genTimeText: String?
    /// `nil` leaves it out.
    public var accuracySeconds: Int? = 1
    /// `nil` leaves it out.
    public var accuracyMilliseconds: Int?
    /// The `ordering` flag.
    public var ordering = false
    /// Big-endian magnitude; `nil` leaves it out.
    public var nonce: [UInt8]?
    /// The `tsa` field; `nil` leaves it out.
    public var name: GeneralName?

    // MARK: SignedData

    /// The version of SignedData.
    public var cmsVersion = 3
    /// The eContentType.
    public var contentTypeOID = "1.2.840.113549.1.9.16.1.4"
    /// The hashes that SignedData lists; `nil` lists those of the signers.
    public var digestAlgorithms: [MintedHash]?
    /// Certificates in the token, in this order; `nil` leaves the field out.
    public var certificates: [[UInt8]]?
    /// Who signs; a good token has one.
    public var signers: [Signer]
    /// The eContent; `nil` writes the TSTInfo that stands here.
    public var content: [UInt8]?
    /// Leave the eContent out, as a detached signature does.
    public var contentOmitted = false
    /// Bytes after the response.
    public var trailing: [UInt8] = []

    /// A granted token.
    public init(imprintHash: MintedHash, imprint: [UInt8], genTime: TestTime, signers: [Signer]) {
        imprintHashOID = imprintHash.oid
        self.imprint = imprint
        self.genTime = genTime
        self.signers = signers
    }

    /// Embeds the certificates of the signers.
    public mutating func embedSigners() { certificates = signers.map(\.certificate.der) }

    /// The TSTInfo.
    public var tstInfo: [UInt8] {
        let accuracy = ASN1Writer.sequence(
            accuracySeconds.map { ASN1Writer.integer($0) } ?? [],
            accuracyMilliseconds.map { ASN1Writer.contextPrimitive(0, Array(ASN1Writer.integer($0).dropFirst(2))) }
                ?? [])
        return ASN1Writer.sequence(
            ASN1Writer.integer(version), ASN1Writer.oid(policy),
            ASN1Writer.sequence(
                ASN1Writer.sequence(ASN1Writer.oid(imprintHashOID), ASN1Writer.null), ASN1Writer.octets(imprint)),
            ASN1Writer.integer(magnitude: serial),
            ASN1Writer.node(0x18, Array((genTimeText ?? genTime.generalizedText).utf8)),
            accuracySeconds == nil && accuracyMilliseconds == nil ? [] : accuracy,
            ordering ? ASN1Writer.boolean(true) : [], nonce.map { ASN1Writer.integer(magnitude: $0) } ?? [],
            name.map { ASN1Writer.context(0, $0.der) } ?? [])
    }

    /// The token: a ContentInfo.
    public func token() throws -> [UInt8] {
        let content = content ?? tstInfo
        let hashes = digestAlgorithms ?? signers.map(\.hash).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        let signed = ASN1Writer.sequence(
            ASN1Writer.integer(cmsVersion), ASN1Writer.set(hashes.map(hashIdentifier)),
            ASN1Writer.sequence(
                ASN1Writer.oid(contentTypeOID),
                contentOmitted ? [] : ASN1Writer.context(0, ASN1Writer.octets(content))),
            certificates.map { ASN1Writer.context(0, $0.flatMap { $0 }) } ?? [],
            ASN1Writer.node(0x31, try signers.flatMap { try $0.minted(over: content) }))
        return ASN1Writer.sequence(
            ASN1Writer.oid("1.2.840.113549.1.7.2"), ASN1Writer.context(0, signed))
    }

    /// The whole TimeStampResp.
    public func minted() throws -> [UInt8] {
        let text = statusText.map { ASN1Writer.sequence(ASN1Writer.utf8($0)) } ?? []
        return ASN1Writer.sequence(
            ASN1Writer.sequence(ASN1Writer.integer(status), text), tokenOmitted ? [] : try token()) + trailing
    }
}

func hashIdentifier(_ hash: MintedHash) -> [UInt8] {
    ASN1Writer.sequence(ASN1Writer.oid(hash.oid), ASN1Writer.null)
}
