// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
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

    /// What came of each.
    func fetch(
        _ sources: [PolicyTextSource]
    ) async -> [PolicyTextSource: Result<[UInt8], UnusableResource>] {
        guard !sources.isEmpty else { return [:] }
        do {
            return try await Composition.withNetwork(access) { http in
                await withTaskGroup { group in
                    // In any order, so that none waits for ever behind those that fail.
                    for source in sources.shuffled().prefix(Self.maximumTexts) {
                        guard case .remote(let url, _) = source else { continue }
                        group.addTask { (source, await Self.text(at: url, http).flatMap(source.checked)) }
                    }
                    return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
                }
            }
        } catch {
            let failure = UnusableResource("the policy cannot be fetched: \(error)")
            return sources.reduce(into: [:]) { $0[$1] = .failure(failure) }
        }
    }

    private static func text(at url: String, _ http: OutboundHTTP) async -> Result<[UInt8], UnusableResource> {
        do {
            // The operator's own policy names the address, loopback or not.
            let request = OutboundRequest(
                .get, try RequestURL(parsing: url), maximumBodyBytes: maximumBytes,
                deadline: .now.advanced(by: patience), mayReachLoopback: true)
            let response = try await http.send(request)
            guard (200...299).contains(response.status) else {
                return .failure(UnusableResource("the policy at \(url) was answered with status \(response.status)"))
            }
            return .success(response.body)
        } catch {
            return .failure(UnusableResource("the policy at \(url) cannot be fetched: \(error)"))
        }
    }
}
