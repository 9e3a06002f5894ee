// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import OCI
import Policy

/// Fetches the texts of policies that lie on the web, `policy.remote`: off the way of any request, each once, since its
/// hash stands in the document.
struct RemotePolicies: Sendable {
    let access: RegistryAccess

    /// Bytes of one text, as of a whole file of policies.
    static let maximumBytes = PolicyFile.maximumBytes
    /// A server that takes longer for a page of text is as good as down.
    static let patience = Duration.seconds(10)
    /// Texts of one round; a set of policies refers to a handful.
    static let maximumTexts = 64
    /// How long to wait before a text that could not be fetched is asked for again.
    static let pause = Duration.seconds(30)

    /// What came of each, by URL.
    func fetch(_ sources: [PolicyTextSource]) async -> [String: Result<[UInt8], UnusableResource>] {
        guard !sources.isEmpty else { return [:] }
        do {
            return try await Composition.withNetwork(access) { http in
                await withTaskGroup { group in
                    for case .remote(let url, let sum) in sources.prefix(Self.maximumTexts) {
                        group.addTask { (url, await Self.text(at: url, sum, http)) }
                    }
                    return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
                }
            }
        } catch {
            let failure = UnusableResource("the policy cannot be fetched: \(error)")
            return sources.reduce(into: [:]) { result, source in
                if case .remote(let url, _) = source { result[url] = .failure(failure) }
            }
        }
    }

    private static func text(
        at url: String, _ sum: String, _ http: OutboundHTTP
    ) async -> Result<[UInt8], UnusableResource> {
        do {
            let request = OutboundRequest(
                .get, try RequestURL(parsing: url), maximumBodyBytes: maximumBytes,
                deadline: .now.advanced(by: patience), mayReachLoopback: true)
            let response = try await http.send(request)
            guard (200...299).contains(response.status) else {
                return .failure(UnusableResource("the policy at \(url) was answered with status \(response.status)"))
            }
            let found = Digest(of: response.body).hex
            guard found == sum else {
                return .failure(
                    UnusableResource(
                        "failed to check sha256sum from policy remote: \(sum) got \(found)"))
            }
            return .success(response.body)
        } catch {
            return .failure(UnusableResource("the policy at \(url) cannot be fetched: \(error)"))
        }
    }
}
