// SPDX-License-Identifier: Apache-2.0
import OCI
import TestSupport
import Testing

@testable import Sigstore

/// The JSON of a bundle, member by member. CVE-2024-45395 (GHSA-cq38-jh5f-37mq): counts are bounded before anything is
/// read; sigstore-python #1062, #1826.
@Suite("Each member of a bundle is of its type, there once, and no longer than it may be")
struct BundleMemberTests {
    static func bundle(_ isRekor2: Bool) throws -> (proof: HostileProof, tree: JSONTree) {
        var options = isRekor2 ? SigningOptions.rekor2 : .rekor1
        options.isTimestamped = true
        let proof = try HostileProof(
            Shape(form: .bundleSignature, options: options), in: HostileWorld.shared.get())
        return (proof, try #require(JSONTree(parsing: proof.bytes())))
    }

    /// The way to every value of a tree.
    static func paths(_ tree: JSONTree) -> [[String]] {
        switch tree {
        case .object(let members):
            members.flatMap { member in [[member.name]] + paths(member.value).map { [member.name] + $0 } }
        case .array(let values): values.indices.flatMap { at in [["\(at)"]] + paths(values[at]).map { ["\(at)"] + $0 } }
        default: []
        }
    }

    static func alter(_ tree: inout JSONTree, _ path: ArraySlice<String>, _ change: (inout JSONTree) -> Void) {
        guard let name = path.first else { return change(&tree) }
        if let index = Int(name) {
            alter(&tree[index], path.dropFirst(), change)
        } else {
            alter(&tree[name], path.dropFirst(), change)
        }
    }

    static func verdict(_ tree: JSONTree, like proof: HostileProof) -> String {
        proof.world.verifier(proof.options).refusal(
            asSignature: UnverifiedBundle(.bundle(tree.bytes), origin: origin()))?.code ?? "verified"
    }

    @Test("of another type it is unreadable", arguments: [false, true])
    func types(_ isRekor2: Bool) throws {
        let (proof, tree) = try Self.bundle(isRekor2)
        #expect(Self.verdict(tree, like: proof) == "verified")
        for path in Self.paths(tree) {
            for value in [
                JSONTree.bool(true), .integer(-1), .object([]), .array([]), .string("\u{E9}"), .raw(Array("1.5".utf8)),
            ] {
                var changed = tree
                Self.alter(&changed, path[...]) { $0 = value }
                #expect(Self.verdict(changed, like: proof) != "verified", "\(path) \(value)")
            }
        }
    }

    @Test("null is as if it were not there, which no member may be", arguments: [false, true])
    func nulls(_ isRekor2: Bool) throws {
        let (proof, tree) = try Self.bundle(isRekor2)
        for path in Self.paths(tree) {
            var changed = tree
            Self.alter(&changed, path[...]) { $0 = .null }
            let name = path.last ?? ""
            // Of a Rekor v1 entry either proof is enough in cosign's version, where its time is proven.
            let isDispensable = name == "inclusionPromise" || name == "integratedTime" && isRekor2
            if isDispensable { continue }
            #expect(Self.verdict(changed, like: proof) != "verified", "\(path)")
        }
    }

    @Test("twice it is unreadable, even with the same value", arguments: [false, true])
    func duplicates(_ isRekor2: Bool) throws {
        let (proof, tree) = try Self.bundle(isRekor2)
        for path in Self.paths(tree) {
            guard let name = path.last, Int(name) == nil else { continue }
            for again in [nil, JSONTree.null] {
                var changed = tree
                Self.alter(&changed, path.dropLast()) { object in object.append(name, again ?? object[name]) }
                #expect(Self.verdict(changed, like: proof) == "unreadable", "\(path)")
            }
        }
    }

    @Test("unknown it is unreadable, in every object", arguments: [false, true])
    func unknown(_ isRekor2: Bool) throws {
        let (proof, tree) = try Self.bundle(isRekor2)
        for path in [[]] + Self.paths(tree) {
            var isObject = false
            var changed = tree
            Self.alter(&changed, path[...]) {
                if case .object = $0 {
                    isObject = true
                    $0.append("x\u{2028}", .null)
                }
            }
            if isObject { #expect(Self.verdict(changed, like: proof) == "unreadable", "\(path)") }
        }
    }

    @Test("in either alphabet of base64, padded or not, it is the same, and with anything else unreadable")
    func base64Forms() throws {
        let (proof, tree) = try Self.bundle(false)
        let signature = ["verificationMaterial", "tlogEntries", "0", "inclusionPromise", "signedEntryTimestamp"]
        for path in [signature, ["dsseEnvelope", "payload"], ["verificationMaterial", "certificate", "rawBytes"]] {
            func verdict(_ change: (String) -> String) -> String {
                var changed = tree
                Self.alter(&changed, path[...]) { $0 = .string(change($0.text)) }
                return Self.verdict(changed, like: proof)
            }
            func url(_ text: String) -> String {
                text.replacing("+", with: "-").replacing("/", with: "_")
            }
            #expect(verdict { url($0) } == "verified")
            #expect(verdict { $0.replacing("=", with: "") } == "verified")
            #expect(verdict { url($0).replacing("=", with: "") } == "verified")
            for broken in ["\n", " ", "=", "====", "-_+/", "\u{E9}", "\u{0}"] {
                #expect(verdict { $0 + broken } == "unreadable", "\(path) \(broken.debugDescription)")
                #expect(verdict { broken + $0 } == "unreadable", "\(path) \(broken.debugDescription)")
            }
        }
    }

    @Test("64-bit numbers are written as strings or numbers, and are nothing else")
    func integers() throws {
        let (proof, tree) = try Self.bundle(false)
        for name in ["logIndex", "integratedTime"] {
            let path = ["verificationMaterial", "tlogEntries", "0", name]
            func verdict(_ change: (String) -> JSONTree) -> String {
                var changed = tree
                Self.alter(&changed, path[...]) { $0 = change($0.text) }
                return Self.verdict(changed, like: proof)
            }
            #expect(verdict { .raw(Array($0.utf8)) } == "verified")
            for write in ["+%", " %", "% ", "%.0", "0x%", "%e0", "", "-", "1_000", "\u{0661}", "9223372036854775808"] {
                #expect(verdict { .string(write.replacing("%", with: $0)) } == "unreadable", "\(name) \(write)")
            }
            #expect(verdict { .raw(Array("\($0)e0".utf8)) } == "unreadable")
            #expect(verdict { _ in .raw(Array("18446744073709551615".utf8)) } == "unreadable")
            #expect(verdict { _ in "9223372036854775807" } != "verified")
            #expect(verdict { _ in "-9223372036854775808" } != "verified")
        }
    }

    @Test("32 log entries and timestamps may be there, of 33 nothing is read", arguments: [32, 33])
    func counts(_ count: Int) throws {
        let (proof, tree) = try Self.bundle(false)
        let material = "verificationMaterial"
        // Further ones are of a log and an authority that nobody believes.
        var entries = tree
        var stranger = tree[material]["tlogEntries"][0]
        stranger["logId"]["keyId"] = .base64([UInt8](repeating: 7, count: 32))
        for number in 1..<count {
            stranger["logIndex"] = .string(String(number))
            entries[material]["tlogEntries"][number] = count > 32 && number == 5 ? .string("junk") : stranger
        }
        #expect(Self.verdict(entries, like: proof) == (count > 32 ? "unreadable" : "verified"))
        var tokens = tree
        let list = [material, "timestampVerificationData", "rfc3161Timestamps"]
        Self.alter(&tokens, list[...]) { $0 = .array(Array(repeating: $0[0], count: count)) }
        #expect(Self.verdict(tokens, like: proof) == (count > 32 ? "unreadable" : "verified"))
        // The same token 32 times is one authority's word.
        var options = proof.options
        options = options.with(timestamps: 2)
        let refusal = proof.world.verifier(options).refusal(
            asSignature: UnverifiedBundle(.bundle(tokens.bytes), origin: origin()))
        #expect(
            refusal
                == (count > 32 ? refusal : .notEnoughTimestamps(found: 1, required: 2, offered: 32)))
        // Of a proof 63 siblings are read.
        var siblings = tree
        Self.alter(&siblings, [material, "tlogEntries", "0", "inclusionProof", "hashes"]) {
            $0 = .array(Array(repeating: $0[0], count: count + 31))
        }
        #expect(
            Self.verdict(siblings, like: proof) == (count > 32 ? "unreadable" : "log-proof-sibling-count"))
    }

