// SPDX-License-Identifier: Apache-2.0

/// `key.kms`: the name of a key in a key management service. Only its form is known here.
enum KeyManagementReference {
    private static let schemes = ["awskms://", "azurekms://", "hashivault://", "gcpkms://"]

    /// Why the text is no such name; `nil` where it is one.
    static func problem(with text: String) -> String? {
        guard let scheme = schemes.first(where: text.hasPrefix) else {
            return
                "malformed KMS format, should be prefixed by any of the supported providers: [\(schemes.joined(separator: " "))]"
        }
        return scheme == "awskms://" ? amazonProblem(text) : nil
    }

    /// `awskms://[ENDPOINT]/ARN`, where the ARN is of a key or of an alias.
    private static func amazonProblem(_ text: String) -> String? {
        let parts = text.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4 else {
            return "malformed AWS KMS format 'awskms://$ENDPOINT/$KEYID', should be conformant with KMS standard "
                + "documented here: https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id"
        }
        let endpoint = parts[2]
        let key = parts[3]
        let form = "kms key should be in the format awskms://[ENDPOINT]/[ID/ALIAS/ARN] (endpoint optional)"
        if endpoint.hasPrefix("arn") || endpoint.hasPrefix("alias") { return form }
        let isResourceName = isARN(key)
        guard isResourceName || isKeyID(key) || isAlias(key) else { return form }
        if !endpoint.isEmpty, let reason = endpointProblem(endpoint) { return "malformed endpoint: \(reason)" }
        return isResourceName ? nil : "failed to parse either key or alias arn: arn: invalid prefix"
    }

    /// `arn:PARTITION:kms:REGION:ACCOUNT:key/ID` or `…:alias/NAME`
    private static func isARN(_ text: Substring) -> Bool {
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", ["aws", "aws-us-gov", "aws-cn"].contains(parts[1]),
            parts[2] == "kms", !parts[3].isEmpty, parts[3].utf8.allSatisfy(isRegionByte), parts[4].utf8.count == 12,
            parts[4].utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 })
        else { return false }
        return parts[5].hasPrefix("key/") ? isKeyID(parts[5].dropFirst(4)) : isAlias(parts[5])
    }

    private static func isRegionByte(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
            || byte == UInt8(ascii: "-")
    }

    private static func isAlias(_ text: Substring) -> Bool { text.hasPrefix("alias/") && text.utf8.count > 6 }

    /// A UUID, or `mrk-` and 32 digits of hex.
    private static func isKeyID(_ text: Substring) -> Bool {
        func isHex(_ text: Substring, _ count: Int) -> Bool {
            text.utf8.count == count
                && text.utf8.allSatisfy {
                    UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || UInt8(ascii: "a")...UInt8(ascii: "f") ~= $0
                        || UInt8(ascii: "A")...UInt8(ascii: "F") ~= $0
                }
        }
        if text.hasPrefix("mrk-") { return isHex(text.dropFirst(4), 32) }
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        return groups.count == 5 && zip(groups, [8, 4, 4, 4, 12]).allSatisfy { isHex($0, $1) }
    }

    /// Host and port, the port possibly empty.
    private static func endpointProblem(_ text: Substring) -> String? {
        let colons = text.utf8.count { $0 == UInt8(ascii: ":") }
        if text.hasPrefix("[") {
            guard let close = text.utf8.lastIndex(of: UInt8(ascii: "]")) else {
                return "address \(text): missing ']' in address"
            }
            return text[text.utf8.index(after: close)...].hasPrefix(":")
                ? nil : "address \(text): missing port in address"
        }
        switch colons {
        case 0: return "address \(text): missing port in address"
        case 1: return nil
        default: return "address \(text): too many colons in address"
        }
    }
}
