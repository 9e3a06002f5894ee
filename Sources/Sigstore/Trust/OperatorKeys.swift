// SPDX-License-Identifier: Apache-2.0

/// What an operator believes by a file of keys or certificates and not by a trusted root: an own public key
/// infrastructure, a Fulcio, Rekor or timestamp authority of one's own. PEM texts; no validity is written in them, so
/// they are believed for as long as they are named, and certificates for as long as they say themselves.
public struct OperatorKeys: Hashable, Sendable {
    /// Public keys of Rekor v1 logs, a text of one key each; replaces all logs where it is not empty.
    public var logKeys: [String] = []
    /// Public keys of certificate transparency logs, a text of one key each; replaces all of them where it is not empty.
    public var certificateLogKeys: [String] = []
    /// Root certificates, each an authority of its own; with `intermediates` they replace all authorities.
    public var roots: String?
    /// Certificates between those roots and what they issue. Without any, the ones that come with a proof are tried.
    public var intermediates: String?
    /// A timestamp authority's chain: its own certificate first if it is pinned, the root last; replaces all authorities.
    public var timestampChain: String?

    public init() {}
}

extension TrustMaterial {
    /// This material with the operator's own in place of each kind that is named.
    public func replacing(with keys: OperatorKeys) throws(TrustError) -> TrustMaterial {
        var authorities = certificateAuthorities
        if let roots = keys.roots {
            let anchors = try Self.certificates(roots, "the root certificates")
            let between = try keys.intermediates.map { text throws(TrustError) in
                try Self.certificates(text, "the intermediate certificates")
            }
            authorities = anchors.enumerated().map { number, root in
                CertificateAuthority(
                    name: "root certificate \(number + 1)", root: root, intermediates: between ?? [], signer: nil,
                    takesOfferedIntermediates: between == nil, operatorName: "", validity: .always)
            }
        } else if keys.intermediates != nil {
            throw .malformed("intermediate certificates without root certificates lead nowhere")
        }
        var timestampAuthorities = timestampAuthorities
        if let chain = keys.timestampChain {
            let certificates = try Self.certificates(chain, "the timestamp authority's chain")
            guard
                let authority = CertificateAuthority(
                    name: "timestamp authority", chain: certificates, ofTimestamps: true, validity: .always)
            else { throw .empty }
            timestampAuthorities = [authority]
        }
        return TrustMaterial(
            certificateAuthorities: authorities,
            logs: keys.logKeys.isEmpty ? logs : try Self.logs(keys.logKeys, "the log's key"),
            certificateLogs: keys.certificateLogKeys.isEmpty
                ? certificateLogs : try Self.logs(keys.certificateLogKeys, "the certificate log's key"),
            timestampAuthorities: timestampAuthorities, leftOut: leftOut)
    }

    private static func logs(_ texts: [String], _ what: String) throws(TrustError) -> [TransparencyLog] {
        guard texts.count <= maximumMembers else { throw .malformed("\(what): more than \(maximumMembers)") }
        var logs: [TransparencyLog] = []
        for text in texts {
            let key: PublicKey
            do throws(KeyError) { key = try PublicKey(pem: text) } catch { throw .malformed("\(what) is \(error)") }
            logs.append(
                TransparencyLog(
                    baseURL: "", id: HashAlgorithm.sha256.hash(key.der), checkpointKeyID: nil, key: key,
                    scheme: key.logScheme, operatorName: "", validity: .always))
        }
        return logs
    }

    private static func certificates(_ text: String, _ what: String) throws(TrustError) -> [Certificate] {
        guard text.utf8.count <= maximumDocumentBytes else { throw .malformed("\(what): too long") }
        let blocks: [PEMBlock]
        do throws(KeyError) { blocks = try PEMBlock.all(in: text, atMost: maximumMembers) } catch {
            throw .malformed("\(what): no PEM certificates; write blocks of -----BEGIN CERTIFICATE-----")
        }
        var certificates: [Certificate] = []
        for block in blocks {
            guard block.label.isExactly("CERTIFICATE") else {
                throw .malformed("\(what): a PEM block that is no certificate")
            }
            do throws(CertificateError) { certificates.append(try Certificate(der: block.bytes)) } catch {
                throw .malformed("\(what): \(error)")
            }
        }
        return certificates
    }
}

extension ValidityPeriod {
    /// For material that an operator names without a period.
    static var always: ValidityPeriod { ValidityPeriod(from: .earliest) }
}

extension PublicKey {
    /// How a log signs of which no more is known than its key: Rekor v1 and certificate transparency logs hash with
    /// SHA-256 on every curve. RFC 6962 §2.1.4.
    var logScheme: SignatureScheme {
        switch kind {
        case .ecdsaP256, .ecdsaP384, .ecdsaP521: .ecdsa(.sha256)
        case .rsa: .rsaPKCS1(.sha256)
        case .ed25519: .ed25519
        }
    }
}
