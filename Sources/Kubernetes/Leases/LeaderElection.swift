// SPDX-License-Identifier: Apache-2.0
import JSON
import ServiceLifecycle
import Sigstore
import Synchronization

/// One of several replicas is the leader, by a Lease that it keeps renewing. Only what writes statuses, Events and webhook
/// configurations waits to lead; reviews are answered by all.
///
/// A leader that cannot renew stops before anybody else may begin: its work is cancelled at `renewDeadline`, others wait
/// for `duration`, each by its own monotonic clock, so that clocks need not agree.
public final class LeaderElection: Sendable {
    public struct Times: Sendable {
        /// client-go's defaults.
        public var duration: Duration = .seconds(15)
        public var renewDeadline: Duration = .seconds(10)
        public var retry: Duration = .seconds(2)

        public init() {}
    }

    private let server: APIServer
    private let name: String
    private let namespace: String
    private let identity: String
    private let times: Times
    private let leading = Atomic(false)

    /// - Parameter identity: differs from replica to replica; the Pod's name with something random.
    public init(_ server: APIServer, lease name: String, in namespace: String, identity: String, times: Times = Times())
    {
        self.server = server
        self.name = name
        self.namespace = namespace
        self.identity = identity
        self.times = times
    }

    public var isLeader: Bool { leading.load(ordering: .relaxed) }

    /// What was seen of the Lease last, and when by our clock.
    private struct Observed: Sendable {
        var holder: String
        var renewed: String
        var seen: ContinuousClock.Instant
        var version: String
        var transitions: Int64
        var acquired: String
    }

    /// Runs until it is cancelled. While this replica leads, `work` runs; it is cancelled when that ends, and begun anew
    /// the next time. Gives the Lease up at its end, so that another replica need not wait.
    public func run(whileLeading work: @escaping @Sendable () async -> Void) async {
        let last = await cancelWhenGracefulShutdown { [self] in await take(work) }
        // Not cancelled after a graceful shutdown, so that there is a moment left to say so.
        await release(last)
    }

    private func take(_ work: @escaping @Sendable () async -> Void) async -> Observed? {
        var observed: Observed?
        while !Task.isCancelled {
            let asked = ContinuousClock.now
            if await acquire(&observed) { await lead(&observed, since: asked, work) }
            let pause = times.retry * Double.random(in: 0.8...1.2)
            try? await Task.sleep(for: pause)
        }
        return observed
    }

