// SPDX-License-Identifier: Apache-2.0
public import OCI
public import Policy
public import Sigstore

/// The port through which a transparency log is asked for entries that a proof does not bring; only for an authority that
/// names the log, and only where everything else about the proof is in order.
public protocol LogSearch: Sendable {
    /// The entries that a Rekor v1 log has under the hash of a content; none is an answer, and an outage is thrown.
    func entries(
        of content: Digest, in log: LogAddress, deadline: Deadline
    ) async throws(Outage) -> [LogSearchResult]
}
