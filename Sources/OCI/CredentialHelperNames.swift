// SPDX-License-Identifier: Apache-2.0

/// The end of a credential helper's file name, `ecr-login` of `docker-credential-ecr-login`: letters, digits, `.`, `_` and
/// `-`, not beginning with `.` or `-`, so that it can neither lead out of a directory nor be taken for an option.
public struct CredentialHelperName: Hashable, Sendable {
    public let text: String

    /// Those in use have some twenty bytes.
    private static let maximumBytes = 64

    public init?(_ text: String) {
        let isWord = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default:
                false
            }
        }
        guard isWord, (1...Self.maximumBytes).contains(text.utf8.count), text.utf8.first != UInt8(ascii: "."),
            text.utf8.first != UInt8(ascii: "-")
        else { return nil }
        self.text = text
    }

    /// `docker-credential-ecr-login`.
    public var fileName: String { "docker-credential-\(text)" }
}

/// Which helper a docker config leaves a host's credential to.
public struct CredentialHelperNames: Hashable, Sendable {
    /// `credHelpers`, hosts in the spelling of `Repository.host`.
    var byHost: [String: CredentialHelperName] = [:]
    /// `credsStore`, for every host that nothing else in the file speaks of.
    public internal(set) var store: CredentialHelperName?

    init() {}

    /// Whether the file names any.
    public var isEmpty: Bool { byHost.isEmpty && store == nil }

    /// The helper that is named for this very host.
    public subscript(host: String) -> CredentialHelperName? { byHost[host] }
}
