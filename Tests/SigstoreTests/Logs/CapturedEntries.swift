// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import TestSupport

@testable import Sigstore

/// Log entries in files of other programs, read just enough to be checked. Test code: the product reads bundles
/// elsewhere.
struct CapturedEntry {
    let source: String
    let entry: LogEntry
    let signature: LoggedSignature

    struct Unfit: Error { let what: String }

    static func bytes(_ value: JSONValue?, _ what: String) throws -> [UInt8] {
        guard let bytes = value?.string.flatMap({ Base64.decode($0, .any) }) else { throw Unfit(what: what) }
        return bytes
    }

    /// The logs of a trusted root.
    static func logs(_ path: String) throws -> [TransparencyLog] {
        guard let file = SharedFolder.bytes(path) else { throw Unfit(what: path) }
        let root = try JSONDocument(parsing: file).root
        return try root["tlogs"]?.elements.map { log in
            let key = try PublicKey(der: bytes(log["publicKey"]?["rawBytes"], "key"))
            guard let start = log["publicKey"]?["validFor"]?["start"]?.string.flatMap({ Instant(rfc3339: $0) }) else {
                throw Unfit(what: "start")
            }
            let end = log["publicKey"]?["validFor"]?["end"]?.string.flatMap { Instant(rfc3339: $0) }
            guard let validity = ValidityPeriod(start: start, end: end) else { throw Unfit(what: "validity") }
            return TransparencyLog(
                baseURL: log["baseUrl"]?.string ?? "", id: try bytes(log["logId"]?["keyId"], "id"),
                checkpointKeyID: nil, key: key, scheme: key.kind == .ed25519 ? .ed25519 : .ecdsa(.sha256),
                operatorName: "", validity: validity)
        } ?? []
    }

    /// The entries of a bundle; `key` where it names a key only.
    static func inBundle(_ bundle: JSONValue, _ source: String, key: PublicKey? = nil) throws -> [CapturedEntry] {
        let material = bundle["verificationMaterial"]
        let leaf = material?["certificate"] ?? material?["x509CertificateChain"]?["certificates"]?[0]
        let signer: LoggedSignature.Signer
        if let leaf {
            signer = .certificate(try Certificate(der: bytes(leaf["rawBytes"], "certificate")))
        } else if let key {
            signer = .key(key)
        } else {
            throw Unfit(what: "signer")
        }
        let signature: LoggedSignature
        if let envelope = bundle["dsseEnvelope"] {
            let read = try Envelope(envelope, strict: true)
            signature = LoggedSignature(
                signature: read.signature, signer: signer, content: .envelope(read, text: nil))
        } else {
            let message = bundle["messageSignature"]
            let digest = try bytes(message?["messageDigest"]?["digest"], "digest")
            let hash = HashAlgorithm.allCases.first { $0.length == digest.count } ?? .sha256
            signature = LoggedSignature(
                signature: try bytes(message?["signature"], "signature"), signer: signer,
                content: .message(.digest(hash, digest)))
        }
        return try material?["tlogEntries"]?.elements.map {
            CapturedEntry(source: source, entry: try told($0), signature: signature)
        } ?? []
    }

    private static func told(_ entry: JSONValue) throws -> LogEntry {
        var proof: InclusionProof?
        if let told = entry["inclusionProof"], !told.isNull {
            proof = InclusionProof(
                leafIndex: told["logIndex"]?.integerOrDecimalString ?? 0,
                treeSize: told["treeSize"]?.integerOrDecimalString ?? 0, rootHash: try bytes(told["rootHash"], "root"),
                siblings: try told["hashes"]?.elements.map { try bytes($0, "hash") } ?? [],
                checkpoint: told["checkpoint"]?["envelope"]?.string ?? "")
        }
        let time = entry["integratedTime"]?.integerOrDecimalString
        return LogEntry(
            index: entry["logIndex"]?.integerOrDecimalString ?? 0, logID: try bytes(entry["logId"]?["keyId"], "id"),
            kind: entry["kindVersion"].map { ($0["kind"]?.string ?? "", $0["version"]?.string ?? "") },
            integratedTime: time == 0 ? nil : time,
            signedEntryTimestamp: try entry["inclusionPromise"]?["signedEntryTimestamp"].map { try bytes($0, "SET") },
            inclusionProof: proof, body: try bytes(entry["canonicalizedBody"], "body"))
    }

    /// The entry of cosign's annotation.
    static func annotated(
        _ annotation: JSONValue, certificate: String?, key: PublicKey?, _ source: String, signature: [UInt8],
        _ content: LoggedSignature.Content
    ) throws -> CapturedEntry {
        let payload = annotation["Payload"]
        guard let seconds = payload?["integratedTime"]?.integer, let index = payload?["logIndex"]?.integer,
            let id = payload?["logID"]?.string
        else { throw Unfit(what: "payload") }
        let signer: LoggedSignature.Signer
        if let certificate {
            signer = .certificate(try Certificate(der: PEMBlock(in: certificate).bytes))
        } else if let key {
            signer = .key(key)
        } else {
            throw Unfit(what: "signer")
        }
        let entry = LogEntry(
            index: index, logID: hex(id), kind: nil, integratedTime: seconds,
            signedEntryTimestamp: try bytes(annotation["SignedEntryTimestamp"], "SET"), inclusionProof: nil,
            body: try bytes(payload?["body"], "body"))
        return CapturedEntry(
            source: source, entry: entry,
            signature: LoggedSignature(signature: signature, signer: signer, content: content))
    }

    /// Every entry in the blobs of an image layout: of layers with cosign's annotation, and of bundles.
    static func inLayout(_ folder: String, key: PublicKey? = nil) throws -> [CapturedEntry] {
        try SharedFolder.names(in: folder + "/blobs/sha256").flatMap { name -> [CapturedEntry] in
            guard let blob = SharedFolder.bytes("\(folder)/blobs/sha256/\(name)"),
                let root = (try? JSONDocument(parsing: blob))?.root
            else { return [] }
            let source = "\(folder) \(name.prefix(8))"
            if root["verificationMaterial"]?["tlogEntries"] != nil { return try inBundle(root, source, key: key) }
            return try root["layers"]?.elements.compactMap { layer -> CapturedEntry? in
                guard let annotations = layer["annotations"],
                    let text = annotations["dev.sigstore.cosign/bundle"]?.string, !text.isEmpty,
                    let digest = layer["digest"]?.string,
                    let payload = SharedFolder.bytes("\(folder)/blobs/\(digest.replacing(":", with: "/"))")
                else { return nil }
                let certificate = annotations["dev.sigstore.cosign/certificate"]?.string.flatMap {
                    $0.isEmpty ? nil : $0
                }
                let bundle = try JSONDocument(parsing: Array(text.utf8)).root
                var signature = try bytes(annotations["dev.cosignproject.cosign/signature"], "signature")
                let content: LoggedSignature.Content
                if layer["mediaType"]?.string == "application/vnd.dsse.envelope.v1+json" {
                    let envelope = try Envelope.read(payload)
                    signature = envelope.signature
                    content = .envelope(envelope, text: payload)
                } else {
                    content = .message(.bytes(payload))
                }
                return try annotated(
                    bundle, certificate: certificate, key: key, source, signature: signature, content)
            } ?? []
        }
    }
}
