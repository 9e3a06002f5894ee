// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import FoundationEssentials
import Kubernetes
import Sigstore

/// Which cluster a command asks; the same for every command that asks one.
struct ClusterOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            Reach the cluster as this kubeconfig says [default: the files of $KUBECONFIG, ~/.kube/config, or the service \
            account of the Pod, the first that is there]
            """,
            valueName: "file"))
    var kubeconfig: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Take this context of the kubeconfig [default: its current context]", valueName: "name"))
    var context: String?

    /// The flags that were given.
    var given: [String] {
        (kubeconfig == nil ? [] : ["--kubeconfig"]) + (context == nil ? [] : ["--context"])
    }

    /// As kubectl finds it.
    func access(_ environment: [String: String]) throws(UsageError) -> ClusterAccess {
        do throws(ClusterAccessError) {
            let paths = Self.paths(kubeconfig, environment)
            if !paths.isEmpty { return try Kubeconfig(paths: paths).access(context: context) }
            guard context == nil else { throw ClusterAccessError("--context: there is no kubeconfig") }
            if let access = try ClusterAccess.inCluster(variable: { environment[$0] }) { return access }
        } catch {
            throw UsageError("\(error)")
        }
        throw UsageError(
            "there is no kubeconfig: name one with --kubeconfig or in $KUBECONFIG, or put it at ~/.kube/config")
    }

    /// The files to be read as one; empty where there is none.
    static func paths(_ flag: String?, _ environment: [String: String]) -> [String] {
        if let flag { return [flag] }
        let named = (environment["KUBECONFIG"] ?? "").split(separator: ":").map(String.init)
        if !named.isEmpty { return named }
        guard let home = environment["HOME"], !home.isEmpty else { return [] }
        let usual = "\(home)/.kube/config"
        return FileManager.default.fileExists(atPath: usual) ? [usual] : []
    }

    /// A client of the cluster's API server, and the namespace that the context names; its connections are closed when
    /// `body` has ended.
    func withServer<Answer>(_ body: (APIServer, _ namespace: String?) async throws -> Answer) async throws -> Answer {
        let environment = ProcessInfo.processInfo.environment
        let access = try access(environment)
        let server: APIServer
        do {
            let runner = ExecPluginProcess(environment: environment)
            var client = try APIServer(access, runner: runner, now: { .now })
            // Whoever runs a command may be asked to log in.
            client.loginPatience = runner.patience
            server = client
        } catch {
            throw UsageError("\(error)")
        }
        let answer: Result<Answer, any Error>
        do { answer = .success(try await body(server, access.namespace)) } catch { answer = .failure(error) }
        await server.shutDown()
        return try answer.get()
    }
}

/// The webhook configuration out of which the namespaces that are enforced are read.
struct WebhookNameOption: ParsableArguments {
    static let defaultName = "policy.sigstore.dev"

    @Option(
        name: .customLong("webhook-name"),
        help: ArgumentHelp(
            """
            Tell by this ValidatingWebhookConfiguration which namespaces are enforced [default: policy.sigstore.dev; \
            where it is not there, those labelled policy.sigstore.dev/include: "true"]
            """,
            valueName: "name"))
    var webhookName: String?

    var name: String { webhookName ?? Self.defaultName }
}

/// Where the settings of policies lie in the cluster.
struct SettingsConfigMapOption: ParsableArguments {
    @Option(
        name: .customLong("settings-configmap"),
        help: ArgumentHelp(
            """
            Read no-match-policy and fail-on-empty-authorities from this ConfigMap beside the policies' Secrets [default: \
            config-policy-controller]
            """,
            valueName: "name"))
    var settingsConfigMap: String?

    var name: String { settingsConfigMap ?? "config-policy-controller" }
}

/// What the cluster did not let us read, so that nothing can be decided by it: exit status 2.
struct ClusterUnread: Error, CustomStringConvertible {
    /// Plural, as in URLs, or a name behind it: `secrets/cosign`.
    let what: String
    let fault: APIFault

    var description: String { "\(what) cannot be read: \(fault)" }
}
