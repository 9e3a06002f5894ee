// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import Logging
import ServiceLifecycle

/// Keeps the authorities that are trusted equal to their files: reads them once a second, and swaps the whole when two
/// looks in a row agree on something new. What cannot be read changes nothing: the last good ones stay.
struct RegistryAuthoritiesWatch: Service {
    enum Event: Hashable, Sendable {
        case replaced
        /// The files cannot be used now; the last good authorities stay.
        case broken(String)
        case mended
    }

    static let interval = Duration.seconds(1)

    let access: RegistryAccess
    let http: OutboundHTTP
    var interval = Self.interval
    let onChange: @Sendable (Event) -> Void

    /// Runs until it is cancelled or the server shuts down.
    func run() async {
        let watch = self
        await cancelWhenGracefulShutdown {
            // As the transport was made with; what has changed since is found at the second look.
            var state = State(inForce: try? RegistryAuthorities(reading: watch.access))
            while !Task.isCancelled {
                // Cancellation ends the sleep, and the loop.
                try? await Task.sleep(for: watch.interval)
                if Task.isCancelled { break }
                let look: Result<RegistryAuthorities, UsageError>
                do throws(UsageError) {
                    look = .success(try RegistryAuthorities(reading: watch.access))
                } catch {
                    look = .failure(error)
                }
                let event = state.update(look) { authorities throws(UsageError) in
                    do throws(TrustRootsError) {
                        try watch.http.replaceAuthorities(
                            additionalRoots: authorities.shared, rootsByHost: authorities.byHost)
                    } catch {
                        throw UsageError("\(error)")
                    }
                }
                if let event { watch.onChange(event) }
            }
        }
    }

    /// What is in force, and what was seen last.
    struct State {
        private var inForce: RegistryAuthorities?
        private var last: Result<RegistryAuthorities, UsageError>?
        private var brokenReason: String?

        init(inForce: RegistryAuthorities?) { self.inForce = inForce }

        /// One look; an event where it changes what is in force or what can be said of it.
        mutating func update(
            _ look: Result<RegistryAuthorities, UsageError>,
            replace: (RegistryAuthorities) throws(UsageError) -> Void
        ) -> Event? {
            let isSettled = last.map { Self.equal($0, look) } ?? false
            last = look
            guard isSettled else { return nil }
            switch look {
            case .failure(let error): return broken("\(error)")
            case .success(let read) where read == inForce: return mended()
            case .success(let read):
                do throws(UsageError) { try replace(read) } catch { return broken("\(error)") }
                inForce = read
                brokenReason = nil
                return .replaced
            }
        }

        private mutating func broken(_ reason: String) -> Event? {
            guard brokenReason != reason else { return nil }
            brokenReason = reason
            return .broken(reason)
        }

        private mutating func mended() -> Event? {
            guard brokenReason != nil else { return nil }
            brokenReason = nil
            return .mended
        }

        private static func equal(
            _ one: Result<RegistryAuthorities, UsageError>, _ other: Result<RegistryAuthorities, UsageError>
        ) -> Bool {
            switch (one, other) {
            case (.success(let one), .success(let other)): one == other
            case (.failure(let one), .failure(let other)): "\(one)" == "\(other)"
            default: false
            }
        }
    }
}

extension RegistryAuthoritiesWatch.Event {
    /// For a metric's label.
    var word: String {
        switch self {
        case .replaced: "replaced"
        case .broken: "broken"
        case .mended: "mended"
        }
    }

    var level: Logger.Level {
        if case .broken = self { .error } else { .notice }
    }

    var metadata: Logger.Metadata {
        if case .broken(let reason) = self { ["event": "broken", "reason": "\(reason)"] } else { ["event": "\(word)"] }
    }
}
