// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import OCI
import Policy

/// A repository as something to send requests to.
struct RegistryEndpoint: Hashable, Sendable {
    let repository: Repository
    /// `…/v2/<path>/`.
    private let base: RequestURL

    init(_ repository: Repository, scheme: RequestURL.Scheme) throws(Outage) {
        self.repository = repository
        guard Self.isPath(repository.path) else {
            throw Outage(.forbidden, service: repository.host, detail: "the repository's path is not one")
        }
        do throws(RequestURLFault) {
            let (host, port) = try RequestURL.readAuthority(repository.endpoint[...], scheme: scheme)
            base = try RequestURL(scheme: scheme, host: host, port: port, target: "/v2/\(repository.path)/")
        } catch {
            throw Outage(.forbidden, service: repository.host, detail: "\(error)")
        }
    }

    var isLoopback: Bool { base.host.isLoopback }
    var host: Host { base.host }
    var origin: RequestURL.Origin { base.origin }

    /// Whether nobody on the way can read along: TLS, or loopback. Secrets go nowhere else.
    var isPrivate: Bool { base.scheme == .https || isLoopback }

    /// `rest` is made of our own words, tags and digests.
    func url(_ rest: String) throws(Outage) -> RequestURL {
        do throws(RequestURLFault) {
            return try RequestURL(
                scheme: base.scheme, host: base.host, port: base.port, target: base.target + rest)
        } catch {
            throw Outage(.forbidden, service: repository.host, detail: "\(error)")
        }
    }

    /// The path's grammar once more, since it becomes part of a URL: distribution-spec "Pulling manifests". A component
    /// of dots would climb out of the repository.
    private static func isPath(_ path: String) -> Bool {
        path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { component in
            guard let first = component.utf8.first, let last = component.utf8.last else { return false }
            return isLetterOrDigit(first) && isLetterOrDigit(last)
                && component.utf8.allSatisfy { isLetterOrDigit($0) || "._-".utf8.contains($0) }
        }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }

    /// Whether a registry can hold a tag of that name: distribution-spec "Pulling manifests", at most 128 characters.
    static func isTag(_ tag: String) -> Bool {
        guard let first = tag.utf8.first, (1...128).contains(tag.utf8.count) else { return false }
        func isWord(_ byte: UInt8) -> Bool {
            isLetterOrDigit(byte) || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte || byte == UInt8(ascii: "_")
        }
        return isWord(first) && tag.utf8.allSatisfy { isWord($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
    }
}
