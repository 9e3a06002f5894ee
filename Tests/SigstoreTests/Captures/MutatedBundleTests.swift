// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import TestSupport
import Testing

@testable import Sigstore

/// Real bundles with one thing changed in them, everywhere in turn: a character of any value, a whole member, an element
/// more or less of any list.
@Suite("A real bundle with one change")
struct MutatedBundleTests {
    struct Example: Sendable, CustomTestStringConvertible {
        let name: String
        let bundle: [UInt8]
        let artifact: Artifact
        let verifier: Verifier
        /// Changes that make no difference, since they are to something on which nobody relies.
        let harmless: Set<String>

        var testDescription: String { name }
    }

    /// Bundles of cosign 3 on an image, one for each way of logging.
    private static func recorded() throws -> [Example] {
        let folder = RecordedFixture.folder
        guard SharedFolder.path("\(folder)/bundles") != nil else { return [] }
        let trust = try TrustMaterial.shared("\(folder)/fake-sigstore/trusted_root.json")
        let alice = try CertificateIdentity.exactly("alice@example.com", "https://accounts.example.com")
        let image = try Digest("sha256:4d7d2c7c50b3dac34d0aac5712a60e0011897264980be370a9e5c047f08db1cb")
        let material = "/verificationMaterial"
        let tokens = "\(material)/timestampVerificationData"
        let entry = "\(material)/tlogEntries[]"
        // A token twice counts once.
        let twice = "\(tokens)/rfc3161Timestamps[] twice"
        // The log's own line is the first of the signatures; the one below it is a witness's, whom nobody asked.
        let witness = "\(entry)/inclusionProof/checkpoint/envelope, line 6"
        let harmless: [(String, Set<String>)] = [
            ("r1", []),
            (
                "r1tsa",
                [
                    // Nobody requires the token, as long as the log's own time is there; and one of an authority that is not
                    // known, which some changes make of it, is nobody's word.
                    "\(tokens) absent", "\(tokens)/rfc3161Timestamps absent",
                    "\(tokens)/rfc3161Timestamps[] absent", twice,
                    "\(tokens)/rfc3161Timestamps[]/signedTimestamp",
                    // And the other way round: with the token and the proof of inclusion the log's promise is one too many.
                    "\(entry)/inclusionPromise absent",
                ]
            ),
            ("r2tsa", [twice, witness]), ("dsse002", [twice, witness]),
        ]
        return harmless.map { name, harmless in
            Example(
                name: name, bundle: SharedFolder.bytes("\(folder)/bundles/\(name).bundle.json") ?? [],
                artifact: .digest(image), verifier: Verifier(trust, alice), harmless: harmless)
        }
    }

    /// Bundles of the conformance suite over a file, on the public-good instance and with a key.
    private static func published() throws -> [Example] {
        // The digest is told for whoever has no file; a key is named for whoever has several. With a key no time has to be
        // proven, so that the proof of inclusion is enough.
        let harmless: [String: Set<String>] = [
            "happy-path-v0.3": ["/messageSignature/messageDigest absent"],
            "managed-key-and-trusted-root": [
                "/messageSignature/messageDigest absent", "/verificationMaterial/publicKey/hint",
                "/verificationMaterial/publicKey/hint absent",
                "/verificationMaterial/tlogEntries[]/inclusionPromise absent",
            ],
        ]
        return try ConformanceCase.all.compactMap { example in
            guard let harmless = harmless[example.name] else { return nil }
            let trust = try example.trustedRoot.map { try TrustMaterial(trustedRoot: $0) } ?? .publicGood()
            let verifier =
                try example.key.map {
                    Verifier(
                        trust: trust,
                        options: VerificationOptions(key: try VerificationKey(pem: $0), requiresLogEntry: true))
                } ?? Verifier(trust, .exactly(example.identity, example.issuer))
            return Example(
                name: example.name, bundle: example.bundle, artifact: .bytes(example.artifact), verifier: verifier,
                harmless: harmless)
        }
    }

    static let examples: [Example] = ((try? recorded()) ?? []) + ((try? published()) ?? [])

    @Test("is there")
    func count() {
        guard available(SharedFolder.root != nil, orSkip: "no shared folder with real bundles") else { return }
        #expect(Self.examples.count == 6)
    }

    @Test("does not verify, or the change was to a hint", arguments: examples)
    func changes(example: Example) throws {
        let bundle = try JSONTree(JSONDocument(parsing: example.bundle).root)
        #expect(example.verifier.refusal(of: example.artifact, in: bundle.bytes) == nil)
        let changes = bundle.changes(at: "")
        #expect(changes.count > 150)
        let accepted = changes.filter { example.verifier.refusal(of: example.artifact, in: $0.changed.bytes) == nil }
        #expect(Set(accepted.map(\.path)) == example.harmless)
    }
}

extension JSONTree {
    /// Every document with one change in it, and where that is.
    fileprivate func changes(at path: String) -> [(path: String, changed: JSONTree)] {
        switch self {
        case .object(let members):
            var found: [(String, JSONTree)] = []
            for (number, member) in members.enumerated() {
                let place = "\(path)/\(member.name)"
                var fewer = members
                fewer.remove(at: number)
                found.append(("\(place) absent", .object(fewer)))
                found.append(("\(place) twice", .object(members + [member])))
                for (path, changed) in member.value.changes(at: place) {
                    var other = members
                    other[number].value = changed
                    found.append((path, .object(other)))
                }
            }
            return found + [("\(path)/x more", .object(members + [Member("x", "")]))]
        case .array(let values):
            var found: [(String, JSONTree)] = []
            for number in values.indices {
                var fewer = values
                fewer.remove(at: number)
                found.append(("\(path)[] absent", .array(fewer)))
                found.append(("\(path)[] twice", .array(values + [values[number]])))
                for (path, changed) in values[number].changes(at: "\(path)[]") {
                    var other = values
                    other[number] = changed
                    found.append((path, .array(other)))
                }
            }
            return found
        case .string(let text):
            let bytes = Array(text.utf8)
            let positions = Set([0, 1, bytes.count / 3, bytes.count / 2, bytes.count * 2 / 3, bytes.count - 5])
            return [(path, .string(""))]
                + positions.filter(bytes.indices.contains).sorted().map { position in
                    var other = bytes
                    // To another character of the same kind: a digit, a letter, a sign of base64.
                    other[position] = other[position] == UInt8(ascii: "1") ? UInt8(ascii: "2") : UInt8(ascii: "1")
                    let line = bytes[..<position].count { $0 == UInt8(ascii: "\n") } + 1
                    let place = bytes.contains(UInt8(ascii: "\n")) ? "\(path), line \(line)" : path
                    return (place, .string(String(decoding: other, as: UTF8.self)))
                }
        default: return []
        }
    }
}
