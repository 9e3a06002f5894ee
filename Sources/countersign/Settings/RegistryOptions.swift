// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import FoundationEssentials
import Registry

/// How registries are reached; the same for every command that reaches one.
struct RegistryOptions: ParsableArguments {
    @Option(
        name: .customLong("insecure-registry"),
        help: ArgumentHelp(
            """
            Speak plain HTTP to this host, and let its name resolve to a loopback address; loopback itself needs no flag \
            [repeatable]
            """,
            valueName: "host[:port]"))
    var insecureRegistries: [String] = []

    @Option(
        name: [.customLong("registry-ca"), .customLong("registry-cacert")],
        help: ArgumentHelp(
            """
            Trust the certificate authorities in this PEM file beside the system's, for one registry or for all \
            [repeatable]
            """,
            valueName: "[host=]file"))
    var registryCAs: [String] = []

    @Option(
        name: .customLong("docker-config"),
        help: ArgumentHelp(
            """
            Read registry credentials from this docker config.json [default: config.json in $DOCKER_CONFIG or ~/.docker, \
            where there is one]
            """,
            valueName: "file"))
    var dockerConfig: String?

    @Option(
        name: .customLong("registry-ca-directory"),
        help: ArgumentHelp(
            """
            Trust the authorities in this directory too, such as a mounted ConfigMap: HOST.crt or HOST_PORT.crt for one \
            registry, ca.crt for all; 'serve' reads it again when it changes
            """,
            valueName: "dir"))
    var authorityDirectory: String?

    @Option(
        name: .customLong("credential-helpers"),
        help: ArgumentHelp(
            """
            Run the credential helpers that the docker config names, docker-credential-NAME, out of this directory and \
            never out of PATH [default: none is run]
            """,
            valueName: "dir"))
    var credentialHelpers: String?

    @Option(
        name: .customLong("cloud-credentials"),
        help: ArgumentHelp(
            "Show registries of this cloud the workload identity of this process [repeatable]",
            valueName: "aws|google|azure"))
    var clouds: [String] = []

    var access: RegistryAccess {
        get throws(UsageError) {
            RegistryAccess(
                insecureHosts: insecureRegistries, authorities: registryCAs, authorityDirectory: authorityDirectory,
                credentials: dockerConfig.map { .file($0) } ?? .dockers, credentialHelpers: credentialHelpers,
                clouds: try Self.providers(clouds), environment: ProcessInfo.processInfo.environment)
        }
    }

    static func providers(_ names: [String]) throws(UsageError) -> [CloudProvider] {
        var providers: [CloudProvider] = []
        for name in names {
            guard let provider = CloudProvider(rawValue: name) else {
                let known = CloudProvider.allCases.map(\.rawValue).joined(separator: ", ")
                throw UsageError("--cloud-credentials takes one of \(known), not '\(name)'")
            }
            if !providers.contains(provider) { providers.append(provider) }
        }
        return providers
    }
}
