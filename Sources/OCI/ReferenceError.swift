// SPDX-License-Identifier: Apache-2.0
internal import JSON

/// Which rule of the grammar a reference breaks, with what broke it.
public enum ReferenceError: Error, Hashable, Sendable {
    case empty
    /// A character that occurs nowhere in the grammar; `offset` in bytes, from 0.
    case forbiddenCharacter(String, offset: Int)
    /// 64 characters of hex and nothing else: an identifier, which no runtime takes for a name.
    case identifier
    case scheme(String)
    case invalidHost(String)
    case hostTooLong(length: Int)
    case invalidPort(String)
    case portOutOfRange(String)
    case missingRepository(host: String)
    case upperCaseRepository(String)
    case emptyComponent
    case invalidComponent(String)
    case repositoryTooLong(length: Int)
    case emptyTag
    case tagTooLong(length: Int)
    case invalidTag(String)
    case digest(DigestError)
}

extension ReferenceError {
    /// The rule's name, for machines; it never changes.
    public var code: String {
        switch self {
        case .empty: "empty"
        case .forbiddenCharacter: "forbidden-character"
        case .identifier: "identifier"
        case .scheme: "scheme"
        case .invalidHost: "invalid-host"
        case .hostTooLong: "host-too-long"
        case .invalidPort: "invalid-port"
        case .portOutOfRange: "port-out-of-range"
        case .missingRepository: "missing-repository"
        case .upperCaseRepository: "upper-case-repository"
        case .emptyComponent: "empty-component"
        case .invalidComponent: "invalid-component"
        case .repositoryTooLong: "repository-too-long"
        case .emptyTag: "empty-tag"
        case .tagTooLong: "tag-too-long"
        case .invalidTag: "invalid-tag"
        case .digest: "invalid-digest"
        }
    }
}

extension ReferenceError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .empty:
            "the image name is empty"
        case .forbiddenCharacter(let character, let offset):
            "\(printable(character)) at byte \(offset) is no character of an image name"
        case .identifier:
            "64 characters of hex are an image's identifier; write repository@sha256:… instead"
        case .scheme(let scheme):
            "an image name has no scheme; leave out \(printable(scheme + "://"))"
        case .invalidHost(let host):
            "\(printable(host)) is no host name, IPv4 address or IPv6 address in brackets"
        case .hostTooLong(let length):
            "the host has \(length) characters; a DNS name has at most \(ReferenceGrammar.maximumHostLength)"
        case .invalidPort(let port):
            "the port \(printable(port)) is not a decimal number"
        case .portOutOfRange(let port):
            "the port \(printable(port)) is not between 1 and 65535"
        case .missingRepository(let host):
            "there is no repository after the host \(printable(host))"
        case .upperCaseRepository(let path):
            "the repository \(printable(path)) has upper-case letters; write it in lower case"
        case .emptyComponent:
            "the repository has a slash too many: a component between slashes is empty"
        case .invalidComponent(let component):
            "the repository's component \(printable(component)) is not lower-case letters and digits, "
                + "separated by one '.', one or two '_' or any number of '-'"
        case .repositoryTooLong(let length):
            "the repository has \(length) characters; at most \(ReferenceGrammar.maximumRepositoryLength) are allowed"
        case .emptyTag:
            "the tag after ':' is empty"
        case .tagTooLong(let length):
            "the tag has \(length) characters; at most \(ReferenceGrammar.maximumTagLength) are allowed"
        case .invalidTag(let tag):
            "the tag \(printable(tag)) is not letters, digits, '_', '.' and '-', beginning with none of the last two"
        case .digest(let error):
            "\(error)"
        }
    }
}
