// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// Whose credentials are shown for workloads' images by `audit`, which says what `serve --cluster` would.
struct AuditCredentialOptions: ParsableArguments {
    @Option(
        name: .customLong("workload-credentials"),
        help: ArgumentHelp(
            """
            Ask for workloads' images with workloads' own pull secrets, as 'serve' does in a cluster; with false by our own \
            credentials alone [default: true]
            """,
            valueName: "true|false"))
    var workloadCredentials: String?

    @OptionGroup private var own: OwnCredentialOptions

    var ownCredentialHosts: [String] { own.hosts }

    var usesWorkloads: Bool {
        get throws(UsageError) {
            guard let workloadCredentials else { return true }
            let setting = SettingSources.Setting(text: workloadCredentials, origin: "--workload-credentials")
            return try setting.boolean()
        }
    }
}

/// Whose credentials are shown for workloads' images.
struct WorkloadCredentialOptions: ParsableArguments {
    @Option(
        name: .customLong("workload-credentials"),
        help: ArgumentHelp(
            """
            Ask for workloads' images with workloads' own credentials, and without any where they have none [default: \
            false, and true with --cluster]
            """,
            valueName: "true|false"))
    var workloadCredentials: String?

    @OptionGroup private var own: OwnCredentialOptions

    var ownCredentialHosts: [String] { own.hosts }
}

/// Where our own credentials serve for workloads too.
private struct OwnCredentialOptions: ParsableArguments {
    @Option(
        name: .customLong("own-credentials-for"),
        help: ArgumentHelp(
            """
            Show this host our own credentials for workloads' images too, if a workload has none for it [repeatable]
            """,
            valueName: "host[/path]"))
    var hosts: [String] = []
}
