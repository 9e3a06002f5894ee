// SPDX-License-Identifier: Apache-2.0
import JSON

/// What a log entry's body says: read, and not compared with anything.
///
///     { "apiVersion": "0.0.1", "kind": "dsse", "spec": { … } }
///
/// Members that are not known are not read: a log writes its own canonical form, and every binding that a kind has is
/// asked for below.
struct EntryBody {
    /// A hash by name and value.
    struct Hash: Equatable {
        let algorithm: HashAlgorithm
        let value: [UInt8]
    }

    /// Who signed, by DER.
    enum Signer: Equatable {
        case key([UInt8])
        case certificate([UInt8])
    }

    /// What the entry is about; one case for each way in which a kind names it.
    enum Subject: Equatable {
        /// The hash of what the signature is over.
        case signed(Hash)
        /// The payload of an envelope that has this very signature, and the envelope's text.
        case envelope(Hash, payload: Hash)
        /// The same without the text, of which only an unusual form was hashed; the payload's type is told.
        case payload(Hash, type: String?)
        /// An envelope's text, in which the signature is; the payload's hash came later.
        case text(Hash, payload: Hash?)
    }

    let kind: EntryKind
    /// `nil` where the kind does not record it.
    let signature: [UInt8]?
    let signer: Signer
    /// How Rekor v2 calls the key.
    let keyDetails: String?
    let subject: Subject

    /// A certificate of 16 KiB in base64, in PEM in base64, and as much again; the largest one seen in production has
    /// four thousand bytes. The deepest kind nests seven levels and has thirty values.
    static let limits = JSONLimits(maximumBytes: 64 << 10, maximumDepth: 12, maximumValues: 256)

    init(_ bytes: [UInt8]) throws(LogError) {
        let document: JSONDocument
        do { document = try JSONDocument(parsing: bytes, limits: Self.limits) } catch {
            throw .unreadable("its body is not JSON: \(error)")
        }
        let root = document.root
        guard let name = root["kind"]?.string, let version = root["apiVersion"]?.string else {
            throw .unreadable("its body names no kind and version")
        }
        guard let kind = EntryKind(name: name, version: version) else {
            throw .unknownKind(excerpt("\(name) \(version)"))
        }
        guard let spec = root["spec"] else { throw .unreadable("its body has no spec") }
        switch kind {
        case .hashedrekord1, .rekord1: self = try Self.rekord(kind, spec)
        case .dsse1: self = try Self.dsse(spec)
        case .intoto1: self = try Self.intoto1(spec)
        case .intoto2: self = try Self.intoto2(spec)
        case .hashedrekord2: self = try Self.hashedrekord2(spec)
        case .dsse2: self = try Self.dsse2(spec)
        }
    }

    init(kind: EntryKind, signature: [UInt8]?, signer: Signer, keyDetails: String? = nil, subject: Subject) {
        self.kind = kind
        self.signature = signature
        self.signer = signer
        self.keyDetails = keyDetails
        self.subject = subject
    }
}

extension EntryBody {
    /// Bytes that stand in a body in base64, with something in them.
    static func bytes(_ value: JSONValue?, _ name: String) throws(LogError) -> [UInt8] {
        guard let text = value?.string, let bytes = Base64.decode(text), !bytes.isEmpty else {
            throw .unreadable("its \(name) is not base64")
        }
        return bytes
    }

    /// The only element of a list: which one of several speaks would be ours to choose.
    static func only(_ list: JSONValue?, _ name: String) throws(LogError) -> JSONValue {
        guard let list, list.kind == .array, list.count == 1, let only = list[0] else {
            throw .unreadable("its \(name) is not a list of exactly one")
        }
        return only
    }
}
