// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
public import Logging
public import NIOCertificateReloading
public import NIOSSL
public import ServiceLifecycle
import Synchronization

/// The certificate that the webhook shows, and the watch over it. Each handshake asks for the pair of that moment, so
/// that a change touches no connection that is open.
public final class ServingCertificate: CertificateReloader, Service {
    /// Why no certificate can be had at start.
    public enum Failure: Error, Hashable, CustomStringConvertible {
        case unusablePair(certificate: String, key: String, reason: String)
        case unusableName(String)

        public var description: String {
            switch self {
            case .unusablePair(let certificate, let key, let reason):
                "certificate \(certificate), key \(key): \(reason)"
            case .unusableName(let name): "'\(name)' is neither a DNS name nor an IP address"
            }
        }
    }

    private enum Source: Sendable {
        case files(certificate: String, key: String)
        case authority(SelfSignedAuthority)
        /// Whoever calls `install`.
        case outside
    }

    /// What was last read, good or bad: the same content is neither parsed nor reported twice.
    private enum Attempt: Equatable {
        case content(certificate: [UInt8], key: [UInt8])
        case unreadable(BoundedFile.Failure)
    }

    private struct State {
        var pair: CertificatePair
        var lastAttempt: Attempt?
        /// Whether `pair` is one that somebody asked for.
        var isInstalled: Bool
    }

    private let source: Source
    private let interval: Duration
    private let state: Mutex<State>
    /// Ends with the first pair that is installed.
    private let firstPair: AsyncStream<Void>
    private let announceFirstPair: AsyncStream<Void>.Continuation
    private let metrics: ServerMetrics
    private let logger: Logger

    /// The authority to trust, as PEM, where the certificate is self-signed; nil where files were given.
    public var authorityPEM: String? {
        if case .authority(let authority) = source { authority.pem } else { nil }
    }

    private init(
        source: Source, pair: CertificatePair, attempt: Attempt?, interval: Duration, metrics: ServerMetrics,
        logger: Logger
    ) {
        self.source = source
        self.interval = interval
        self.metrics = metrics
        self.logger = logger
        var isInstalled = true
        if case .outside = source { isInstalled = false }
        state = Mutex(State(pair: pair, lastAttempt: attempt, isInstalled: isInstalled))
        (firstPair, announceFirstPair) = AsyncStream.makeStream()
        if isInstalled {
            announceFirstPair.finish()
            metrics.certificateExpiry.set(pair.expiry.timeIntervalSince1970)
        }
    }

    /// PEM files, read now and then once per `interval`; a pair that cannot serve throws now and changes nothing later.
    /// Symbolic links are followed at every reading, so that a mounted Secret's swap is seen.
    public static func files(
        certificate: String, key: String, interval: Duration = .seconds(1), metrics: ServerMetrics, logger: Logger
    ) throws(Failure) -> ServingCertificate {
        let attempt = read(certificate: certificate, key: key)
        do {
            return ServingCertificate(
                source: .files(certificate: certificate, key: key), pair: try pair(from: attempt), attempt: attempt,
                interval: interval, metrics: metrics, logger: logger)
        } catch {
            throw .unusablePair(certificate: certificate, key: key, reason: error.description)
        }
    }

    /// A certificate of an authority made now, for `localhost`, the loopback addresses, this host and `names`.
    public static func selfSigned(
        names: [String] = [], interval: Duration = .seconds(60), metrics: ServerMetrics, logger: Logger
    ) throws -> ServingCertificate {
        let authority = try SelfSignedAuthority(extra: names)
        return ServingCertificate(
            source: .authority(authority), pair: try authority.issue(), attempt: nil, interval: interval,
            metrics: metrics, logger: logger)
    }

    /// Pairs that somebody else keeps and hands to `install`. Until the first of them the webhook's port stays closed.
    public static func managed(metrics: ServerMetrics, logger: Logger) throws -> ServingCertificate {
        // A context needs some pair to begin with; nobody trusts this one, and it is never shown.
        let unused = try SelfSignedAuthority(extra: [])
        return ServingCertificate(
            source: .outside, pair: try unused.issue(), attempt: nil, interval: .seconds(60), metrics: metrics,
            logger: logger)
    }

