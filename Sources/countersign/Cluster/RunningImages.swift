// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI

/// What a Pod's containers run, where its specification names only a tag: the tag may have moved since.
struct RunningImages {
    /// The Pod, with such references completed by the digests that its status tells.
    let object: [UInt8]
    /// The references that were completed.
    let references: Set<String>

    init(_ pod: JSONValue) {
        let statuses = ["initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"]
        var digests: [String: String] = [:]
        for list in statuses {
            for status in pod["status"]?[list]?.elements.map({ $0 }) ?? [] {
                guard let name = status["name"]?.string, let digest = Self.digest(status["imageID"]?.string) else {
                    continue
                }
                digests[name] = digest
            }
        }
        var references: Set<String> = []
        var writer = JSONWriter()
        writer.object { writer in
            for member in pod.members {
                writer.name(member.name)
                guard member.name == "spec" else {
                    writer.raw(member.value.rawText)
                    continue
                }
                Self.write(specification: member.value, digests, &references, &writer)
            }
        }
        self.references = references
        object = references.isEmpty ? Array(pod.rawText) : writer.bytes
    }

    private static func write(
        specification: JSONValue, _ digests: [String: String], _ references: inout Set<String>,
        _ writer: inout JSONWriter
    ) {
        guard specification.kind == .object else { return writer.raw(specification.rawText) }
        writer.object { writer in
            for member in specification.members {
                writer.name(member.name)
                guard ["initContainers", "containers", "ephemeralContainers"].contains(member.name),
                    member.value.kind == .array
                else {
                    writer.raw(member.value.rawText)
                    continue
                }
                writer.array { writer in
                    for container in member.value.elements {
                        write(container: container, digests, &references, &writer)
                    }
                }
            }
        }
    }

    private static func write(
        container: JSONValue, _ digests: [String: String], _ references: inout Set<String>, _ writer: inout JSONWriter
    ) {
        guard let written = container["image"]?.string, let digest = container["name"]?.string.flatMap({ digests[$0] }),
            let reference = try? ImageReference(parsing: written), reference.digest == nil
        else { return writer.raw(container.rawText) }
        let completed = "\(written)@\(digest)"
        references.insert(completed)
        writer.object { writer in
            for member in container.members {
                writer.name(member.name)
                if member.name == "image" { writer.string(completed) } else { writer.raw(member.value.rawText) }
            }
        }
    }

    /// `docker.io/library/nginx@sha256:…`, with what some runtimes write in front. One without a repository is the hash
    /// of a configuration, which names no manifest.
    private static func digest(_ imageID: String?) -> String? {
        guard let imageID, let sign = imageID.lastIndex(of: "@") else { return nil }
        let text = String(imageID[imageID.index(after: sign)...])
        return (try? Digest(text)) == nil ? nil : text
    }
}
