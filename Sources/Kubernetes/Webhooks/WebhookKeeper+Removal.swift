// SPDX-License-Identifier: Apache-2.0
import JSON

extension WebhookKeeper {
    /// The CA bundles, PEM, of the configurations that a registration names, as they are now; one that is not there, or
    /// whose webhooks lead elsewhere, asks nothing of our certificate.
    public static func registeredBundles(
        _ registration: WebhookRegistration, on server: APIServer
    ) async throws(APIFault) -> [[UInt8]] {
        var bundles: [[UInt8]] = []
        for configuration in registration.configurations {
            guard let object = try await server.get(configuration.type, configuration.name),
                configuration.isOurs(object)
            else { continue }
            for webhook in object.root["webhooks"].map({ Array($0.elements) }) ?? [] {
                let text = webhook["clientConfig"]?["caBundle"]?.string ?? ""
                bundles.append(CertificateRecord.decoded(text))
            }
        }
        return bundles
    }

    /// What became of a configuration that was to be removed.
    public enum Removal: Hashable, Sendable {
        case removed
        case absent
        /// It leads to somebody else, and stays; where to, as `WebhookConfiguration.destinations(of:)` has it.
        case others(leadingTo: [String])
    }

    /// Takes the webhooks out of the cluster: the one thing that disarms. The replicas have to be gone, or they put
    /// them back.
    public static func remove(
        _ registration: WebhookRegistration, from server: APIServer
    ) async throws(APIFault) -> [(configuration: WebhookConfiguration, removal: Removal)] {
        var removals: [(configuration: WebhookConfiguration, removal: Removal)] = []
        // Those of workloads first: they are what holds anybody up.
        for configuration in registration.configurations.reversed() {
            guard let object = try await server.get(configuration.type, configuration.name) else {
                removals.append((configuration, .absent))
                continue
            }
            guard configuration.isOurs(object) else {
                let destinations = WebhookConfiguration.destinations(of: object)
                removals.append((configuration, .others(leadingTo: destinations)))
                continue
            }
            try await server.delete(configuration.type, configuration.name)
            removals.append((configuration, .removed))
        }
        return removals
    }
}
