// SPDX-License-Identifier: Apache-2.0
import HTTPTransport

extension ClusterAccess {
    /// Where Kubernetes mounts a Pod's service account.
    public static let serviceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// The API server of the cluster that this process runs in; `nil` outside of one.
    ///
    /// - Parameter variable: the environment.
    public static func inCluster(
        directory: String = serviceAccountDirectory, variable: (String) -> String?
    ) throws(ClusterAccessError) -> ClusterAccess? {
        guard let host = variable("KUBERNETES_SERVICE_HOST"), !host.isEmpty else { return nil }
        let port = variable("KUBERNETES_SERVICE_PORT").flatMap { $0.isEmpty ? nil : $0 } ?? "443"
        let text = host.utf8.contains(UInt8(ascii: ":")) ? "https://[\(host)]:\(port)" : "https://\(host):\(port)"
        guard let url = try? RequestURL(parsing: text) else {
            throw ClusterAccessError(
                "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT name no server that can be asked: \(text)")
        }
        let tokenFile = "\(directory)/token"
        guard (try? AccessFile.bytes(at: tokenFile)) != nil else {
            throw ClusterAccessError(
                "\(tokenFile) cannot be read; give the Pod a service account, with automountServiceAccountToken: true")
        }
        let namespace = (try? AccessFile.bytes(at: "\(directory)/namespace")).map {
            AccessFile.trimmed(String(decoding: $0, as: UTF8.self))
        }
        return ClusterAccess(
            server: url, authorities: .file("\(directory)/ca.crt"), credential: .tokenFile(tokenFile),
            namespace: namespace.flatMap { $0.isEmpty ? nil : $0 })
    }
}
