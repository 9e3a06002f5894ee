// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
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
            gone already are no failure, and those of these names that lead to another server are left, with a word on where they lead

            Exit status: 0 none of ours is left, 2 at least one could not be deleted, 64 wrong usage

            Example: countersign webhooks remove
            """)

    @Flag(help: "Accepted as by 'serve'; without it the cluster is asked just the same")
    var cluster = false

    @OptionGroup var access: ClusterOptions

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            Take those for ours that lead to a Service of this namespace [default: the service account's, the context's, \
            or cosign-system]
            """,
            valueName: "name"))
    var namespace: String?

    @Option(
        name: .long,
        help: ArgumentHelp("Take those for ours that lead to this Service [default: webhook]", valueName: "name"))
    var service: String?

    @Option(
        name: .customLong("webhook-url"),
        help: ArgumentHelp("Take those for ours that lead to this base URL, not to a Service", valueName: "url"))
    var webhookURL: String?

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
            try await access.withServer { server, contextNamespace in
                let namespace = namespace ?? contextNamespace ?? "cosign-system"
                var registration = WebhookRegistration(
                    ownNamespace: namespace,
                    client: webhookURL.map { .url($0) } ?? .service(namespace: namespace, name: service ?? "webhook"))
                registration.workloadName = webhookName ?? registration.workloadName
                registration.defaultingName = mutatingWebhookName ?? registration.defaultingName
                registration.validatingName = validatingWebhookName ?? registration.validatingName
                var shadow = registration
                shadow.enforcement = .shadow
                let problems = registration.problems
                guard problems.isEmpty else { throw UsageError(lines: problems) }
                var removals = Removals()
                defer { removals.sayWhatStays() }
                do throws(APIFault) {
                    removals.add(try await WebhookKeeper.remove(registration, from: server))
                } catch {
                    Words.say("countersign: the webhook configurations cannot be removed: \(error)")
                    return .undecided
                }
                do throws(APIFault) {
                    removals.add(try await WebhookKeeper.remove(shadow, from: server))
                } catch {
                    Words.say("countersign: the webhook configuration of shadow mode cannot be removed: \(error)")
                    // An account that may not read it has not registered it, and it holds nobody up: its failures are
                    // ignored.
                    return error.isForbidden ? .admitted : .undecided
                }
                // Those under which other settings of this installation may have registered before.
                for earlier in Self.earlier(than: registration) {
                    do throws(APIFault) {
                        removals.add(
                            try await WebhookKeeper.remove(earlier, from: server).filter { $0.removal == .removed })
                    } catch {
                        if error.isForbidden { continue }
                        Words.say("countersign: the webhook configurations of other names cannot be removed: \(error)")
                        return .undecided
                    }
                }
                return .admitted
            }
        }
    }

    /// Upstream's names, the chart's own and those of the shadow, to the same server.
    private static func earlier(than registration: WebhookRegistration) -> [WebhookRegistration] {
        var upstream = WebhookRegistration(ownNamespace: registration.ownNamespace, client: registration.client)
        var own = upstream
        own.workloadName = "policy.countersign.dev"
        own.defaultingName = "defaulting.clusterimagepolicy.countersign.dev"
        own.validatingName = "validating.clusterimagepolicy.countersign.dev"
        var shadow = upstream
        shadow.enforcement = .shadow
        var chartsShadow = shadow
        chartsShadow.workloadName = "shadow.countersign.dev"
        upstream.enforcement = .enforce
        return [upstream, own, shadow, chartsShadow]
    }
}

/// What became of configurations, told by name: one may be looked for under several settings.
private struct Removals {
    private var deleted: Set<String> = []
    /// In the order in which they were found, each once.
    private var staying: [(name: String, words: String)] = []

    mutating func add(_ removals: [(configuration: WebhookConfiguration, removal: WebhookKeeper.Removal)]) {
        for (configuration, removal) in removals {
            let name = "\(configuration.type.plural)/\(configuration.name)"
            switch removal {
            case .removed:
                deleted.insert(name)
                Words.answer(line: "\(name) deleted")
            case .absent: keep(name, "is not there")
            case .others(let destinations):
                let place = destinations.isEmpty ? "nowhere" : "to \(destinations.joined(separator: " and to "))"
                keep(name, "leads \(place), not to \(Self.words(configuration)): it is left")
            }
        }
    }

    private mutating func keep(_ name: String, _ words: String) {
        if !staying.contains(where: { $0.name == name }) { staying.append((name, words)) }
    }

    func sayWhatStays() {
        for (name, words) in staying where !deleted.contains(name) { Words.say("countersign: \(name) \(words)") }
    }

    private static func words(_ configuration: WebhookConfiguration) -> String {
        switch configuration.client {
        case .service(let namespace, let name, _): "the Service \(namespace)/\(name)"
        case .url(let base): (base.hasSuffix("/") ? String(base.dropLast()) : base) + configuration.path
        }
    }
}
