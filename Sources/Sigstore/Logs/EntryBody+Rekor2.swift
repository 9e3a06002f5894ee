// SPDX-License-Identifier: Apache-2.0
import JSON

/// The kinds of Rekor v2, whose signer is DER and whose hashes are base64. sigstore/rekor-tiles, pkg/types.
extension EntryBody {
    /// `hashedRekordV002{data{algorithm, digest}, signature{content, verifier}}`; of an envelope, `data` is the hash of
    /// what its signature is over.
    static func hashedrekord2(_ spec: JSONValue) throws(LogError) -> EntryBody {
        let entry = spec["hashedRekordV002"]
        let signature = entry?["signature"]
        let (signer, details) = try verifier(signature?["verifier"])
        return EntryBody(
            kind: .hashedrekord2, signature: try bytes(signature?["content"], "signature"), signer: signer,
            keyDetails: details, subject: .signed(try hash(entry?["data"], "data")))
    }

    /// `dsseV002{payloadHash{algorithm, digest}, signatures[{content, verifier}]}`, which cosign 2.6 to 3.0 had logged.
    static func dsse2(_ spec: JSONValue) throws(LogError) -> EntryBody {
        let entry = spec["dsseV002"]
        let signature = try only(entry?["signatures"], "signatures")
        let (signer, details) = try verifier(signature["verifier"])
        return EntryBody(
            kind: .dsse2, signature: try bytes(signature["content"], "signature"), signer: signer,
            keyDetails: details, subject: .payload(try hash(entry?["payloadHash"], "payloadHash"), type: nil))
    }

    private static func hash(_ value: JSONValue?, _ name: String) throws(LogError) -> Hash {
        guard let algorithm = value?["algorithm"]?.string else { throw .unreadable("it has no \(name)") }
        guard let known = HashAlgorithm.allCases.first(where: { $0.sigstoreName.isExactly(algorithm) }) else {
            throw .unreadable("its \(name) is of an algorithm that is not accepted, \(printable(algorithm))")
        }
        let digest = try bytes(value?["digest"], name)
        guard digest.count == known.length else { throw .unreadable("its \(name) is of another length") }
        return Hash(algorithm: known, value: digest)
    }

    private static func verifier(_ value: JSONValue?) throws(LogError) -> (Signer, details: String) {
        guard let details = value?["keyDetails"]?.string else { throw .unreadable("it has no keyDetails") }
        switch (value?["x509Certificate"], value?["publicKey"]) {
        case (let certificate?, nil): return (.certificate(try bytes(certificate["rawBytes"], "certificate")), details)
        case (nil, let key?): return (.key(try bytes(key["rawBytes"], "key")), details)
        default: throw .unreadable("it names no signer, or two")
        }
    }
}

extension HashAlgorithm {
    /// What sigstore/protobuf-specs calls it, HashAlgorithm.
    var sigstoreName: String {
        switch self {
        case .sha256: "SHA2_256"
        case .sha384: "SHA2_384"
        case .sha512: "SHA2_512"
        }
    }
}
