// SPDX-License-Identifier: Apache-2.0

/// What one look at all sources of policies saw.
public struct PolicySnapshot: Hashable, Sendable {
    /// One `--policies`, a file or a directory; or the objects of one resource of an API server.
    public struct Source: Hashable, Sendable {
        public enum Content: Hashable, Sendable {
            case files([File])
            /// It is gone, or cannot be read as a whole; the reason is one sentence.
            case unavailable(String)
        }

        /// What its files are.
        public enum Kind: Hashable, Sendable {
            /// Files of somebody's making: a directory without any is broken, and problems are told with line and column.
            case files
            /// Objects of an API server, one to a file, as JSON that we wrote: that there is none is a fact, and a line
            /// would tell nobody anything.
            case objects
        }

        public let path: String
        public let kind: Kind
        public let content: Content

        public init(path: String, kind: Kind = .files, content: Content) {
            self.path = path
            self.kind = kind
            self.content = content
        }
    }

    public struct File: Hashable, Sendable {
        public enum Content: Hashable, Sendable {
            case text([UInt8])
            case unreadable(String)
        }

        /// With the directory's path before it.
        public let path: String
        public let content: Content

        public init(path: String, content: Content) {
            self.path = path
            self.content = content
        }
    }

    public let sources: [Source]

    public init(sources: [Source]) { self.sources = sources }
}

/// What changed from one look to the next, for the log and for metrics.
public enum PolicyEvent: Hashable, Sendable {
    /// The policy is in force now: it is new, or another version of it was.
    case inForce(policy: String, file: String)
    case removed(policy: String, file: String)
    /// A document, or a whole file, cannot be read. Its last good version stays in force where there is one; otherwise
    /// what it names is denied.
    case broken(name: String, file: String, reason: String, keepsLastGood: Bool)
    /// What was broken is whole, or is gone.
    case mended(name: String, file: String)
    /// A source is gone or unreadable as a whole.
    case sourceLost(path: String, reason: String, keepsLastGood: Bool)
    case sourceFound(path: String)
}

/// What of the sources cannot be read now, for readiness and metrics.
public struct PolicyHealth: Hashable, Sendable {
    public struct Breakage: Hashable, Sendable {
        /// The document's name, or the path of a file or a source.
        public let name: String
        public let file: String
        /// One line each, the first one first in the document.
        public let problems: AtLeastOne<String>
        /// Whether what it was before is in force still.
        public let keepsLastGood: Bool

        public var reason: String { problems.first }
    }

    /// In order of file and place in it.
    public let documents: [Breakage]
    public let sources: [Breakage]

    public var isWhole: Bool { documents.isEmpty && sources.isEmpty }

    public static let whole = PolicyHealth(documents: [], sources: [])
}
