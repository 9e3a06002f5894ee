// SPDX-License-Identifier: Apache-2.0
import JSON

/// One file of metadata that has been read and not yet believed: what is signed, and the signatures. TUF 1.0 §4.2.1.
struct Metadata: Sendable {
    let file: String
    let role: RoleName
    /// The `signed` object.
    let signed: JSONValue
    let version: Int64
    /// Seconds since 1970; from then on it is not believed.
    let expires: Int64
    /// What the signatures are over.
    private let message: [UInt8]
    private let signatures: [(keyID: [UInt8], signature: [UInt8])]

    /// Signatures of one file; sigstore's have five, and ten while keys change their identifiers.
    private static let maximumSignatures = 64
    private static let maximumDepth = 32
    /// The public-good targets have four hundred values; a file of five megabytes with a value every eight bytes has
    /// fewer than these.
    private static let maximumValues = 1 << 19

    init(_ bytes: [UInt8], file: String, role: RoleName) throws(MetadataError) {
        func malformed(_ why: String) -> MetadataError { .malformed(file: file, why: why) }
        guard bytes.count <= role.maximumBytes else { throw .tooLong(file: file, limit: role.maximumBytes) }
        let document: JSONDocument
        let limits = JSONLimits(
            maximumBytes: role.maximumBytes, maximumDepth: Self.maximumDepth, maximumValues: Self.maximumValues)
        do { document = try JSONDocument(parsing: bytes, limits: limits) } catch {
            throw malformed("it is not JSON: \(error)")
        }
        guard let signed = document.root["signed"], signed.kind == .object,
            let list = document.root["signatures"], list.kind == .array
        else { throw malformed("it has no 'signed' object and 'signatures' list") }
        guard signed["_type"]?.string?.utf8.elementsEqual(role.rawValue.utf8) == true else {
            throw malformed("it is no metadata of the role \(role.rawValue)")
        }
        guard let specification = signed["spec_version"]?.string, specification.utf8.starts(with: "1.".utf8) else {
            throw malformed("its spec_version is not 1")
        }
        guard let version = signed["version"]?.integer, version > 0 else { throw malformed("it has no version") }
        guard let expires = signed["expires"]?.string.flatMap(UTCTime.seconds) else {
            throw malformed("it has no time of expiry")
        }
        guard let message = CanonicalJSON.bytes(of: signed) else {
            throw malformed("it has a number that is not whole, which cannot be signed")
        }
        var signatures: [(keyID: [UInt8], signature: [UInt8])] = []
        for element in list.elements {
            guard let keyID = element["keyid"]?.string, let text = element["sig"]?.string else {
                throw malformed("a signature lacks its keyid or sig")
            }
            guard signatures.count < Self.maximumSignatures else {
                throw malformed("it has more than \(Self.maximumSignatures) signatures")
            }
            // An empty one is how some tools write "not signed yet"; it and what is no hexadecimal count for nothing.
            let signature = Hexadecimal.decode(text, atMost: MetadataKey.maximumSignatureLength) ?? []
            signatures.append((Array(keyID.utf8), signature))
        }
        self.file = file
        self.role = role
        self.signed = signed
        self.version = version
        self.expires = expires
        self.message = message
        self.signatures = signatures
    }

    /// How many distinct keys of the role have signed this: by what the key is and not only by what it is called, so that
    /// one key under two identifiers counts once. No more are looked for than are needed. TUF 1.0 §4.2.1, §5.3.4.
    private func signers(among keys: RoleKeys) -> Int {
        var counted: Set<[UInt8]> = []
        for (keyID, signature) in signatures where !signature.isEmpty && counted.count < keys.threshold {
            guard let key = keys.keys[keyID], !counted.contains(key.identity) else { continue }
            if key.isValid(signature, over: message) { counted.insert(key.identity) }
        }
        return counted.count
    }

    func verify(by keys: RoleKeys) throws(MetadataError) {
        let valid = signers(among: keys)
        guard valid >= keys.threshold else {
            throw .unsigned(role: role, valid: valid, threshold: keys.threshold)
        }
    }

    /// `now` in seconds since 1970; without one nothing expires.
    func checkExpiry(_ now: Int64?) throws(MetadataError) {
        guard let now, now >= expires else { return }
        throw .expired(role: role, at: expires)
    }

    func malformed(_ why: String) -> MetadataError { .malformed(file: file, why: why) }
}

extension RoleName {
    /// Bytes of one file of the role, as the reference client bounds them (python-tuf `UpdaterConfig`).
    var maximumBytes: Int {
        switch self {
        case .root: 512_000
        case .timestamp: 16_384
        case .snapshot: 2_000_000
        case .targets: 5_000_000
        }
    }
}

/// The keys that may sign for a role, by identifier, and how many of them must.
struct RoleKeys: Sendable {
    let keys: [[UInt8]: MetadataKey]
    /// At least 1.
    let threshold: Int
}
