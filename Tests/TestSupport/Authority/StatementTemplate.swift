// SPDX-License-Identifier: Apache-2.0
public import OCI

/// An in-toto statement before it is written.
public struct StatementTemplate: Sendable {
    /// The `_type` of version 0.1.
    public static let typeV01 = "https://in-toto.io/Statement/v0.1"
    /// The `_type` of version 1.
    public static let typeV1 = "https://in-toto.io/Statement/v1"
    /// The predicate type of cosign 3's signatures.
    public static let signatureType = "https://sigstore.dev/cosign/sign/v1"

    /// The `_type`.
    public var type: String
    /// The subjects; `.null` among them if a test wants it.
    public var subjects: [JSONTree]
    /// The type of the predicate.
    public var predicateType: String
    /// The predicate.
    public var predicate: JSONTree

    /// A statement about one image.
    public init(
        of image: Digest, predicateType: String = StatementTemplate.signatureType,
        predicate: JSONTree = .object([]), type: String = StatementTemplate.typeV1, name: String? = nil,
        annotations: [String: String] = [:]
    ) {
        self.type = type
        self.predicateType = predicateType
        self.predicate = predicate
        var subject: JSONTree = .object([])
        if let name { subject["name"] = .string(name) }
        subject["digest"] = .object([.init(image.algorithm.rawValue, .string(image.hex))])
        if predicateType == Self.signatureType { subject["annotations"] = object(annotations) }
        subjects = [subject]
    }

    /// The JSON text.
    public var bytes: [UInt8] {
        let tree: JSONTree = [
            "_type": .string(type), "subject": .array(subjects), "predicateType": .string(predicateType),
            "predicate": predicate,
        ]
        return tree.bytes
    }
}

/// The payload of a cosign signature before version 3.
public struct SimpleSigningTemplate: Sendable {
    /// The repository that the signer named.
    public var reference: String
    /// `sha256:…`, as it is written.
    public var digest: String
    /// The `critical.type`.
    public var type = "cosign container image signature"
    /// What `-a` gave; `nil` writes null.
    public var optional: JSONTree?

    /// The payload about one image of a repository.
    public init(of image: Digest, reference: String, annotations: [String: String]? = nil) {
        self.reference = reference
        digest = image.description
        optional = annotations.map(object)
    }

    /// The JSON text.
    public var bytes: [UInt8] {
        let tree: JSONTree = [
            "critical": [
                "identity": ["docker-reference": .string(reference)],
                "image": ["docker-manifest-digest": .string(digest)], "type": .string(type),
            ],
            "optional": optional ?? .null,
        ]
        return tree.bytes
    }
}

private func object(_ pairs: [String: String]) -> JSONTree {
    .object(pairs.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) })
}
