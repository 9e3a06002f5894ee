// SPDX-License-Identifier: Apache-2.0
import JSON
import Sigstore

/// `optional` of a signature in a layer of cosign's tags as cosign prints it: what was signed there, and over it what the
/// certificate and the annotations say.
struct LegacyOptional {
    /// JSON text; what was signed.
    private let signed: [UInt8]
    /// Names and JSON texts.
    private var added: [(name: String, text: [UInt8])] = []

    init(of signature: VerifiedSignature) {
        signed = signature.claims.optional
        // Only a certificate that was verified speaks; one that lies beside a key's signature was not looked at.
        if case .certificate(let claims) = signature.signer { add(claims) }
        // What follows is printed wherever it is there, also where nobody asked for a log or a timestamp: it is the
        // material itself and no claim that somebody checked it. What cannot be read is left out.
        if let text = signature.claims.annotations?.rekorBundle { add("Bundle", Self.logBundle(text)) }
        if let text = signature.claims.annotations?.timestamp { add("RFC3161Timestamp", Self.timestamp(text)) }
    }

    private mutating func add(_ name: String, _ text: [UInt8]?) {
        if let text { added.append((name, text)) }
    }

    private mutating func add(_ name: String, string value: String?) {
        guard let value, !value.isEmpty else { return }
        var writer = JSONWriter()
        writer.string(value)
        added.append((name, writer.bytes))
    }

    private mutating func add(_ claims: CertificateClaims) {
        add("Subject", string: claims.firstNameByKind.text)
        add("Issuer", string: claims.issuer)
        add(Self.name(.issuerV1), string: claims.issuer)
        let workflow: [(name: String, claim: FulcioExtension)] = [
            ("githubWorkflowTrigger", .workflowTrigger), ("githubWorkflowSha", .workflowSHA),
            ("githubWorkflowName", .workflowName), ("githubWorkflowRepository", .workflowRepository),
            ("githubWorkflowRef", .workflowRef),
        ]
        for (name, claim) in workflow {
            add(name, string: claims[claim])
            add(Self.name(claim), string: claims[claim])
        }
    }

    private static func name(_ claim: FulcioExtension) -> String { "1.3.6.1.4.1.57264.1.\(claim.rawValue)" }

    /// `{"SignedEntryTimestamp":…,"Payload":{…}}`, numbers as they stand.
    private static func logBundle(_ text: String) -> [UInt8]? {
        guard let root = try? JSONDocument(parsing: Array(text.utf8)).root, let payload = root["Payload"],
            let timestamp = root["SignedEntryTimestamp"], timestamp.kind == .string,
            let body = payload["body"], let time = payload["integratedTime"], time.integer != nil,
            let index = payload["logIndex"], index.integer != nil,
            let log = payload["logID"], log.kind == .string
        else { return nil }
        var writer = JSONWriter()
        writer.object { writer in
            writer.name("SignedEntryTimestamp")
            writer.raw(timestamp.rawText)
            writer.member(
                "Payload",
                object: { writer in
                    for (name, value) in [
                        ("body", body), ("integratedTime", time), ("logIndex", index), ("logID", log),
                    ] {
                        writer.name(name)
                        writer.raw(value.rawText)
                    }
                })
        }
        return writer.bytes
    }

    /// `{"SignedRFC3161Timestamp":…}`
    private static func timestamp(_ text: String) -> [UInt8]? {
        guard let root = try? JSONDocument(parsing: Array(text.utf8)).root,
            let token = root["SignedRFC3161Timestamp"], token.kind == .string
        else { return nil }
        var writer = JSONWriter()
        writer.object { writer in
            writer.name("SignedRFC3161Timestamp")
            writer.raw(token.rawText)
        }
        return writer.bytes
    }

    func write(to writer: inout JSONWriter) {
        guard !added.isEmpty else { return writer.raw(signed) }
        let document = try? JSONDocument(parsing: signed).root
        writer.object { writer in
            // Whoever signs writes what they like there; what was verified stands over it, and no name is there twice.
            for member in document?.members.map({ $0 }) ?? []
            where !added.contains(where: { $0.name.utf8.elementsEqual(member.name.utf8) }) {
                writer.name(member.name)
                writer.raw(member.value.rawText)
            }
            for (name, text) in added {
                writer.name(name)
                writer.raw(text)
            }
        }
    }
}

extension CertificateClaims {
    /// The name that cosign prints: of the first kind that there is, in this order.
    fileprivate var firstNameByKind: SubjectAlternativeName {
        func rank(_ name: SubjectAlternativeName) -> Int {
            switch name {
            case .dns: 0
            case .email: 1
            case .ipAddress: 2
            case .uri: 3
            case .otherName: 4
            }
        }
        return names.min { rank($0) < rank($1) } ?? subject
    }
}
