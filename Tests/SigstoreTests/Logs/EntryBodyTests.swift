// SPDX-License-Identifier: Apache-2.0
import JSON
import TestSupport
import Testing

@testable import Sigstore

/// Bodies are read before anything vouches for them: GHSA-frqx-jfcm-6jjr, GHSA-273p-m2cw-6833, GHSA-843x-px86-vq42.
@Suite("An entry's body")
struct EntryBodyTests {
    typealias Kind = SigningOptions.EntryKind

    static let names: [Kind: EntryKind] = [
        .hashedrekord001: .hashedrekord1, .hashedrekord002: .hashedrekord2, .rekord001: .rekord1, .dsse001: .dsse1,
        .dsse002: .dsse2, .intoto001: .intoto1, .intoto002: .intoto2,
    ]

    @Test("of each kind is read", arguments: Kind.allCases)
    func read(kind: Kind) throws {
        let minted = try MintedEntry(kind)
        let body = try EntryBody(minted.template.body)
        #expect(body.kind == Self.names[kind])
        #expect(body.signature == (kind == .intoto001 ? nil : minted.signature))
        #expect(body.signer == minted.signer.recorded)
    }

    // sigstore-go d061433, 74699d9.
    @Test(
        "of an unknown kind or version is refused",
        arguments: [
            ("hashedrekord", "0.0.3"), ("hashedrekord", "0.0.10"), ("hashedrekord", "1.0.0"), ("hashedrekord", ""),
            ("HashedRekord", "0.0.1"), ("hashedrekord ", "0.0.1"), ("dsse", "0.0.3"), ("intoto", "0.0.3"),
            ("rekord", "0.0.2"), ("alpine", "0.0.1"), ("helm", "0.0.1"), ("jar", "0.0.1"), ("rpm", "0.0.1"),
            ("tuf", "0.0.1"), ("rfc3161", "0.0.1"), ("cose", "0.0.1"), ("", ""), ("hashedrekord 0.0.1", ""),
        ])
    func unknownKind(name: String, version: String) throws {
        var minted = try MintedEntry(.hashedrekord001)
        var tree: JSONTree = ["apiVersion": .string(version), "kind": .string(name)]
        tree["spec"] = LogBody.hashedrekord001(digest: MintedHash.sha256([]), signature: [1], verifier: "").tree["spec"]
        minted.template = minted.log.entry(LogBody(kind: name, version: version, spec: tree["spec"]), at: 1)
        #expect(try minted.refusal() == .unknownKind("\(name) \(version)"))
    }