    @Test("an entry that is there twice is refused, since it would count for two")
    func duplicateEntries() throws {
        let (proof, tree) = try Self.bundle(false)
        var twice = tree
        twice["verificationMaterial"]["tlogEntries"][1] = tree["verificationMaterial"]["tlogEntries"][0]
        #expect(Self.verdict(twice, like: proof) == "duplicate-log-entry")
    }

    @Test(
        "what each version asks of an entry and of a signer",
        arguments: [
            (BundleTemplate.MediaType.v01, false, true, true, "unreadable"),
            (BundleTemplate.MediaType.v01, true, false, true, "verified"),
            (BundleTemplate.MediaType.v02, true, false, true, "unreadable"),
            (BundleTemplate.MediaType.v02, true, true, true, "verified"),
            (BundleTemplate.MediaType.v03, true, false, false, "unreadable"),
            (BundleTemplate.MediaType.v03, true, true, true, "unreadable"),
            (BundleTemplate.MediaType.v03Old, true, true, false, "verified"),
            ("application/vnd.dev.sigstore.bundle.v0.4+json", true, true, false, "unreadable"),
            ("application/vnd.dev.sigstore.bundle.v0.3+json ", true, true, false, "unreadable"),
            ("", true, true, false, "unreadable"),
        ])
    func versions(_ mediaType: String, _ hasPromise: Bool, _ hasProof: Bool, _ isChain: Bool, _ expected: String) throws
    {
        var options = SigningOptions.rekor1
        (options.mediaType, options.hasPromise, options.hasProof) = (mediaType, hasPromise, hasProof)
        options.carriesChain = isChain
        let proof = try HostileProof(Shape(form: .bundleSignature, options: options), in: HostileWorld.shared.get())
        #expect(try proof.verdict() == expected)
    }

