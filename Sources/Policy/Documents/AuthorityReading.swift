// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import RE2
import Sigstore

extension DocumentReader {
    mutating func authority(_ entry: Field, index: Int) -> Authority? {
        let known = [
            "name", "key", "keyless", "static", "source", "ctlog", "attestations", "rfc3161timestamp",
            "signatureFormat", "requireSignature",
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
        var witnesses = witnesses(fields)
        let format = string(fields["signatureFormat"])
        let requiresSignature = bool(fields["requireSignature"])
        let sources = sources(fields["source"])
        let attestations = attestations(fields["attestations"])
        var check: Authority.Check? =
            if fields["static"].isPresent {
                staticCheck(fields)
            } else if fields["key"].isPresent {
                keyCheck(fields["key"], witnesses)
            } else {
                keylessCheck(fields["keyless"], &witnesses)
            }
        guard errors.count == errorsBefore, let sources, let attestations, let requiresSignature else { return nil }
        let proofs = format.flatMap(SignatureFormat.init(rawValue:))
        if let format, !format.isEmpty, proofs == nil {
            report(
                .warning, "signatureFormat \(quoted(format)) is neither legacy nor bundle", [fields["signatureFormat"]],
                advice: "write one of them, or leave it out for any form; as it is, nothing satisfies this authority",
                code: .signatureFormatUnknown)
            check = .unavailable("signatureFormat \(quoted(format)) is neither legacy nor bundle")
        }
        guard let check else { return nil }
        return Authority(
            name: written.isEmpty ? "authority-\(index)" : written, check: check,
            trust: witnesses.roots.isEmpty ? .inForce : .named(witnesses.roots), sources: sources, format: proofs,
            attestations: attestations, requiresSignature: requiresSignature, logSearch: witnesses.log)
    }

    /// What a proof must carry besides its signature.
    fileprivate struct Witnesses {
        /// Whether `ctlog` is there.
        let logEntry: Bool
        /// Whether `rfc3161timestamp` is there.
        let timestamp: Bool
        /// Trust roots to check it against, instead of the one in force.
        var roots: TrustRootNames
        /// `ctlog.url`: the log that may be asked for an entry that a proof does not bring.
        let log: LogAddress?
    }

    /// A check that the document names is never skipped: `ctlog: {}` asks for the log as much as one with a URL does,
    /// and so does a bare `ctlog:`, whose value somebody may have commented out.
    private mutating func witnesses(_ fields: Fields) -> Witnesses {
        var roots = TrustRootNames()
        var address: LogAddress?
        if let log = object(fields["ctlog"], ["url", "trustRootRef"]) {
            url(log["url"])
            if let text = string(log["url"]), !text.isEmpty { address = LogAddress(text) }
            roots.logs = nonEmpty(log["trustRootRef"])
        }
        if let authority = object(fields["rfc3161timestamp"], ["trustRootRef"]) {
            roots.timestamps = nonEmpty(authority["trustRootRef"])
        }
        roots.asksForLog = fields["ctlog"].isNamed
        return Witnesses(
            logEntry: fields["ctlog"].isNamed, timestamp: fields["rfc3161timestamp"].isNamed, roots: roots,
            log: address)
    }

    private mutating func nonEmpty(_ field: Field) -> String? {
        string(field).flatMap { $0.isEmpty ? nil : $0 }
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
            .signer(
                VerificationOptions(
                    key: key, requiresLogEntry: witnesses.logEntry, requiresTimestamp: witnesses.timestamp))
        case .secret(let name, let hash):
            .keyInSecret(
                SecretKey(
                    secret: name, hash: hash, requiresLogEntry: witnesses.logEntry,
                    requiresTimestamp: witnesses.timestamp))
        case .unavailable(let why): .unavailable(why)
        case nil: nil
        }
    }

    /// Instead of a key that cannot be used, which could be a private one pasted by mistake: denials and logs show it to
    /// many. The label of a first block is told where it looks like one; so is a short line of letters between dashes,
    /// which is a misspelt first line and in no encoding a key.
    private static func described(_ data: String) -> String {
        let begin = "-----BEGIN "
        let size = data.utf8.count == 1 ? "1 byte" : "\(data.utf8.count) bytes"
        // Five dashes, `BEGIN ENCRYPTED PRIVATE KEY`, five dashes.
        let isMisspelt =
            data.utf8.count <= 37 && data.hasPrefix("--") && data.hasSuffix("--")
            && data.utf8.allSatisfy { $0 == 0x20 || $0 == 0x2D || (0x61...0x7A).contains($0 | 0x20) }
        if isMisspelt { return data }
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
        case secret(String, HashAlgorithm?)
        case unavailable(String)
    }

