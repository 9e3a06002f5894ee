// SPDX-License-Identifier: Apache-2.0
public import JSON

/// Why bytes are no manifest or index that we read. `path` names a member, as in `layers[3].size`.
public enum ManifestError: Error, Hashable, Sendable {
    case json(JSONError)
    case unsupportedMediaType(String)
    case mediaTypeMismatch(contentType: String, document: String)
    case unsupportedSchemaVersion
    /// A member that belongs to the other kind of document.
    case foreignMember(String, mediaType: String)
    case missing(path: String)
    case wrongKind(path: String, expected: JSONValue.Kind, found: JSONValue.Kind)
    case digest(path: String, DigestError)
    case invalidSize(path: String)
    case tooMany(path: String, count: Int, limit: Int)
    case duplicateAnnotation(path: String, name: String)
}

extension ManifestError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .json(let error):
            "the manifest is no valid JSON: \(error)"
        case .unsupportedMediaType(let type):
            "the media type \(printable(type)) is none of the manifests and indexes that we read"
        case .mediaTypeMismatch(let contentType, let document):
            "the manifest was sent as \(printable(contentType)), but calls itself \(printable(document))"
        case .unsupportedSchemaVersion:
            "the manifest's 'schemaVersion' is not 2"
        case .foreignMember(let name, let mediaType):
            "the manifest has '\(name)', which no \(mediaType) has"
        case .missing(let path):
            "the manifest has no '\(shown(path))'"
        case .wrongKind(let path, let expected, let found):
            path.isEmpty
                ? "the manifest is a JSON \(found), not an \(expected)"
                : "the manifest's '\(shown(path))' is of kind \(found), not \(expected)"
        case .digest(let path, let error):
            "the manifest's '\(shown(path))' is no digest that we read: \(error)"
        case .invalidSize(let path):
            "the manifest's '\(shown(path))' is no whole number of bytes"
        case .tooMany(let path, let count, let limit):
            "the manifest's '\(shown(path))' has \(count) entries; at most \(limit) are read"
        case .duplicateAnnotation(let path, let name):
            "the manifest's '\(shown(path))' has \(printable(name)) twice"
        }
    }

    /// A path may end in the name of an annotation, which is anybody's text.
    private func shown(_ path: String) -> String { String(printable(path).dropFirst().dropLast()) }
}
