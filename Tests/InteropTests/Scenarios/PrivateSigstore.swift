// SPDX-License-Identifier: Apache-2.0
import Demo
import FoundationEssentials
import TestSupport

/// A stand-in for Fulcio, its certificate log, Rekor v1 and a timestamp authority on a loopback port, so that the real
/// cosign signs without keys as it does for the public instance. The program lies in the shared folder.
struct PrivateSigstore: Sendable {
    /// `http://127.0.0.1:port`
    let address: String
    private let process: RunningProcess
    private let folder: TemporaryDirectory

    private static var program: String? { SharedFolder.path("tools/fake_sigstore.py") }

    /// Whether everything for it is here; a told skip where it is not.
    static func isAvailable(file: StaticString = #fileID, line: UInt = #line) async -> Bool {
        guard Tool.haveAll("python3", "openssl", file: file, line: line),
            available(
                program != nil, orSkip: "needs tools/fake_sigstore.py of the shared folder", file: file, line: line)
        else { return false }
        let result = try? await Command(Tool.find("python3") ?? "", ["-c", "import cryptography"]).run()
        return available(
            result?.succeeded == true, orSkip: "needs python3's package cryptography", file: file, line: line)
    }

    /// Starts it with keys of its own; it ends with the last reference to its process.
    init() async throws {
        guard let python = Tool.find("python3"), let program = Self.program else {
            throw BenchFailure("the stand-in for Sigstore is not here")
        }
        folder = try TemporaryDirectory()
        let port = try freeLoopbackPort()
        let address = "http://127.0.0.1:\(port)"
        self.address = address
        process = try RunningProcess(
            Command(python, [program, folder.path("state"), "\(port)"]), log: folder.path("log"))
        let client = CurlClient(timeout: .seconds(2))
        try await process.waitUntil { () -> Bool? in
            let answer = try? await client.get(address + "/trusted_root.json")
            return answer?.status == 200 ? true : nil
        }
    }

    func stop() async { _ = await process.stop() }

    /// The file of everything that is to be believed.
    var trustedRoot: String { folder.path("state/trusted_root.json") }

    /// A file of its state as bytes: `fulcio-chain.pem`, `tsa-chain.pem`, `rekor1.pub`, `ctlog.pub`.
    func file(_ name: String) throws -> [UInt8] {
        guard let bytes = folder.read("state/\(name)") else { throw BenchFailure("there is no \(name)") }
        return bytes
    }

    /// Writes a file beside its state; answers the full path.
    func write(_ text: String, to name: String) throws -> String { try folder.write(text, to: name) }

    // MARK: Signing

    /// Who signs, as an identity provider tells it.
    enum Signer: Sendable {
        case workflow(repository: String, file: String = "release.yml", ref: String = "refs/heads/main")
        case email(String, issuer: String = "https://accounts.example.com")

        static let gitHub = "https://token.actions.githubusercontent.com"

        /// The subject of the certificate.
        var subject: String {
            switch self {
            case .workflow(let repository, let file, let ref):
                "https://github.com/\(repository)/.github/workflows/\(file)@\(ref)"
            case .email(let address, _): address
            }
        }

        fileprivate var claims: JSONTree {
            switch self {
            case .email(let address, let issuer):
                return ["iss": .string(issuer), "sub": "42", "email": .string(address), "email_verified": .bool(true)]
            case .workflow(let repository, let file, let ref):
                let workflow = JSONTree.string("\(repository)/.github/workflows/\(file)@\(ref)")
                let commit = JSONTree.string(String(repeating: "c0ffee1234", count: 4))
                let owner = JSONTree.string(String(repository.prefix { $0 != "/" }))
                return [
                    "iss": .string(Self.gitHub), "sub": .string("repo:\(repository):ref:\(ref)"),
                    "job_workflow_ref": workflow, "job_workflow_sha": commit, "workflow_ref": workflow,
                    "workflow_sha": commit, "event_name": "push", "sha": commit, "workflow": "Release",
                    "repository": .string(repository), "ref": .string(ref), "repository_id": "1",
                    "repository_owner": owner, "repository_owner_id": "2", "run_id": "42",
                ]
            }
        }
    }

    /// What is asked to witness a signature.
    enum Witness: Sendable {
        case log, timestamp, none
    }

    /// The flags with which cosign signs in this form, by `signer` or, where there is none, by a key that other flags name.
    func flags(_ form: SignatureForm, by signer: Signer? = nil, _ witness: Witness = .log) async throws -> [String] {
        var flags = ["--yes"]
        if let signer {
            let token = try await CurlClient().post(address + "/mint", body: signer.claims.bytes).text
            flags += ["--identity-token", token]
        }
        switch form {
        case .bundle:
            let configuration =
                switch witness {
                case .log: "sc-r1.json"
                case .timestamp: "sc-tsa-only.json"
                case .none: "sc-none.json"
                }
            flags += [
                "--signing-config", folder.path("state/\(configuration)"), "--trusted-root", trustedRoot,
            ]
        case .tag:
            flags += [
                "--use-signing-config=false", "--new-bundle-format=false", "--fulcio-url", address, "--rekor-url",
                address, "--tlog-upload=\(witness == .log)",
            ]
            if witness == .timestamp { flags += ["--timestamp-server-url", address + "/api/v1/timestamp"] }
        }
        return flags
    }

    /// What cosign has to be told to believe, in its older form.
    var variables: [String: String] {
        [
            "SIGSTORE_CT_LOG_PUBLIC_KEY_FILE": folder.path("state/ctlog.pub"),
            "SIGSTORE_REKOR_PUBLIC_KEY": folder.path("state/rekor1.pub"),
            "SIGSTORE_ROOT_FILE": folder.path("state/fulcio-chain.pem"),
        ]
    }
}
