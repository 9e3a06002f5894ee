// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import Sigstore

extension DocumentReader {
    mutating func authority(_ entry: Field, index: Int) -> Authority? {
        let known = [
            "name", "key", "keyless", "static", "source", "ctlog", "attestations", "rfc3161timestamp",
            "signatureFormat",
        ]
        guard let fields = object(entry, known), let written = string(fields["name"]) else { return nil }
        let kinds = [fields["key"], fields["keyless"], fields["static"]]
        switch kinds.count(where: \.isPresent) {
        case 0:
            neither(kinds)
            return nil
        case 1: break
        default:
            both(kinds)
            return nil
        }
        let errorsBefore = errors.count
        let witnesses = witnesses(fields)
        let format = string(fields["signatureFormat"])
        let sources = sources(fields["source"])
        let attestations = attestations(fields["attestations"])
        let check =
            if fields["static"].isPresent {
                staticCheck(fields)
            } else if fields["key"].isPresent {
                keyCheck(fields["key"], witnesses)
            } else {
                keylessCheck(fields["keyless"])
            }
        guard errors.count == errorsBefore, let check, let format, let sources, let attestations else { return nil }
        guard ["", "legacy", "bundle"].contains(format) else {
            invalid(format, fields["signatureFormat"], advice: "write legacy, bundle, or nothing for any format")
            return nil
        }
        return Authority(
            name: written.isEmpty ? "authority-\(index)" : written, check: check.asking(format: format),
            sources: sources, attestations: attestations, logSearch: witnesses.log)
    }

    /// What a proof must carry besides its signature.
    fileprivate struct Witnesses {
        let logEntry: Bool
        let timestamp: Bool
        /// Whether it is to be checked against a trust root of its own, instead of the one in force.
        let areElsewhere: Bool
        /// `ctlog.url`: the log that may be asked for an entry that a proof does not bring.
        let log: LogAddress?
    }

    /// A check that the document names is never skipped: `ctlog: {}` asks for the log as much as one with a URL does,
    /// and so does a bare `ctlog:`, whose value somebody may have commented out.
    private mutating func witnesses(_ fields: Fields) -> Witnesses {
        var roots: [String] = []
        var address: LogAddress?
        if let log = object(fields["ctlog"], ["url", "trustRootRef"]) {
            url(log["url"])
            if let text = string(log["url"]), !text.isEmpty { address = LogAddress(text) }
            roots.append(string(log["trustRootRef"]) ?? "")
        }
        if let authority = object(fields["rfc3161timestamp"], ["trustRootRef"]) {
            roots.append(string(authority["trustRootRef"]) ?? "")
        }
        return Witnesses(
            logEntry: fields["ctlog"].isNamed, timestamp: fields["rfc3161timestamp"].isNamed,
            areElsewhere: roots.contains { !$0.isEmpty }, log: address)
    }

    // MARK: static

    private mutating func staticCheck(_ fields: Fields) -> Authority.Check? {
        let field = fields["static"]
        for name in ["attestations", "source"] where (fields[name].value?.count ?? 0) > 0 {
            both([fields[name], field])
        }
        for name in ["ctlog", "rfc3161timestamp"] where fields[name].isPresent { both([fields[name], field]) }
        guard let members = object(field, ["action", "message"]), let action = string(members["action"]),
            let message = string(members["message"])
        else { return nil }
        switch action {
        case "pass": return .staticPass
        case "fail": return .staticFail(message: message)
        case "": missing([members["action"]])
        default: invalid(action, members["action"], details: "unsupported action", advice: "write pass or fail")
        }
        return nil
    }

    // MARK: key

    private mutating func keyCheck(_ field: Field, _ witnesses: Witnesses) -> Authority.Check? {
        switch keyMaterial(field) {
        case .inline(let key):
            witnesses.areElsewhere
                ? .notYet("trust roots named by trustRootRef are not read yet")
                : .signer(
                    VerificationOptions(
                        key: key, requiresLogEntry: witnesses.logEntry, requiresTimestamp: witnesses.timestamp))
        case .elsewhere(let why): .notYet(why)
        case nil: nil
        }
    }

    /// Instead of a key that cannot be used, which could be a private one pasted by mistake: denials and logs show it to
    /// many. The label of a first block is told where it looks like one.
    private static func described(_ data: String) -> String {
        let begin = "-----BEGIN "
        let size = "\(data.utf8.count) bytes"
        guard let line = data.split(whereSeparator: \.isNewline).first(where: { $0.hasPrefix(begin) }),
            line.hasSuffix("-----")
        else { return "(\(size))" }
        // The longest label in use is `ENCRYPTED PRIVATE KEY`.
        let label = line.dropFirst(begin.count).dropLast(5)
        let known = ["PUBLIC KEY", "PRIVATE KEY", "CERTIFICATE", "PARAMETERS"]
        let isLabel = label.utf8.count <= 32 && label.utf8.allSatisfy { $0 == 0x20 || (0x41...0x5A).contains($0) }
        return isLabel && known.contains(where: label.hasSuffix) ? "(\(label), \(size))" : "(\(size))"
    }

