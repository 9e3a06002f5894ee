// SPDX-License-Identifier: Apache-2.0

/// The real skopeo: what podman and Pulp hold is what it writes.
public struct SkopeoTool: Sendable {
    private let program: String
    private let home: TemporaryDirectory

    /// Whether skopeo is here; a told skip where it is not.
    public static func isAvailable(file: StaticString = #fileID, line: UInt = #line) -> Bool {
        Tool.haveAll("skopeo", file: file, line: line)
    }

    public init() throws {
        guard let program = Tool.find("skopeo") else { throw ProcessFailure("there is no skopeo") }
        self.program = program
        home = try TemporaryDirectory()
        // Without this it neither writes nor reads signatures beside images.
        try home.write("default-docker:\n  use-sigstore-attachments: true\n", to: "registries.d/default.yaml")
    }

    /// Copies `host/repository:tag` to another name, signing it with a key pair of cosign's. `all` copies an index with
    /// everything it lists. Signatures that the source has come along.
    public func copy(
        _ source: String, to target: String, signingWith key: CosignTool.Key? = nil, all: Bool = false
    ) async throws {
        var arguments = [
            "--insecure-policy", "--registries.d", home.path("registries.d"), "copy", "--src-tls-verify=false",
            "--dest-tls-verify=false", "--preserve-digests",
        ]
        if all { arguments.append("--all") }
        if let key {
            let passphrase = try home.write(CosignTool.password, to: "passphrase")
            arguments += ["--sign-by-sigstore-private-key", key.privatePath, "--sign-passphrase-file", passphrase]
        }
        var variables = ProcessEnvironment.current
        variables["HOME"] = home.path
        let result = try await Command(
            program, arguments + ["docker://\(source)", "docker://\(target)"], environment: variables
        ).run()
        guard result.succeeded else { throw ProcessFailure("skopeo copy: \(result.end), \(result.errorText)") }
    }
}
