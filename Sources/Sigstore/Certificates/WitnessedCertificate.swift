// SPDX-License-Identifier: Apache-2.0
import SwiftASN1

/// That certificate transparency logs have promised to show a certificate to everyone: only this file can make one, by
/// checking their timestamps. RFC 6962 §3.
struct WitnessedCertificate: Sendable {
    private let proven: [Witness]

    /// One log that saw the certificate.
    struct Witness: Hashable, Sendable {
        let logID: [UInt8]
        let at: Instant
    }

    /// Distinct logs of distinct operators; at least as many as were required.
    var witnesses: [Witness] { proven }

    fileprivate init(_ witnesses: [Witness]) { proven = witnesses }
}

extension ValidatedPath {
    /// Proves that at least `threshold` of `logs` have seen the leaf; 1 where less is asked for.
    ///
    /// Two timestamps of one log count once, and so do two logs of one operator. A timestamp of an unknown log says
    /// nothing, and so does one of a time at which its log was not believed; one that a believed log did not sign is an
    /// error, whatever the others say.
    func requireTransparency(
        in logs: [TransparencyLog], threshold: Int = 1
    ) throws(CertificateError) -> WitnessedCertificate {
        let required = max(1, threshold)
        guard let value = leaf.first(CertificateTimestamps.identifier)?.value else {
            throw .tooFewLogs(found: 0, required: required, outsidePeriod: false)
        }
        let timestamps = try CertificateTimestamps.read(value)
        let precertificate = try leaf.precertificate()
        let issuerKeyHash = HashAlgorithm.sha256.hash(issuer.publicKey.der)

        var witnesses: [WitnessedCertificate.Witness] = []
        var operators: Set<String> = []
        var outsidePeriod = false
        for timestamp in timestamps {
            let known = logs.filter { $0.id == timestamp.logID }
            guard !known.isEmpty else { continue }
            guard let instant = Instant(milliseconds: timestamp.milliseconds) else {
                throw .unreadableTimestamps("one is of a time that does not exist")
            }
            guard let log = known.first(where: { $0.validity.contains(instant) }) else {
                outsidePeriod = true
                continue
            }
            let message = timestamp.message(issuerKeyHash: issuerKeyHash, precertificate: precertificate)
            guard timestamp.isSigned(by: log.scheme),
                log.key.isValid(timestamp.signature, over: message, scheme: log.scheme)
            else { throw .wrongTimestampSignature(log: log.baseURL) }
            guard !witnesses.contains(where: { $0.logID == log.id }),
                log.operatorName.isEmpty || operators.insert(log.operatorName).inserted
            else { continue }
            witnesses.append(WitnessedCertificate.Witness(logID: log.id, at: instant))
        }
        guard witnesses.count >= required else {
            throw .tooFewLogs(found: witnesses.count, required: required, outsidePeriod: outsidePeriod)
        }
        return WitnessedCertificate(witnesses)
    }
}

extension Certificate {
    /// The signed part as it was before the timestamps were put in: the same bytes without that extension, and without
    /// the extensions' wrapper where no other is left, in lengths that fit. RFC 6962 §3.2.
    ///
    /// DER writes a length in one way only and the reader takes no other, so whatever is copied keeps its bytes.
    func precertificate() throws(CertificateError) -> [UInt8] {
        do {
            let extensionsTag = ASN1Identifier(tagWithNumber: 3, tagClass: .contextSpecific)
            let fields = try DER.sequence(DER.parse(toBeSigned), identifier: .sequence) { nodes in
                var fields: [UInt8] = []
                while let node = nodes.next() {
                    guard node.identifier == extensionsTag else {
                        fields += node.encodedBytes
                        continue
                    }
                    let kept = try DER.sequence(node, identifier: extensionsTag) { wrapper in
                        guard let list = wrapper.next() else {
                            throw CertificateError.unreadable("its extensions are empty")
                        }
                        return try Self.extensionsWithoutTimestamps(list)
                    }
                    if !kept.isEmpty { fields += Self.element(0xA3, Self.element(0x30, kept)) }
                }
                return fields
            }
            return Self.element(0x30, fields)
        } catch let error as CertificateError {
            throw error
        } catch {
            throw .unreadable("it is not well-formed DER")
        }
    }

    private static func extensionsWithoutTimestamps(_ list: ASN1Node) throws -> [UInt8] {
        try DER.sequence(list, identifier: .sequence) { nodes in
            var kept: [UInt8] = []
            while let node = nodes.next() {
                guard case .constructed(let parts) = node.content else {
                    throw CertificateError.unreadable("an extension is no sequence")
                }
                var iterator = parts.makeIterator()
                if try ASN1ObjectIdentifier(derEncoded: &iterator) != CertificateTimestamps.identifier {
                    kept += node.encodedBytes
                }
            }
            return kept
        }
    }

    /// Tag, length and content; a certificate is shorter than three bytes of length can say.
    private static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        let length = withUnsafeBytes(of: UInt32(truncatingIfNeeded: content.count).bigEndian) {
            Array($0.drop { $0 == 0 })
        }
        let header = content.count < 0x80 ? [UInt8(content.count)] : [0x80 | UInt8(length.count)] + length
        return [tag] + header + content
    }
}
