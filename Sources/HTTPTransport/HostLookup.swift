// SPDX-License-Identifier: Apache-2.0
import EventLoopTasks
import NIOCore
import NIOPosix
import Synchronization

/// Resolves a host's name before a connection is made, and refuses it when any of its addresses is forbidden.
///
/// This is the first of two checks, and gives the clear answer without a packet to the address. The second is made by
/// `PeerCheck` on the connection itself, so that a name which resolves differently a moment later gains nothing.
///
/// AsyncHTTPClient resolves the name again for each connection, on a queue of each event loop; it cannot be given an address
/// for one request. Only names that have just been resolved here come so far, so that a silent one does not block it.
final class HostLookup: Sendable {
    typealias Resolver = @Sendable (_ name: String) async throws -> [IPAddress]

    /// How long an answer, or that there was none, is remembered.
    private static let lifetime = Duration.seconds(5)
    /// Names kept; a cluster pulls from tens of registries. Beyond, the oldest half is forgotten.
    private static let maximumNames = 256
    /// A name server of a cluster answers within milliseconds; an admission has ten seconds for everything.
    private static let patience = Duration.seconds(2)

    private struct Answer {
        /// `nil` where there was none in time.
        let addresses: [IPAddress]?
        let instant: ContinuousClock.Instant
    }

    private let answers = Mutex<[String: Answer]>([:])
    private let resolver: Resolver
    private let patience: Duration

    init(resolver: @escaping Resolver, patience: Duration = HostLookup.patience) {
        self.resolver = resolver
        self.patience = patience
    }

    func check(_ host: Host, _ rule: LoopbackRule) async throws(TransportError) {
        if Self.addresses(spelledBy: host) != nil { return try Self.checkSpelling(host, rule) }
        let addresses = try await resolved(host)
        guard !addresses.isEmpty else { throw .unresolvable(host: "\(host)") }
        try Self.check(addresses, of: host, rule)
    }

    /// What can be said of a host without asking for its name: that is all where a proxy is to resolve it.
    static func checkSpelling(_ host: Host, _ rule: LoopbackRule) throws(TransportError) {
        try check(addresses(spelledBy: host) ?? [], of: host, rule)
    }

    private static func addresses(spelledBy host: Host) -> [IPAddress]? {
        if let address = host.address { return [address] }
        guard isLocal(host.unbracketed) else { return nil }
        return [IPAddress(literal: "127.0.0.1"), IPAddress(literal: "::1")].compactMap { $0 }
    }

    private static func check(
        _ addresses: [IPAddress], of host: Host, _ rule: LoopbackRule
    ) throws(TransportError) {
        for address in addresses {
            if let reason = rule.refusal(of: address) { throw .forbiddenAddress(host: "\(host)", reason) }
        }
    }

    /// Names that mean this machine by themselves, of which no name server is to be asked (RFC 6761 §6.3).
    private static func isLocal(_ name: String) -> Bool { name == "localhost" || name.hasSuffix(".localhost") }

    /// Empty where the name has none, or nobody said so in time.
    private func resolved(_ host: Host) async throws(TransportError) -> [IPAddress] {
        let name = host.unbracketed
        let known = answers.withLock { $0[name] }
        if let known, known.instant.advanced(by: Self.lifetime) > .now { return known.addresses ?? [] }
        let addresses = await withTaskGroup(of: [IPAddress]?.self) { group in
            group.addTask { [resolver] in try? await resolver(name) }
            group.addTask { [patience] in
                await MultiThreadedEventLoopGroup.singleton.any().wait(until: .now.advanced(by: patience))
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        // Somebody's giving up says nothing about the name.
        if addresses == nil, Task.isCancelled { throw .cancelled(host: "\(host)") }
        answers.withLock { answers in
            if answers.count >= Self.maximumNames, answers[name] == nil {
                for old in answers.sorted(by: { $0.value.instant < $1.value.instant }).prefix(Self.maximumNames / 2) {
                    answers[old.key] = nil
                }
            }
            answers[name] = Answer(addresses: addresses, instant: .now)
        }
        return addresses ?? []
    }
}

/// Looks at the address that a connection really has, after it is made and before any request is written to it.
enum PeerCheck {
    struct Refusal: Error {
        let reason: ForbiddenAddress
    }

    static func initializer(_ rule: LoopbackRule) -> @Sendable (any Channel) -> EventLoopFuture<Void> {
        { channel in
            let address = channel.remoteAddress.flatMap { IPAddress($0) }
            let refusal = address.map { rule.refusal(of: $0) } ?? .reserved
            guard let refusal else { return channel.eventLoop.makeSucceededVoidFuture() }
            // In a later turn of the loop: the pool must learn of the failure before it learns of the close.
            channel.eventLoop.execute { channel.close(promise: nil) }
            return channel.eventLoop.makeFailedFuture(Refusal(reason: refusal))
        }
    }
}
