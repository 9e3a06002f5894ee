// SPDX-License-Identifier: Apache-2.0

/// The registry credentials in a Kubernetes Secret: its entry `.dockerconfigjson`, or else `.dockercfg`.
public struct PullSecret: Hashable, Sendable {
    public let credentials: DockerConfig

    /// By the entries' names and not by the Secret's type, as the kubelet reads them. `nil` where the Secret has neither;
    /// throws where the one that it has is not understood.
    ///
    /// Whoever may write the Secret could name programs in it: no credential helper of a Secret is ever run.
    public init?(entries: [String: [UInt8]]) throws(DockerConfigError) {
        if let bytes = entries[".dockerconfigjson"], !bytes.isEmpty {
            credentials = try DockerConfig(parsing: bytes)
        } else if let bytes = entries[".dockercfg"], !bytes.isEmpty {
            credentials = try DockerConfig(parsingLegacy: bytes)
        } else {
            return nil
        }
    }
}
