// SPDX-License-Identifier: Apache-2.0
import SwiftASN1

/// A timestamp that has been read and not checked: an authority's answer, in it a signed message (CMS), in it what the
/// authority says. RFC 3161 §2.4.2.
///
///     TimeStampResp
///       status            granted
///       ContentInfo       signedData
///         SignedData
///           content       TSTInfo: hash of the signature that was timestamped, time
///           certificates  perhaps the signer's
///           signer        name, attributes (digest of the content), signature over the attributes
///
/// DER throughout, as every authority that is known here writes it; BER has several forms for one token.
struct TimestampToken: Hashable, Sendable {
    let info: TimestampInfo
    let message: SignedData

    /// Bytes of one token. One without certificates has about 600, one of a commercial authority with its whole chain of
    /// RSA certificates about 7 KB; the rest is room for longer chains. What DER costs its reader is a multiple of it.
    static let maximumLength = 32 << 10

    /// Reads exactly one `TimeStampResp`.
    init(der: [UInt8]) throws(TimestampError) {
        guard der.count <= Self.maximumLength else {
            throw .unreadable("it has more than \(Self.maximumLength) bytes")
        }
        guard let root = try? DER.parse(der), root.identifier == .sequence else {
            throw .unreadable("it is not well-formed DER")
        }
        var nodes = try root.children("it")
        var status = try nodes.required(.sequence, "its status").children("its status")
        let granted = try status.required("its status").smallInteger("its status")
        // "Granted, with changes" (1) too: what was changed is unsigned, and none of the requests that are made here
        // leaves anything to change.
        guard granted == 0 else { throw .notGranted(status: granted) }
        _ = status.optional(.sequence)  // words for people
        guard status.next() == nil else { throw .unreadable("it is granted and names a failure") }
        message = try SignedData(contentInfo: nodes.required("its message"))
        guard nodes.next() == nil else { throw .unreadable("it has an unknown field") }
        guard message.contentType == Self.contentType else { throw .contentType("\(message.contentType)") }
        info = try TimestampInfo(der: message.content)
    }

    /// id-ct-TSTInfo.
    static let contentType: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 9, 16, 1, 4]
}
