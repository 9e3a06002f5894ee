// SPDX-License-Identifier: Apache-2.0
import JSON

/// A log's word about the size and the root of its tree: read, and not checked. C2SP tlog-checkpoint and signed-note.
///
///     rekor.example - 1193050959916656506          origin
///     7                                            leaves
///     41kgtfkJyGLPljLE0LY1oNfI+QvLunP5Ctpqz/h8N5M= root
///     [lines that extend it]
///
///     — rekor.example iVnAtDBEAiAT…                name, base64 of the key's hash (4 bytes) and the signature
struct Checkpoint {
    /// One signature line, by whomever.
    struct Signature {
        let name: String
        /// Tells keys of one name apart.
        let keyHash: [UInt8]
        let bytes: [UInt8]
    }

    let origin: String
    let treeSize: Int64
    let rootHash: [UInt8]
    /// What is signed: everything before the empty line, the last newline included.
    let signedText: [UInt8]
    /// At least one.
    let signatures: [Signature]

    /// Bytes of a whole note. Rekor's have about 300, and 150 for each witness; a post-quantum cosignature has 3,300.
    static let maximumLength = 64 << 10
    /// Signature lines; logs of today have four.
    static let maximumSignatures = 32
    /// Lines before the signatures, of which three are needed; old Rekor wrote a fourth.
    static let maximumTextLines = 16

    init(_ bytes: [UInt8]) throws(LogError) {
        guard !bytes.isEmpty else { throw .checkpointUnreadable("there is none") }
        guard bytes.count <= Self.maximumLength else {
            throw .checkpointUnreadable("it has more than \(Self.maximumLength) bytes")
        }
        // Valid UTF-8 without control characters but the newline, C2SP signed-note.
        guard String(validating: bytes, as: UTF8.self) != nil,
            bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x0A })
        else { throw .checkpointUnreadable("it is not plain text") }
        guard bytes.last == 0x0A else { throw .checkpointUnreadable("its last line does not end") }
        let lines = bytes.dropLast().split(separator: 0x0A, omittingEmptySubsequences: false)
        // No line of a checkpoint is empty, so the first one that is ends its text.
        guard let gap = lines.firstIndex(where: \.isEmpty) else { throw .checkpointUnreadable("it has no signatures") }
        let text = lines[..<gap]
        guard 3...Self.maximumTextLines ~= text.count else {
            throw .checkpointUnreadable("it has not the lines of origin, size and root")
        }
        origin = String(decoding: text[0], as: UTF8.self)
        treeSize = try Self.size(text[1])
        guard let root = Base64.decode(String(decoding: text[2], as: UTF8.self)), root.count == 32 else {
            throw .checkpointUnreadable("its third line is not the base64 of a root hash")
        }
        rootHash = root
        signedText = Array(text.joined(separator: [0x0A])) + [0x0A]
        let signed = lines[(gap + 1)...]
        guard !signed.isEmpty else { throw .checkpointUnsigned }
        guard signed.count <= Self.maximumSignatures else {
            throw .checkpointUnreadable("it has more than \(Self.maximumSignatures) signatures")
        }
        var signatures: [Signature] = []
        for line in signed { signatures.append(try Self.signature(line)) }
        self.signatures = signatures
    }

    /// Decimal digits without a leading zero.
    private static func size(_ line: ArraySlice<UInt8>) throws(LogError) -> Int64 {
        guard line.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
            line.first != UInt8(ascii: "0") || line.count == 1, let size = Int64(String(decoding: line, as: UTF8.self))
        else { throw .checkpointUnreadable("its second line is not a number below 2^63") }
        return size
    }

    /// `— name base64`; a name has neither space nor plus.
    private static func signature(_ line: ArraySlice<UInt8>) throws(LogError) -> Signature {
        let dash = Array("\u{2014} ".utf8)
        let words = line.dropFirst(dash.count).split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard line.starts(with: dash), words.count == 2 else {
            throw .checkpointUnreadable("a line after its text is no signature")
        }
        let name = String(decoding: words[0], as: UTF8.self)
        guard !name.isEmpty, !name.unicodeScalars.contains(where: { $0 == "+" || $0.properties.isWhitespace }),
            let bytes = Base64.decode(String(decoding: words[1], as: UTF8.self)), bytes.count > 4
        else { throw .checkpointUnreadable("a signature of it is no name and base64") }
        return Signature(name: name, keyHash: Array(bytes.prefix(4)), bytes: Array(bytes.dropFirst(4)))
    }
}
