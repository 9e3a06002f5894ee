// SPDX-License-Identifier: Apache-2.0

/// How a loopback registry behaves.
public struct LoopbackOptions: Sendable {
    /// Whether the referrers API is offered. Without it clients keep the fallback tag, as with docker-registry.
    public var referrersAPI: Bool
    /// Entries of the referrers list and of the tag list on one page; `nil` gives all at once.
    public var pageSize: Int?
    public var access: LoopbackAccess
    /// 0 picks a free port.
    public var port: Int

    public init(
        referrersAPI: Bool = true, pageSize: Int? = nil, access: LoopbackAccess = .open, port: Int = 0
    ) {
        self.referrersAPI = referrersAPI
        self.pageSize = pageSize
        self.access = access
        self.port = port
    }

    /// As docker-registry's `maxManifestBodySize`.
    static let maximumManifestBytes = 4 << 20
    /// More than any layer that a demo or a test makes.
    static let maximumBlobBytes = 64 << 20
    /// Uploads begun and not ended; more than a test's clients open at once.
    static let maximumUploads = 256
    /// Requests that are remembered, the oldest first; more than a soak test sends.
    static let maximumRecordedRequests = 1 << 18
}

/// Who may read and write.
public enum LoopbackAccess: Sendable {
    case open
    /// Every request carries the name and the password.
    case basic(LoopbackCredentials)
    /// Every request carries a token that `/token` gave for its repository: to whoever brings the name and the
    /// password, or to everyone where there are none. `lifetime` is told as `expires_in` and kept.
    case token(LoopbackCredentials?, lifetime: Duration)
}

/// A name and a password.
public struct LoopbackCredentials: Hashable, Sendable {
    public let user: String
    public let password: String

    public init(user: String, password: String) {
        self.user = user
        self.password = password
    }
}
