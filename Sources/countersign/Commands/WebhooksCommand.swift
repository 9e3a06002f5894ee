// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import JSON
import Kubernetes

/// `countersign webhooks`: the webhook configurations in a cluster.
struct WebhooksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhooks", abstract: "Work with the webhook configurations in a cluster",
        discussion: """
            Exit status: as the subcommand states, 64 without one

            Example: countersign webhooks remove
            """,
        subcommands: [WebhooksRemove.self])

    func run() async throws { try Countersign.askForCommand(Countersign.helpMessage(for: Self.self)) }
}

/// `countersign webhooks remove`: uninstall, the only thing that disarms.
struct WebhooksRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Delete the webhook configurations that 'serve' registered, so that nothing is asked any more",
        discussion: """
            For uninstalling: with failurePolicy Fail, what names a server that is gone denies everything. Those that are \
            gone already are no failure, and those of these names that another program wrote are left

            Exit status: 0 none of ours is left, 2 at least one could not be deleted, 64 wrong usage

            Example: countersign webhooks remove
            """)

    @Flag(help: "Accepted as by 'serve'; without it the cluster is asked just the same")
    var cluster = false

    @OptionGroup var access: ClusterOptions

    @Option(
        name: .long, help: ArgumentHelp("Accepted as by 'serve'; the configurations stand in none", valueName: "name"))
    var namespace: String?

    @Option(
        name: .customLong("webhook-name"),
        help: ArgumentHelp(
            "Delete the validating and the mutating configuration for workloads of this name [default: policy.sigstore.dev]",
            valueName: "name"))
    var webhookName: String?

    @Option(
        name: .customLong("mutating-webhook-name"),
        help: ArgumentHelp(
            "Delete the mutating one for policies [default: defaulting.clusterimagepolicy.sigstore.dev]",
            valueName: "name"))
    var mutatingWebhookName: String?

    @Option(
        name: .customLong("validating-webhook-name"),
        help: ArgumentHelp(
            "Delete the validating one for policies [default: validating.clusterimagepolicy.sigstore.dev]",
            valueName: "name"))
    var validatingWebhookName: String?

    func run() async throws {
        try await concluding {
            let workloads = webhookName ?? WebhookNameOption.defaultName
            let configurations: [(ResourceType, String)] = [
                (.validatingWebhookConfigurations, workloads), (.mutatingWebhookConfigurations, workloads),
                (
                    .mutatingWebhookConfigurations,
                    mutatingWebhookName ?? "defaulting.clusterimagepolicy.sigstore.dev"
                ),
                (
                    .validatingWebhookConfigurations,
                    validatingWebhookName ?? "validating.clusterimagepolicy.sigstore.dev"
                ),
            ]
            return try await access.withServer { server, _ in
                var status = ExitStatus.admitted
                for (type, name) in configurations {
                    do throws(APIFault) {
                        try await Self.remove(type, name, server)
                    } catch {
                        Words.say("countersign: \(type.plural)/\(name) cannot be deleted: \(error)")
                        status = .undecided
                    }
                }
                return status
            }
        }
    }

    private static func remove(_ type: ResourceType, _ name: String, _ server: APIServer) async throws(APIFault) {
        guard let object = try await server.get(type, name) else {
            Words.say("countersign: \(type.plural)/\(name) is not there")
            return
        }
        guard isOurs(object) else {
            Words.say("countersign: \(type.plural)/\(name) is not ours: it is left")
            return
        }
        try await server.delete(type, name)
        Words.answer(line: "\(type.plural)/\(name) deleted")
    }

    /// Whether we wrote it, or took it over: another controller may stand under the same name.
    private static func isOurs(_ object: KubernetesObject) -> Bool {
        let managers = object.metadata?["managedFields"]?.elements.compactMap { $0["manager"]?.string } ?? []
        return managers.contains(APIServer.fieldManager)
            || object.labels["app.kubernetes.io/managed-by"] == APIServer.fieldManager
    }
}
