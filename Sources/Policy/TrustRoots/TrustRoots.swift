// SPDX-License-Identifier: Apache-2.0
public import Sigstore

/// The trust roots of all documents, by name: what each has its readers believe, or why nothing can be believed.
///
/// A value, made when documents change; making it verifies every repository, so it is not for the way of a request.
public struct TrustRoots: Sendable {
    private let results: [String: Result<TrustMaterial, TrustRootError>]

    /// No trust root: every name is unknown.
    public static let none = TrustRoots([], now: .earliest)

    /// Documents of one name that differ contradict each other, and nobody knows which was meant; equal ones are one. A
    /// broken document takes its name from any whole one: the name then stands for a failure.
    public init(_ roots: [TrustRoot], broken: [BrokenTrustRoot] = [], now: Instant) {
        var results: [String: Result<TrustMaterial, TrustRootError>] = [:]
        for (name, group) in Dictionary(grouping: roots, by: \.name) {
            guard Set(group.map(\.documentHash)).count == 1, let root = group.first else {
                results[name] = .failure(TrustRootError(name: name, reason: .contradictory(group.count)))
                continue
            }
            do throws(TrustRootError) {
                results[name] = .success(try root.material(now: now))
            } catch {
                results[name] = .failure(error)
            }
        }
        for document in broken {
            results[document.name] = .failure(
                TrustRootError(name: document.name, reason: .unreadable(document.reason)))
        }
        self.results = results
    }

    /// In order of name.
    public var names: [String] { results.keys.sorted() }

    /// What an authority believes that names this trust root; a failure for a name that no document has.
    public subscript(name: String) -> Result<TrustMaterial, TrustRootError> {
        results[name] ?? .failure(TrustRootError(name: name, reason: .notFound))
    }

    /// Those that give nothing to believe, in order of name.
    public var failures: [TrustRootError] {
        names.compactMap { name in
            if case .failure(let error) = self[name] { error } else { nil }
        }
    }
}

/// A TrustRoot document that cannot be read and has no last good version: whatever names it is denied.
public struct BrokenTrustRoot: Hashable, Sendable {
    public let name: String
    /// File, line and what is wrong, on one line.
    public let reason: String

    public init(name: String, reason: String) {
        self.name = name
        self.reason = reason
    }
}
