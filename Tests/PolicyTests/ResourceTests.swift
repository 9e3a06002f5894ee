// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import OCI
import Sigstore
import TestSupport
import Testing

@testable import Policy

/// What policies refer to by name, put in its place.
@Suite("What policies refer to")
struct ResourceTests {
    private let cue = "a: 1"

    private func secret(_ entries: [String: String], name: String = "keys", namespace: String = "cosign-system")
        -> String
    {
        let data = entries.sorted { $0.key < $1.key }
            .map { "  \($0.key): \(Data($0.value.utf8).base64EncodedString())\n" }.joined()
        return "apiVersion: v1\nkind: Secret\nmetadata: {name: \(name), namespace: \(namespace)}\ndata:\n\(data)"
    }

    private let named = Source.authority("    key: {secretRef: {name: keys}}").text

    private func state(_ files: [String: String], now: Instant? = nil) throws -> PolicyFilesState {
        try PolicyFilesState(starting: snapshot(files), now: now)
    }

    private func snapshot(_ files: [String: String]) -> PolicySnapshot {
        PolicySnapshot(sources: [
            PolicySnapshot.Source(
                path: "/p",
                content: .files(
                    files.sorted { $0.key < $1.key }.map {
                        PolicySnapshot.File(path: "/p/\($0.key)", content: .text(Array($0.value.utf8)))
                    }))
        ])
    }

    private func check(_ state: PolicyFilesState) throws -> Authority.Check {
        try #require(state.set.policies.first?.authorities.first).check
    }

    private func reason(_ state: PolicyFilesState) throws -> String {
        guard case .unavailable(let reason) = try check(state) else { return "\(try check(state))" }
        return reason
    }

    @Test("a key is the only entry of the Secret that the document names")
    func secretKey() throws {
        let state = try state(["p.yaml": named, "s.yaml": secret(["cosign.pub": Keys.first])])
        guard case .signer(let options) = try check(state) else {
            Issue.record("\(try check(state))")
            return
        }
        #expect(options.key == (try VerificationKey(pem: Keys.first)))
    }

