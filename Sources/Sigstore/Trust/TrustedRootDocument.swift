// SPDX-License-Identifier: Apache-2.0
import JSON

extension TrustMaterial {
    /// Bytes of a trusted root; the public-good one has seven thousand.
    static let maximumDocumentBytes = 1 << 20

    /// Reads a Sigstore trusted root, `trusted_root.json`: sigstore/protobuf-specs, sigstore_trustroot.proto, media types
    /// 0.1 and 0.2, in protobuf's JSON mapping.
    ///
    /// A member that the schema does not know, an identifier used for two keys, a key that is not what `keyDetails` says
    /// and a validity without a start are errors. A kind of key that is not known here only leaves its log or authority
    /// out, and `leftOut` says so: what is not believed proves nothing.
    public init(trustedRoot json: [UInt8]) throws(TrustError) {
        let document: JSONDocument
        let limits = JSONLimits(maximumBytes: Self.maximumDocumentBytes, maximumDepth: 16, maximumValues: 1 << 14)
        do { document = try JSONDocument(parsing: json, limits: limits) } catch {
            throw .malformed("it is not JSON: \(error)")
        }
        let root = try TrustedRootObject(document.root, "the trusted root")
        try root.allow(["mediaType", "tlogs", "certificateAuthorities", "ctlogs", "timestampAuthorities"])
        let mediaType = try root.text("mediaType")
        guard TrustedRootObject.mediaTypes.contains(where: { $0.isExactly(mediaType) }) else {
            throw .unknownMediaType(printable(mediaType))
        }
        var leftOut: [String] = []
        let logs = try root.list("tlogs").logs(&leftOut)
        let certificateLogs = try root.list("ctlogs").logs(&leftOut)
        let authorities = try root.list("certificateAuthorities").authorities(ofTimestamps: false, &leftOut)
        let timestampAuthorities = try root.list("timestampAuthorities").authorities(ofTimestamps: true, &leftOut)
        guard !(logs.isEmpty && authorities.isEmpty && timestampAuthorities.isEmpty) else { throw .empty }
        self.init(
            certificateAuthorities: authorities, logs: logs, certificateLogs: certificateLogs,
            timestampAuthorities: timestampAuthorities, leftOut: leftOut)
    }
}

/// A JSON object of the document and where it stands, for the sentence of an error.
private struct TrustedRootObject {
    static let mediaTypes = [
        "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "application/vnd.dev.sigstore.trustedroot+json;version=0.2",
        "application/vnd.dev.sigstore.trustedroot.v0.1+json",
        "application/vnd.dev.sigstore.trustedroot.v0.2+json",
    ]

    let value: JSONValue
    let place: String

    init(_ value: JSONValue, _ place: String) throws(TrustError) {
        guard value.kind == .object else { throw .malformed("\(place) is no JSON object") }
        self.value = value
        self.place = place
    }

    func allow(_ names: [String]) throws(TrustError) {
        for member in value.members where !names.contains(where: { $0.isExactly(member.name) }) {
            throw .malformed("\(place) has a member that its version does not know: \(printable(member.name))")
        }
    }

    /// A member, or `nil` where it is absent or null, which protobuf's JSON mapping does not tell apart.
    func optional(_ name: String) -> JSONValue? { value[name].flatMap { $0.isNull ? nil : $0 } }

    func object(_ name: String) throws(TrustError) -> TrustedRootObject {
        guard let member = optional(name) else { throw .malformed("\(place) has no \(name)") }
        return try TrustedRootObject(member, "\(place).\(name)")
    }

    func list(_ name: String) throws(TrustError) -> [TrustedRootObject] {
        guard let member = optional(name) else { return [] }
        guard member.kind == .array else { throw .malformed("\(place).\(name) is no list") }
        guard member.count <= TrustMaterial.maximumMembers else {
            throw .malformed("\(place).\(name) has more than \(TrustMaterial.maximumMembers) members")
        }
        var objects: [TrustedRootObject] = []
        for element in member.elements {
            objects.append(try TrustedRootObject(element, "\(place).\(name)[\(objects.count)]"))
        }
        return objects
    }

    /// A string; an empty one reads as an absent one, as protobuf has it.
    func text(_ name: String) throws(TrustError) -> String {
        guard let member = optional(name) else { return "" }
        guard let text = member.string else { throw .malformed("\(place).\(name) is no string") }
        return text
    }

    func bytes(_ name: String) throws(TrustError) -> [UInt8] {
        guard let bytes = Base64.decode(try text(name), .any), !bytes.isEmpty else {
            throw .malformed("\(place).\(name) is missing or no base64")
        }
        return bytes
    }

