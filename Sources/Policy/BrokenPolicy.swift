// SPDX-License-Identifier: Apache-2.0

/// A document that cannot be compiled: why, and what it would have governed. `images` is `nil` where not even that could
/// be read, and then it governs everything. Its `match` is not read: it governs every workload.
public struct BrokenPolicy: Sendable {
    /// The document's name, or its file's where it has none that can be read.
    public let name: String
    /// File, line and what is wrong, on one line.
    public let reason: String
    /// `warn` only where the document says exactly that.
    public let mode: EnforcementMode
    public let images: [Glob]?

    public init(name: String, reason: String, mode: EnforcementMode = .enforce, images: [Glob]?) {
        self.name = name
        self.reason = reason
        self.mode = mode
        self.images = images
    }

    /// What it says about every image that it governs.
    public var judgement: Judgement {
        let sentence =
            "policy \(quoted(name)) cannot be read, so that nobody knows what it requires: \(reason); mend the document"
        return Judgement(
            policy: name, mode: mode, outcome: .denied(AtLeastOne(DenialReason(.brokenPolicy, sentence))))
    }
}
