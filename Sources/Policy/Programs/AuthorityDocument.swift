// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
public import JSON
import OCI
import Sigstore

/// What a policy over authorities reads: what they found, and what the policy asks to be included.
public struct AuthorityDocument: Sendable {
    private let text: [UInt8]

    /// - Parameters:
    ///   - configurations: the image's, of each platform; empty where the policy does not ask for them.
    ///   - workload: `nil` on the command line, where there is none.
    public init(
        _ matches: AtLeastOne<AuthorityMatch>, including inputs: PolicyInputs,
        configurations: [ImageConfiguration], workload: WorkloadObject?
    ) {
        var writer = JSONWriter()
        writer.object { writer in
            // A policy without authorities has no match to tell of.
            let told = matches.all.filter { $0.evidence != .noAuthorities }
            if !told.isEmpty {
                writer.member("authorityMatches") { writer in
                    // A name that several authorities have says the last one's, as a map does.
                    for match in Self.lastOfEach(told, by: \.authority) {
                        writer.member(match.authority) { Self.write(match, into: &$0) }
                    }
                }
            }
            if inputs.configuration, !configurations.isEmpty {
                writer.member("config") { writer in
                    for one in Self.lastOfEach(configurations, by: \.platform) {
                        writer.name(one.platform)
                        writer.raw(one.document.text)
                    }
                }
            }
            if inputs.specification, let text = workload?.specification {
                writer.name("spec")
                writer.raw(text)
            }
            if inputs.metadata, let text = workload?.metadata {
                writer.name("metadata")
                writer.raw(text)
            }
            if inputs.type, let type = workload?.type {
                writer.member("typemeta") {
                    $0.member("kind", type.kind)
                    $0.member("apiVersion", type.apiVersion)
                }
            }
        }
        text = writer.bytes
    }

    /// Values that a document may hold: the specification of a workload, and one configuration for each platform.
    private static let limits = JSONLimits(maximumBytes: 32 << 20, maximumDepth: 200, maximumValues: 4 << 20)

    public func parsed() throws(JSONError) -> JSONDocument { try JSONDocument(parsing: text, limits: Self.limits) }

    private static func lastOfEach<Element>(
        _ elements: [Element], by name: KeyPath<Element, String>
    ) -> [Element] {
        var seen: Set<String> = []
        return Array(elements.reversed().filter { seen.insert($0[keyPath: name]).inserted }.reversed())
    }

    private static func write(_ match: AuthorityMatch, into writer: inout JSONWriter) {
        if case .staticPass = match.evidence {
            writer.member("static", true)
            return
        }
        if !match.signatures.isEmpty {
            writer.name("signatures")
            writer.array { writer in
                for signature in match.signatures {
                    writer.object { writer in
                        writer.member("id", signature.identifier)
                        signature.signer.write(into: &writer)
                    }
                }
            }
        }
        if !match.requirements.isEmpty {
            writer.member("attestations") { writer in
                for requirement in lastOfEach(match.requirements, by: \.name) {
                    writer.name(requirement.name)
                    writer.array { writer in
                        for statement in requirement.statements.all {
                            writer.object { writer in
                                writer.member("id", statement.identifier)
                                statement.signer.write(into: &writer)
                                writer.member("predicateType", requirement.writtenType)
                                writer.member("digest", "\(statement.origin.blob)")
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The configuration of one platform's image.
public struct ImageConfiguration: Sendable {
    /// `linux/amd64`, `linux/arm/v7`, `windows/amd64:10.0.17763`.
    public let platform: String
    public let document: JSONDocument

    public init(platform: String, document: JSONDocument) {
        self.platform = platform
        self.document = document
    }

    /// Names the platform as the configuration says it.
    public init(_ document: JSONDocument) {
        func text(_ name: String) -> String { document.root[name]?.string ?? "" }
        var platform = "\(text("os"))/\(text("architecture"))"
        if !text("variant").isEmpty { platform += "/\(text("variant"))" }
        if !text("os.version").isEmpty { platform += ":\(text("os.version"))" }
        self.init(platform: platform, document: document)
    }
}

extension ProvenSigner {
    /// Who signed, for those that a certificate names.
    fileprivate func write(into writer: inout JSONWriter) {
        guard case .certificate(let claims) = self else { return }
        writer.member("subject", claims.subject.text)
        if let issuer = claims.issuer { writer.member("issuer", issuer) }
        let workflow: [(String, FulcioExtension)] = [
            ("githubWorkflowTrigger", .workflowTrigger), ("githubWorkflowSha", .workflowSHA),
            ("githubWorkflowName", .workflowName), ("githubWorkflowRepo", .workflowRepository),
            ("githubWorkflowRef", .workflowRef),
        ]
        for (name, claim) in workflow {
            if let value = claims[claim], !value.isEmpty { writer.member(name, value) }
        }
    }
}

extension VerifiedSignature {
    /// SHA-256, in hex, of the signature and its certificate, where they lie beside a layer; of the bundle otherwise.
    fileprivate var identifier: String {
        guard let annotations = claims.annotations, let text = annotations.signature,
            let signature = Data(base64Encoded: text)
        else { return origin.blob.hex }
        return Digest(of: Array(signature) + Array((annotations.certificate ?? "").utf8)).hex
    }
}

extension VerifiedStatement {
    /// SHA-256, in hex, of the envelope or the bundle.
    fileprivate var identifier: String { origin.blob.hex }
}

extension JSONWriter {
    fileprivate mutating func member(_ name: String, _ content: (inout JSONWriter) -> Void) {
        member(name, object: content)
    }
}
