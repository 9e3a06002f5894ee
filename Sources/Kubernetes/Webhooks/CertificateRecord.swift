// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import JSON
import Sigstore

/// What stands in the Secret: the certificate that is served, the authorities that API servers are to trust, the keys of
/// those that are ours, and how far the change from one authority to the next has come.
struct CertificateRecord: Hashable, Sendable {
    /// How far the change to the next authority has come, and since when. Any replica goes on from here.
    enum Phase: Hashable, Sendable {
        case steady
        /// The bundle holds the next authority; it is not known to be registered yet.
        case announced
        /// Every webhook configuration was seen to hold the bundle.
        case registered(since: Instant)
        /// The next authority's certificate is served; the old authority is still trusted.
        case replaced(since: Instant)
    }

    /// `server-cert.pem` and `server-key.pem`.
    var serving = KeptPair(certificate: [], key: [])
    /// `ca-cert.pem`: one certificate after another.
    var bundle: [UInt8] = []
    /// `ca-key.pem`: the key of the authority in the bundle that issues. Empty where somebody else made the rest.
    var signingKey: [UInt8] = []
    /// `next-ca-key.pem`: that of the authority that will.
    var nextKey: [UInt8] = []
    var phase = Phase.steady
    /// What was asked for last, and what was begun last: unequal means that a change of authority is wanted.
    var rotationWanted = ""
    var rotationBegun = ""

    init() {}
}

extension CertificateRecord {
    /// Keys of the Secret's data; the first three are those that existing installations hold.
    static let servingKeyName = "server-key.pem"
    static let servingCertificateName = "server-cert.pem"
    static let bundleName = "ca-cert.pem"
    static let signingKeyName = "ca-key.pem"
    static let nextKeyName = "next-ca-key.pem"

    static let phaseAnnotation = "countersign.dev/ca-rotation"
    static let sinceAnnotation = "countersign.dev/ca-rotation-since"
    /// Any new value asks for another authority.
    static let wantedAnnotation = "countersign.dev/rotate"
    static let begunAnnotation = "countersign.dev/rotated"

    /// What cannot be read is as if it were not there: it is then made.
    init(_ secret: KubernetesObject) {
        let data = secret.root["data"]
        func bytes(_ name: String) -> [UInt8] {
            data?[name]?.string.map(Self.decoded) ?? []
        }
        serving = KeptPair(certificate: bytes(Self.servingCertificateName), key: bytes(Self.servingKeyName))
        bundle = bytes(Self.bundleName)
        signingKey = bytes(Self.signingKeyName)
        nextKey = bytes(Self.nextKeyName)
        let annotations = secret.annotations
        let since = annotations[Self.sinceAnnotation].flatMap { Instant(rfc3339: $0) } ?? .earliest
        phase =
            switch annotations[Self.phaseAnnotation] {
            case "announced": .announced
            // A time that is not there has not begun.
            case "registered": since == .earliest ? .announced : .registered(since: since)
            case "replaced": .replaced(since: since == .earliest ? .latest : since)
            default: .steady
            }
        rotationWanted = annotations[Self.wantedAnnotation] ?? ""
        rotationBegun = annotations[Self.begunAnnotation] ?? ""
    }

    /// Nothing for what is no base64.
    static func decoded(_ text: String) -> [UInt8] { Data(base64Encoded: text).map { [UInt8]($0) } ?? [] }

    private var phaseTexts: (name: String?, since: String?) {
        switch phase {
        case .steady: (nil, nil)
        case .announced: ("announced", nil)
        case .registered(let since): ("registered", since.description)
        case .replaced(let since): ("replaced", since.description)
        }
    }

    private func annotations() -> [(String, String?)] {
        [
            (Self.phaseAnnotation, phaseTexts.name), (Self.sinceAnnotation, phaseTexts.since),
            (Self.begunAnnotation, rotationBegun.isEmpty ? nil : rotationBegun),
        ]
    }

    private func data() -> [(String, [UInt8])] {
        [
            (Self.servingCertificateName, serving.certificate), (Self.servingKeyName, serving.key),
            (Self.bundleName, bundle), (Self.signingKeyName, signingKey), (Self.nextKeyName, nextKey),
        ]
    }

    /// A new Secret of this content.
    func creation(name: String, namespace: String) -> [UInt8] {
        text { writer in
            writer.member("apiVersion", ResourceType.secrets.apiVersion)
            writer.member("kind", ResourceType.secrets.kind)
            writer.member("type", "Opaque")
        } metadata: { writer in
            writer.member("name", name)
            writer.member("namespace", namespace)
            writer.member("labels", object: { $0.member("app.kubernetes.io/managed-by", "countersign") })
        }
    }

    /// A merge patch that gives a Secret this content and leaves everything else in it, if it is still of that version.
    func patch(of version: String) -> [UInt8] {
        text { _ in
        } metadata: { writer in
            writer.member("resourceVersion", version)
        }
    }

    /// Members without a value are `null`, which takes them out of what is patched; a new object has none.
    private func text(
        _ head: (inout JSONWriter) -> Void, metadata: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            head(&writer)
            writer.object("metadata") { writer in
                metadata(&writer)
                writer.object("annotations") { writer in
                    for (name, value) in annotations() {
                        if let value { writer.member(name, value) } else { Self.null(name, &writer) }
                    }
                }
            }
            writer.object("data") { writer in
                for (name, bytes) in data() {
                    if bytes.isEmpty {
                        Self.null(name, &writer)
                    } else {
                        writer.member(name, Data(bytes).base64EncodedString())
                    }
                }
            }
        }
        return writer.bytes
    }

    private static func null(_ name: String, _ writer: inout JSONWriter) {
        writer.name(name)
        writer.null()
    }
}
