// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import Sigstore

extension DocumentReader {
    /// Whether the document says that it is a TrustRoot, of whichever version.
    static func isTrustRoot(_ root: JSONValue) -> Bool {
        root["kind"]?.string == "TrustRoot"
            && root["apiVersion"]?.string?.hasPrefix("\(PolicyDocument.groupName)/") == true
    }

    /// A whole document of kind TrustRoot.
    mutating func trustRoot(_ document: JSONDocument) -> TrustRoot? {
        let root = Field(root: document.root)
        guard let fields = object(root, ["apiVersion", "kind", "metadata", "spec", "status"]) else { return nil }
        let known = "\(PolicyDocument.groupName)/v1alpha1"
        guard fields["apiVersion"].value?.string == known else {
            report(
                .notUnderstood, "unknown apiVersion \(quoted(fields["apiVersion"].value?.string ?? ""))",
                [fields["apiVersion"]], advice: "a TrustRoot is known in \(known)")
            return nil
        }
        let name = metadata(fields["metadata"])
        _ = status(fields["status"])
        guard let spec = object(fields["spec"], ["remote", "repository", "sigstoreKeys"]) else { return nil }
        let sources = [spec["remote"], spec["repository"], spec["sigstoreKeys"]]
        switch sources.count(where: \.isPresent) {
        case 0:
            neither(sources)
            return nil
        case 1: break
        default:
            both(sources)
            return nil
        }
        let source =
            if spec["remote"].isPresent {
                remote(spec["remote"])
            } else if spec["repository"].isPresent {
                repository(spec["repository"])
            } else {
                sigstoreKeys(spec["sigstoreKeys"])
            }
        guard let name, let source, errors.isEmpty else { return nil }
        return TrustRoot(name: name, source: source, documentHash: Digest(of: document.text))
    }

    // MARK: remote and repository

    private mutating func remote(_ field: Field) -> TrustRoot.Source? {
        guard let fields = object(field, ["mirror", "root", "targets", "trustedRootTarget"]) else { return nil }
        let errorsBefore = errors.count
        let mirror = url(mandatory: fields["mirror"], as: "\(field.path).mirror")
        _ = rootMetadata(fields["root"])
        for name in ["targets", "trustedRootTarget"] { _ = string(fields[name]) }
        guard let mirror, errors.count == errorsBefore else { return nil }
        report(
            .warning, "remote trust roots are not fetched yet", [field],
            advice: "what names this trust root is denied; pack the repository into spec.repository until then")
        return .remote(mirror: mirror)
    }

    private mutating func repository(_ field: Field) -> TrustRoot.Source? {
        guard let fields = object(field, ["root", "mirrorFS", "targets", "trustedRootTarget"]) else { return nil }
        let errorsBefore = errors.count
        let root = rootMetadata(fields["root"])
        let mirror = bytes(fields["mirrorFS"])
        // Upstream's users know the path by this name.
        if let mirror, mirror.isEmpty { missing([fields["mirrorFS"]], as: ["\(field.path).repository"]) }
        guard let targets = string(fields["targets"]), let target = string(fields["trustedRootTarget"]),
            let root, let mirror, errors.count == errorsBefore
        else { return nil }
        let repository = SerializedRepository(
            root: root, mirror: mirror, targets: targets.isEmpty ? SerializedRepository.defaultTargets : targets,
            trustedRootTarget: target.isEmpty ? SerializedRepository.defaultTrustedRootTarget : target)
        do throws(TrustRootError.Reason) {
            let verified = try repository.verified(now: now?.seconds)
            do throws(TrustRootError.Reason) { _ = try verified.material(repository.trustedRootTarget) } catch {
                cannotBeUsed("\(error)", field)
            }
        } catch {
            invalid(
                "failed to construct a TUF client", fields["mirrorFS"], details: error.clientWords,
                advice: "\(error)")
            return nil
        }
        return .repository(repository)
    }

