// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import ImageVerification
import NIOHTTP1
import OCI
import Policy
import Sigstore
import Synchronization
import Testing

@testable import Registry

/// What a scripted registry holds: answers by path, built up by a test.
struct RegistryScript: Sendable {
    var answers: [String: ScriptedAnswer] = [:]
    let path: String

    init(_ path: String = "team/app") { self.path = path }

    func answer(_ request: ScriptedRequest) -> ScriptedAnswer {
        answers[request.target] ?? answers[request.path] ?? ScriptedAnswer(404, "{}")
    }

    subscript(rest: String) -> ScriptedAnswer? {
        get { answers["/v2/\(path)/\(rest)"] }
        set { answers["/v2/\(path)/\(rest)"] = newValue }
    }

    /// A manifest by digest, and by tags.
    @discardableResult
    mutating func manifest(_ text: String, tags: String..., mediaType: String = MediaType.ociManifest) -> Digest {
        let digest = Digest(of: Array(text.utf8))
        for name in tags + [digest.description] {
            self["manifests/\(name)"] = ScriptedAnswer(200, headers: [("Content-Type", mediaType)], text)
        }
        return digest
    }

    @discardableResult
    mutating func blob(_ text: String) -> Digest {
        let digest = Digest(of: Array(text.utf8))
        self["blobs/\(digest)"] = ScriptedAnswer(200, text)
        return digest
    }

    /// A referrer that holds one bundle.
    mutating func bundle(
        _ text: String, subject: Digest, artifactType: String = "application/vnd.dev.sigstore.bundle.v0.3+json",
        layerType: String = "application/vnd.dev.sigstore.bundle.v0.3+json"
    ) -> Descriptor {
        let blob = blob(text)
        let manifest = TestManifest.referrer(
            subject: subject, artifactType: artifactType,
            layers: [TestManifest.descriptor(blob, size: text.utf8.count, mediaType: layerType)])
        return Descriptor(
            mediaType: MediaType.ociManifest, digest: self.manifest(manifest), size: Int64(manifest.utf8.count))
    }

    mutating func referrersAPI(_ subject: Digest, _ descriptors: [Descriptor]) {
        self["referrers/\(subject)"] = ScriptedAnswer(
            200, headers: [("Content-Type", MediaType.ociIndex)], TestManifest.index(descriptors))
    }
}

/// Texts of manifests.
enum TestManifest {
    static func descriptor(
        _ digest: Digest, size: Int, mediaType: String, annotations: [String: String] = [:]
    ) -> String {
        let members = annotations.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\"\($0.value)\"" }
        return """
            {"mediaType":"\(mediaType)","digest":"\(digest)","size":\(size),\
            "annotations":{\(members.joined(separator: ","))}}
            """
    }

    static func referrer(subject: Digest, artifactType: String, layers: [String]) -> String {
        """
        {"schemaVersion":2,"mediaType":"\(MediaType.ociManifest)","artifactType":"\(artifactType)",\
        "config":{"mediaType":"\(MediaType.ociEmpty)","digest":"\(Digest(of: Array("{}".utf8)))","size":2},\
        "layers":[\(layers.joined(separator: ","))],\
        "subject":{"mediaType":"\(MediaType.ociManifest)","digest":"\(subject)","size":2}}
        """
    }

    static func image(layers: [String]) -> String {
        """
        {"schemaVersion":2,"mediaType":"\(MediaType.ociManifest)",\
        "config":{"mediaType":"\(MediaType.ociConfig)","digest":"\(Digest(of: Array("{}".utf8)))","size":2},\
        "layers":[\(layers.joined(separator: ","))]}
        """
    }

    static func index(_ descriptors: [Descriptor]) -> String {
        let entries = descriptors.map { descriptor($0.digest, size: Int($0.size), mediaType: $0.mediaType) }
        return """
            {"schemaVersion":2,"mediaType":"\(MediaType.ociIndex)","manifests":[\(entries.joined(separator: ","))]}
            """
    }

    static let signatureAnnotation = "dev.cosignproject.cosign/signature"

    static func signatureLayer(_ digest: Digest, size: Int) -> String {
        descriptor(
            digest, size: size, mediaType: "application/vnd.dev.cosign.simplesigning.v1+json",
            annotations: [signatureAnnotation: "c2ln"])
    }
}

