// SPDX-License-Identifier: Apache-2.0
import TestSupport

/// Who held the Lease, and who wrote what only its holder writes, as the API server's log has it.
struct LeaderRecord: Sendable {
    /// Users, in the order in which they came to lead.
    private(set) var leaders: [String] = []
    /// Writes of leaders, by user.
    private(set) var writes: [String: Int] = [:]
    /// Writes by somebody who did not lead.
    private(set) var violations: [String] = []

    private static let written: Set<String> = [
        "clusterimagepolicies", "clusterimagepolicies/status", "trustroots", "trustroots/status", "events",
        "mutatingwebhookconfigurations", "validatingwebhookconfigurations", "customresourcedefinitions",
    ]

    init(_ requests: [APIServerRequest], users: Set<String>) {
        var holder: String?
        var versions: Set<String> = []
        for request in requests where users.contains(request.user) && request.method != "GET" {
            if request.resource == "leases" {
                // The first that puts something in the place of a version does; the others are told of a conflict.
                guard versions.insert(request.object["metadata"]["resourceVersion"].text).inserted else { continue }
                let isHeld = !request.object["spec"]["holderIdentity"].text.isEmpty
                if isHeld, holder != request.user { leaders.append(request.user) }
                holder = isHeld ? request.user : nil
            } else if Self.written.contains(request.resource) {
                writes[request.user, default: 0] += 1
                if request.user != holder {
                    violations.append(
                        "\(request.user) wrote \(request.method) \(request.path) while \(holder ?? "nobody") led")
                }
            }
        }
    }
}
