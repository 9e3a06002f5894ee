// SPDX-License-Identifier: Apache-2.0
import JSON
import Policy

/// What of the API server makes up the policies in force.
enum PolicyResource: String, CaseIterable, Sendable {
    case policies = "clusterimagepolicies"
    case trustRoots = "trustroots"
    case secrets
    case configMaps = "configmaps"

    var type: ResourceType {
        switch self {
        case .policies: .clusterImagePolicies
        case .trustRoots: .trustRoots
        case .secrets: .secrets
        case .configMaps: .configMaps
        }
    }

    /// How a sentence names several of them.
    var words: String {
        switch self {
        case .policies: "ClusterImagePolicies"
        case .trustRoots: "TrustRoots"
        case .secrets: "Secrets"
        case .configMaps: "ConfigMaps"
        }
    }

    /// The members that mean anything, beside kind, version and name. What others wrote about the object (managed fields,
    /// status) changes without its meaning changing.
    private var members: [String] {
        switch self {
        case .policies, .trustRoots: ["spec"]
        case .secrets: ["data", "stringData", "type", "immutable"]
        case .configMaps: ["data", "binaryData", "immutable"]
        }
    }

    /// Where the object stands in the snapshot: `clusterimagepolicies/NAME`.
    func path(_ name: String) -> String { "\(rawValue)/\(name)" }

    /// What the object means, as a document.
    func file(_ object: KubernetesObject) -> PolicySnapshot.File {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("apiVersion", object.root["apiVersion"]?.string ?? type.apiVersion)
            writer.member("kind", type.kind)
            writer.member(
                "metadata",
                object: { writer in
                    writer.member("name", object.name)
                    if let namespace = object.namespace { writer.member("namespace", namespace) }
                })
            for name in members {
                guard let value = object.root[name], !value.isNull else { continue }
                writer.name(name)
                writer.raw(value.rawText)
            }
        }
        return PolicySnapshot.File(path: path(object.name), content: .text(writer.bytes))
    }
}

extension PolicyReferences {
    /// What a stored policy refers to, whole or broken: at least what its document means.
    init(of policy: KubernetesObject) {
        self.init()
        let spec = policy.root["spec"]
        note(policy: spec?["policy"])
        guard let authorities = spec?["authorities"]?.elements else { return }
        for authority in authorities {
            for key in [authority["key"], authority["keyless"]?["ca-cert"]] {
                if let name = key?["secretRef"]?["name"]?.string { secrets.insert(name) }
            }
            guard let attestations = authority["attestations"]?.elements else { continue }
            for attestation in attestations { note(policy: attestation["policy"]) }
        }
    }

    private mutating func note(policy: JSONValue?) {
        if let name = policy?["configMapRef"]?["name"]?.string { configMaps.insert(name) }
    }
}
