// SPDX-License-Identifier: Apache-2.0
public import Demo

/// The real cosign, with a home folder of its own. What it can do is found by asking it, since Debian's build calls its
/// version `devel`.
public struct CosignTool: Sendable {
    /// A key pair that cosign has taken in; the private half is encrypted with `password`.
    public struct Key: Sendable {
        public let privatePath: String
        public let publicPath: String
        public let publicKeyPEM: String
    }

    /// Writes bundles as referrers by default.
    public let writesBundles: Bool
    private let hasSigningConfig: Bool
    private let program: String
    private let home: TemporaryDirectory
    static let password = "not a secret"

    /// Whether cosign is here; a told skip where it is not.
    public static func isAvailable(file: StaticString = #fileID, line: UInt = #line) -> Bool {
        Tool.haveAll("cosign", file: file, line: line)
    }

    public init() async throws {
        guard let program = Tool.find("cosign") else { throw ProcessFailure("there is no cosign") }
        self.program = program
        home = try TemporaryDirectory()
        func accepts(_ flag: String) async throws -> Bool {
            try await Command(program, ["sign", flag, "--help"]).run().succeeded
        }
        hasSigningConfig = try await accepts("--use-signing-config=false")
        writesBundles = try await accepts("--new-bundle-format=false")
    }

    /// Takes in a key pair that OpenSSL made.
    public func importKey(_ key: OpenSSLKey) async throws -> Key {
        let name = "key-\(UInt32.random(in: .min ... .max))"
        let file = try home.write(key.privateKeyPEM, to: "\(name).pem")
        try await succeed(["import-key-pair", "--key", file, "--output-key-prefix", home.path(name)])
        return try readKey(name)
    }

    /// Makes a P-256 key pair.
    public func generateKey() async throws -> Key {
        let name = "key-\(UInt32.random(in: .min ... .max))"
        try await succeed(["generate-key-pair", "--output-key-prefix", home.path(name)])
        return try readKey(name)
    }

    private func readKey(_ name: String) throws -> Key {
        guard let pem = home.read("\(name).pub") else { throw ProcessFailure("cosign wrote no \(name).pub") }
        return Key(
            privatePath: home.path("\(name).key"), publicPath: home.path("\(name).pub"),
            publicKeyPEM: String(decoding: pem, as: UTF8.self))
    }

    /// Signs `host/repository@digest` in a registry, without a log.
    public func sign(
        _ reference: String, with key: Key, form: SignatureForm, more: [String] = []
    ) async throws {
        try await succeed(["sign"] + flags(form) + ["--key", key.privatePath] + more + [reference])
    }

    /// Attests a predicate (the text of a file) of a type that cosign knows by name, or a URI.
    public func attest(
        _ reference: String, with key: Key, form: SignatureForm, type: String, predicate: String, more: [String] = []
    ) async throws {
        let file = try home.write(predicate, to: "predicate-\(UInt32.random(in: .min ... .max)).json")
        try await succeed(
            ["attest"] + flags(form) + ["--key", key.privatePath, "--type", type, "--predicate", file] + more
                + [reference])
    }

    /// cosign's own word on a signature.
    public func verify(_ reference: String, with key: Key, hash: OpenSSLKey.Hash = .sha256) async throws
        -> CommandResult
    {
        try await run(
            [
                "verify", "--key", key.publicPath, "--insecure-ignore-tlog", "--signature-digest-algorithm",
                hash.rawValue, reference,
            ])
    }

    /// Runs any command of cosign's, with further variables in its environment.
    public func run(_ arguments: [String], variables more: [String: String] = [:]) async throws -> CommandResult {
        var variables = ProcessEnvironment.current.merging(more) { $1 }
        variables["HOME"] = home.path
        variables["COSIGN_PASSWORD"] = Self.password
        return try await Command(program, arguments, environment: variables).run()
    }

    private func flags(_ form: SignatureForm) -> [String] {
        ["--yes", "--tlog-upload=false"] + (hasSigningConfig ? ["--use-signing-config=false"] : [])
            + (writesBundles ? ["--new-bundle-format=\(form == .bundle)"] : [])
    }

    private func succeed(_ arguments: [String]) async throws {
        let result = try await run(arguments)
        guard result.succeeded else {
            throw ProcessFailure("cosign \(arguments.joined(separator: " ")): \(result.end), \(result.errorText)")
        }
    }
}
