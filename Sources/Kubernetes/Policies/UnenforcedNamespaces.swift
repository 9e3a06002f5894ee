// SPDX-License-Identifier: Apache-2.0
public import ServiceLifecycle
import Synchronization

/// Which namespaces the registered webhooks are asked about.
public struct NamespaceReach: Hashable, Sendable {
    /// What a namespace without the label means.
    public enum Selection: Hashable, Sendable {
        /// Only those labelled `true` are enforced.
        case optIn
        /// All are enforced but those labelled `false`.
        case optOut
    }

    public static let label = "policy.sigstore.dev/include"

    public var selection: Selection
    /// Never enforced, whatever their labels.
    public var excluded: Set<String>

    public init(selection: Selection = .optIn, excluded: Set<String> = []) {
        self.selection = selection
        self.excluded = excluded
    }

    /// Whether workloads of a namespace are judged.
    public func enforces(_ name: String, labels: [String: String]) -> Bool {
        guard !excluded.contains(name) else { return false }
        return switch selection {
        case .optIn: labels[Self.label] == "true"
        case .optOut: labels[Self.label] != "false"
        }
    }
}

/// Keeps the names of the namespaces whose workloads nobody judges, for a gauge.
public struct UnenforcedNamespaces: Service {
    /// What the gauges say.
    public struct Reading: Hashable, Sendable {
        public let count: Int
        /// In order, `maximumNames` at most.
        public let names: [String]
    }

    /// Series of one gauge; a cluster has a few hundred namespaces.
    public static let maximumNames = 1000

    private let reflector: Reflector
    private let reach: NamespaceReach
    private let current = Current()

    private final class Current: Sendable {
        let reading = Mutex<Reading?>(nil)
        let names = Mutex<Set<String>?>(nil)
    }

    public init(_ server: APIServer, reach: NamespaceReach, backoff: Backoff = Backoff()) {
        self.reach = reach
        reflector = Reflector(server, .namespaces, backoff: backoff)
    }

    /// `nil` until they were listed once; what was read last while the server is lost.
    public var reading: Reading? { current.reading.withLock { $0 } }

    /// Whether workloads of a namespace are judged, as far as is known: of none before they were listed once.
    public func enforces(_ name: String) -> Bool { current.names.withLock { $0.map { !$0.contains(name) } ?? false } }

    /// Runs until it is cancelled or the server shuts down.
    public func run() async {
        await cancelWhenGracefulShutdown { [self] in
            await reflector.run { news in
                guard case .objects(let objects) = news else { return }
                let names = objects.values.filter { !reach.enforces($0.name, labels: $0.labels) }.map(\.name).sorted()
                current.names.withLock { $0 = Set(names) }
                current.reading.withLock {
                    $0 = Reading(count: names.count, names: Array(names.prefix(Self.maximumNames)))
                }
            }
        }
    }
}
