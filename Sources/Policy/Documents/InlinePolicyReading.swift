// SPDX-License-Identifier: Apache-2.0
import JSON

extension DocumentReader {
    /// `spec.policy` or `attestations[].policy`: a policy in CUE or Rego. Its shape is checked; no evaluator is here yet,
    /// so that a document with one cannot be compiled.
    ///
    /// `shown` stands before the names of fields in messages: upstream's users know `spec.type` for `spec.policy.type`.
    mutating func inlinePolicy(_ field: Field, shownAs shown: String, isPolicyLevel: Bool) {
        let switches = ["fetchConfigFile", "includeSpec", "includeObjectMeta", "includeTypeMeta"]
        guard let fields = object(field, ["type", "data", "remote", "configMapRef"] + switches) else { return }
        let errorsBefore = errors.count
        for name in switches {
            _ = bool(fields[name])
            if fields[name].isPresent, !isPolicyLevel {
                report(.invalid, "must not set the field(s)", [fields[name]], as: ["\(shown).\(name)"])
            }
        }
        let type = string(fields["type"])
        if let type, type != "cue", type != "rego" {
            invalid(type, fields["type"], details: "only [cue,rego] are supported at the moment", as: "\(shown).type")
        }
        guard let data = string(fields["data"]) else { return }
        let choices = [fields["configMapRef"], fields["data"], fields["remote"]]
        let paths = ["configMapRef", "data", "remote"].map { "\(shown).\($0)" }
        switch [fields["configMapRef"].isPresent, !data.isEmpty, fields["remote"].isPresent].count(where: { $0 }) {
        case 0: missing(choices, as: paths)
        case 1: break
        default: both(choices, as: paths)
        }
        if fields["remote"].isPresent { remote(fields["remote"], shownAs: "\(shown).remote") }
        if fields["configMapRef"].isPresent { configMap(fields["configMapRef"], shownAs: "\(shown).configMapRef") }
        guard errors.count == errorsBefore, let type else { return }
        report(
            .notSupported, "policies in \(type == "cue" ? "CUE" : "Rego") are not supported yet", [field],
            advice: "nothing here could tell whether an image satisfies it")
    }

    private mutating func remote(_ field: Field, shownAs shown: String) {
        guard let fields = object(field, ["url", "sha256sum"]), let text = string(fields["url"]),
            let sum = string(fields["sha256sum"])
        else { return }
        if let reason = URLSyntax.problem(with: text) {
            report(.notUnderstood, "no URL: \(reason)", [fields["url"]])
        } else if !URLSyntax.isHTTPSWithHost(text) {
            invalid(
                text, fields["url"], details: "url valid is invalid. host and https scheme are expected",
                as: "\(shown).url")
        }
        if sum.isEmpty { missing([fields["sha256sum"]], as: ["\(shown).sha256sum"]) }
    }

    private mutating func configMap(_ field: Field, shownAs shown: String) {
        guard let fields = object(field, ["name", "key", "namespace"]) else { return }
        _ = string(fields["namespace"])
        for name in ["name", "key"] where string(fields[name]) == "" {
            missing([fields[name]], as: ["\(shown).\(name)"])
        }
    }
}