    /// `root.json`, of which no more is asked here than that it is JSON with signatures; `nil`, and an error, otherwise.
    private mutating func rootMetadata(_ field: Field) -> [UInt8]? {
        guard field.isPresent else {
            missing([field])
            return nil
        }
        guard let bytes = bytes(field) else { return nil }
        let limits = JSONLimits(maximumBytes: PolicyFile.maximumBytes, maximumDepth: 50, maximumValues: 1 << 16)
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(parsing: bytes, limits: limits)
        } catch {
            invalid(
                "failed to unmarshal", field, details: GoJSONSyntax.problem(with: bytes) ?? "\(error)",
                advice: "write the base64 of root.json")
            return nil
        }
        guard document.root.kind == .object || document.root.isNull else {
            let kind = document.root.kind == .bool ? "bool" : "\(document.root.kind)"
            invalid(
                "failed to unmarshal", field,
                details: "json: cannot unmarshal \(kind) into Go value of type map[string]interface {}",
                advice: "write the base64 of root.json")
            return nil
        }
        guard let signatures = document.root["signatures"], !signatures.isNull else {
            invalid(
                "missing signatures in root.json", field, details: "no signatures",
                advice: "write the base64 of root.json")
            return nil
        }
        return bytes
    }

    // MARK: sigstoreKeys

    private mutating func sigstoreKeys(_ field: Field) -> TrustRoot.Source? {
        let names = ["certificateAuthorities", "tLogs", "ctLogs", "timestampAuthorities"]
        guard let fields = object(field, names), let authorities = list(fields["certificateAuthorities"]),
            let timestampAuthorities = list(fields["timestampAuthorities"]), let logs = list(fields["tLogs"]),
            let certificateLogs = list(fields["ctLogs"])
        else { return nil }
        let errorsBefore = errors.count
        // Upstream's users know the first path so. A root of logs alone is one that `ctlog.trustRootRef` can name.
        let shown = "\(field.path).certificateAuthority"
        if [authorities, timestampAuthorities, logs, certificateLogs].allSatisfy(\.isEmpty) {
            neither(
                [fields["certificateAuthorities"], fields["timestampAuthorities"]],
                as: [shown, "\(field.path).timestampAuthorities"])
        }
        var members = TrustMembers()
        for (index, entry) in authorities.enumerated() {
            guard let authority = authority(entry, as: "\(shown)[\(index)]") else { continue }
            members.certificateAuthorities.append(authority)
        }
        for entry in timestampAuthorities {
            guard let authority = authority(entry, as: entry.path) else { continue }
            checkTimestampChain(authority.certificates, entry)
            members.timestampAuthorities.append(authority)
        }
        members.certificateLogs = certificateLogs.compactMap { log($0) }
        members.logs = logs.compactMap { log($0) }
        guard errors.count == errorsBefore else { return nil }
        do throws(TrustError) { _ = try TrustMaterial(members) } catch { cannotBeUsed("\(error)", field) }
        return .sigstoreKeys(members)
    }

    /// `nil` only where the entry is no object or has values of other types, with an error.
    private mutating func authority(_ entry: Field, as path: String) -> TrustMembers.Authority? {
        guard let fields = object(entry, ["subject", "uri", "certChain"]),
            let subject = object(fields["subject"], ["organization", "commonName"])
        else { return nil }
        for name in ["organization", "commonName"] where string(subject[name]) == "" {
            missing([subject[name]], as: ["\(path).subject.\(name)"])
        }
        let uri = url(mandatory: fields["uri"], as: "\(path).uri")
        guard let chain = bytes(fields["certChain"]) else { return nil }
        if chain.isEmpty { missing([fields["certChain"]], as: ["\(path).certchain"]) }
        return TrustMembers.Authority(name: uri ?? "", certificates: chain)
    }

    private mutating func checkTimestampChain(_ chain: [UInt8], _ entry: Field) {
        let place = "\(entry.path).certChain"
        do throws(CertificateTexts.Problem) {
            let texts = try CertificateTexts(pem: chain)
            if texts.leafCount > 1 {
                report(
                    .invalid, "invalid value: certificate chain must contain at most one TSA certificate", [entry],
                    advice: "write one chain for each timestamp authority", as: [place])
            }
        } catch {
            let details =
                switch error {
                case .notPEM: "error during PEM decoding"
                case .notCertificate: "x509: malformed tbs certificate"
                // Well-formed, and believed by nobody here: the warning about the whole says so.
                case .unsupported: ""
                }
            guard !details.isEmpty else { return }
            report(
                .invalid, "invalid value: error splitting the certificates", [entry], details: details,
                advice: "\(error)", as: [place])
        }
    }

    private mutating func log(_ entry: Field) -> TrustMembers.Log? {
        guard let fields = object(entry, ["baseURL", "hashAlgorithm", "publicKey"]) else { return nil }
        let address = url(mandatory: fields["baseURL"], as: fields["baseURL"].path)
        let hash = string(fields["hashAlgorithm"])
        if hash == "" { missing([fields["hashAlgorithm"]]) }
        guard let key = bytes(fields["publicKey"]), let hash else { return nil }
        if key.isEmpty { missing([fields["publicKey"]]) }
        return TrustMembers.Log(baseURL: address ?? "", hash: hash, key: key)
    }

    // MARK: Values

    /// A document that holds as upstream has it, and that gives nobody to believe.
    private mutating func cannotBeUsed(_ reason: String, _ field: Field) {
        report(.warning, "nothing can be verified with this trust root", [field], advice: reason)
    }

    /// `nil` where there is none, with an error, or where the text is no URL.
    private mutating func url(mandatory field: Field, as path: String) -> String? {
        guard let text = string(field) else { return nil }
        guard !text.isEmpty else {
            missing([field], as: [path])
            return nil
        }
        let errorsBefore = errors.count
        url(field)
        return errors.count == errorsBefore ? text : nil
    }

    /// The bytes that base64 stands for, line ends between its characters aside; none where the field is absent. `nil`, and
    /// an error, for anything else.
    private mutating func bytes(_ field: Field) -> [UInt8]? {
        guard let text = string(field) else { return nil }
        let characters = text.utf8.filter { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        if characters.isEmpty { return [] }
        guard let bytes = Base64.decode(String(decoding: characters, as: UTF8.self)) else {
            report(.notUnderstood, "illegal base64 data", [field], advice: "write standard base64 with its padding")
            return nil
        }
        return bytes
    }
}