/// One credential for every repository.
struct TestCredentials: CredentialSource {
    let credential: RegistryCredential?

    func credential(for repository: Repository, deadline: ContinuousClock.Instant) -> RegistryCredential? { credential }
}

/// A client of a scripted server, and what is asked of it again and again.
struct TestLookup: Sendable {
    let client: RegistryClient
    let host: String
    var path = "team/app"
    var deadline = Deadline.after(.seconds(60))

    static let subject = Digest(of: Array("the image".utf8))

    var repository: Repository { Repository(host: host, path: path) }

    func resolve(tag: String = "v1") async throws(Outage) -> ResolutionLookup {
        try await client.resolve(
            ImageReference(asWritten: "x", repository: repository, tag: tag, digest: nil),
            showing: try await shown(nil), deadline: deadline)
    }

    /// What is shown to the registry on somebody's behalf.
    func shown(_ puller: Puller?) async throws(Outage) -> ShownCredential {
        try await client.credential(for: RepositoryAccess(repository, for: puller), deadline: deadline)
    }

    var image: ResolvedImage {
        get throws {
            try #require(
                ResolvedImage(
                    pinned: ImageReference(asWritten: "x", repository: repository, tag: nil, digest: Self.subject)))
        }
    }

    /// The candidates; empty where none are published.
    func proofs(_ kind: ProofKind = .signature, prefix: String = "") async throws -> [UnverifiedBundle] {
        let lookup = try await client.proofs(
            of: image, kind: kind, at: ProofPlace(repository: repository, tagPrefix: prefix),
            showing: try await shown(nil), deadline: deadline)
        switch lookup {
        case .found(let bundles): return bundles.all
        case .nonePublished: return []
        case .partly: throw PartlyRead()
        }
    }

    /// Expects that a lookup ends in an outage of that kind; `nil` expects none.
    func expect(
        _ kind: Outage.Kind?, sourceLocation: SourceLocation = #_sourceLocation, _ work: () async throws -> Void
    ) async throws {
        let outage = try await outage(work)
        #expect(outage?.kind == kind, sourceLocation: sourceLocation)
    }

    /// The outage that a lookup ends in; `nil` where it does not.
    func outage(_ work: () async throws -> Void) async throws -> Outage? {
        do {
            try await work()
            return nil
        } catch let outage as Outage {
            return outage
        }
    }
}

/// Something was left out where all was asked for.
struct PartlyRead: Error {}

/// Runs `body` against a server that answers as `script` says.
@discardableResult
func withRegistry<R: Sendable>(
    credential: RegistryCredential? = nil, limits: RegistryLimits = RegistryLimits(), retries: Int = 2,
    blobs: any BlobStore = NoBlobStore(), _ script: @escaping ScriptedServer.Script,
    _ body: @escaping @Sendable (TestLookup, ScriptedServer) async throws -> R
) async throws -> R {
    try await ScriptedServer.running(script) { server in
        try await withTransport { http in
            var policy = RetryPolicy()
            policy.retries = retries
            policy.firstDelay = .milliseconds(1)
            let client = RegistryClient(
                http: http, credentials: TestCredentials(credential: credential), blobs: blobs, limits: limits,
                retries: policy)
            return try await body(TestLookup(client: client, host: server.host), server)
        }
    }
}

extension UnverifiedBundle {
    /// Why it is unreadable; `nil` where it is not.
    var fault: String? {
        if case .unreadable(let reason) = content { reason } else { nil }
    }

    /// The bytes of a bundle, payload or envelope, as text.
    var text: String? {
        switch content {
        case .bundle(let bytes), .envelope(let bytes, _), .simpleSigning(let bytes, _):
            String(decoding: bytes, as: UTF8.self)
        case .large, .read, .unreadable: nil
        }
    }
}