    private enum KeyMaterial {
        case inline(VerificationKey)
        case elsewhere(String)
    }

    /// `key`, and `keyless.ca-cert`, which has the same shape.
    private mutating func keyMaterial(_ field: Field) -> KeyMaterial? {
        guard let fields = object(field, ["data", "secretRef", "kms", "hashAlgorithm"]),
            let data = string(fields["data"]), let kms = string(fields["kms"]),
            let secret = object(fields["secretRef"], ["name", "namespace"]),
            string(secret["name"]) != nil, string(secret["namespace"]) != nil
        else { return nil }
        let errorsBefore = errors.count
        let hash = hashAlgorithm(fields["hashAlgorithm"])
        // Upstream's users know the third path in lower case.
        let choices = [fields["data"], fields["kms"], fields["secretRef"]]
        let shown = ["\(field.path).data", "\(field.path).kms", "\(field.path).secretref"]
        switch [!data.isEmpty, !kms.isEmpty, fields["secretRef"].isPresent].count(where: { $0 }) {
        case 0: neither(choices, as: shown)
        case 1: break
        default: both(choices, as: shown)
        }
        var key: VerificationKey?
        if !data.isEmpty {
            if !data.split(whereSeparator: \.isNewline).contains(where: { $0.hasPrefix("-----BEGIN ") }) {
                invalid(Self.described(data), fields["data"], advice: "\(KeyError.notPEM)")
            } else {
                do throws(KeyError) {
                    key = try VerificationKey(pem: data, hash: hash)
                } catch {
                    invalid(Self.described(data), fields["data"], advice: "\(error)")
                }
            }
        }
        if !kms.isEmpty, let reason = KeyManagementReference.problem(with: kms) {
            invalid(kms, fields["kms"], details: reason)
        }
        guard errors.count == errorsBefore else { return nil }
        if let key { return .inline(key) }
        return kms.isEmpty
            ? .elsewhere("keys in Secrets are not read yet; write the public key into key.data")
            : .elsewhere("keys in key management services are not read yet; write the public key into key.data")
    }

    /// `nil` both for "not set" and, with an error, for what cannot be used.
    private mutating func hashAlgorithm(_ field: Field) -> HashAlgorithm? {
        guard let written = string(field), !written.isEmpty else { return nil }
        let name = String(written.drop(while: isSpace).reversed().drop(while: isSpace).reversed()).lowercased()
        if let hash = HashAlgorithm(rawValue: name) { return hash }
        if name == "sha224" {
            report(.notSupported, "hashAlgorithm sha224 is not supported", [field], advice: "sign with sha256 or more")
        } else {
            invalid(written, field, advice: "known are sha256, sha384 and sha512")
        }
        return nil
    }

    private func isSpace(_ character: Character) -> Bool { character.isWhitespace }

    // MARK: keyless

    private mutating func keylessCheck(_ field: Field) -> Authority.Check? {
        let known = ["url", "identities", "ca-cert", "trustRootRef", "insecureIgnoreSCT"]
        guard let fields = object(field, known) else { return nil }
        let errorsBefore = errors.count
        url(fields["url"])
        _ = string(fields["trustRootRef"])
        _ = bool(fields["insecureIgnoreSCT"])
        if fields["ca-cert"].isPresent {
            if fields["url"].isPresent { both([fields["ca-cert"], fields["url"]]) }
            _ = keyMaterial(fields["ca-cert"])
        }
        if let identities = list(fields["identities"]) {
            if identities.isEmpty { missing([fields["identities"]]) }
            for identity in identities { self.identity(identity) }
        }
        guard errors.count == errorsBefore else { return nil }
        return .notYet("keyless identities are not checked yet")
    }

    private mutating func identity(_ field: Field) {
        guard let fields = object(field, ["issuer", "subject", "issuerRegExp", "subjectRegExp"]) else { return }
        for name in ["issuer", "subject"] {
            let exact = fields[name]
            let pattern = fields["\(name)RegExp"]
            guard let exactText = string(exact), let patternText = string(pattern) else { continue }
            switch (exactText.isEmpty, patternText.isEmpty) {
            case (true, true): missing([exact, pattern])
            case (false, false): both([exact, pattern])
            default: break
            }
        }
    }

    /// Only what could not be a URL at all is refused here.
    mutating func url(_ field: Field) {
        guard let text = string(field), let reason = URLSyntax.problem(with: text) else { return }
        report(.notUnderstood, "no URL: \(reason)", [field])
    }
}

extension Authority.Check {
    /// A format that is asked for is not told apart yet, so that nothing passes where one is.
    fileprivate func asking(format: String) -> Authority.Check {
        switch self {
        case .staticPass, .signer:
            format.isEmpty ? self : .notYet("signatureFormat is not checked yet; leave it out to accept any format")
        case .staticFail, .notYet: self
        }
    }
}
