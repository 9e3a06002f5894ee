// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import Sigstore
import TUF
import TestSupport
import Testing

@testable import Policy

@Suite("What a TrustRoot has its readers believe")
struct TrustRootMaterialTests {
    private static let image = Digest(of: Array("an image".utf8))
    private static let now = Instant(seconds: TestUpdateRepository.time) ?? .earliest
    private static let identity = SigningIdentity.email("a@example.com", issuer: "https://issuer.example")

    private func verifier(_ trust: TrustMaterial) throws -> Verifier {
        let identity = try CertificateIdentity(
            subject: [.exactly("a@example.com")], issuer: [.exactly("https://issuer.example")])
        return Verifier(trust: trust, options: VerificationOptions(signer: .certificate([identity])))
    }

    private func repository(of authority: TestAuthority) throws -> TestUpdateRepository {
        var repository = try TestUpdateRepository()
        repository.targets["trusted_root.json"] = .init(authority.trustedRoot.bytes)
        return repository
    }

    // MARK: sigstoreKeys

    @Test("written keys prove what their instance has signed, and nothing of another one")
    func keys() throws {
        let (authority, other) = (try TestAuthority(), try TestAuthority())
        let bundle = try authority.imageBundle(Self.image, Self.identity)
        let own = try TrustRootSource.keys(of: authority).root.material(now: Self.now)
        #expect(throws: Never.self) { try verifier(own).artifact(.digest(Self.image), in: bundle) }
        let foreign = try TrustRootSource.keys(of: other).root.material(now: Self.now)
        #expect(throws: (any Error).self) { try verifier(foreign).artifact(.digest(Self.image), in: bundle) }
        #expect(own.generation != foreign.generation)
    }

    @Test("each list of keys is needed", arguments: ["certificateAuthorities", "tLogs", "ctLogs"])
    func eachList(_ list: String) throws {
        let authority = try TestAuthority()
        let bundle = try authority.imageBundle(Self.image, Self.identity)
        var source = TrustRootSource.keys(of: authority)
        source.spec["sigstoreKeys"][list] = .array([])
        let trust = try source.root.material(now: Self.now)
        #expect(throws: (any Error).self) { try verifier(trust).artifact(.digest(Self.image), in: bundle) }
    }

    @Test("a chain may stand in any order")
    func order() throws {
        let authority = try TestAuthority()
        let bundle = try authority.imageBundle(Self.image, Self.identity)
        var source = TrustRootSource.keys(of: authority)
        let reversed = authority.certificateAuthority.chain.reversed().map(\.pem).joined()
        source.spec["sigstoreKeys"]["certificateAuthorities"][0]["certChain"] = .string(
            MintedText.base64(Array(reversed.utf8)))
        let trust = try source.root.material(now: Self.now)
        #expect(throws: Never.self) { try verifier(trust).artifact(.digest(Self.image), in: bundle) }
    }

    @Test("the hash has one meaning under its two names, and no other is taken", arguments: ["sha256", "SHA-256"])
    func hashes(_ name: String) throws {
        var source = TrustRootSource.keys(of: try TestAuthority())
        let expected = try source.root.material(now: Self.now).generation
        source.spec["sigstoreKeys"]["tLogs"][0]["hashAlgorithm"] = .string(name)
        #expect(try source.root.material(now: Self.now).generation == expected)
        source.spec["sigstoreKeys"]["tLogs"][0]["hashAlgorithm"] = "sha-1"
        #expect(throws: TrustRootError.self) { try source.root.material(now: Self.now) }
    }

    // MARK: repository