    /// `key`, and `keyless.ca-cert`, which has the same shape.
    private mutating func keyMaterial(_ field: Field) -> KeyMaterial? {
        guard let fields = object(field, ["data", "secretRef", "kms", "hashAlgorithm"]),
            let data = string(fields["data"]), let kms = string(fields["kms"]),
            let secret = object(fields["secretRef"], ["name", "namespace"]),
            let secretName = string(secret["name"]), let namespace = string(secret["namespace"])
        else { return nil }
        let errorsBefore = errors.count
        let hash = hashAlgorithm(fields["hashAlgorithm"])
        if !namespace.isEmpty, namespace != rules.namespace {
            invalid(
                namespace, secret["namespace"],
                details: "secretref.namespace is invalid. If set, it should use the same namespace where the "
                    + "policy-controller was deployed",
                as: "\(field.path).secretref.namespace")
        }
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
                    key = try VerificationKey(pem: data, hash: hash.known)
                } catch {
                    invalid(Self.described(data), fields["data"], advice: "\(error)")
                }
            }
        }
        if !kms.isEmpty, let reason = KeyManagementReference.problem(with: kms) {
            invalid(kms, fields["kms"], details: reason)
        }
        guard errors.count == errorsBefore else { return nil }
        if let key {
            return hash.isUnknown
                ? .unavailable("signatures over sha224 are not checked; sign with sha256 or more")
                : .inline(key)
        }
        if fields["secretRef"].isPresent { return .secret(secretName, hash.known) }
        return .unavailable(
            "keys in key management services are not read yet; write the public key into key.data")
    }

    /// `hashAlgorithm`, as far as it is one.
    private enum WrittenHash {
        case byKey
        case named(HashAlgorithm)
        /// One that the schema takes and no verifier here does.
        case unknown

        var known: HashAlgorithm? { if case .named(let hash) = self { hash } else { nil } }
        var isUnknown: Bool { if case .unknown = self { true } else { false } }
    }

    private mutating func hashAlgorithm(_ field: Field) -> WrittenHash {
        guard let written = string(field), !written.isEmpty else { return .byKey }
        let name = String(written.drop(while: isSpace).reversed().drop(while: isSpace).reversed()).lowercased()
        if let hash = HashAlgorithm(rawValue: name) { return .named(hash) }
        if name == "sha224" {
            report(
                .warning, "signatures over sha224 are not checked", [field],
                advice: "sign with sha256 or more; as it is, nothing satisfies this authority", code: .hashUnavailable)
            return .unknown
        }
        invalid(written, field, advice: "known are sha256, sha384 and sha512")
        return .byKey
    }

    private func isSpace(_ character: Character) -> Bool { character.isWhitespace }

    // MARK: keyless

    private mutating func keylessCheck(_ field: Field, _ witnesses: inout Witnesses) -> Authority.Check? {
        let known = ["url", "identities", "ca-cert", "trustRootRef", "insecureIgnoreSCT"]
        guard let fields = object(field, known) else { return nil }
        let errorsBefore = errors.count
        url(fields["url"])
        witnesses.roots.certificates = nonEmpty(fields["trustRootRef"])
        let ignoresSCT = bool(fields["insecureIgnoreSCT"])
        if fields["ca-cert"].isPresent {
            if fields["url"].isPresent { both([fields["ca-cert"], fields["url"]]) }
            _ = keyMaterial(fields["ca-cert"])
        }
        var identities: [CertificateIdentity] = []
        if let entries = list(fields["identities"]) {
            if entries.isEmpty { missing([fields["identities"]]) }
            for entry in entries {
                if let identity = identity(entry) { identities.append(identity) }
            }
        }
        guard errors.count == errorsBefore, let ignoresSCT else { return nil }
        guard !fields["ca-cert"].isPresent else {
            return .unavailable(
                "keyless.ca-cert holds a public key, by which no certificate is checked; name the authority's "
                    + "certificates in a TrustRoot, and that in keyless.trustRootRef")
        }
        // Something has to prove when a certificate of minutes was used: the log, unless timestamps of a trust root of
        // their own are asked for instead.
        let needsLog = witnesses.logEntry || witnesses.roots.timestamps == nil
        return .signer(
            VerificationOptions(
                signer: .certificate(identities), logs: needsLog ? 1 : 0, timestamps: witnesses.timestamp ? 1 : 0,
                certificateLogs: ignoresSCT ? 0 : 1))
    }

    private mutating func identity(_ field: Field) -> CertificateIdentity? {
        guard let fields = object(field, ["issuer", "subject", "issuerRegExp", "subjectRegExp"]) else { return nil }
        let errorsBefore = errors.count
        let issuer = requirement(fields["issuer"], fields["issuerRegExp"])
        let subject = requirement(fields["subject"], fields["subjectRegExp"])
        guard errors.count == errorsBefore, let issuer, let subject else { return nil }
        do throws(CertificateIdentityError) {
            return try CertificateIdentity(subject: [subject], issuer: [issuer])
        } catch {
            report(.notUnderstood, "\(error)", [field])
            return nil
        }
    }

    /// One side of an identity: exactly this text, or a match of this expression somewhere in it.
    private mutating func requirement(_ exact: Field, _ pattern: Field) -> TextRequirement? {
        guard let exactText = string(exact), let patternText = string(pattern) else { return nil }
        switch (exactText.isEmpty, patternText.isEmpty) {
        case (true, true): missing([exact, pattern])
        case (false, false): both([exact, pattern])
        case (false, true): return .exactly(exactText)
        case (true, false): break
        }
        guard !patternText.isEmpty else { return nil }
        do throws(RegularExpressionError) {
            return .matching(try RegularExpression(patternText))
        } catch {
            invalid(patternText, pattern, details: "regex is invalid: \(error)")
            return nil
        }
    }

    /// Only what could not be a URL at all is refused here.
    mutating func url(_ field: Field) {
        guard let text = string(field), let reason = URLSyntax.problem(with: text) else { return }
        report(.notUnderstood, "no URL: \(reason)", [field])
    }
}
