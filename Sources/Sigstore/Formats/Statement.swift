// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI

/// An in-toto statement that has been read: what it says, not whether it is true. in-toto/attestation, statement.md,
/// versions 0.1 and 1.
struct Statement {
    let document: JSONDocument
    let predicateType: String
    let subjects: [Subject]

    struct Subject {
        /// Digests by algorithm; compared by bytes, as written.
        let digests: [(algorithm: String, hex: String)]
        let annotations: JSONValue?
    }

    /// Subjects of one statement and digests of one subject; the bounds of the reference client.
    static let maximumSubjects = 1024
    static let maximumDigests = 32

    private static let types = ["https://in-toto.io/Statement/v0.1", "https://in-toto.io/Statement/v1"]

    /// The predicate type of cosign 3's signature: a statement that says nothing more than "this image".
    static let signature = "https://sigstore.dev/cosign/sign/v1"

    /// - Parameter payload: the statement, or those parts of it that somebody has asked for.
    init(_ payload: [UInt8]) throws(VerificationError) {
        do { document = try JSONDocument(parsing: payload, limits: .payload) } catch {
            throw .malformedStatement("it is not JSON: \(error)")
        }
        let root = document.root
        guard let type = root["_type"]?.string, Self.types.contains(where: { $0.isExactly(type) }) else {
            throw .malformedStatement("its _type is no in-toto statement version 0.1 or 1")
        }
        guard let predicateType = root["predicateType"]?.string, !predicateType.isEmpty else {
            throw .malformedStatement("it has no predicateType")
        }
        self.predicateType = predicateType
        guard let list = root["subject"], list.kind == .array else { throw .malformedStatement("it has no subject") }
        let count = list.count
        guard count > 0 else { throw .malformedStatement("its list of subjects is empty") }
        guard count <= Self.maximumSubjects else {
            throw .malformedStatement("it has more than \(Self.maximumSubjects) subjects")
        }
        var subjects: [Subject] = []
        for element in list.elements { subjects.append(try Subject(element)) }
        self.subjects = subjects
    }

    /// The first subject that is this image; throws with what it is about instead.
    ///
    /// Names decide nothing, and neither do digests of other algorithms: only the image's own can be compared.
    func subject(_ image: Digest) throws(VerificationError) -> Subject {
        let wanted = image.algorithm.rawValue
        for subject in subjects {
            for digest in subject.digests
            where digest.algorithm.isExactly(wanted) && digest.hex.isExactly(image.hex) {
                return subject
            }
        }
        let found = subjects.lazy.flatMap(\.digests).first { $0.algorithm.isExactly(wanted) }
        throw .wrongImage(found: found.map { "\($0.algorithm):\(excerpt($0.hex))" } ?? "no \(wanted) digest")
    }

    /// The first subject that is the artifact in hand: it names at least one digest that can be compared, and every one
    /// that can be compared is the artifact's. Names decide nothing.
    func subject(withBytes bytes: [UInt8]) throws(VerificationError) -> Subject {
        var hashes: [HashAlgorithm: String] = [:]
        for subject in subjects {
            var isSame = false
            var differs = false
            for digest in subject.digests {
                guard let algorithm = HashAlgorithm.allCases.first(where: { $0.rawValue.isExactly(digest.algorithm) })
                else { continue }
                // Each is made once, however many subjects there are.
                let hash = hashes[algorithm] ?? Hexadecimal.encode(algorithm.hash(bytes))
                hashes[algorithm] = hash
                if digest.hex.isExactly(hash) { isSame = true } else { differs = true }
            }
            if isSame, !differs { return subject }
        }
        let found = subjects.first?.digests.first
        throw .wrongImage(found: found.map { "\(excerpt($0.algorithm)):\(excerpt($0.hex))" } ?? "no digest")
    }
}

extension Statement.Subject {
    /// `{ "digest": { algorithm: hex }, … }`; a subject that is `null` or has no digest makes the statement malformed.
    fileprivate init(_ value: JSONValue) throws(VerificationError) {
        guard value.kind == .object else { throw .malformedStatement("a subject is no JSON object") }
        guard let digest = value["digest"], digest.kind == .object else {
            throw .malformedStatement("a subject has no digest")
        }
        guard digest.count <= Statement.maximumDigests else {
            throw .malformedStatement("a subject has more than \(Statement.maximumDigests) digests")
        }
        var digests: [(algorithm: String, hex: String)] = []
        for member in digest.members {
            guard let hex = member.value.string else { throw .malformedStatement("a digest is no string") }
            digests.append((member.name, hex))
        }
        guard !digests.isEmpty else { throw .malformedStatement("a subject has no digest") }
        self.digests = digests
        annotations = value["annotations"]
    }
}
