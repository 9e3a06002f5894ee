// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import Sigstore

@Suite("A checkpoint")
struct CheckpointTests {
    static let root = String(repeating: "A", count: 43) + "="
    static let line = "\u{2014} rekor.example AAAAAAE=\n"

    @Test("is read into its parts, and what is signed ends with its newline")
    func read() throws {
        let text = "rekor.example - 12\n7\n\(Self.root)\nTimestamp: 1\n"
        let checkpoint = try Checkpoint(Array((text + "\n" + Self.line + "\u{2014} w/1 AAAABAUG\n").utf8))
        #expect(checkpoint.origin == "rekor.example - 12")
        #expect(checkpoint.treeSize == 7)
        #expect(checkpoint.rootHash == [UInt8](repeating: 0, count: 32))
        #expect(checkpoint.signedText == Array(text.utf8))
        #expect(checkpoint.signatures.map(\.name) == ["rekor.example", "w/1"])
        #expect(checkpoint.signatures[1].keyHash == [0, 0, 0, 4])
        #expect(checkpoint.signatures[1].bytes == [5, 6])
    }

    static let malformed: [(String, String)] = [
        ("", "empty"),
        ("\n", "an empty line"),
        ("a\n1\n\(root)\n", "no signatures"),
        ("a\n1\n\(root)\n\n", "an empty line and no signatures"),
        ("a\n1\n\n\(line)", "no root"),
        ("a\n\(root)\n\n\(line)", "no size"),
        ("1\n\(root)\n\n\(line)", "no origin"),
        ("\n1\n\(root)\n\n\(line)", "an empty origin"),
        ("a\n01\n\(root)\n\n\(line)", "a leading zero"),
        ("a\n+1\n\(root)\n\n\(line)", "a sign"),
        ("a\n-1\n\(root)\n\n\(line)", "a negative size"),
        ("a\n1 \n\(root)\n\n\(line)", "a space after the size"),
        ("a\n0x1\n\(root)\n\n\(line)", "a size in hex"),
        ("a\n1e3\n\(root)\n\n\(line)", "a size with an exponent"),
        ("a\n\u{0661}\n\(root)\n\n\(line)", "digits of another script"),
        ("a\n9223372036854775808\n\(root)\n\n\(line)", "a size of 2^63"),
        ("a\n18446744073709551615\n\(root)\n\n\(line)", "a size of 2^64 - 1"),
        ("a\n1\n\(root.dropLast(4))\n\n\(line)", "a short root"),
        ("a\n1\n\(root)AAAA\n\n\(line)", "a long root"),
        ("a\n1\n\(root.dropLast())\n\n\(line)", "an unpadded root"),
        ("a\n1\n\(root.dropLast(2))_=\n\n\(line)", "a root in another alphabet"),
        ("a\n1\n \(root)\n\n\(line)", "a space before the root"),
        ("a\n1\n\(root)\n\n\(line)".replacing("\n", with: "\r\n"), "other line ends"),
        ("a\n1\n\(root)\n\n\(line.dropLast())", "no newline at the end"),
        ("a\n1\n\(root)\n\n\(line)\n", "an empty line at the end"),
        ("a\n1\n\(root)\n\n\n\(line)", "two empty lines"),
        ("a\n1\n\(root)\nx\n\ny\n\n\(line)", "an empty line in the text"),
        ("a\n1\n\(root)\n\(line)", "a signature in the text only"),
        ("a\n1\n\(root)\n\n- rekor.example AAAAAAE=\n", "a hyphen for the dash"),
        ("a\n1\n\(root)\n\n\u{2014}rekor.example AAAAAAE=\n", "no space after the dash"),
        ("a\n1\n\(root)\n\n\u{2014} rekor.example\n", "a signature without base64"),
        ("a\n1\n\(root)\n\n\u{2014} AAAAAAE=\n", "a signature without a name"),
        ("a\n1\n\(root)\n\n\u{2014}  AAAAAAE=\n", "a signature with an empty name"),
        ("a\n1\n\(root)\n\n\u{2014} a b AAAAAAE=\n", "a name with a space"),
        ("a\n1\n\(root)\n\n\u{2014} a\u{2003}b AAAAAAE=\n", "a name with a wide space"),
        ("a\n1\n\(root)\n\n\u{2014} a+b AAAAAAE=\n", "a name with a plus"),
        ("a\n1\n\(root)\n\n\u{2014} a AAAAAA==\n", "a key hash and no signature"),
        ("a\n1\n\(root)\n\n\u{2014} a AA==\n", "half a key hash"),
        ("a\n1\n\(root)\n\n\u{2014} a AAAAAAE\n", "unpadded base64"),
        ("a\n1\n\(root)\n\n\u{2014} a AAAAAAF=\n", "stray bits in base64"),
        ("a\n1\n\(root)\n\n\u{2014} a AAAA-_E=\n", "another alphabet of base64"),
        ("a\u{0}\n1\n\(root)\n\n\(line)", "a NUL"),
        ("a\tb\n1\n\(root)\n\n\(line)", "a tab"),
        ("a\u{7F}\n1\n\(root)\n\n\(line)", "a DEL"),
        ("a\n1\n\(root)\n\(String(repeating: "x\n", count: 14))\n\(line)", "too many lines"),
        ("a\n1\n\(root)\n\n\(String(repeating: line, count: 33))", "too many signatures"),
        (String(repeating: "a", count: 64 << 10) + "\n1\n\(root)\n\n\(line)", "too many bytes"),
    ]

