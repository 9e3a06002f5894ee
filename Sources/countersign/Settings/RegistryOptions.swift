// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

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

    var access: RegistryAccess {
        RegistryAccess(
            insecureHosts: insecureRegistries, authorities: registryCAs,
            credentials: dockerConfig.map { .file($0) } ?? .dockers)
    }
}

/// How registries are reached, wherever that was said.
struct RegistryAccess: Sendable {
    enum Credentials: Sendable {
        case none
        /// A docker config that must be there.
        case file(String)
        /// The one where docker keeps it, if there is one.
        case dockers
    }

    var insecureHosts: [String] = []
    /// PEM files of certificate authorities beside the system's.
    var authorities: [String] = []
    var credentials = Credentials.none
}
