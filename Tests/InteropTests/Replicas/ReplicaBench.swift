// SPDX-License-Identifier: Apache-2.0
import Demo
import FoundationEssentials
import OCI
import Synchronization
import TestSupport

/// A cluster in small: an API server double with the policy and the roles of `deploy/countersign.yaml`, a registry, and
/// replicas that run as that file's Deployment does, each with a service account of its own.
struct ReplicaBench: Sendable {
    /// Where pods are created.
    static let namespace = "demo"
    static let policy = "application-is-signed"

    let server: APIServerDouble
    let registry: LoopbackRegistry
    let content: DemoContent
    let endpoints: ServiceEndpoints
    let clusterRole: JSONTree
    let role: JSONTree
    private let program: String
    private let arguments: [String]
    private let folder: TemporaryDirectory
    private let replicas = Started()

    private final class Started: Sendable {
        let list = Mutex<[(name: String, log: String)]>([])
    }

    /// Runs a cluster without replicas for as long as `body` does.
    static func running(_ body: (ReplicaBench) async throws -> Void) async throws {
        try await LoopbackRegistry.running { registry in
            try await APIServerDouble.withServer { server in
                let bench = try await ReplicaBench(server, registry)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await bench.endpoints.run() }
                    defer { group.cancelAll() }
                    try await body(bench)
                }
            }
        }
    }

    private init(_ server: APIServerDouble, _ registry: LoopbackRegistry) async throws {
        guard let program = CountersignTool.executable else { throw BenchFailure("the program has not been built") }
        let manifest = try Self.manifest()
        func object(_ kind: String) throws -> JSONTree {
            guard let found = manifest.first(where: { $0["kind"].text == kind }) else {
                throw BenchFailure("deploy/countersign.yaml has no \(kind)")
            }
            return found
        }
        clusterRole = try object("ClusterRole")
        role = try object("Role")
        arguments = try object("Deployment")["spec"]["template"]["spec"]["containers"][0]["args"].elements.map(\.text)
        self.program = program
        self.server = server
        self.registry = registry
        content = try await DemoContent(filling: registry)
        endpoints = ServiceEndpoints(server)
        folder = try TemporaryDirectory()
        server.edit("namespaces", Self.namespace) { $0.metadata["labels"]["policy.sigstore.dev/include"] = "true" }
        for kind in ["ConfigMap"] { server.store(try object(kind)) }
        for object in manifest where object["kind"].text == "CustomResourceDefinition" { server.store(object) }
        try server.store(yaml: ServeBench.applicationPolicy(content).text)
    }

    private static func manifest() throws -> [JSONTree] {
        let path = PackageFolder.root + "/deploy/countersign.yaml"
        guard let bytes = FileManager.default.contents(atPath: path) else { throw BenchFailure("there is no \(path)") }
        var documents = [""]
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false) {
            if line == "---" { documents.append("") } else { documents[documents.count - 1] += line + "\n" }
        }
        return try documents.dropFirst().map { try JSONTree(yaml: $0) }
    }

    // MARK: Replicas

    /// Begins another replica and waits until requests are sent to it.
    func start() async throws -> Replica {
        let number = replicas.list.withLock { $0.count + 1 }
        let (name, token) = ("replica-\(number)", "token-\(number)")
        let log = folder.path("\(name).log")
        replicas.list.withLock { $0.append((name, log)) }
        server.accept(token: token, user: Replica.user(name))
        server.grant(clusterRole, to: Replica.user(name))
        server.grant(role, to: Replica.user(name), in: "cosign-system")
        let kubeconfig = try folder.write(try server.kubeconfig(.token(token)), to: "\(name).json")
        var variables = ProcessEnvironment.current
        variables["HOME"] = folder.path
        variables["DOCKER_CONFIG"] = nil
        variables["POD_NAME"] = name
        // Minutes and a day otherwise.
        variables["COUNTERSIGN_CA_SETTLE_SECONDS"] = "2"
        variables["COUNTERSIGN_CA_OVERLAP_SECONDS"] = "3"
        let command = Command(
            program,
            arguments + [
                "--kubeconfig", kubeconfig, "--listen", "127.0.0.1:0", "--health-listen", "127.0.0.1:0",
                "--drain-seconds", "1",
            ], environment: variables)
        let replica = try await Replica(name, command, log: log)
        endpoints.add(replica)
        try await replica.process.waitUntil { endpoints.serving.contains { $0 === replica } ? true : nil }
        return replica
    }

    /// As a Pod is deleted: SIGTERM, and at the same time the news to the endpoints. It has to end with 0.
    func stop(_ replica: Replica) async throws {
        endpoints.remove(replica)
        let end = await replica.process.stop()
        guard end == .exited(0) else {
            throw BenchFailure("\(replica.name) ended with \(end): \(replica.process.output.suffix(2000))")
        }
    }

    /// All service accounts so far.
    var users: Set<String> { Set(replicas.list.withLock { $0.map { Replica.user($0.name) } }) }

    /// Lines of all replicas' logs that hold this text.
    func lines(with text: String) -> [String] {
        replicas.list.withLock { $0 }.flatMap { replica in
            let bytes = FileManager.default.contents(atPath: replica.log).map { Array($0) } ?? []
            return String(decoding: bytes, as: UTF8.self).split(separator: "\n").filter { $0.contains(text) }
                .map { "\(replica.name): \($0)" }
        }
    }

    // MARK: What is stored

    /// The CA bundle that the API server trusts now, in base64; `nil` while nothing is registered.
    var registeredBundle: String? {
        let configuration = server.object("validatingwebhookconfigurations", "policy.sigstore.dev")
        let bundle = configuration?["webhooks"][0]["clientConfig"]["caBundle"].text ?? ""
        return bundle.isEmpty ? nil : bundle
    }

    /// Whether all four configurations are there and trust the same.
    var isArmed: Bool {
        let configurations =
            server.objects(of: "validatingwebhookconfigurations") + server.objects(of: "mutatingwebhookconfigurations")
        let bundles = Set(configurations.map { $0["webhooks"][0]["clientConfig"]["caBundle"].text })
        return configurations.count == 4 && bundles.count == 1 && bundles.first?.isEmpty == false
    }

    var certificateSecret: JSONTree { server.object("secrets", "webhook-certs", in: "cosign-system") ?? .null }

    /// Whether each policy's status says that it is in force, as it is now.
    var statusesAreCurrent: Bool {
        server.objects(of: "clusterimagepolicies").allSatisfy { policy in
            policy["status"]["observedGeneration"] == policy["metadata"]["generation"]
                && policy["status"]["conditions"].elements.contains { $0["type"] == "Ready" && $0["status"] == "True" }
        }
    }

    /// Who holds the Lease, by the replica's name.
    var leaseHolder: String {
        let holder =
            server.object("leases", "countersign-leader", in: "cosign-system")?["spec"]["holderIdentity"].text ?? ""
        return String(holder.prefix { $0 != "_" })
    }

    /// Images for a stream, pushed now: signed and unsigned in turn.
    func images(_ count: Int) async throws -> [ReviewStream.Image] {
        var images: [ReviewStream.Image] = []
        for number in 0..<count {
            let isSigned = number.isMultiple(of: 2)
            let digest = registry.contents.put(
                DemoImage(content: "stream \(number)"), in: DemoContent.application, tag: "stream-\(number)")
            if isSigned { try await registry.sign(digest, in: DemoContent.application, with: content.signer) }
            images.append(
                .init(
                    reference: "\(content.host)/\(DemoContent.application):stream-\(number)@\(digest)",
                    isSigned: isSigned))
        }
        return images
    }
}
