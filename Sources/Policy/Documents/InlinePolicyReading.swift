// SPDX-License-Identifier: Apache-2.0
import CUE
import JSON

extension DocumentReader {
    /// `spec.policy` or `attestations[].policy`: a policy in CUE or Rego. `nil` where there is none, or with an error.
    ///
    /// `shown` stands before the names of fields in messages: upstream's users know `spec.type` for `spec.policy.type`.
    mutating func program(_ field: Field, shownAs shown: String, isPolicyLevel: Bool) -> PolicyProgram? {
        guard field.isPresent else { return nil }
        let switches = ["fetchConfigFile", "includeSpec", "includeObjectMeta", "includeTypeMeta"]
        guard let fields = object(field, ["type", "data", "remote", "configMapRef", "concrete"] + switches) else {
            return nil
        }
        let errorsBefore = errors.count
        var chosen: [Bool] = []
        for name in switches {
            chosen.append(bool(fields[name]) ?? false)
            if fields[name].isPresent, !isPolicyLevel {
                report(.invalid, "must not set the field(s)", [fields[name]], as: ["\(shown).\(name)"])
            }
        }
        let isConcrete = bool(fields["concrete"])
        let type = string(fields["type"])
        let language = type.flatMap(PolicyLanguage.init(rawValue:))
        if let type, language == nil {
            invalid(type, fields["type"], details: "only [cue,rego] are supported at the moment", as: "\(shown).type")
        }
        guard let data = string(fields["data"]) else { return nil }
        let choices = [fields["configMapRef"], fields["data"], fields["remote"]]
        let paths = ["configMapRef", "data", "remote"].map { "\(shown).\($0)" }
        switch [fields["configMapRef"].isPresent, !data.isEmpty, fields["remote"].isPresent].count(where: { $0 }) {
        case 0: missing(choices, as: paths)
        case 1: break
        default: both(choices, as: paths)
        }
        var source: PolicyTextSource?
        if fields["remote"].isPresent { source = remote(fields["remote"], shownAs: "\(shown).remote") }
        if fields["configMapRef"].isPresent {
            source = configMap(fields["configMapRef"], shownAs: "\(shown).configMapRef")
        }
        guard errors.count == errorsBefore, let language, let isConcrete else { return nil }
        let body: PolicyProgram.Body
        if let source {
            body = .elsewhere(source)
        } else if let compiled = compiled(data, language, fields["data"]) {
            body = compiled
        } else {
            return nil
        }
        if language == .rego {
            report(
                .warning, PolicyLanguage.regoIsNotEvaluated, [fields["type"]],
                advice: "what this policy guards is denied until then", code: .regoNotEvaluated)
        }
        if isConcrete, language != .cue {
            report(.notUnderstood, "concrete goes with type cue", [fields["concrete"]])
            return nil
        }
        var inputs = PolicyInputs()
        inputs.configuration = chosen[0]
        inputs.specification = chosen[1]
        inputs.metadata = chosen[2]
        inputs.type = chosen[3]
        return PolicyProgram(language: language, body: body, isConcrete: isConcrete, inputs: inputs)
    }

    /// A text that is no policy, or uses what is not supported here, is an error of the document: it would deny all that
    /// it guards, and nobody would know before the first image.
    private mutating func compiled(
        _ text: String, _ language: PolicyLanguage, _ field: Field
    ) -> PolicyProgram.Body? {
        guard language == .cue else { return PolicyProgram.body(of: Array(text.utf8), in: language) }
        do throws(CUECompileError) {
            return .cue(try CUEPolicy(compiling: Array(text.utf8)))
        } catch {
            report(
                error.isUnsupported ? .notSupported : .invalid,
                "failed to compile the cue policy with error: \(error.message)", [field],
                advice: "at line \(error.line), column \(error.column) of the policy")
            return nil
        }
    }

    private mutating func remote(_ field: Field, shownAs shown: String) -> PolicyTextSource? {
        guard let fields = object(field, ["url", "sha256sum"]), let text = string(fields["url"]),
            let sum = string(fields["sha256sum"])
        else { return nil }
        if let reason = URLSyntax.problem(with: text) {
            report(.notUnderstood, "no URL: \(reason)", [fields["url"]])
        } else if !URLSyntax.isHTTPSWithHost(text) {
            invalid(
                text, fields["url"], details: "url valid is invalid. host and https scheme are expected",
                as: "\(shown).url")
        }
        if sum.isEmpty { missing([fields["sha256sum"]], as: ["\(shown).sha256sum"]) }
        return .remote(url: text, sha256: sum)
    }

    private mutating func configMap(_ field: Field, shownAs shown: String) -> PolicyTextSource? {
        guard let fields = object(field, ["name", "key", "namespace"]), let name = string(fields["name"]),
            let key = string(fields["key"])
        else { return nil }
        // Wherever it says, the one of our own namespace is read.
        _ = string(fields["namespace"])
        for (field, text) in [("name", name), ("key", key)] where text.isEmpty {
            missing([fields[field]], as: ["\(shown).\(field)"])
        }
        return .configMap(name: name, key: key)
    }
}
