// SPDX-License-Identifier: Apache-2.0
import Registry

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
    /// A directory of more of them, by host.
    var authorityDirectory: String?
    var credentials = Credentials.none
    /// The only directory out of which credential helpers are run.
    var credentialHelpers: String?
    var clouds: [CloudProvider] = []
    /// Whether workloads' images are asked for with workloads' credentials.
    var separatesWorkloads = false
    /// Where our own are shown for workloads' images too, as they were written.
    var ownCredentialHosts: [String] = []
    /// The variables of this process, which name proxies and clouds' identities; empty where nothing of it is read.
    var environment: [String: String] = [:]
}
