// SPDX-License-Identifier: Apache-2.0

/// Why trust material cannot be used. A document is used whole or not at all; only a log or authority whose kind of key
/// is not known here is left out.
public enum TrustError: Error, Hashable, Sendable {
    /// Not the document that it should be; where, and why.
    case malformed(String)
    /// A document of a kind or version that is not known.
    case unknownMediaType(String)
    /// Nothing in it can be used.
    case empty
}

extension TrustError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .malformed(let why): "the trust material cannot be used: \(why)"
        case .unknownMediaType(let found):
            "the trusted root's mediaType \(found) is not known; versions 0.1 and 0.2 of a Sigstore trusted root are read"
        case .empty: "the trust material names no authority and no log that can be used"
        }
    }
}
