// SPDX-License-Identifier: Apache-2.0

/// One name in the exposition with all its series.
protocol MetricFamily: Sendable {
    var name: String { get }
    var help: String { get }
    var kind: MetricKind { get }
    var labels: [String] { get }
    func write(to text: inout ExpositionText)
}