    @Test("an envelope has one signature, of the type of statements, and no other content beside it")
    func envelopes() throws {
        let (proof, tree) = try Self.bundle(false)
        func verdict(_ change: (inout JSONTree) -> Void) -> String {
            var changed = tree
            change(&changed)
            return Self.verdict(changed, like: proof)
        }
        #expect(verdict { $0["dsseEnvelope"]["signatures"] = [] } == "signature-count")
        #expect(
            verdict { $0["dsseEnvelope"]["signatures"][1] = $0["dsseEnvelope"]["signatures"][0] } == "signature-count")
        for type in [
            "", "application/json", "application/vnd.in-toto+JSON", "application/vnd.in-toto+json; charset=utf-8",
        ] {
            #expect(verdict { $0["dsseEnvelope"]["payloadType"] = .string(type) } == "payload-type", "\(type)")
        }
        // A key id is nobody's word: any text of it changes nothing.
        #expect(verdict { $0["dsseEnvelope"]["signatures"][0]["keyid"] = "SHA256:whoever" } == "verified")
        let message: JSONTree = ["messageDigest": ["algorithm": "SHA2_256", "digest": "AAAA"], "signature": "AAAA"]
        #expect(verdict { $0["messageSignature"] = message } == "unreadable")
        #expect(
            verdict {
                $0.remove("dsseEnvelope")
                $0["messageSignature"] = message
            } == "message-signature")
        #expect(verdict { $0.remove("dsseEnvelope") } == "unreadable")
        #expect(verdict { $0["verificationMaterial"]["publicKey"] = ["hint": "x"] } == "unreadable")
    }
}
