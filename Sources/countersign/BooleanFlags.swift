// SPDX-License-Identifier: Apache-2.0

/// `--flag=true` and `--flag=false` for the flags that cosign's users write so; and no `--flag=` without a value.
enum BooleanFlags {
    private static let names: Set<String> = [
        "--insecure-ignore-tlog", "--insecure-ignore-sct", "--use-signed-timestamps", "--local-image", "--check-claims",
        "--require-signature", "--enable-oci11",
    ]

    /// A truth value in any of Go's spellings.
    static func value(_ text: String) -> Bool? {
        switch text {
        case "true", "TRUE", "True", "t", "T", "1": true
        case "false", "FALSE", "False", "f", "F", "0": false
        default: nil
        }
    }

    /// The arguments with such flags as flags without a value. Of several the last one counts, as cosign has it.
    static func spelledOut(_ arguments: [String]) throws(UsageError) -> [String] {
        let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
        var spelled: [String] = []
        for argument in arguments[..<end] {
            // The parser would take the next word for the value that is missing.
            if argument.hasPrefix("--"), argument.hasSuffix("=") {
                throw UsageError("\(argument.dropLast()) takes a value that is not empty")
            }
            guard let equals = argument.firstIndex(of: "="), names.contains(String(argument[..<equals])) else {
                spelled.append(argument)
                continue
            }
            let name = String(argument[..<equals])
            let value = String(argument[argument.index(after: equals)...])
            switch Self.value(value) {
            case true?: spelled.append(name)
            case false?:
                guard name != "--check-claims" else {
                    throw UsageError("--check-claims=false: what was signed is always checked against the image")
                }
                spelled.removeAll { $0 == name }
                // A variable or a file may say otherwise; the flag goes before them.
                if name == SignatureOption.name { spelled.append(SignatureOption.negation) }
            case nil: throw UsageError("\(name) takes true or false, not '\(value)'")
            }
        }
        return spelled + arguments[end...]
    }
}