    // sigstore-python #1826: a malformed checkpoint is a reason, never a crash.
    @Test("that is malformed is refused", arguments: malformed)
    func refused(text: String, what: String) {
        let error = #expect(throws: LogError.self, "\(what)") { try Checkpoint(Array(text.utf8)) }
        switch error {
        case .checkpointUnreadable, .checkpointUnsigned: break
        default: Issue.record("\(String(describing: error))")
        }
    }

    @Test("that is no UTF-8 is refused")
    func encoding() {
        let text = Array("a\n1\n\(Self.root)\n\n\(Self.line)".utf8)
        #expect((try? Checkpoint(text)) != nil)
        #expect(throws: LogError.checkpointUnreadable("it is not plain text")) { try Checkpoint([0xFF] + text) }
    }

    @Test("at the limits is read")
    func limits() throws {
        let extensions = String(repeating: "x\n", count: 13)
        let text = "a\n9223372036854775807\n\(Self.root)\n\(extensions)\n" + String(repeating: Self.line, count: 32)
        let checkpoint = try Checkpoint(Array(text.utf8))
        #expect(checkpoint.treeSize == .max)
        #expect(checkpoint.signatures.count == 32)
        #expect(try Checkpoint(Array("a\n0\n\(Self.root)\n\n\(Self.line)".utf8)).treeSize == 0)
    }
}

/// Whose signature a checkpoint needs, and which lines are nobody's.
@Suite("A checkpoint's signature")
struct CheckpointSignatureTests {
    typealias Kind = SigningOptions.EntryKind
    static let kinds = [Kind.hashedrekord001, .hashedrekord002]

    private func minted(_ kind: Kind, _ change: (inout CheckpointTemplate) throws -> Void) throws -> MintedEntry {
        var minted = try MintedEntry(kind)
        var checkpoint = minted.log.checkpoint()
        try change(&checkpoint)
        minted.template.proof?.checkpoint = checkpoint
        // What is not under test must not refuse first.
        minted.template.promise = nil
        return minted
    }

    @Test("by the log has to be there", arguments: kinds)
    func missing(kind: Kind) throws {
        #expect(try minted(kind) { $0.signatures = [] }.refusal() == .checkpointUnsigned)
        let witness = CheckpointTemplate.Signature.witness("w.example/1", try AuthorityKey(.ed25519), at: 1)
        #expect(try minted(kind) { $0.signatures = [witness] }.refusal() == .checkpointUnsigned)
    }

    @Test("counts with others before and behind it, whose lines are not looked into", arguments: kinds)
    func cosigned(kind: Kind) throws {
        let key = try AuthorityKey(.ed25519)
        let minted = try minted(kind) {
            let own = $0.signatures
            $0.signatures = [.witness("w.example/1", key, at: 1)]
            $0.signatures += [.init(name: "w.example/2", keyHash: [1, 2, 3, 4], kind: .raw([0]))]
            $0.signatures += own
            $0.signatures += [.other("w.example/3", key), .other(own[0].name, key)]
        }
        #expect(try minted.check()?.isIncluded == true)
    }

    @Test("under the log's name and another key's hash is a stranger's", arguments: kinds)
    func keyHash(kind: Kind) throws {
        for bit in 0..<32 {
            let changed = try minted(kind) { $0.signatures[0].keyHash[bit / 8] ^= 1 << UInt8(bit % 8) }
            #expect(try changed.refusal() == .checkpointUnsigned)
        }
    }

