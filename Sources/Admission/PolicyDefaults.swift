// SPDX-License-Identifier: Apache-2.0
import JSON

/// `/mutate` of a policy document: what its author may leave out is written down.
///
/// A list that has to be there and is not is written as `null`, which the API server then refuses by its schema:
/// `spec.authorities[0].keyless.identities: Invalid value: "null"`, in the words that users know. Whatever is not shaped
/// as the schema says is left for the API server to refuse.
struct PolicyDefaults {
    /// One operation of a JSON Patch (RFC 6902). Pointers are made of our own names and of numbers, so that nothing in
    /// them needs escaping.
    private enum Operation {
        /// Puts the text in the member's place, whether or not there is one.
        case set(String, String)
        case setNull(String)
        /// The member is there.
        case remove(String)
    }

    private var operations: [Operation] = []

    static let fulcio = "https://fulcio.sigstore.dev"

    /// `nil` where nothing is to be written.
    static func patch(of object: JSONValue, _ resource: PolicyResource) -> [UInt8]? {
        var defaults = PolicyDefaults()
        switch resource.kind {
        case "ClusterImagePolicy": defaults.clusterImagePolicy(object)
        case "TrustRoot": defaults.trustRoot(object)
        default: break
        }
        return defaults.operations.isEmpty ? nil : defaults.patch
    }

    private mutating func clusterImagePolicy(_ object: JSONValue) {
        guard let spec = object["spec"], spec.kind == .object else { return }
        if !spec.has("images") { operations.append(.setNull("/spec/images")) }
        if spec.isUnset("mode") { operations.append(.set("/spec/mode", "enforce")) }
        guard let authorities = spec["authorities"], authorities.kind == .array else { return }
        for (index, authority) in authorities.elements.enumerated() where authority.kind == .object {
            self.authority(authority, at: "/spec/authorities/\(index)", index)
        }
    }

    private mutating func authority(_ authority: JSONValue, at pointer: String, _ index: Int) {
        if authority.isUnset("name") { operations.append(.set("\(pointer)/name", "authority-\(index)")) }
        // Exactly one of them is to be there, so that one that is null asks for nothing that another could replace; with
        // it gone the API server's schema lets the document come to `/validate`, which knows what is missing.
        for kind in ["key", "keyless", "static"] where authority[kind]?.isNull == true {
            operations.append(.remove("\(pointer)/\(kind)"))
        }
        guard let keyless = authority["keyless"], keyless.kind == .object else { return }
        if !keyless.has("identities") { operations.append(.setNull("\(pointer)/keyless/identities")) }
        guard !authority.has("key"), !authority.has("static"), !keyless.has("ca-cert"), !keyless.has("url") else {
            return
        }
        operations.append(.set("\(pointer)/keyless/url", Self.fulcio))
    }

    private mutating func trustRoot(_ object: JSONValue) {
        guard let spec = object["spec"], spec.kind == .object else { return }
        for source in ["remote", "repository"] {
            guard let members = spec[source], members.kind == .object, members.isUnset("targets") else { continue }
            operations.append(.set("/spec/\(source)/targets", "targets"))
        }
    }

    private var patch: [UInt8] {
        var writer = JSONWriter()
        writer.array { list in
            for operation in operations {
                list.object { writer in
                    switch operation {
                    case .set(let pointer, let text):
                        // An object's member that is there already is replaced. RFC 6902 §4.1.
                        writer.member("op", "add")
                        writer.member("path", pointer)
                        writer.member("value", text)
                    case .setNull(let pointer):
                        writer.member("op", "add")
                        writer.member("path", pointer)
                        writer.name("value")
                        writer.null()
                    case .remove(let pointer):
                        writer.member("op", "remove")
                        writer.member("path", pointer)
                    }
                }
            }
        }
        return writer.bytes
    }
}

extension JSONValue {
    /// Whether there is such a member, and it is not null.
    fileprivate func has(_ name: String) -> Bool { self[name].map { !$0.isNull } ?? false }

    /// Whether the member is absent, null or an empty string.
    fileprivate func isUnset(_ name: String) -> Bool { !has(name) || self[name]?.string == "" }
}
