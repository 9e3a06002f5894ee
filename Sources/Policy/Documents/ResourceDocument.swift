// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import JSON
public import OCI

/// A Secret or a ConfigMap, `v1`, that policies refer to by name.
public struct ResourceDocument: Sendable {
    public enum Kind: String, Hashable, Sendable {
        case secret = "Secret"
        case configMap = "ConfigMap"
    }

    public let kind: Kind
    public let name: String
    /// The namespace that the document says, where policies do not look; `nil` where they do.
    public let elsewhere: String?
    /// Decoded.
    public let entries: [String: [UInt8]]
    /// SHA-256 of the document's text.
    public let documentHash: Digest
}

extension DocumentReader {
    /// The kind that a document says it has, where it is one of these.
    static func resourceKind(_ root: JSONValue) -> ResourceDocument.Kind? {
        guard root["apiVersion"]?.string == "v1" else { return nil }
        return root["kind"]?.string.flatMap(ResourceDocument.Kind.init(rawValue:))
    }

    /// A namespace that is not the one where policies look.
    func elsewhere(_ root: JSONValue) -> String? {
        guard let namespace = root["metadata"]?["namespace"]?.string, !namespace.isEmpty,
            namespace != rules.namespace
        else { return nil }
        return namespace
    }

    /// A Secret has `data` in base64 and `stringData`; a ConfigMap `data` in text and `binaryData` in base64. What else
    /// is in one means nothing to policies.
    mutating func resource(_ document: JSONDocument, _ kind: ResourceDocument.Kind) -> ResourceDocument? {
        let root = Field(root: document.root)
        let names = kind == .secret ? ["data", "stringData", "type"] : ["data", "binaryData"]
        guard let fields = object(root, ["apiVersion", "kind", "metadata", "immutable"] + names),
            let name = metadata(fields["metadata"])
        else { return nil }
        let elsewhere = elsewhere(document.root)
        let errorsBefore = errors.count
        var entries: [String: [UInt8]] = [:]
        let encoded = kind == .secret ? "data" : "binaryData"
        let plain = kind == .secret ? "stringData" : "data"
        for (key, field) in stringMap(fields[encoded]) ?? [] {
            guard let text = string(field) else { continue }
            guard let bytes = Data(base64Encoded: text) else {
                // Not quoted: it could be a key.
                report(.invalid, "invalid value: (\(text.utf8.count) bytes)", [field], advice: "write base64 here")
                continue
            }
            entries[key] = Array(bytes)
        }
        for (key, field) in stringMap(fields[plain]) ?? [] {
            guard let text = string(field) else { continue }
            entries[key] = Array(text.utf8)
        }
        guard errors.count == errorsBefore else { return nil }
        if let elsewhere {
            report(
                .warning, "is in namespace \(quoted(elsewhere)), where no policy looks for it", [fields["metadata"]],
                advice: "policies refer to those of \(rules.namespace)", code: .resourceOutOfReach)
        }
        return ResourceDocument(
            kind: kind, name: name, elsewhere: elsewhere, entries: entries, documentHash: Digest(of: document.text))
    }
}
