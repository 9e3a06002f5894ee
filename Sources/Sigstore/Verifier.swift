// SPDX-License-Identifier: Apache-2.0

/// The one door of the core: an unverified bundle and a digest go in, evidence or a typed reason comes out.
///
/// No clock, no I/O, no log: equal inputs give equal answers, which is what lets evidence be cached.
public struct Verifier: Sendable {
    public let trust: TrustMaterial
    public let options: VerificationOptions

    public init(trust: TrustMaterial, options: VerificationOptions) {
        self.trust = trust
        self.options = options
    }
}
