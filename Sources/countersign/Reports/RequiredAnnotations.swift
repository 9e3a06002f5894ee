// SPDX-License-Identifier: Apache-2.0
import JSON
import Policy
import Sigstore

/// `-a key=value`: what a signature must say of itself, beside the image.
struct RequiredAnnotations {
    private let pairs: [(key: String, value: String)]

    var isEmpty: Bool { pairs.isEmpty }

    static let none = RequiredAnnotations(pairs: [])

    private init(pairs: [(key: String, value: String)]) { self.pairs = pairs }

    init(_ texts: [String]) throws(UsageError) {
        pairs = try texts.map { text throws(UsageError) in
            guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
                throw UsageError("--annotations takes key=value, not '\(text)'")
            }
            return (String(text[..<equals]), String(text[text.index(after: equals)...]))
        }
    }

    /// The judgement with only those signatures that carry every pair; without any left, a denial.
    func applied(to judgement: Judgement) -> Judgement {
        guard !pairs.isEmpty, case .admitted(let matches) = judgement.outcome else { return judgement }
        let kept = matches.all.compactMap { match -> AuthorityMatch? in
            guard let signatures = AtLeastOne(match.signatures.filter(carriesAll)) else { return nil }
            return AuthorityMatch(
                authority: match.authority, evidence: .signatures(signatures), summary: match.summary,
                notes: match.notes)
        }
        let missing = DenialReason(
            .noMatchingSignatures,
            "no matching signatures: missing or incorrect annotation; sign with "
                + pairs.map { "-a \($0.key)=\($0.value)" }.joined(separator: " "))
        return Judgement(
            policy: judgement.policy, mode: judgement.mode,
            outcome: AtLeastOne(kept).map { .admitted($0) } ?? .denied(AtLeastOne(missing)))
    }

    private func carriesAll(_ signature: VerifiedSignature) -> Bool {
        guard let document = try? JSONDocument(parsing: signature.claims.optional) else { return false }
        return pairs.allSatisfy { pair in
            // Bytes: strings are equal in Swift that are not the same text.
            document.root[pair.key]?.string?.utf8.elementsEqual(pair.value.utf8) ?? false
        }
    }
}
