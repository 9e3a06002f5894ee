// SPDX-License-Identifier: Apache-2.0
public import OCI
public import Sigstore

/// One of the ways in which an image may satisfy its policy.
public struct Authority: Sendable {
    public enum Check: Sendable {
        case staticPass
        case staticFail(message: String)
        /// A signer, and what has to support a signature: logs, timestamps.
        case signer(VerificationOptions)
        /// A field that the schema knows and this build cannot check yet; it never passes.
        case notYet(String)
    }

    /// As the document names it, or `authority-` and its position from 0.
    public let name: String
    public let check: Check
    /// Where proofs are looked for; empty means beside the image.
    public let sources: [ProofSource]
    /// All of them are needed; empty means that a signature is.
    public let attestations: [AttestationRequirement]
    /// A Rekor v1 log that is asked for the entry of a proof that brings none; `nil` asks nobody.
    public let logSearch: LogAddress?

    public init(
        name: String, check: Check, sources: [ProofSource] = [], attestations: [AttestationRequirement] = [],
        logSearch: LogAddress? = nil
    ) {
        self.name = name
        self.check = check
        self.sources = sources
        self.attestations = attestations
        self.logSearch = logSearch
    }
}

/// `source[]`: another repository that holds the proofs.
public struct ProofSource: Hashable, Sendable {
    /// `nil`: the image's own repository.
    public let repository: Repository?
    /// Prepended to cosign's tags, verbatim.
    public let tagPrefix: String

    public init(repository: Repository?, tagPrefix: String) {
        self.repository = repository
        self.tagPrefix = tagPrefix
    }
}