    /// Shows another pair from now on: a chain, leaf first, and its key, PEM. One that cannot serve throws and changes
    /// nothing; one that is shown already changes nothing either.
    public func install(certificatePEM: [UInt8], keyPEM: [UInt8]) throws(Failure) {
        let attempt = Attempt.content(certificate: certificatePEM, key: keyPEM)
        let isNew = state.withLock { state in
            defer { state.lastAttempt = attempt }
            return state.lastAttempt != attempt
        }
        guard isNew else { return }
        do throws(CertificatePair.Failure) {
            install(try CertificatePair(certificatePEM: certificatePEM, keyPEM: keyPEM))
        } catch {
            state.withLock { $0.lastAttempt = nil }
            metrics.certificateReloads.increment("failed")
            throw .unusablePair(certificate: "handed over", key: "handed over", reason: error.description)
        }
    }

    /// Whether there is a pair to serve with.
    public var isInstalled: Bool { state.withLock { $0.isInstalled } }

    /// Waits for the first pair; returns without one where the task is cancelled. One task waits at most.
    func untilInstalled() async {
        for await _ in firstPair {}
    }

    public var sslContextConfigurationOverride: NIOSSLContextConfigurationOverride {
        state.withLock { $0.pair.override }
    }

    public func run() async throws {
        try? await cancelWhenGracefulShutdown { [self] in
            while !Task.isCancelled {
                try await Task.sleep(for: interval)
                refresh()
            }
        }
    }

    /// Looks once whether the source has something newer.
    func refresh() {
        switch source {
        case .files(let certificate, let key): reload(certificate: certificate, key: key)
        case .authority(let authority): renew(authority)
        case .outside: break
        }
    }

    private func reload(certificate: String, key: String) {
        let attempt = Self.read(certificate: certificate, key: key)
        let isNew = state.withLock { state in
            defer { state.lastAttempt = attempt }
            return state.lastAttempt != attempt
        }
        guard isNew else { return }
        do {
            install(try Self.pair(from: attempt))
        } catch {
            // Half of a change may have been seen: the next reading tells. Until then the old pair serves.
            metrics.certificateReloads.increment("failed")
            logger.warning(
                "the serving certificate was not reloaded; the previous one stays",
                metadata: [
                    "certificate": .string(certificate), "key": .string(key), "reason": .string("\(error)"),
                ])
        }
    }

    private func renew(_ authority: SelfSignedAuthority) {
        let expiry = state.withLock { $0.pair.expiry }
        guard expiry.timeIntervalSinceNow < SelfSignedAuthority.renewalMargin else { return }
        do {
            install(try authority.issue())
        } catch {
            metrics.certificateReloads.increment("failed")
            logger.error(
                "the self-signed serving certificate was not renewed", metadata: ["reason": .string("\(error)")])
        }
    }

    private func install(_ pair: CertificatePair) {
        state.withLock { state in
            state.pair = pair
            state.isInstalled = true
        }
        announceFirstPair.finish()
        metrics.certificateReloads.increment("loaded")
        metrics.certificateExpiry.set(pair.expiry.timeIntervalSince1970)
        logger.notice(
            "the serving certificate was reloaded", metadata: ["notAfter": .string(pair.expiry.ISO8601Format())])
    }

    /// Looks at one pair of files; a mounted Secret is swapped once in minutes.
    private static let maximumLooks = 3

    /// Both files as they are at one moment: where the certificate is another once the key was read, they were swapped in
    /// between, and are read again.
    private static func read(certificate: String, key: String) -> Attempt {
        do throws(BoundedFile.Failure) {
            var chain = try BoundedFile.bytes(at: certificate)
            var attempt = Attempt.content(certificate: chain, key: try BoundedFile.bytes(at: key))
            for _ in 0..<maximumLooks {
                let again = try BoundedFile.bytes(at: certificate)
                if again == chain { break }
                chain = again
                attempt = .content(certificate: chain, key: try BoundedFile.bytes(at: key))
            }
            return attempt
        } catch {
            return .unreadable(error)
        }
    }

    private static func pair(from attempt: Attempt) throws(CertificatePair.Failure) -> CertificatePair {
        switch attempt {
        case .content(let certificate, let key): try CertificatePair(certificatePEM: certificate, keyPEM: key)
        case .unreadable(let failure): throw .unreadable(failure)
        }
    }
}
