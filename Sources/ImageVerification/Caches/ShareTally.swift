// SPDX-License-Identifier: Apache-2.0

/// Whom a job asks, and on whose behalf.
struct WorkShare: Hashable, Sendable {
    let service: String
    let namespace: String?
}

/// So many jobs in all, a quarter of them for one service, a quarter for one namespace, and half of a service's for one
/// namespace, so that the others find room at a service that all of them use. Work on behalf of no namespace (policies'
/// resources, the command line) has no bound of the last kinds: nobody in the cluster causes it.
struct ShareTally: Sendable {
    private let limit: Int
    private let limitOfPair: Int
    private var count = 0
    /// Names that nothing is counted for are forgotten, since strangers choose them.
    private var services: [String: Int] = [:]
    private var namespaces: [String: Int] = [:]
    private var shares: [WorkShare: Int] = [:]

    /// - Parameter limitOfPair: jobs for one namespace at one service; half of a service's where nothing is said.
    init(limit: Int, limitOfPair: Int? = nil) {
        self.limit = limit
        self.limitOfPair = limitOfPair ?? limit / 8
    }

    func hasRoom(for share: WorkShare) -> Bool {
        count < limit && services[share.service, default: 0] < limit / 4
            && (share.namespace.map {
                namespaces[$0, default: 0] < limit / 4 && shares[share, default: 0] < limitOfPair
            } ?? true)
    }

    mutating func add(_ share: WorkShare, _ number: Int = 1) {
        count += number
        Self.add(number, to: &services, share.service)
        guard let namespace = share.namespace else { return }
        Self.add(number, to: &namespaces, namespace)
        Self.add(number, to: &shares, share)
    }

    private static func add<Name: Hashable>(_ number: Int, to counts: inout [Name: Int], _ name: Name) {
        let sum = counts[name, default: 0] + number
        counts[name] = sum > 0 ? sum : nil
    }
}