    @Test("that is not one JSON object is refused")
    func json() throws {
        let body = try MintedEntry(.hashedrekord001).template.body
        let text = String(decoding: body, as: UTF8.self)
        let broken = [
            "", "null", "[]", "{}", "{", text + "{}", text.dropLast() + "", "\u{FEFF}" + text,
            #"{"kind":"dsse","kind":"hashedrekord","# + text.dropFirst(),
            text.replacing(#""spec":{"#, with: #""spec":null,"x":{"#),
            text.replacing(#""spec":{"#, with: #""spec":[],"x":{"#),
            text.replacing(#""0.0.1""#, with: "1"), String(repeating: "[", count: 10_000),
            #"{"x":[\#(String(repeating: "1,", count: 1_000))1],"# + text.dropFirst(),
            text + String(repeating: " ", count: 64 << 10),
        ]
        for text in broken {
            let error = #expect(throws: LogError.self) { try EntryBody(Array(text.utf8)) }
            guard case .unreadable = error else {
                Issue.record("\(text.prefix(80)): \(String(describing: error))")
                continue
            }
        }
    }

    /// Where one value of a body stands, and what is put there.
    struct Change: Sendable, CustomTestStringConvertible {
        let kind: Kind
        let path: [String]
        let value: JSONTree?
        var testDescription: String { "\(kind) \(path.joined(separator: ".")) \(value.map { "\($0)" } ?? "removed")" }

        func applied(to tree: JSONTree, _ depth: Int = 0) -> JSONTree {
            var tree = tree
            let name = path[depth]
            if let index = Int(name) {
                tree = .array([applied(to: tree[index], depth + 1)])
            } else if depth + 1 < path.count {
                tree[name] = applied(to: tree[name], depth + 1)
            } else if let value {
                tree[name] = value
            } else {
                tree.remove(name)
            }
            return tree
        }
    }

    static let places: [(Kind, [[String]])] = [
        (
            .hashedrekord001,
            [
                ["data"], ["data", "hash"], ["data", "hash", "algorithm"], ["data", "hash", "value"], ["signature"],
                ["signature", "content"], ["signature", "publicKey"], ["signature", "publicKey", "content"],
            ]
        ),
        (.rekord001, [["data", "hash", "value"], ["signature", "content"], ["signature", "format"]]),
        (
            .dsse001,
            [
                ["envelopeHash"], ["payloadHash"], ["payloadHash", "value"], ["signatures"],
                ["signatures", "0", "signature"], ["signatures", "0", "verifier"],
            ]
        ),
        (.intoto001, [["content"], ["content", "hash"], ["publicKey"]]),
        (
            .intoto002,
            [
                ["content"], ["content", "envelope"], ["content", "envelope", "payloadType"],
                ["content", "envelope", "signatures", "0", "sig"],
                ["content", "envelope", "signatures", "0", "publicKey"], ["content", "payloadHash"],
            ]
        ),
        (
            .hashedrekord002,
            [
                ["hashedRekordV002"], ["hashedRekordV002", "data"], ["hashedRekordV002", "data", "algorithm"],
                ["hashedRekordV002", "data", "digest"], ["hashedRekordV002", "signature", "content"],
                ["hashedRekordV002", "signature", "verifier"],
                ["hashedRekordV002", "signature", "verifier", "keyDetails"],
                ["hashedRekordV002", "signature", "verifier", "x509Certificate"],
                ["hashedRekordV002", "signature", "verifier", "x509Certificate", "rawBytes"],
            ]
        ),
        (
            .dsse002,
            [
                ["dsseV002"], ["dsseV002", "payloadHash"], ["dsseV002", "payloadHash", "digest"],
                ["dsseV002", "signatures", "0", "content"], ["dsseV002", "signatures", "0", "verifier"],
            ]
        ),
    ]

    static let changes: [Change] = places.flatMap { kind, paths in
        paths.flatMap { path in
            [nil, .null, .integer(1), .array([]), .object([]), "", "*"].map {
                Change(kind: kind, path: ["spec"] + path, value: $0)
            }
        }
    }

    @Test("without one of its values, or with another kind of value, is refused", arguments: changes)
    func missing(change: Change) throws {
        // An empty payload type is text, and another one than the envelope's.
        var minted = try MintedEntry(change.kind)
        let version = minted.template.version
        let spec = try tree(of: minted.template.body)["spec"]
        let changed = change.applied(to: ["spec": spec])["spec"]
        minted.template = minted.log.entry(
            LogBody(kind: minted.template.kind, version: version, spec: changed), at: TestAuthority.time)
        switch try minted.refusal() {
        case .unreadable: break
        case .otherContent("payload type") where change.path.last == "payloadType": break
        case .keyDetails where change.path.last == "keyDetails": break
        case let other: Issue.record("\(String(describing: other))")
        }
    }

    @Test("with two signatures, or none, is refused", arguments: [Kind.dsse001, .intoto002, .dsse002])
    func signatureCount(kind: Kind) throws {
        var minted = try MintedEntry(kind)
        let text = String(decoding: minted.template.body, as: UTF8.self)
        let start = try #require(text.firstRange(of: #""signatures":["#))
        let end = try #require(text[start.upperBound...].firstRange(of: "]"))
        let one = text[start.upperBound..<end.lowerBound]
        for list in ["\(one),\(one)", ""] {
            minted.template.body = Array(text.replacing(one, with: list).utf8)
            #expect(try minted.refusal() == .unreadable("its signatures is not a list of exactly one"))
        }
    }

    @Test("names a strong hash in lower-case hex", arguments: ["sha1", "md5", "SHA256", "sha-256", "sha512_256", ""])
    func algorithm(name: String) throws {
        let text = String(decoding: try MintedEntry(.hashedrekord001).template.body, as: UTF8.self)
        #expect(throws: LogError.self) { try EntryBody(Array(text.replacing(#""sha256""#, with: #""\#(name)""#).utf8)) }
        let hex = MintedText.hex(MintedHash.sha256(MintedEntry.message))
        for value in [hex.uppercased(), String(hex.dropLast(2)), hex + "00", String(hex.dropLast()) + "g"] {
            let changed = text.replacing(hex, with: value)
            #expect(throws: LogError.unreadable("its data.hash is not the hex of one")) {
                try EntryBody(Array(changed.utf8))
            }
        }
    }

    /// Exactly one block, and nothing else: a reader that looks at another block sees another signer.
    static let signers: [(String, @Sendable (String) -> String)] = [
        ("two blocks", { $0 + $0 }),
        ("text before it", { "x\n" + $0 }),
        ("a line before it", { "\n" + $0 }),
        ("text behind it", { $0 + "x" }),
        ("a space behind it", { $0 + " " }),
        ("no block", { _ in "MAo=" }),
        ("another kind of block", { $0.replacing("CERTIFICATE", with: "TRUSTED CERTIFICATE") }),
        ("a private key", { $0.replacing("CERTIFICATE", with: "PRIVATE KEY") }),
        ("headers", { $0.replacing("CERTIFICATE-----\nM", with: "CERTIFICATE-----\nA: b\n\nM") }),
    ]

    @Test("has one PEM block for a signer", arguments: 0..<signers.count)
    func signer(number: Int) throws {
        let authority = try MintedEntry.authority.get()
        let identity = SigningIdentity.email("a@example.com", issuer: "https://issuer.example")
        let pem = try authority.keylessSigner(identity).verifierPEM
        let genuine = LogBody.hashedrekord001(digest: MintedHash.sha256([]), signature: [1], verifier: pem)
        #expect(throws: Never.self) { try EntryBody(genuine.bytes) }
        let changed = LogBody.hashedrekord001(
            digest: MintedHash.sha256([]), signature: [1], verifier: Self.signers[number].1(pem))
        let error = #expect(throws: LogError.self, "\(Self.signers[number].0)") { try EntryBody(changed.bytes) }
        guard case .unreadable = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("of intoto 0.0.2 has its signature in base64 twice")
    func doubleBase64() throws {
        let minted = try MintedEntry(.intoto002)
        let twice = MintedText.base64(Array(MintedText.base64(minted.signature).utf8))
        let text = String(decoding: minted.template.body, as: UTF8.self)
        let once = text.replacing(twice, with: MintedText.base64(minted.signature))
        #expect(once != text)
        #expect(throws: LogError.unreadable("its signature is not base64 twice over")) {
            try EntryBody(Array(once.utf8))
        }
    }

    private func tree(of body: [UInt8]) throws -> JSONTree { tree(of: try JSONDocument(parsing: body).root) }

    private func tree(of value: JSONValue) -> JSONTree {
        switch value.kind {
        case .object: .object(value.members.map { JSONTree.Member($0.name, tree(of: $0.value)) })
        case .array: .array(value.elements.map { tree(of: $0) })
        case .string: .string(value.string ?? "")
        case .number: .integer(value.integer ?? 0)
        case .bool: .bool(value.bool ?? false)
        case .null: .null
        }
    }
}
