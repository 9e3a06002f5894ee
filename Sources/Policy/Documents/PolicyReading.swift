// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI

extension DocumentReader {
    /// A whole document.
    mutating func policy(_ document: JSONDocument) -> ClusterImagePolicy? {
        let root = Field(root: document.root)
        guard kindIsKnown(root) else { return nil }
        guard let fields = object(root, ["apiVersion", "kind", "metadata", "spec", "status"]) else { return nil }
        let name = metadata(fields["metadata"])
        // Written by a controller, read by nobody here; it decides nothing.
        _ = status(fields["status"])
        guard
            let spec = object(
                fields["spec"], ["images", "authorities", "policy", "mode", "match", "maximumAttestationSize"])
        else { return nil }
        let images = images(spec["images"])
        let authorities = authorities(spec["authorities"])
        let program = program(spec["policy"], shownAs: "spec", isPolicyLevel: true)
        let mode = mode(spec["mode"])
        let match = match(spec["match"])
        let size = attestationSize(spec["maximumAttestationSize"])
        guard let name, let images, let authorities, let mode, let match, let size else { return nil }
        return ClusterImagePolicy(
            name: name, mode: mode, images: images, match: match, authorities: authorities,
            admitsWithoutAuthorities: rules.admitsNoAuthorities, program: program,
            maximumProofBytes: size, documentHash: Digest(of: document.text))
    }

    private mutating func kindIsKnown(_ root: Field) -> Bool {
        guard let value = root.value, value.kind == .object else {
            report(.notUnderstood, "expected an object with apiVersion, kind, metadata and spec", [root])
            return false
        }
        // Only these two are looked at before the kind is known: nothing else can be said of another kind's fields.
        let fields = DocumentReader.header(root)
        let kind = fields.kind.value?.string ?? ""
        let version = fields.version.value?.string ?? ""
        let supported = PolicyDocument.versions.map { "\(PolicyDocument.groupName)/\($0)" }
        guard kind == "ClusterImagePolicy" else {
            report(
                .notUnderstood, "unknown kind \(quoted(kind))", [fields.kind],
                advice: "a file of policies holds documents of kind ClusterImagePolicy, TrustRoot, Secret and ConfigMap"
            )
            return false
        }
        guard supported.contains(version) else {
            report(
                .notUnderstood, "unknown apiVersion \(quoted(version))", [fields.version],
                advice: "known are \(supported.joined(separator: " and "))")
            return false
        }
        return true
    }

    private static func header(_ root: Field) -> (version: Field, kind: Field) {
        var silent = DocumentReader()
        let fields = silent.object(root, ["apiVersion", "kind"])
        return (fields?["apiVersion"] ?? root, fields?["kind"] ?? root)
    }

    /// The fields that the API server knows in every object's metadata; only the name means anything here.
    mutating func metadata(_ field: Field) -> String? {
        let known = [
            "name", "generateName", "namespace", "labels", "annotations", "uid", "resourceVersion", "generation",
            "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "finalizers", "ownerReferences",
            "managedFields", "selfLink",
        ]
        guard let fields = object(field, known) else { return nil }
        for labels in [fields["labels"], fields["annotations"]] {
            for (_, value) in stringMap(labels) ?? [] { _ = string(value) }
        }
        for entries in ["finalizers", "ownerReferences", "managedFields"] { _ = list(fields[entries]) }
        guard let name = string(fields["name"]) else { return nil }
        guard !name.isEmpty else {
            missing([fields["name"]])
            return nil
        }
        guard isDNSName(name) else {
            invalid(name, fields["name"], advice: "a name is lower-case letters, digits, '-' and '.', 253 at most")
            return nil
        }
        return name
    }

    mutating func status(_ field: Field) -> Bool {
        guard let value = field.value, value.kind != .object else { return true }
        report(.notUnderstood, "expected an object", [field])
        return false
    }

    private mutating func images(_ field: Field) -> [Glob]? {
        guard let entries = list(field) else { return nil }
        guard !entries.isEmpty else {
            missing([field])
            return nil
        }
        let globs = entries.enumerated().compactMap { glob($0.element, lints: $0.offset < Self.maximumLintedGlobs) }
        return globs.count == entries.count ? globs : nil
    }

    /// Whether a glob can match is found by a walk of up to a millisecond; nobody reads more warnings than this.
    private static let maximumLintedGlobs = 256

    private mutating func glob(_ entry: Field, lints: Bool) -> Glob? {
        guard let fields = object(entry, ["glob"]), let pattern = string(fields["glob"]) else { return nil }
        do throws(GlobError) {
            let glob = try Glob(pattern)
            if lints, let reason = glob.neverMatches {
                report(
                    .warning, "glob \(quoted(pattern)) names no image that can be admitted", [fields["glob"]],
                    advice: reason, code: .globNeverMatches)
            }
            return glob
        } catch {
            switch error {
            case .empty: missing([fields["glob"]])
            case .syntax, .invalidCharacter, .tooLong:
                invalid(pattern, fields["glob"], details: "glob is invalid: \(error)")
            }
            return nil
        }
    }

    private mutating func authorities(_ field: Field) -> [Authority]? {
        guard let entries = list(field) else { return nil }
        guard !entries.isEmpty || rules.admitsNoAuthorities else {
            missing([field])
            return nil
        }
        let authorities = entries.enumerated().compactMap { authority($0.element, index: $0.offset) }
        return authorities.count == entries.count ? authorities : nil
    }

    private mutating func mode(_ field: Field) -> EnforcementMode? {
        guard let text = string(field) else { return nil }
        if text.isEmpty { return .enforce }
        guard let mode = EnforcementMode(rawValue: text) else {
            invalid(text, field, details: "unsupported mode", advice: "write enforce or warn")
            return nil
        }
        return mode
    }
}
