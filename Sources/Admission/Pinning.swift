// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import JSON
import OCI
import Policy

/// `/mutate`: each distinct tag of an object, resolved once and written with its digest. Decides nothing: what cannot be
/// read, found or asked stays as it is, and `/validate` says why it is denied.
struct Pinning: Sendable {
    let verifier: any ImageVerifying

    /// A JSON Patch (RFC 6902); `nil` where nothing changes.
    func patch(
        _ fields: AtLeastOne<ImageField>, for puller: Puller?, deadline: Deadline
    ) async -> [UInt8]? {
        let answers = await concurrently(DistinctReference.among(fields), until: deadline, otherwise: { ($0, nil) }) {
            ($0, await pinned($0.text, for: puller, deadline: deadline))
        }
        var values: [[UInt8]: String] = [:]
        for (distinct, value) in answers.all { values[distinct.fields.first.key] = value }
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

    /// `index.docker.io/library/nginx:latest@sha256:…`; the tag stays for people, the digest decides. The host stays as
    /// the runtime would have read it, so that pull secrets still match.
    private func pinned(_ text: String, for puller: Puller?, deadline: Deadline) async -> String? {
        guard !deadline.hasPassed, let reference = try? ImageReference(parsing: text), reference.digest == nil,
            case .resolved(let image) = try? await verifier.resolve(reference, for: puller, deadline: deadline),
            image.repository == reference.repository
        else { return nil }
        let host = reference.domain == "docker.io" ? "index.docker.io" : reference.domain
        return "\(host)/\(reference.repository.path):\(reference.tag ?? "latest")@\(image.digest)"
    }
}
