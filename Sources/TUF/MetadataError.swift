// SPDX-License-Identifier: Apache-2.0
import JSON

/// Why a repository's metadata, or one of its targets, is not believed. The facts are the payload; files are named as the
/// repository names them.
public enum MetadataError: Error, Hashable, Sendable {
    /// Not the metadata that it should be; what, and why.
    case malformed(file: String, why: String)
    /// A file that the workflow needs is not there.
    case missing(file: String)
    /// Longer than is read.
    case tooLong(file: String, limit: Int)
    /// Fewer distinct keys of the role have signed than its threshold asks for.
    case unsigned(role: RoleName, valid: Int, threshold: Int)
    /// Another version than the metadata before it says.
    case wrongVersion(role: RoleName, expected: Int64, found: Int64)
    /// Older than what is trusted already.
    case rollback(of: String, trusted: Int64, found: Int64)
    /// A file that a trusted snapshot listed is listed no longer.
    case withdrawn(file: String)
    case expired(role: RoleName, at: Int64)
    case wrongLength(file: String, expected: Int64, found: Int64)
    case wrongHash(file: String, algorithm: String)
    /// The targets role does not list the target.
    case unknownTarget(String)
    /// A target's name that is no path below a folder.
    case unsafeName(String)
    /// More new roots than are followed at once.
    case tooManyRoots(limit: Int)
}

extension MetadataError: CustomStringConvertible {
    /// One sentence without a full stop. Names from the metadata are escaped.
    public var description: String {
        switch self {
        case .malformed(let file, let why): "\(shown(file)) cannot be read: \(why)"
        case .missing(let file): "\(shown(file)) is missing in the repository"
        case .tooLong(let file, let limit): "\(shown(file)) is longer than the \(limit) bytes that are read"
        case .unsigned(let role, let valid, let threshold):
            "\(role.rawValue).json is signed by \(valid) of the \(threshold) keys that it needs"
        case .wrongVersion(let role, let expected, let found):
            "\(role.rawValue).json is version \(found) where version \(expected) is announced"
        case .rollback(let file, let trusted, let found):
            "\(shown(file)) is version \(found), older than version \(trusted), which is trusted already"
        case .withdrawn(let file): "\(shown(file)) is no longer listed by snapshot.json, which listed it before"
        case .expired(let role, let time): "\(role.rawValue).json has expired, at \(UTCTime.text(of: time))"
        case .wrongLength(let file, let expected, let found):
            "\(shown(file)) has \(found) bytes where \(expected) are announced"
        case .wrongHash(let file, let algorithm): "\(shown(file)) has not the \(algorithm) hash that is announced"
        case .unknownTarget(let name): "targets.json lists no target \(shown(name))"
        case .unsafeName(let name): "\(shown(name)) is no path of a target"
        case .tooManyRoots(let limit): "there are more than \(limit) newer roots"
        }
    }
}

/// A file's name in a sentence: as it is where it is plain, escaped and in quotation marks otherwise.
private func shown(_ name: String) -> String {
    let isPlain = name.utf8.allSatisfy { 0x21...0x7E ~= $0 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
    return isPlain && 1...80 ~= name.utf8.count ? name : printable(name)
}