    private func lead(
        _ observed: inout Observed?, since acquired: ContinuousClock.Instant,
        _ work: @escaping @Sendable () async -> Void
    ) async {
        leading.store(true, ordering: .relaxed)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    await work()
                    // Work that ends by itself is begun again, not in haste.
                    try? await Task.sleep(for: .seconds(1))
                }
            }
            // From before the request: others count from when it was stored.
            var lastRenewal = acquired
            while !Task.isCancelled {
                try? await Task.sleep(for: times.retry)
                if Task.isCancelled { break }
                let limit = lastRenewal.advanced(by: times.renewDeadline)
                let asked = ContinuousClock.now
                switch await renewal(&observed, until: limit) {
                case .renewed: lastRenewal = asked
                case .lost: group.cancelAll()
                case .failed: if ContinuousClock.now >= limit { group.cancelAll() }
                }
                if !isHolder(observed) || ContinuousClock.now >= lastRenewal.advanced(by: times.renewDeadline) { break }
            }
            leading.store(false, ordering: .relaxed)
            group.cancelAll()
        }
    }

    private enum Renewal { case renewed, lost, failed }

    private func isHolder(_ observed: Observed?) -> Bool { observed?.holder == identity }

    /// One try, which may not outlast the time at which leading ends; a second one at once where somebody else changed
    /// something in our Lease.
    private func renewal(_ observed: inout Observed?, until limit: ContinuousClock.Instant) async -> Renewal {
        let before = observed?.version
        let outcome = await oneRenewal(&observed, until: limit)
        guard case .failed = outcome, isHolder(observed), observed?.version != before else { return outcome }
        return await oneRenewal(&observed, until: limit)
    }

    private func oneRenewal(_ observed: inout Observed?, until limit: ContinuousClock.Instant) async -> Renewal {
        var server = server
        server.patience = max(.milliseconds(100), min(server.patience, limit - .now))
        guard let before = observed else { return .lost }
        do throws(APIFault) {
            let object = try await server.replace(
                .leases, name, in: namespace, lease(holder: identity, after: before, acquired: before.acquired))
            observed = Self.observed(object)
            return isHolder(observed) ? .renewed : .lost
        } catch {
            guard error.isConflict || error.isNotFound else { return .failed }
            observed = (try? await server.get(.leases, name, in: namespace)).flatMap { $0.map(Self.observed) }
            return isHolder(observed) ? .failed : .lost
        }
    }

    /// Whether the Lease is ours now.
    private func acquire(_ observed: inout Observed?) async -> Bool {
        var server = server
        server.patience = min(server.patience, times.renewDeadline / 2)
        do throws(APIFault) {
            guard let object = try await server.get(.leases, name, in: namespace) else {
                observed = Self.observed(
                    try await server.create(.leases, in: namespace, lease(holder: identity, after: nil, acquired: nil)))
                return isHolder(observed)
            }
            var current = Self.observed(object)
            if let before = observed, before.holder == current.holder, before.renewed == current.renewed {
                current.seen = before.seen
            }
            observed = current
            let isOver = current.holder.isEmpty || ContinuousClock.now >= current.seen.advanced(by: times.duration)
            guard isOver || current.holder == identity else { return false }
            observed = Self.observed(
                try await server.replace(
                    .leases, name, in: namespace, lease(holder: identity, after: current, acquired: nil)))
            return isHolder(observed)
        } catch {
            return false
        }
    }

    /// So that another need not wait. A renewal that was cancelled on its way may have been stored nevertheless: then the
    /// Lease is read, and given up as it is.
    private func release(_ observed: Observed?) async {
        guard var observed, observed.holder == identity, !Task.isCancelled else { return }
        var server = server
        server.patience = .seconds(2)
        for _ in 0..<2 {
            do throws(APIFault) {
                _ = try await server.replace(
                    .leases, name, in: namespace, lease(holder: "", after: observed, acquired: observed.acquired))
                return
            } catch {
                guard error.isConflict, let object = try? await server.get(.leases, name, in: namespace) else { return }
                observed = Self.observed(object)
                guard observed.holder == identity else { return }
            }
        }
    }

    private static func observed(_ object: KubernetesObject) -> Observed {
        let spec = object.root["spec"]
        return Observed(
            holder: spec?["holderIdentity"]?.string ?? "", renewed: spec?["renewTime"]?.string ?? "", seen: .now,
            version: object.resourceVersion, transitions: spec?["leaseTransitions"]?.integer ?? 0,
            acquired: spec?["acquireTime"]?.string ?? "")
    }

    private func lease(holder: String, after before: Observed?, acquired: String?) -> [UInt8] {
        let now = Self.microTime(server.now())
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("apiVersion", ResourceType.leases.apiVersion)
            writer.member("kind", ResourceType.leases.kind)
            writer.member(
                "metadata",
                object: { writer in
                    writer.member("name", name)
                    writer.member("namespace", namespace)
                    if let before { writer.member("resourceVersion", before.version) }
                })
            writer.member(
                "spec",
                object: { writer in
                    writer.member("holderIdentity", holder)
                    writer.member("leaseDurationSeconds", max(1, times.duration.components.seconds))
                    writer.member("acquireTime", acquired.flatMap { $0.isEmpty ? nil : $0 } ?? now)
                    writer.member("renewTime", now)
                    let isNew = before.map { $0.holder != holder } ?? false
                    writer.member("leaseTransitions", (before?.transitions ?? 0) + (isNew ? 1 : 0))
                })
        }
        return writer.bytes
    }

    /// Go's `MicroTime`, which wants six digits after the point.
    static func microTime(_ instant: Instant) -> String {
        let whole = Instant(seconds: instant.seconds).map(\.description) ?? "\(Instant.earliest)"
        let micros = String(instant.nanoseconds / 1000)
        return whole.dropLast() + "." + String(repeating: "0", count: 6 - micros.utf8.count) + micros + "Z"
    }
}