    @Test(
        "a repository gives the trusted root that it lists",
        arguments: ["repository", "", "/repository", "./repository"])
    func trustedRoot(_ folder: String) throws {
        let authority = try TestAuthority()
        let source = try TrustRootSource.repository(repository(of: authority), in: folder)
        #expect(try source.document.warnings.isEmpty)
        #expect(
            try source.root.material(now: Self.now).generation
                == TrustMaterial(trustedRoot: authority.trustedRoot.bytes).generation)
    }

    @Test("the target can have another name")
    func otherTarget() throws {
        let authority = try TestAuthority()
        var repository = try repository(of: try TestAuthority())
        repository.targets["mine/root.json"] = .init(authority.trustedRoot.bytes)
        var source = try TrustRootSource.repository(repository)
        source.spec["repository"]["trustedRootTarget"] = "mine/root.json"
        #expect(
            try source.root.material(now: Self.now).generation
                == TrustMaterial(trustedRoot: authority.trustedRoot.bytes).generation)
    }

    @Test("a repository without a trusted root gives the keys that it lists one by one")
    func legacy() throws {
        let authority = try TestAuthority()
        let bundle = try authority.imageBundle(Self.image, Self.identity)
        func target(_ text: String, _ usage: String) -> TestUpdateRepository.Target {
            .init(
                Array(text.utf8),
                custom: ["sigstore": ["usage": .string(usage), "status": "Active", "uri": "https://x.example"]])
        }
        var repository = try TestUpdateRepository()
        // The chain is spread over files, as the public-good repository has it.
        for (index, certificate) in authority.certificateAuthority.chain.enumerated() {
            repository.targets["fulcio_\(index).crt.pem"] = target(certificate.pem, "Fulcio")
        }
        for (index, certificate) in authority.timestampAuthority.chain.enumerated() {
            repository.targets["tsa_\(index).crt.pem"] = target(certificate.pem, "TSA")
        }
        repository.targets["rekor.pub"] = target(authority.log.key.publicKeyPEM, "Rekor")
        repository.targets["ctfe.pub"] = target(authority.ctLogs[0].key.publicKeyPEM, "CTFE")
        repository.targets["artifact.pub"] = target("something else", "Unknown")
        let trust = try TrustRootSource.repository(repository).root.material(now: Self.now)
        #expect(throws: Never.self) { try verifier(trust).artifact(.digest(Self.image), in: bundle) }

        for name in ["rekor.pub", "ctfe.pub", "fulcio_0.crt.pem"] {
            var without = repository
            without.targets[name] = nil
            let trust = try TrustRootSource.repository(without).root.material(now: Self.now)
            #expect(throws: (any Error).self) { try verifier(trust).artifact(.digest(Self.image), in: bundle) }
        }
        for index in authority.certificateAuthority.chain.indices {
            repository.targets["fulcio_\(index).crt.pem"] = nil
        }
        let without = try TrustRootSource.repository(repository)
        #expect(throws: TrustRootError(name: "my-root", reason: .noAuthorities)) {
            try without.root.material(now: Self.now)
        }
        #expect(try without.document.warnings.count == 1)
    }

    @Test("expired metadata gives nothing, and the sentence says what to do")
    func expired() throws {
        var repository = try repository(of: try TestAuthority())
        repository[.timestamp].expires = "2026-06-02T00:00:00Z"
        let root = try TrustRootSource.repository(repository).root
        #expect(throws: Never.self) { try root.material(now: Self.now) }
        let later = try #require(Instant(rfc3339: "2026-06-02T00:00:00Z"))
        do throws(TrustRootError) {
            _ = try root.material(now: later)
            Issue.record("expired and believed")
        } catch {
            #expect(error.reason == .repository(.expired(role: .timestamp, at: later.seconds)))
            #expect(
                "\(error)" == "trust root my-root: timestamp.json has expired, at 2026-06-02T00:00:00Z; "
                    + "put a current copy of the repository into mirrorFS")
        }
    }

    @Test("what has expired is an error where the time of reading is known, and none where it is not")
    func expiredWhenRead() throws {
        var repository = try repository(of: try TestAuthority())
        repository[.root].expires = "2020-01-01T00:00:00Z"
        try repository.publishRoot()
        let source = try TrustRootSource.repository(repository)
        #expect(
            try source.words
                == "invalid value: failed to construct a TUF client: spec.repository.mirrorFS\n"
                + "failed to create TUF client: failed to load metadata: tuf refresh failed: "
                + "expired metadata error: final root.json is expired")
        #expect(PolicyFile(path: "root.json", text: source.text).errors.isEmpty)
    }

    @Test("a repository under another root is refused when it is read")
    func otherRoot() throws {
        var source = try TrustRootSource.repository(repository(of: try TestAuthority()))
        source.spec["repository"]["root"] = .string(MintedText.base64(try TestUpdateRepository().firstRoot))
        #expect(
            try source.words
                == "invalid value: failed to construct a TUF client: spec.repository.mirrorFS\n"
                + "failed to create TUF client: failed to load metadata: tuf refresh failed: unsigned metadata error: "
                + "Verifying timestamp failed, not enough signatures, got 0, want 1")
    }

    @Test("a target whose bytes are others is not believed")
    func changedTarget() throws {
        let authority = try TestAuthority()
        let repository = try repository(of: authority)
        var files = try repository.files()
        let name = try #require(files.keys.first { $0.hasSuffix(".trusted_root.json") })
        files[name] = try TestAuthority().trustedRoot.bytes
        var source = try TrustRootSource.repository(repository)
        source.spec["repository"]["mirrorFS"] = .string(MintedText.base64(gzip(TarWriter.archive(files))))
        #expect(try source.document.warnings.count == 1)
        let root = try source.root
        do throws(TrustRootError) {
            _ = try root.material(now: Self.now)
            Issue.record("believed")
        } catch {
            guard case .repository(let reason) = error.reason else {
                Issue.record("\(error)")
                return
            }
            #expect("\(reason)".contains("trusted_root.json"))
        }
    }

    @Test(
        "files that cannot be unpacked are refused with the words that users know",
        arguments: [
            (Array("hello".utf8), "unexpected EOF"), (Array("hello, gzip!".utf8), "gzip: invalid header"),
            (gzip(Array("no tar".utf8)), "unexpected EOF"),
        ])
    func archives(_ mirror: [UInt8], _ reason: String) throws {
        var source = try TrustRootSource.repository(repository(of: try TestAuthority()))
        source.spec["repository"]["mirrorFS"] = .string(MintedText.base64(mirror))
        #expect(
            try source.words
                == "invalid value: failed to construct a TUF client: spec.repository.mirrorFS\n"
                + "failed to uncompress: \(reason)")
    }

    @Test(
        "private instances' repositories give their trusted root, or their keys",
        .enabled(
            if: available(
                SharedFolder.path("data/oci-layouts/private-sigstore") != nil, orSkip: "no private instances")))
    func privateInstances() throws {
        let folder = "data/oci-layouts/private-sigstore"
        for name in SharedFolder.names(in: folder) {
            let path = "\(folder)/\(name)/tuf"
            var files: [String: [UInt8]] = [:]
            for file in SharedFolder.names(in: path) where file != "targets" {
                files[file] = SharedFolder.bytes("\(path)/\(file)")
            }
            for file in SharedFolder.names(in: "\(path)/targets") {
                files["targets/\(file)"] = SharedFolder.bytes("\(path)/targets/\(file)")
            }
            let repository = SerializedRepository(
                root: try #require(files["root.json"]), mirror: gzip(TarWriter.archive(files)))
            let root = TrustRoot(name: "private", source: .repository(repository), documentHash: Self.image)
            let day = try #require(Instant(rfc3339: "\(name.prefix(10))T23:00:00Z"))
            let trust = try root.material(now: day)
            if let listed = files.first(where: { $0.key.hasSuffix(".trusted_root.json") }) {
                #expect(try trust.generation == TrustMaterial(trustedRoot: listed.value).generation)
            }
            #expect(throws: TrustRootError.self) {
                try root.material(now: #require(Instant(rfc3339: "2026-11-21T00:00:00Z")))
            }
        }
    }

    // MARK: All of them

    @Test("a name is looked up, and stands for material or for a reason")
    func names() throws {
        let authority = try TestAuthority()
        var one = TrustRootSource.keys(of: authority)
        one.name = "one"
        var expired = try repository(of: authority)
        expired[.snapshot].expires = "2021-01-01T00:00:00Z"
        var two = try TrustRootSource.repository(expired)
        two.name = "two"
        let stale = try #require(PolicyFile(path: "two.json", text: two.text).documents.first?.trustRoot)
        let roots = TrustRoots(
            [try one.root, stale], broken: [BrokenTrustRoot(name: "three", reason: "three.yaml:1:1: why")],
            now: Self.now)
        #expect(roots.names == ["one", "three", "two"])
        #expect(try roots["one"].get().generation == one.root.material(now: Self.now).generation)
        #expect(throws: TrustRootError(name: "two", reason: .repository(.expired(role: .snapshot, at: 1_609_459_200))))
        {
            try roots["two"].get()
        }
        #expect(roots.failures.map(\.name) == ["three", "two"])
        guard case .failure(let unknown) = roots["four"] else {
            Issue.record("an unknown name gives material")
            return
        }
        #expect("\(unknown)" == "trustRootRef four not found")
        #expect(TrustRoots.none.names.isEmpty)
    }

    @Test("documents of one name that differ give nothing, and equal ones are one")
    func contradictions() throws {
        let (one, other) = (
            try TrustRootSource.keys(of: TestAuthority()).root, try TrustRootSource.keys(of: TestAuthority()).root
        )
        #expect(throws: Never.self) { try TrustRoots([one, one], now: Self.now)["my-root"].get() }
        #expect(throws: TrustRootError(name: "my-root", reason: .contradictory(2))) {
            try TrustRoots([one, other], now: Self.now)["my-root"].get()
        }
    }

    @Test("a broken document takes its name with it, and governs no image by globs")
    func broken() throws {
        var source = TrustRootSource.keys(of: try TestAuthority())
        let good = try source.root
        source.spec["sigstoreKeys"]["tLogs"][0].remove("baseURL")
        let document = try source.document
        let broken = try #require(document.brokenTrustRoot(in: "roots.yaml"))
        #expect(broken.name == "my-root" && broken.reason.hasPrefix("roots.yaml:1:"))
        #expect(throws: TrustRootError.self) {
            try TrustRoots([good], broken: [broken], now: Self.now)["my-root"].get()
        }
    }
}
