// SPDX-License-Identifier: Apache-2.0

/// CUE's standard packages, by their import paths; those of version 0.15.4.
enum BuiltinLibrary {
    /// `nil` where CUE has no such package; one of which nothing is here says so (`Package.isUnsupported`).
    static func package(_ path: String) -> Package? { packages[path] }

    private static let packages: [String: Package] = {
        let here = [
            StringsPackage.package, StrconvPackage.package, ListPackage.package, MathPackage.package,
            BitsPackage.package, TimePackage.package, RegexpPackage.package,
            NetPackage.package, Base64Package.package, HexPackage.package, JSONPackage.package, PathPackage.package,
            UUIDPackage.package,
        ]
        return Dictionary((here + elsewhere).map { ($0.path, $0) }) { first, _ in first }
    }()

    private static let elsewhere = [
        Package("struct", evaluated: ["MaxFields", "MinFields"]),
        Package("crypto/ed25519", unsupported: ["PublicKeySize", "Valid"]),
        Package(
            "crypto/hmac",
            unsupported: [
                "MD5", "SHA1", "SHA224", "SHA256", "SHA384", "SHA512", "SHA512_224", "SHA512_256", "Sign",
            ]),
        Package("crypto/md5", unsupported: ["BlockSize", "Size", "Sum"]),
        Package("crypto/sha1", unsupported: ["BlockSize", "Size", "Sum"]),
        Package("crypto/sha256", unsupported: ["BlockSize", "Size", "Size224", "Sum224", "Sum256"]),
        Package(
            "crypto/sha512",
            unsupported: [
                "BlockSize", "Size", "Size224", "Size256", "Size384", "Sum384", "Sum512", "Sum512_224", "Sum512_256",
            ]),
        Package("encoding/csv", unsupported: ["Decode", "Encode"]),
        Package("encoding/toml", unsupported: ["Marshal", "Unmarshal"]),
        Package(
            "encoding/yaml",
            unsupported: [
                "Marshal", "MarshalStream", "Unmarshal", "UnmarshalStream", "Validate", "ValidatePartial",
            ]),
        Package("html", unsupported: ["Escape", "Unescape"]),
        Package("text/tabwriter", unsupported: ["Write"]),
        Package("text/template", unsupported: ["Execute", "HTMLEscape", "JSEscape"]),
        Package("tool", unsupported: ["Command", "Name", "Task", "Tasks"]),
        Package("tool/cli", unsupported: ["Ask", "Print"]),
        Package("tool/exec", unsupported: ["Run"]),
        Package(
            "tool/file",
            unsupported: ["Append", "Create", "Glob", "Mkdir", "MkdirAll", "MkdirTemp", "Read", "RemoveAll"]),
        Package("tool/http", unsupported: ["Delete", "Do", "Get", "Post", "Put"]),
        Package("tool/os", unsupported: ["Clearenv", "Environ", "Getenv", "Name", "Setenv", "Value"]),
    ]
}