    @Test("under the key's hash and another name is a stranger's", arguments: kinds)
    func name(kind: Kind) throws {
        for name in ["rekor.example", "Rekor.sigstore.test", "rekor.sigstore.test.", "sigstore.test"] {
            #expect(try minted(kind) { $0.signatures[0].name = name }.refusal() == .checkpointUnsigned)
        }
    }

    @Test("that names the log's key and is not its signature is refused, even beside a good one", arguments: kinds)
    func wrong(kind: Kind) throws {
        let stranger = try AuthorityKey(kind.generation == .v1 ? .p256 : .ed25519)
        #expect(try minted(kind) { $0.signatures[0].kind = .log(stranger) }.refusal() == .checkpointSignature)
        for isFirst in [true, false] {
            let both = try minted(kind) {
                var bad = $0.signatures[0]
                bad.kind = .raw([UInt8](repeating: 1, count: 64))
                $0.signatures.insert(bad, at: isFirst ? 0 : 1)
            }
            #expect(try both.refusal() == .checkpointSignature)
        }
        #expect(try minted(kind) { $0.signatures.append($0.signatures[0]) }.check() != nil)
    }

    @Test("covers every line of the text", arguments: kinds)
    func text(kind: Kind) throws {
        #expect(try minted(kind) { $0.extraLines = ["Timestamp: 1678000000"] }.check() != nil)
        for change in [
            { $0.extraLines = ["x"] }, { $0.size = "7" }, { $0.root = MintedText.base64(MintedText.random(32)) },
        ] as [@Sendable (inout CheckpointTemplate) -> Void] {
            let changed = try minted(kind) { checkpoint in
                let signed = try checkpoint.signatures[0].signed(over: checkpoint)
                change(&checkpoint)
                checkpoint.signatures = [signed]
            }
            #expect(try changed.refusal() == .checkpointSignature)
        }
    }

    @Test("of a Rekor v1 log is by the host of its origin, whatever trust material calls the host")
    func origins1() throws {
        for origin in ["rekor.sigstore.test", "other.example - 1", " - 1", "rekor.sigstore.test - ", "x - 1a"] {
            let refusal = try minted(.hashedrekord001) { $0.origin = origin }.refusal()
            #expect(refusal == (origin == "other.example - 1" ? .checkpointUnsigned : .checkpointOrigin(found: origin)))
        }
        let pod = try minted(.hashedrekord001) {
            $0.origin = "rekor-0001-pod - 42"
            $0.signatures[0].name = "rekor-0001-pod"
        }
        #expect(try pod.check() != nil)
    }

    @Test("of a Rekor v2 log is by the host that trust material names")
    func origins2() throws {
        for origin in ["rekor.sigstore.test", "log2024-1.rekor.sigstore.test - 1", "LOG2024-1.rekor.sigstore.test"] {
            #expect(try minted(.hashedrekord002) { $0.origin = origin }.refusal() == .checkpointOrigin(found: origin))
        }
        var minted = try MintedEntry(.hashedrekord002)
        minted.believed = try minted.log.believed(url: "")
        #expect(try minted.refusal() == .checkpointOrigin(found: "log2024-1.rekor.sigstore.test"))
        minted.believed = try minted.log.believed(url: "https://log2025-1.rekor.sigstore.test")
        #expect(try minted.refusal() == .checkpointOrigin(found: "log2024-1.rekor.sigstore.test"))
        minted.believed = try minted.log.believed(url: "https://log2024-1.rekor.sigstore.test:8443/api/")
        #expect(try minted.check() != nil)
    }

    @Test("is found by the key id that trust material gives, where it gives one", arguments: kinds)
    func givenKeyID(kind: Kind) throws {
        var minted = try minted(kind) { $0.signatures[0].keyHash = [1, 2, 3, 4] }
        #expect(try minted.refusal() == .checkpointUnsigned)
        minted.believed = try minted.log.believed(checkpointKeyID: [1, 2, 3, 4])
        #expect(try minted.check() != nil)
        minted.believed = try minted.log.believed(checkpointKeyID: [1, 2, 3, 5])
        #expect(try minted.refusal() == .checkpointUnsigned)
    }
}

extension CheckpointTemplate.Signature {
    /// The same line with the signature made now.
    fileprivate func signed(over checkpoint: CheckpointTemplate) throws -> CheckpointTemplate.Signature {
        guard case .log(let key, let scheme) = kind else { return self }
        return .init(
            name: name, keyHash: keyHash,
            kind: .raw(
                try key.sign(
                    Array(checkpoint.signedText.utf8), scheme ?? (key.kind == .ed25519 ? .ed25519 : .hashed(.sha256)))))
    }
}