    @Test(
        "the Secrets that a place of proofs names are put in its place where they are in hand, and asked for elsewhere")
    func pullSecrets() throws {
        let policy = Source.authority(
            "    keyless: {identities: [{issuer: 'https://i.example', subject: s}]}\n"
                + "    source: [{oci: proofs.example/a, signaturePullSecrets: [{name: here}, {name: gone}, {name: keys}]}]"
        ).text
        func source(_ password: String) throws -> (source: ProofSource, hash: Digest, unresolved: [String]) {
            let auth = Data("me:\(password)".utf8).base64EncodedString()
            let config = #"{"auths":{"proofs.example":{"auth":"\#(auth)"}}}"#
            let state = try state([
                "p.yaml": policy, "s.yaml": secret([".dockerconfigjson": config], name: "here"),
                "k.yaml": secret(["cosign.pub": Keys.first]),
            ])
            let policy = try #require(state.set.policies.first)
            return (
                try #require(policy.authorities.first?.sources.first), policy.documentHash, policy.unresolved
            )
        }
        let first = try source("one")
        let repository = try #require(first.source.repository)
        #expect(
            first.source.credentials.map { $0.credential(for: repository) } == [.basic(username: "me", password: "one")]
        )
        #expect(first.source.pullSecrets == ["gone", "keys"])
        #expect(first.unresolved == ["secret \"keys\" holds no registry credentials"])
        // Another credential makes another policy, and what was learned with the old one answers for nothing.
        #expect(try source("two").hash != first.hash)
        #expect(try source("one").hash == first.hash)
    }

    @Test("a Secret of registry credentials that is broken is told, and nothing of it")
    func brokenPullSecret() throws {
        let policy = Source.authority(
            "    keyless: {identities: [{issuer: 'https://i.example', subject: s}]}\n"
                + "    source: [{signaturePullSecrets: [{name: here}]}]"
        ).text
        let state = try state([
            "p.yaml": policy, "s.yaml": secret([".dockerconfigjson": #"{"auths":{"a.io":"s3cr3t"}}"#], name: "here"),
        ])
        let found = try #require(state.set.policies.first)
        #expect(found.authorities.first?.sources.first?.credentials.isEmpty == true)
        #expect(found.unresolved.count == 1)
        #expect(found.unresolved.first?.hasPrefix("secret \"here\" cannot be read: ") == true)
        #expect(!found.unresolved.joined().contains("s3cr3t"))
    }

    @Test(
        "a Secret that cannot give one key makes an authority that nothing satisfies",
        arguments: [
            (["cosign.pub": "no key"], "keys", "cosign-system", "contains an invalid public key"),
            (["a": Keys.first, "b": Keys.second], "keys", "cosign-system", "contains multiple data entries"),
            ([:], "keys", "cosign-system", "contains no data"),
            (["cosign.pub": Keys.first], "other", "cosign-system", "secret \"keys\" not found"),
            (["cosign.pub": Keys.first], "keys", "elsewhere", "secret \"keys\" not found"),
        ])
    func brokenSecret(_ entries: [String: String], _ name: String, _ namespace: String, _ why: String) throws {
        let text =
            entries.isEmpty
            ? "apiVersion: v1\nkind: Secret\nmetadata: {name: keys}"
            : secret(
                entries, name: name, namespace: namespace)
        #expect(try reason(state(["p.yaml": named, "s.yaml": text])).contains(why))
    }

    @Test("a Secret that changes changes the policy; one that breaks stays as it was, one that is taken away is gone")
    func secretOverTime() throws {
        var state = try state(["p.yaml": named, "s.yaml": secret(["k": Keys.first])])
        let before = try #require(state.set.policies.first).documentHash
        state.update(snapshot(["p.yaml": named, "s.yaml": secret(["k": Keys.second])]))
        guard case .signer(let options) = try check(state) else {
            Issue.record("\(try check(state))")
            return
        }
        #expect(options.key == (try VerificationKey(pem: Keys.second)))
        let after = try #require(state.set.policies.first).documentHash
        #expect(after != before)

        let events = state.update(
            snapshot([
                "p.yaml": named, "s.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: keys}\ndata: {k: '%'}",
            ]))
        #expect(state.set.policies.first?.documentHash == after)
        #expect(events.count == 1 && !state.health.isWhole)
        #expect(state.set.broken.isEmpty)

        state.update(snapshot(["p.yaml": named]))
        #expect(try reason(state) == "secret \"keys\" not found")
    }

    @Test("a Secret of the same name in another namespace is another one, and nobody's")
    func namespaces() throws {
        let files = [
            "p.yaml": named, "s.yaml": secret(["k": Keys.first]),
            "other.yaml": secret(["k": Keys.second], namespace: "team-a"),
        ]
        guard case .signer(let options) = try check(state(files)) else {
            Issue.record("\(try check(state(files)))")
            return
        }
        #expect(options.key == (try VerificationKey(pem: Keys.first)))
        var twice = files
        twice["other.yaml"] = secret(["k": Keys.second], namespace: "cosign-system")
        #expect(throws: PolicyLoadError.self) { try state(twice) }
    }

    @Test("a Secret's text is in no message")
    func secretsAreNotTold() throws {
        let file = PolicyFile(
            path: "s.yaml", text: Array("apiVersion: v1\nkind: Secret\nmetadata: {name: k}\ndata: {k: s3cr3t%}".utf8))
        #expect(!file.errors.isEmpty)
        #expect(!file.errors.map { $0.description(in: "s.yaml") }.joined().contains("s3cr3t"))
    }

    private func program(_ rest: String) -> String { Source(rest: "  policy: {type: cue, \(rest)}\n").text }

    private func objection(_ state: PolicyFilesState) throws -> String {
        let program = try #require(state.set.policies.first?.program)
        if case .unavailable(let why) = program.body { return why }
        return "\(program.body)"
    }

    @Test(
        "a policy's text comes out of a ConfigMap, and is missing where that is",
        arguments: [
            ("data: {policy.cue: 'a: {'}", "failed to compile the cue policy"),
            ("data: {other: 'a: 1'}", "has no key \"policy.cue\""),
            ("binaryData: {policy.cue: 'YTog ew=='}", "not found"),
        ])
    func configMap(_ data: String, _ why: String) throws {
        let document = program("configMapRef: {name: texts, key: policy.cue}")
        let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: texts}\n\(data)"
        let files = ["p.yaml": document, "m.yaml": map]
        if data.hasPrefix("binary") {
            #expect(throws: PolicyLoadError.self) { try state(files) }
            #expect(try objection(state(["p.yaml": document])) == "configmap \"texts\" not found")
        } else {
            #expect(try objection(state(files)).contains(why))
        }
    }

    @Test("a text on the web is asked for, compared with its hash, and kept")
    func remote() throws {
        let text = Array("a: {".utf8)
        let sum = Digest(of: text).hex
        let url = "https://policies.example/p.cue"
        let source = PolicyTextSource.remote(url: url, sha256: sum)
        var state = try state(["p.yaml": program("remote: {url: '\(url)', sha256sum: \(sum)}")])
        #expect(state.missingRemotes == [.remote(url: url, sha256: sum)])
        #expect(try objection(state).contains("has not been fetched"))
        state.update(remotes: [source: .failure(UnusableResource("no connection"))])
        #expect(try objection(state) == "no connection")
        #expect(state.missingRemotes.count == 1)
        state.update(remotes: [source: .success(text)])
        #expect(try objection(state).contains("failed to compile the cue policy"))
        #expect(state.missingRemotes.isEmpty)
        state.update(remotes: [source: .failure(UnusableResource("no connection"))])
        #expect(try objection(state).contains("failed to compile the cue policy"))
        state.update(remotes: [source: .success(text + [0x20])])
        #expect(try objection(state).contains("failed to check sha256sum from policy remote: \(sum) got "))

        // Another version of the text at the same address is another text to fetch.
        let next = Array("b: {".utf8)
        let other = PolicyTextSource.remote(url: url, sha256: Digest(of: next).hex)
        state.update(
            snapshot(["p.yaml": program("remote: {url: '\(url)', sha256sum: \(Digest(of: next).hex)}")]))
        #expect(state.missingRemotes == [other])
        state.update(remotes: [other: .success(next)])
        #expect(try objection(state).contains("failed to compile the cue policy"))
        #expect(state.missingRemotes.isEmpty)
    }

    @Test("a trust root by name gives its own material, and one that is not there gives nothing")
    func trustRoots() throws {
        let authority = try TestAuthority()
        let chain = Data(authority.certificateAuthority.chainPEM.utf8).base64EncodedString()
        let log = Data(authority.log.key.publicKeyPEM.utf8).base64EncodedString()
        let root = """
            apiVersion: policy.sigstore.dev/v1alpha1
            kind: TrustRoot
            metadata: {name: mine}
            spec:
              sigstoreKeys:
                certificateAuthorities:
                - {subject: {organization: o, commonName: c}, uri: 'https://ca.example', certChain: \(chain)}
                tLogs:
                - {baseURL: 'https://log.example', hashAlgorithm: sha-256, publicKey: \(log)}
            """
        let policy = Source.authority(
            "    keyless: {trustRootRef: mine, insecureIgnoreSCT: true, identities: [{issuer: a, subject: b}]}\n"
                + "    ctlog: {trustRootRef: mine}"
        ).text
        let state = try state(["p.yaml": policy, "r.yaml": root])
        let found = try #require(state.set.policies.first?.authorities.first)
        guard case .material(let certificates?, let logs?, _) = found.trust, case .signer(let options) = found.check
        else {
            Issue.record("\(found)")
            return
        }
        #expect(certificates == logs && logs.hasLogs)
        #expect(options.logs == 1 && options.certificateLogs == 0)
        #expect(found.logSearch == LogAddress("https://log.example"))
        #expect(try reason(self.state(["p.yaml": policy])) == "trustRootRef mine not found")
    }

    @Test(
        "where only certificates have a trust root, what that root has must have seen the signature",
        arguments: [(true, 1, 0), (false, 0, 1)])
    func witnesses(_ hasLog: Bool, _ logs: Int, _ timestamps: Int) throws {
        let authority = try TestAuthority()
        func encoded(_ pem: String) -> String { Data(pem.utf8).base64EncodedString() }
        let members =
            hasLog
            ? "tLogs: [{baseURL: 'https://l', hashAlgorithm: sha-256, publicKey: \(encoded(authority.log.key.publicKeyPEM))}]"
            : "timestampAuthorities: [{subject: {organization: o, commonName: c}, uri: 'https://t', certChain: "
                + "\(encoded(authority.timestampAuthority.chainPEM))}]"
        let root = """
            apiVersion: policy.sigstore.dev/v1alpha1
            kind: TrustRoot
            metadata: {name: mine}
            spec:
              sigstoreKeys:
                certificateAuthorities:
                - {subject: {organization: o, commonName: c}, uri: 'https://ca', certChain: \
            \(encoded(authority.certificateAuthority.chainPEM))}
                \(members)
            """
        let policy = Source.authority("    keyless: {trustRootRef: mine, identities: [{issuer: a, subject: b}]}").text
        guard case .signer(let options) = try check(state(["p.yaml": policy, "r.yaml": root])) else {
            Issue.record("no signer")
            return
        }
        #expect(options.logs == logs && options.timestamps == timestamps)
    }
}
