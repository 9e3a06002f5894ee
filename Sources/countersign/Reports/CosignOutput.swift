// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import Sigstore

/// stdout as cosign's users parse it.
enum CosignOutput {
    /// An array of simple-signing objects: a legacy payload as it was signed, and for a bundle the object that stands
    /// for it, with the reference that was asked for.
    static func signatures(_ reports: [ImageReport]) -> String {
        var seen: Set<[UInt8]> = []
        var writer = JSONWriter()
        writer.array { writer in
            for report in reports {
                for signature in report.signatures {
                    let text = object(signature, reference: report.name)
                    if seen.insert(text).inserted { writer.raw(text) }
                }
            }
        }
        return "\n" + Words.printable(json: writer.bytes) + "\n"
    }

    private static func object(_ signature: VerifiedSignature, reference: String) -> [UInt8] {
        if signature.claims.dockerReference != nil { return signature.claims.payload }
        var writer = JSONWriter()
        writer.object { writer in
            writer.name("critical")
            writer.object { critical in
                critical.name("identity")
                critical.object { $0.member("docker-reference", reference) }
                critical.name("image")
                critical.object { $0.member("docker-manifest-digest", signature.image.description) }
                critical.member("type", signature.claims.type)
            }
            writer.name("optional")
            // cosign writes an object either way.
            let isNull = signature.claims.optional == Array("null".utf8)
            writer.raw(isNull ? Array("{}".utf8) : signature.claims.optional)
        }
        return writer.bytes
    }

    /// One DSSE envelope per line.
    static func envelopes(_ reports: [ImageReport]) -> String {
        reports.flatMap(\.statements).map { Words.printable(json: $0.envelope) + "\n" }.joined()
    }
}
