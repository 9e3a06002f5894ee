// SPDX-License-Identifier: Apache-2.0
import JSON

/// What the controller whose objects we took over left in them, and what nobody serves any more once it is gone:
/// finalizers that keep deletions from ending, and a conversion webhook in front of every read.
enum UpstreamRemains {
    static let finalizers: Set<String> = [
        "clusterimagepolicies.policy.sigstore.dev", "trustroots.policy.sigstore.dev",
    ]

    static let definitions = ["clusterimagepolicies.policy.sigstore.dev", "trustroots.policy.sigstore.dev"]

    /// A merge patch that takes the finalizers out of this very version of an object; `nil` where it has none.
    static func patch(finalizersOf object: KubernetesObject) -> [UInt8]? {
        let rest = object.finalizers.filter { !finalizers.contains($0) }
        guard rest.count < object.finalizers.count else { return nil }
        var writer = JSONWriter()
        writer.object { writer in
            writer.member(
                "metadata",
                object: { writer in
                    writer.member("resourceVersion", object.resourceVersion)
                    if rest.isEmpty {
                        writer.name("finalizers")
                        writer.null()
                    } else {
                        writer.member("finalizers", rest)
                    }
                })
        }
        return writer.bytes
    }

    /// A merge patch that takes the conversion webhook out of this very version of a definition; `nil` where it has none.
    /// Its versions differ in their names alone, so that nothing has to be converted.
    static func patch(conversionOf definition: KubernetesObject) -> [UInt8]? {
        guard definition.root["spec"]?["conversion"]?["strategy"]?.string == "Webhook" else { return nil }
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("metadata", object: { $0.member("resourceVersion", definition.resourceVersion) })
            writer.member(
                "spec",
                object: { writer in
                    writer.member(
                        "conversion",
                        object: { writer in
                            writer.member("strategy", "None")
                            writer.name("webhook")
                            writer.null()
                        })
                })
        }
        return writer.bytes
    }
}
