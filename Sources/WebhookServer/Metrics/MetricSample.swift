// SPDX-License-Identifier: Apache-2.0

/// What a family of series means to Prometheus.
public enum MetricKind: String, Hashable, Sendable {
    case counter, gauge, histogram
}

/// One reading of something that another room counts by itself, such as a cache or the registry client.
public struct MetricSample: Hashable, Sendable {
    /// Starts with a letter or underscore, then letters, digits and underscores; anything else is left out of a scrape.
    public let name: String
    public let help: String
    /// `counter` or `gauge`; a histogram is not one sample and is left out.
    public let kind: MetricKind
    /// In the order in which they are printed.
    public let labels: [Label]
    public let value: Double

    public struct Label: Hashable, Sendable {
        public let name: String
        public let value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    public init(_ name: String, help: String, kind: MetricKind, labels: [Label] = [], value: Double) {
        self.name = name
        self.help = help
        self.kind = kind
        self.labels = labels
        self.value = value
    }
}
