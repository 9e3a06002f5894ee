// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import TestSupport
import Testing

@testable import Sigstore

/// Signatures that other projects made on the public-good instance, verified against the embedded root alone.
@Suite("Signatures of the public-good instance")
struct ProductionSignatureTests {
    /// A signature of an image, as cosign prints it.
    struct ImageSignature: Sendable, CustomTestStringConvertible {
        let id: String
        let image: Digest
        let identity: String
        let issuer: String
        let proof: UnverifiedBundle

        var testDescription: String { "\(id) \(identity)" }

        init?(_ row: JSONValue) {
            guard let id = row["id"]?.string, let image = row["digest"]?.string.flatMap({ try? Digest($0) }),
                let identity = row["san"]?[0]?.string, let issuer = row["issuer"]?.string,
                let payload = row["payload"]?.string, let signature = row["signature"]?.string,
                let certificate = row["certificate"]?.string, let bundle = row["bundle"]
            else { return nil }
            self.id = id
            self.image = image
            self.identity = identity
            self.issuer = issuer
            let annotations = CosignAnnotations([
                "dev.cosignproject.cosign/signature": signature, "dev.sigstore.cosign/certificate": certificate,
                "dev.sigstore.cosign/bundle": String(decoding: bundle.rawText, as: UTF8.self),
            ])
            let bytes = Array(payload.utf8)
            proof = UnverifiedBundle(
                .simpleSigning(payload: bytes, annotations: annotations),
                origin: ProofOrigin(carrier: .signatureTag, manifest: image, blob: Digest(of: bytes)))
        }
    }

    /// A release of CPython: a file's digest and the bundle beside it.
    struct Release: Sendable, CustomTestStringConvertible {
        let name: String
        let file: Digest
        let identity: String
        let issuer: String
        let bundle: [UInt8]

        var testDescription: String { name }

        init?(_ row: JSONValue) {
            guard let name = row["url"]?.string, let hex = row["sha256"]?.string,
                let file = try? Digest("sha256:\(hex)"), let identity = row["identity"]?.string,
                let issuer = row["issuer"]?.string, let bundle = row["bundle"]
            else { return nil }
            self.name = name
            self.file = file
            self.identity = identity
            self.issuer = issuer
            self.bundle = Array(bundle.rawText)
        }
    }

    static let signatures = rows("signatures.jsonl").compactMap { ImageSignature($0) }
    static let releases = rows("cpython-bundles.jsonl").compactMap { Release($0) }

    private static func rows(_ name: String) -> [JSONValue] {
        guard let bytes = SharedFolder.bytes("data/keyless-images/\(name)") else { return [] }
        return bytes.split(separator: UInt8(ascii: "\n")).compactMap { try? JSONDocument(parsing: Array($0)).root }
    }

    private let trust: TrustMaterial

    init() throws { trust = try .publicGood() }

    @Test("are there, one by a person with an address of accounts.google.com among them")
    func count() {
        guard available(SharedFolder.path("data/keyless-images") != nil, orSkip: "no shared/data/keyless-images")
        else { return }
        #expect(Self.signatures.count == 99)
        #expect(Self.releases.count == 30)
        #expect(
            Self.signatures.contains {
                $0.issuer == "https://accounts.google.com" && $0.identity == "priya@chainguard.dev"
            })
    }

    @Test("on images verify by their published identity, exactly and by expression", arguments: signatures)
    func accepted(signature: ImageSignature) throws {
        let exact = Verifier(trust, try .exactly(signature.identity, signature.issuer))
        let proven = try exact.signature(in: signature.proof, of: signature.image)
        #expect(proven.image == signature.image)
        #expect(proven.support.logs == 1)
        #expect(proven.support.times.count == 1)
        #expect(proven.signer.claims?.subject.text == signature.identity)
        #expect(proven.signer.claims?.issuer == signature.issuer)
        let matching = Verifier(trust, try .pattern(signature.identity, signature.issuer))
        #expect(matching.refusal(asSignature: signature.proof, of: signature.image) == nil)
        // The same signature says nothing about another image.
        #expect(exact.refusal(asSignature: signature.proof, of: otherDigest)?.code == "wrong-image")
    }

    @Test("on images are nobody else's", arguments: signatures)
    func othersOnImages(signature: ImageSignature) throws {
        for other in try OtherIdentity.all(signature.identity, signature.issuer) {
            let refusal = Verifier(trust, other.identity).refusal(asSignature: signature.proof, of: signature.image)
            #expect(refusal?.code == "wrong-identity", "\(other.name)")
        }
        guard let stranger = Self.signatures.first(where: { $0.identity != signature.identity }) else { return }
        let theirs = Verifier(trust, try .exactly(stranger.identity, stranger.issuer))
        #expect(theirs.refusal(asSignature: signature.proof, of: signature.image)?.code == "wrong-identity")
    }

    @Test("on releases verify by their published identity, exactly and by expression", arguments: releases)
    func acceptedReleases(release: Release) throws {
        for identity in try [
            CertificateIdentity.exactly(release.identity, release.issuer), .pattern(release.identity, release.issuer),
        ] {
            let proven = try Verifier(trust, identity).artifact(.digest(release.file), in: release.bundle)
            #expect(proven.artifact == release.file)
            #expect(proven.predicateType == nil)
        }
        let exact = Verifier(trust, try .exactly(release.identity, release.issuer))
        #expect(exact.refusal(of: .digest(otherDigest), in: release.bundle)?.code == "wrong-artifact")
    }

    @Test("on releases are nobody else's", arguments: releases)
    func othersOnReleases(release: Release) throws {
        for other in try OtherIdentity.all(release.identity, release.issuer) {
            let refusal = Verifier(trust, other.identity).refusal(of: .digest(release.file), in: release.bundle)
            #expect(refusal?.code == "wrong-identity", "\(other.name)")
        }
    }

    private var otherDigest: Digest { Digest(of: [0]) }
}

extension ProvenSigner {
    /// What the certificate says, where it is one.
    var claims: CertificateClaims? {
        if case .certificate(let claims) = self { return claims }
        return nil
    }
}
