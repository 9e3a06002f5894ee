// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import Sigstore

/// stdout as cosign's users parse it.
enum CosignOutput {
    /// An array of simple-signing objects, one for each verified signature: for a layer of cosign's tags what was signed,
    /// with what came beside it under `optional`; for a bundle the object that stands for it, with the name that was
    /// asked for.
    static func signatures(_ reports: [ImageReport]) -> String {
        var seen: Set<Printed> = []
        var writer = JSONWriter()
        writer.array { writer in
            for report in reports {
                // Several policies may have been satisfied by the same signature.
                for signature in report.signatures where seen.insert(Printed(report.name, signature)).inserted {
                    write(signature, asked: report.qualifiedName, to: &writer)
                }
            }
        }
        return "\n" + Words.printable(json: writer.bytes) + "\n"
    }

    private struct Printed: Hashable {
        let name: String
        let origin: ProofOrigin
        let annotations: CosignAnnotations?

        init(_ name: String, _ signature: VerifiedSignature) {
            self.name = name
            origin = signature.origin
            annotations = signature.claims.annotations
        }
    }

    private static func write(_ signature: VerifiedSignature, asked: String, to writer: inout JSONWriter) {
        let claims = signature.claims
        writer.object { writer in
            writer.member(
                "critical",
                object: { critical in
                    critical.member(
                        "identity",
                        object: {
                            $0.member(
                                "docker-reference", claims.annotations == nil ? asked : claims.dockerReference ?? "")
                        })
                    critical.member(
                        "image", object: { $0.member("docker-manifest-digest", signature.image.description) })
                    critical.member("type", claims.type)
                })
            writer.name("optional")
            if claims.annotations == nil {
                // cosign writes an object for a bundle either way.
                let isNull = claims.optional == Array("null".utf8)
                writer.raw(isNull ? Array("{}".utf8) : claims.optional)
            } else {
                LegacyOptional(of: signature).write(to: &writer)
            }
        }
    }

    /// One DSSE envelope per line; an envelope that satisfied several policies once. All of them are held: whoever prints
    /// envelopes looks for proofs with limits that leave none to be read in parts.
    static func envelopes(_ reports: [ImageReport]) -> String {
        reports.flatMap { report in
            var seen: Set<ProofOrigin> = []
            return report.statements.filter { seen.insert($0.origin).inserted }
        }.compactMap(\.envelope).map { Words.printable(json: $0) + "\n" }.joined()
    }
}
