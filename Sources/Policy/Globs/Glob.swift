// SPDX-License-Identifier: Apache-2.0
public import OCI

/// One `images[].glob`, compiled.
///
/// `*` stands for any run of bytes without `/`, `**` for any run at all; everything else stands for itself, and the
/// whole name must match. `*` alone means Docker Hub's official images, `*/*` alone means all of Docker Hub. A host
/// without wildcards is read in any of its spellings, as the host of an image is: `docker.io/acme/*` names the same
/// images as `index.docker.io/acme/*`.
public struct Glob: Hashable, Sendable {
    /// As written in the document.
    public let pattern: String
    /// Compared with the name that images have in policies.
    let name: GlobPattern
    /// Compared with a reference as it was written; differs from `name` only in the spelling of the host.
    let written: GlobPattern

    /// Bytes of a pattern. The longest reference has under 1,024; the rest of the room is for wildcards.
    public static let maximumLength = 8 << 10

    /// Throws for an empty pattern, one that is too long, and any character that no reference has.
    public init(_ pattern: String) throws(GlobError) {
        guard !pattern.isEmpty else { throw .empty }
        guard pattern.utf8.count <= Self.maximumLength else { throw .tooLong(limit: Self.maximumLength) }
        guard pattern.utf8.allSatisfy(Self.isAllowed) else {
            throw Self.hasOpenBracket(pattern) ? .syntax(pattern) : .invalidCharacter(pattern)
        }
        self.pattern = pattern
        let expanded =
            switch pattern {
            case "*": "index.docker.io/library/*"
            case "*/*": "index.docker.io/*/*"
            default: pattern
            }
        written = GlobPattern(expanded)
        let folded = Self.foldingHost(expanded)
        name = folded == expanded ? written : GlobPattern(folded)
    }

    /// Whether this glob names the image.
    ///
    /// A reference with a digest is compared as `host/path@digest`: its tag does not count, since nothing binds it to
    /// what was signed. One without is compared as `host/path:tag`, and then as it was written.
    public func matches(_ image: ImageReference) -> Bool { matches(ComparedName(image)) }

    func matches(_ image: ComparedName) -> Bool {
        if name.matches(image.name) { return true }
        guard let raw = image.written else { return false }
        return written.matches(raw)
    }

    /// `[A-Za-z0-9-_:/*.@]`
    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ":"),
            UInt8(ascii: "/"), UInt8(ascii: "*"), UInt8(ascii: "."), UInt8(ascii: "@"):
            true
        default: false
        }
    }

    /// A bracket expression that is never closed, which deserves words of its own.
    private static func hasOpenBracket(_ pattern: String) -> Bool {
        guard let open = pattern.utf8.firstIndex(of: UInt8(ascii: "[")) else { return false }
        return !pattern.utf8[open...].contains(UInt8(ascii: "]"))
    }

    /// The pattern with its host in the one spelling that names of images use; unchanged where the part before the
    /// first `/` has a wildcard, or is no host because a runtime would read it as part of a path.
    private static func foldingHost(_ pattern: String) -> String {
        guard let slash = pattern.utf8.firstIndex(of: UInt8(ascii: "/")) else { return pattern }
        let host = pattern[..<slash]
        guard !host.utf8.contains(UInt8(ascii: "*")), !host.utf8.contains(UInt8(ascii: "@")),
            host.utf8.contains(UInt8(ascii: ".")) || host.utf8.contains(UInt8(ascii: ":"))
        else { return pattern }
        let folded = Repository.foldedHost(String(host))
        return (folded == "docker.io" ? "index.docker.io" : folded) + pattern[slash...]
    }
}

/// An image's names as globs see them, made once for many globs.
struct ComparedName {
    let name: [UInt8]
    /// `nil` for a reference with a digest, whose written form would let the tag decide.
    let written: [UInt8]?

    init(_ image: ImageReference) {
        name = Array(image.matchingName.utf8)
        let raw = Array(image.asWritten.utf8)
        written = image.digest == nil && raw != name ? raw : nil
    }
}

/// The names that an image could have, once its digest is known: one for each algorithm, with placeholders for digits.
struct UnpinnedName {
    enum Digests {
        case some, every
    }

    /// What all of them begin with: host and path.
    let stem: [UInt8]
    let underSomeDigest: [[UInt8]]
    let underEveryDigest: [[UInt8]]

    init(_ image: ImageReference) {
        let pinned = ImageReference(
            asWritten: image.asWritten, repository: image.repository, tag: nil, digest: Digest(of: []))
        let stem = Array(pinned.matchingName.utf8.prefix { $0 != UInt8(ascii: "@") })
        self.stem = stem
        func names(_ digit: UInt8) -> [[UInt8]] {
            [("@sha256:", 64), ("@sha512:", 128)].map { algorithm, digits in
                stem + Array(algorithm.utf8) + Array(repeating: digit, count: digits)
            }
        }
        underSomeDigest = names(GlobPattern.someHexDigit)
        underEveryDigest = names(GlobPattern.everyHexDigit)
    }
}

extension GlobPattern {
    /// Whether it names the image under at least one digest, or under every one.
    func matches(_ image: UnpinnedName, under digests: UnpinnedName.Digests) -> Bool {
        switch digests {
        case .some: image.underSomeDigest.contains { matches($0) }
        case .every: image.underEveryDigest.allSatisfy { matches($0) }
        }
    }
}

/// Why a glob cannot be used.
public enum GlobError: Error, Hashable, Sendable {
    case empty
    case tooLong(limit: Int)
    case syntax(String)
    case invalidCharacter(String)
}

extension GlobError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .empty: "the glob is empty"
        case .tooLong(let limit): "the glob has more than \(limit) bytes"
        case .syntax: "syntax error in pattern"
        case .invalidCharacter(let pattern): "invalid glob \(quoted(pattern))"
        }
    }
}
