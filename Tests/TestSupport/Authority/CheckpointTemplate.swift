// SPDX-License-Identifier: Apache-2.0

/// A log's signed note about its tree, before it is signed. C2SP tlog-checkpoint and signed-note.
public struct CheckpointTemplate: Sendable {
    /// One signature line.
    public struct Signature: Sendable {
        /// How the bytes after the key hash come about.
        public enum Kind: Sendable {
            /// The log's own signature over the text.
            case log(AuthorityKey, AuthorityKey.Scheme? = nil)
            /// A witness's cosignature/v1 of that time.
            case witness(AuthorityKey, TestTime)
            /// Bytes as they are.
            case raw([UInt8])
        }

        /// The name on the line.
        public var name: String
        /// The first four bytes of what the line's base64 holds.
        public var keyHash: [UInt8]
        /// How the signature comes about.
        public var kind: Kind

        /// A signature line.
        public init(name: String, keyHash: [UInt8], kind: Kind) {
            self.name = name
            self.keyHash = keyHash
            self.kind = kind
        }

        /// A witness with an Ed25519 key: algorithm byte 4. C2SP tlog-cosignature.
        public static func witness(_ name: String, _ key: AuthorityKey, at time: TestTime) -> Signature {
            let id = MintedHash.sha256(Array(name.utf8) + [0x0A, 0x04] + key.rawPublicKey)
            return Signature(name: name, keyHash: Array(id.prefix(4)), kind: .witness(key, time))
        }

        /// A signature by another key under another name, as a plain Ed25519 signed note has it.
        public static func other(_ name: String, _ key: AuthorityKey) -> Signature {
            let id = MintedHash.sha256(Array(name.utf8) + [0x0A, 0x01] + key.rawPublicKey)
            return Signature(name: name, keyHash: Array(id.prefix(4)), kind: .log(key))
        }
    }

    /// The first line; `nil` leaves it out.
    public var origin: String?
    /// The second line; `nil` leaves it out.
    public var size: String?
    /// The third line, the root in base64; `nil` leaves it out.
    public var root: String?
    /// Extension lines after the root.
    public var extraLines: [String] = []
    /// The signature lines, in order.
    public var signatures: [Signature]

    /// The checkpoint of a tree.
    public init(origin: String, size: Int, root: [UInt8], signatures: [Signature]) {
        self.origin = origin
        self.size = String(size)
        self.root = MintedText.base64(root)
        self.signatures = signatures
    }

    /// What is signed: each line with its newline.
    public var signedText: String {
        ([origin, size, root].compactMap { $0 } + extraLines).map { $0 + "\n" }.joined()
    }

    /// The whole note.
    public func text() throws -> String {
        let signed = Array(signedText.utf8)
        let lines = try signatures.map { signature in
            let bytes: [UInt8] =
                switch signature.kind {
                case .log(let key, let scheme): try key.sign(signed, scheme ?? Self.scheme(of: key))
                case .witness(let key, let time):
                    MintedText.bigEndian(UInt64(bitPattern: time.seconds), bytes: 8)
                        + (try key.sign(Array("cosignature/v1\ntime \(time.seconds)\n".utf8) + signed))
                case .raw(let bytes): bytes
                }
            return "\u{2014} \(signature.name) \(MintedText.base64(signature.keyHash + bytes))\n"
        }
        return signedText + "\n" + lines.joined()
    }

    /// Logs sign with SHA-256 whatever their curve.
    private static func scheme(of key: AuthorityKey) -> AuthorityKey.Scheme {
        key.kind == .ed25519 ? .ed25519 : .hashed(.sha256)
    }
}
