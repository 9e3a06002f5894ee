// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import JSON
import OCI
import Policy

/// `/mutate`: each distinct tag of an object, resolved once and written with its digest. Decides nothing: what cannot be
/// read, found or asked stays as it is, and `/validate` says why it is denied.
struct Pinning: Sendable {
    let verifier: any ImageVerifying

    /// `nil` where nothing changes.
    struct Patch: Sendable {
        let operations: [UInt8]?
    }

    /// A JSON Patch (RFC 6902); `nil` where nothing changes.
    func patch(
        _ fields: AtLeastOne<ImageField>, for puller: Puller?, deadline: Deadline
    ) async -> [UInt8]? {
        let answers = await concurrently(DistinctReference.among(fields), until: deadline, otherwise: { ($0, nil) }) {
            ($0, await pinned($0.text, for: puller, deadline: deadline))
        }
        var values: [[UInt8]: String] = [:]
        for (distinct, value) in answers.all { values[distinct.fields.first.key] = value }
        return Self.operations(fields, values)
    }

    /// What `patch` would answer, where every digest is remembered; `nil` where somebody has to be asked.
    func remembered(_ fields: AtLeastOne<ImageField>, for puller: Puller?) -> Patch? {
        var values: [[UInt8]: String] = [:]
        for distinct in DistinctReference.among(fields).all {
            guard let reference = Self.unpinned(distinct.text) else { continue }
            guard let image = verifier.rememberedImage(reference, for: puller) else { return nil }
            values[distinct.fields.first.key] = Self.pinned(reference, image)
        }
        return Patch(operations: Self.operations(fields, values))
    }

    private static func operations(_ fields: AtLeastOne<ImageField>, _ values: [[UInt8]: String]) -> [UInt8]? {
        guard !values.isEmpty else { return nil }
        var writer = JSONWriter()
        writer.array { operations in
            for field in fields.all {
                guard let value = values[field.key] else { continue }
                operations.object {
                    $0.member("op", "replace")
                    $0.member("path", field.pointer)
                    $0.member("value", value)
                }
            }
        }
        return writer.bytes
    }

    /// A reference that can move; `nil` for what is none, or names a digest.
    private static func unpinned(_ text: String) -> ImageReference? {
        guard let reference = try? ImageReference(parsing: text), reference.digest == nil else { return nil }
        return reference
    }

    private func pinned(_ text: String, for puller: Puller?, deadline: Deadline) async -> String? {
        guard !deadline.hasPassed, let reference = Self.unpinned(text),
            case .resolved(let image) = try? await verifier.resolve(reference, for: puller, deadline: deadline)
        else { return nil }
        return Self.pinned(reference, image)
    }

    /// `index.docker.io/library/nginx:latest@sha256:…`; the tag stays for people, the digest decides. The host stays as
    /// the runtime would have read it, so that pull secrets still match.
    private static func pinned(_ reference: ImageReference, _ image: ResolvedImage) -> String? {
        guard image.repository == reference.repository else { return nil }
        let host = reference.domain == "docker.io" ? "index.docker.io" : reference.domain
        return "\(host)/\(reference.repository.path):\(reference.tag ?? "latest")@\(image.digest)"
    }
}