    /// `validFor`; its start has to be there.
    func validity(_ name: String) throws(TrustError) -> ValidityPeriod {
        let period = try object(name)
        try period.allow(["start", "end"])
        guard let start = Instant(rfc3339: try period.text("start")) else {
            throw .malformed("\(period.place).start is missing or no time")
        }
        var end: Instant?
        if period.optional("end") != nil {
            end = Instant(rfc3339: try period.text("end"))
            guard end != nil else { throw .malformed("\(period.place).end is no time") }
        }
        guard let validity = ValidityPeriod(start: start, end: end) else {
            throw .malformed("\(period.place) ends before it starts")
        }
        return validity
    }

    func certificates() throws(TrustError) -> [[UInt8]] {
        let chain = try object("certChain")
        try chain.allow(["certificates"])
        let list = try chain.list("certificates")
        guard !list.isEmpty else { throw .malformed("\(chain.place) is empty") }
        var certificates: [[UInt8]] = []
        for certificate in list {
            try certificate.allow(["rawBytes"])
            certificates.append(try certificate.bytes("rawBytes"))
        }
        return certificates
    }
}

extension [TrustedRootObject] {
    fileprivate func logs(_ leftOut: inout [String]) throws(TrustError) -> [TransparencyLog] {
        var logs: [TransparencyLog] = []
        for object in self {
            guard let log = try object.log(&leftOut) else { continue }
            // Several entries may describe one log in several periods; one identifier for two keys is a contradiction.
            guard logs.allSatisfy({ $0.id != log.id || $0.key == log.key }) else {
                throw .malformed("\(object.place) has the identifier of another log")
            }
            logs.append(log)
        }
        return logs
    }

    fileprivate func authorities(
        ofTimestamps: Bool, _ leftOut: inout [String]
    ) throws(TrustError) -> [CertificateAuthority] {
        var authorities: [CertificateAuthority] = []
        for object in self {
            try object.allow(["subject", "uri", "certChain", "validFor", "operator"])
            let validity = try object.validity("validFor")
            let name = try object.text("uri")
            var chain: [Certificate] = []
            var unusable: String?
            for der in try object.certificates() {
                do throws(CertificateError) { chain.append(try Certificate(der: der)) } catch {
                    guard case .unsupported = error else { throw .malformed("\(object.place).certChain: \(error)") }
                    unusable = "\(error)"
                }
            }
            if let unusable {
                leftOut.append("\(object.place): \(unusable)")
                continue
            }
            let operatorName = try object.text("operator")
            guard
                let authority = CertificateAuthority(
                    name: name.isEmpty
                        ? chain.last.map { Hexadecimal.encode(HashAlgorithm.sha256.hash($0.der)) } ?? "" : name,
                    chain: chain, ofTimestamps: ofTimestamps,
                    operatorName: operatorName, validity: validity)
            else { throw .malformed("\(object.place).certChain is no chain") }
            authorities.append(authority)
        }
        return authorities
    }
}

extension TrustedRootObject {
    /// `nil`, and a sentence more in `leftOut`, where the kind of key is not known here.
    fileprivate func log(_ leftOut: inout [String]) throws(TrustError) -> TransparencyLog? {
        try allow(["baseUrl", "hashAlgorithm", "publicKey", "logId", "checkpointKeyId", "operator"])
        let hash = try text("hashAlgorithm")
        guard hash.isExactly("SHA2_256") else { throw .malformed("\(place).hashAlgorithm is not SHA2_256") }
        let key = try object("publicKey")
        try key.allow(["rawBytes", "keyDetails", "validFor"])
        let validity = try key.validity("validFor")
        let raw = try key.bytes("rawBytes")
        let details = try key.text("keyDetails")
        let id = try identifier("logId", length: 32)
        let checkpointKeyID = optional("checkpointKeyId") == nil ? nil : try identifier("checkpointKeyId", length: 4)
        guard let known = KeyDetails.allCases.first(where: { $0.rawValue.isExactly(details) }) else {
            leftOut.append("\(key.place): keys of kind \(printable(details)) are not known")
            return nil
        }
        let publicKey: PublicKey
        do throws(KeyError) { publicKey = try known.publicKey(raw) } catch {
            throw .malformed("\(key.place).rawBytes is \(error)")
        }
        guard known.describes(publicKey) else { throw .malformed("\(key.place) is no key of kind \(details)") }
        return TransparencyLog(
            baseURL: try text("baseUrl"), id: id, checkpointKeyID: checkpointKeyID, key: publicKey,
            scheme: known.scheme, operatorName: try text("operator"), validity: validity)
    }

    private func identifier(_ name: String, length: Int) throws(TrustError) -> [UInt8] {
        let object = try object(name)
        try object.allow(["keyId"])
        let id = try object.bytes("keyId")
        guard id.count == length else { throw .malformed("\(object.place).keyId has not \(length) bytes") }
        return id
    }
}
