// SPDX-License-Identifier: Apache-2.0
import OCI
import Testing

@testable import Sigstore

/// The image that the tests' proofs are about, and another one.
let image = Digest(of: Array("an image manifest".utf8))
let otherImage = Digest(of: Array("another image manifest".utf8))

/// Members whose value is JSON text, so that a test can put anything in its place.
struct StatementText {
    var type = #""https://in-toto.io/Statement/v1""#
    var subject = #"[{"digest":{"sha256":"\#(image.hex)"}}]"#
    var predicateType = #""https://sigstore.dev/cosign/sign/v1""#
    var predicate = "{}"
    /// Further members, each with a comma before it.
    var more = ""

    var text: String {
        #"{"_type":\#(type),"subject":\#(subject),"predicateType":\#(predicateType),"predicate":\#(predicate)\#(more)}"#
    }
}

/// A DSSE envelope, alone or in a bundle, whose parts a test can replace before or after signing.
struct ProofText {
    var statement = StatementText()
    /// What is signed, where it is not the statement's text.
    var payload: String?
    var payloadType = Envelope.inToto
    var scheme: SignatureScheme?

    // After signing.
    var payloadMember: (_ payload: [UInt8]) -> String = { #""\#(base64($0))""# }
    var payloadTypeMember: (_ type: String) -> String = { #""\#($0)""# }
    var signatures: (_ signature: [UInt8]) -> String = { #"[{"sig":"\#(base64($0))"}]"# }
    var envelopeMore = ""
    var mediaType: String? = #""application/vnd.dev.sigstore.bundle.v0.3+json""#
    var material: String? = #"{"publicKey":{"hint":"c29tZSBrZXk="}}"#
    var content: (_ envelope: String) -> String = { #""dsseEnvelope":\#($0)"# }
    var bundleMore = ""

    /// A log entry and a timestamp that are whole, and of nobody who is trusted.
    static let logEntry = #"""
        {"logIndex":"1","logId":{"keyId":"AAAA"},"kindVersion":{"kind":"dsse","version":"0.0.1"},"integratedTime":"1","inclusionPromise":{"signedEntryTimestamp":"AAAA"},"inclusionProof":{"logIndex":"1","rootHash":"AAAA","treeSize":"2","hashes":["AAAA"],"checkpoint":{"envelope":"x"}},"canonicalizedBody":"AAAA"}
        """#
    static let timestamp = #"{"signedTimestamp":"AAAA"}"#
    static let witnessedMaterial =
        #"{"publicKey":{},"tlogEntries":[\#(logEntry)],"timestampVerificationData":{"rfc3161Timestamps":[\#(timestamp)]}}"#

    /// An attestation, and no signature.
    static var attestation: ProofText {
        ProofText(
            statement: StatementText(
                type: #""https://in-toto.io/Statement/v0.1""#, predicateType: #""https://spdx.dev/Document""#,
                predicate: #"{"spdxVersion":"SPDX-2.3"}"#))
    }

    func envelope(signedBy key: TestKey) throws -> String {
        let payload = Array((payload ?? statement.text).utf8)
        let signed = Array("DSSEv1 \(payloadType.utf8.count) \(payloadType) \(payload.count) ".utf8) + payload
        let signature = try key.sign(signed, scheme)
        return """
            {"payload":\(payloadMember(payload)),"payloadType":\(payloadTypeMember(payloadType)),\
            "signatures":\(signatures(signature))\(envelopeMore)}
            """
    }

    func bundle(signedBy key: TestKey) throws -> String {
        var members: [String] = []
        if let mediaType { members.append(#""mediaType":\#(mediaType)"#) }
        if let material { members.append(#""verificationMaterial":\#(material)"#) }
        let content = content(try envelope(signedBy: key))
        if !content.isEmpty { members.append(content) }
        return "{\(members.joined(separator: ","))\(bundleMore)}"
    }
}

/// A simple-signing payload, as JSON text by member.
struct SimpleSigningText {
    var type = #""cosign container image signature""#
    var imageSection = #"{"docker-manifest-digest":"\#(image)"}"#
    var identity = #"{"docker-reference":"registry.example/app"}"#
    var optional = "null"
    var criticalMore = ""
    var more = ""

    var text: String {
        """
        {"critical":{"identity":\(identity),"image":\(imageSection),"type":\(type)\(criticalMore)},\
        "optional":\(optional)\(more)}
        """
    }
}

/// The three places in which a key's proof about an image is found.
enum Carrier: String, CaseIterable {
    case simpleSigning, bundle, envelope
}

func origin(_ carrier: ProofOrigin.Carrier = .referrer) -> ProofOrigin {
    ProofOrigin(carrier: carrier, manifest: Digest(of: [1]), blob: Digest(of: [2]))
}

func candidate(bundle text: String) -> UnverifiedBundle {
    UnverifiedBundle(.bundle(Array(text.utf8)), origin: origin())
}

func candidate(envelope text: String, _ annotations: [String: String] = [:]) -> UnverifiedBundle {
    UnverifiedBundle(
        .envelope(Array(text.utf8), annotations: CosignAnnotations(annotations)), origin: origin(.attestationTag))
}

func candidate(simpleSigning payload: String, annotations: [String: String]) -> UnverifiedBundle {
    UnverifiedBundle(
        .simpleSigning(payload: Array(payload.utf8), annotations: CosignAnnotations(annotations)),
        origin: origin(.signatureTag))
}

func candidate(simpleSigning payload: String, signature: [UInt8]) -> UnverifiedBundle {
    candidate(simpleSigning: payload, annotations: ["dev.cosignproject.cosign/signature": base64(signature)])
}

extension SimpleSigningText {
    func candidate(signedBy key: TestKey, _ scheme: SignatureScheme? = nil) throws -> UnverifiedBundle {
        SigstoreTests.candidate(simpleSigning: text, signature: try key.sign(Array(text.utf8), scheme))
    }
}

extension Verifier {
    /// The reason for which a bundle is no signature over an image; `nil` where it is one.
    func refusal(asSignature bundle: UnverifiedBundle, of image: Digest = image) -> VerificationError? {
        do {
            _ = try signature(in: bundle, of: image)
            return nil
        } catch { return error }
    }

    /// The reason for which a bundle is no attestation about an image; `nil` where it is one.
    func refusal(asStatement bundle: UnverifiedBundle, of image: Digest = image) -> VerificationError? {
        var refusal: VerificationError?
        do { _ = try statement(in: bundle, of: image) } catch { refusal = error }
        compareLarge(bundle, refusal) { (large) throws(VerificationError) in _ = try statement(in: large, of: image) }
        return refusal
    }
}

/// A row of a table: what is changed, and the reason for which it is then refused; `nil` where it makes no difference.
struct Change<Subject>: Sendable, CustomTestStringConvertible {
    let name: String
    let code: String?
    let make: @Sendable (inout Subject) -> Void

    init(_ name: String, _ code: String?, _ make: @escaping @Sendable (inout Subject) -> Void) {
        self.name = name
        self.code = code
        self.make = make
    }

    var testDescription: String { name }
}
