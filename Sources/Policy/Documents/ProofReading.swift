// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI

extension DocumentReader {
    mutating func sources(_ field: Field) -> [ProofSource]? {
        guard let entries = list(field) else { return nil }
        guard entries.count <= 1 else {
            invalid("source", field, details: "only single source is supported")
            return nil
        }
        let sources = entries.compactMap { source($0) }
        return sources.count == entries.count ? sources : nil
    }

    private mutating func source(_ entry: Field) -> ProofSource? {
        guard let fields = object(entry, ["oci", "signaturePullSecrets", "tagPrefix"]) else { return nil }
        let errorsBefore = errors.count
        let secrets = list(fields["signaturePullSecrets"]) ?? []
        var names: [String] = []
        for secret in secrets {
            guard let members = object(secret, ["name"]), let name = string(members["name"]) else { continue }
            if name.isEmpty { missing([members["name"]]) }
            names.append(name)
        }
        let prefix = tagPrefix(fields["tagPrefix"])
        let repository = repository(fields["oci"])
        guard errors.count == errorsBefore, let prefix else { return nil }
        return ProofSource(repository: repository, tagPrefix: prefix, pullSecrets: names)
    }

    /// A tag has 128 characters at most, of which `sha256-`, the hex and `.sig` take 75.
    private mutating func tagPrefix(_ field: Field) -> String? {
        guard let text = string(field) else { return nil }
        let maximumLength = 53
        let isTag = text.utf8.enumerated().allSatisfy { index, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            case UInt8(ascii: "."), UInt8(ascii: "-"): index > 0
            default: false
            }
        }
        guard isTag, text.utf8.count <= maximumLength else {
            invalid(
                text, field,
                advice: "a prefix is letters, digits, '_', '.' and '-' as in a tag, at most \(maximumLength)")
            return nil
        }
        return text
    }

    /// A repository without tag or digest, whose host is written out: `docker.io/acme/app`, not `acme/app`.
    private mutating func repository(_ field: Field) -> Repository? {
        guard let text = string(field), !text.isEmpty else { return nil }
        let reference: ImageReference
        do throws(ReferenceError) {
            reference = try ImageReference(parsing: text)
        } catch {
            invalid(text, field, details: Self.repositoryProblem(text), advice: "\(error)")
            return nil
        }
        guard let slash = text.utf8.firstIndex(of: UInt8(ascii: "/")) else {
            guard reference.tag == nil, reference.digest == nil else {
                invalid(text, field, details: Self.repositoryProblem(text), advice: "leave out the tag and the digest")
                return nil
            }
            report(
                .warning, "\(quoted(text)) is read as \(reference.repository)", [field],
                advice: "write the repository with its host", code: .sourceWithoutHost)
            return reference.repository
        }
        guard Self.isHost(text[..<slash]), reference.tag == nil, reference.digest == nil else {
            invalid(
                text, field, details: Self.repositoryProblem(text),
                advice: "write a repository with its host, docker.io for Docker Hub, without tag and digest")
            return nil
        }
        let path = text[text.index(after: slash)...]
        if reference.repository.host == "docker.io", !path.utf8.contains(UInt8(ascii: "/")) {
            invalid(text, field, details: "strict validation requires the full repository path (missing 'library')")
            return nil
        }
        return reference.repository
    }

    private static func isHost(_ text: Substring) -> Bool {
        text.utf8.contains(UInt8(ascii: ".")) || text.utf8.contains(UInt8(ascii: ":")) || text == "localhost"
    }

    /// The words that upstream's users know for a name that is no repository.
    private static func repositoryProblem(_ text: String) -> String {
        let allowed = "abcdefghijklmnopqrstuvwxyz0123456789_-./"
        let host = text.prefix { $0 != "/" }
        guard host.endIndex < text.endIndex, isHost(host) else {
            return "registries must be valid RFC 3986 URI authorities: \(text)"
        }
        let path = text[text.index(after: host.endIndex)...]
        guard path.allSatisfy(allowed.contains) else {
            return "repository can only contain the characters `\(allowed)`: \(path)"
        }
        return "registries must be valid RFC 3986 URI authorities: \(host)"
    }

    mutating func attestations(_ field: Field) -> [AttestationRequirement]? {
        guard let entries = list(field) else { return nil }
        let requirements = entries.compactMap { attestation($0, of: field) }
        return requirements.count == entries.count ? requirements : nil
    }

    private mutating func attestation(_ entry: Field, of list: Field) -> AttestationRequirement? {
        guard let fields = object(entry, ["name", "predicateType", "policy"]) else { return nil }
        let errorsBefore = errors.count
        let name = string(fields["name"])
        let type = string(fields["predicateType"])
        // Upstream's users know these paths without the position in the list.
        if name == "" { missing([fields["name"]], as: ["\(list.path).name"]) }
        if type == "" { missing([fields["predicateType"]], as: ["\(list.path).predicateType"]) }
        if let type, !type.isEmpty, !URLSyntax.isRequestTarget(type) {
            let known = PredicateType.aliases[type]
            report(
                .warning, "invalid value: \(type)", [fields["predicateType"]],
                details: "deprecated value, please use RFC 3986 conformant values",
                advice: known.map { "write \($0)" } ?? "", as: ["\(list.path).predicateType"],
                code: .predicateTypeAlias)
        }
        let program = program(fields["policy"], shownAs: "\(list.path).policy", isPolicyLevel: false)
        guard errors.count == errorsBefore, let name, let type else { return nil }
        return AttestationRequirement(
            name: name, predicateType: PredicateType.uri(type), writtenType: type, program: program)
    }
}
