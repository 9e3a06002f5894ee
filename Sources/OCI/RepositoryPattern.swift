// SPDX-License-Identifier: Apache-2.0

/// Repositories by host and path, as a key of a docker config's `auths` names them: `ghcr.io`, `*.example.com:5000/team`.
public struct RepositoryPattern: Hashable, Sendable {
    /// In the spelling of `Repository.host`; `*` and `?` stand for characters of one label.
    let host: String
    /// Components of the path below the host for which alone the credential is; often none.
    private let path: [Substring]

    /// `nil` for a key without host, or with a pattern that nobody here reads.
    ///
    /// `docker login` writes bare hosts, but for Docker Hub the address of its first API, `https://index.docker.io/v1/`.
    public init?(_ key: String) {
        var rest = key[...]
        for scheme in ["https://", "http://"] where rest.lowercased().hasPrefix(scheme) {
            rest = rest.dropFirst(scheme.count)
            break
        }
        var components = rest.split(separator: "/", omittingEmptySubsequences: false)
        let host = Repository.foldedHost(String(components.removeFirst()))
        // Go's patterns have classes and escapes besides; brackets are an IPv6 address here.
        guard !host.isEmpty, !host.utf8.contains(UInt8(ascii: "\\")) else { return nil }
        if components.last == "" { components.removeLast() }
        if components == ["v1"] || components == ["v2"] { components = [] }
        guard components.allSatisfy({ !$0.isEmpty && !Self.isPattern($0) }) else { return nil }
        self.host = host
        path = components
    }

    /// Whether it is one host, whole.
    var isExactHost: Bool { path.isEmpty && !Self.isPattern(host[...]) }

    /// The lower the more specific.
    var rank: Int { -2 * path.count + (Self.isPattern(host[...]) ? 1 : 0) }

    public func contains(_ repository: Repository) -> Bool {
        Self.matches(host, repository.host)
            && repository.path.split(separator: "/", omittingEmptySubsequences: false).starts(with: path)
    }

    private static func isPattern(_ text: Substring) -> Bool {
        text.utf8.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") }
    }

    /// Label by label, with equal ports, as the kubelet compares them.
    private static func matches(_ pattern: String, _ host: String) -> Bool {
        guard isPattern(pattern[...]) else { return pattern == host }
        guard !host.utf8.contains(UInt8(ascii: "[")) else { return false }
        let (patternName, patternPort) = parts(pattern)
        let (name, port) = parts(host)
        let patternLabels = patternName.split(separator: ".", omittingEmptySubsequences: false)
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        return patternPort == port && patternLabels.count == labels.count
            && zip(patternLabels, labels).allSatisfy { matchesLabel(Array($0.utf8)[...], Array($1.utf8)[...]) }
    }

    private static func parts(_ host: String) -> (name: Substring, port: Substring) {
        let name = host.prefix { $0 != ":" }
        return (name, host[name.endIndex...])
    }

    /// Two positions suffice: when a later star fails, an earlier one would as well.
    private static func matchesLabel(_ pattern: ArraySlice<UInt8>, _ label: ArraySlice<UInt8>) -> Bool {
        var (pattern, label) = (pattern, label)
        var retry: (pattern: ArraySlice<UInt8>, label: ArraySlice<UInt8>)?
        while let byte = label.first {
            if pattern.first == UInt8(ascii: "*") {
                pattern = pattern.dropFirst()
                retry = (pattern, label)
            } else if let next = pattern.first, next == byte || next == UInt8(ascii: "?") {
                (pattern, label) = (pattern.dropFirst(), label.dropFirst())
            } else if let last = retry {
                (pattern, label) = (last.pattern, last.label.dropFirst())
                retry = (pattern, label)
            } else {
                return false
            }
        }
        return pattern.allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
