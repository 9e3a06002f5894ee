// SPDX-License-Identifier: Apache-2.0

/// A log that is believed while its period lasts: a transparency log (Rekor) or a certificate transparency log.
/// sigstore/protobuf-specs, TransparencyLogInstance.
struct TransparencyLog: Hashable, Sendable {
    /// `https://host[/path]`, as trust material has it; empty where it names none, and then no checkpoint of an Ed25519
    /// log can be checked.
    let baseURL: String
    /// What entries and SCTs call the log: 32 bytes; SHA-256 of the key's DER, or of the note key for Rekor v2.
    let id: [UInt8]
    /// The four bytes that name the key in a checkpoint, where trust material gives them.
    let checkpointKeyID: [UInt8]?
    let key: PublicKey
    /// The one way in which this log signs.
    let scheme: SignatureScheme
    /// Who runs it; logs of one operator count once towards a threshold. Empty where trust material does not say.
    let operatorName: String
    let validity: ValidityPeriod

    /// The host name of `baseURL`, which is the origin of a Rekor v2 checkpoint. C2SP tlog-checkpoint.
    var origin: String {
        var rest = baseURL[...]
        if let scheme = rest.firstRange(of: "://") { rest = rest[scheme.upperBound...] }
        while rest.hasSuffix("/") { rest = rest.dropLast() }
        return String(rest)
    }
}
