// SPDX-License-Identifier: Apache-2.0
public import ImageVerification
import Synchronization

/// Which webhook was called.
public enum ReviewEndpoint: String, Hashable, Sendable, CaseIterable {
    case validate, mutate
    /// Judged as `validate` is, by what is registered beside another controller or before anybody dares to enforce: what
    /// would be a denial is an admission with warnings, and a tag is judged as what it names now, since nothing pins it.
    /// Which webhook was called decides that and not which process answers, so that neither can stand in for the other.
    case shadow

    var enforcement: Enforcement { self == .shadow ? .shadow : .enforce }
}

/// The face of this target towards the server: bytes in, exactly one answer out, whatever happens.
public protocol Reviewing: Sendable {
    func review(_ body: [UInt8], at endpoint: ReviewEndpoint, deadline: Deadline) async -> ReviewAnswer

    /// Answers at once where nobody has to be asked and nothing has to be checked; otherwise says what is left to do. One
    /// review in a thousand needs more in a cluster that runs.
    func begin(_ body: [UInt8], at endpoint: ReviewEndpoint) -> ReviewStart

    /// The answer where the server will not look at a review; `prefix` is as much of the body as was read.
    func refuse(_ prefix: [UInt8], at endpoint: ReviewEndpoint, because refusal: Refusal) -> ReviewAnswer
}

/// How far a review has come without waiting.
public enum ReviewStart: Sendable {
    case answered(ReviewAnswer)
    /// The rest of it; always ends with an answer, at the deadline at the latest.
    case pending(@Sendable (Deadline) async -> ReviewAnswer)
}

extension Reviewing {
    /// For what never answers at once.
    public func begin(_ body: [UInt8], at endpoint: ReviewEndpoint) -> ReviewStart {
        .pending { await review(body, at: endpoint, deadline: $0) }
    }
}

/// Why the server itself turns a review away.
public enum Refusal: Hashable, Sendable {
    /// More bytes than the limit.
    case tooLarge(limit: Int)
    /// Too many reviews are in flight; try again after so many seconds.
    case overloaded(retryAfterSeconds: Int)
    /// The client's body ended before its end.
    case truncated
    /// The content type is not JSON.
    case unsupportedContentType
    /// No verdict came in time although one was promised.
    case deadline
}

/// What goes back to the API server, and what is logged and counted about it.
public struct ReviewAnswer: Hashable, Sendable {
    /// 200 whenever a uid was read: any other status can admit under `failurePolicy: Ignore`.
    public let httpStatus: Int
    /// An AdmissionReview as JSON, or a sentence where no uid could be read.
    public let body: [UInt8]
    public let isJSON: Bool
    public let record: ReviewRecord

    public init(httpStatus: Int, body: [UInt8], isJSON: Bool, record: ReviewRecord) {
        self.httpStatus = httpStatus
        self.body = body
        self.isJSON = isJSON
        self.record = record
    }
}

/// The facts of one answer, for the log and the metrics; nothing of the object's content but names.
public struct ReviewRecord: Hashable, Sendable {
    public var uid: String?
    public var endpoint: ReviewEndpoint
    public var operation: String
    public var resource: String
    public var namespace: String
    public var name: String
    public var isAllowed: Bool
    /// `status.code` of a denial.
    public var code: Int?
    public var isDryRun: Bool
    /// Whether it was let in only because nothing is enforced (`Enforcement.shadow`).
    public var isShadowed = false
    public let decided: Decisions

    public var decisions: [Decision] { decided.all }

    /// One policy's word on one image: a row of `countersign_decisions_total`.
    public struct Decision: Hashable, Sendable {
        public let image: String
        /// Name of the policy; empty where none was asked.
        public let policy: String
        /// `enforce`, `warn`, or empty.
        public let mode: String
        /// `admitted`, `denied`, `undecided`, `no-match`.
        public let result: String
        /// A `DenialReason.Code`, an `Outage.Kind`, or empty.
        public let reason: String
        public let isCached: Bool
        /// Why, for a person; empty for an admission without cautions. Escaped, and each bounded.
        public let sentences: [String]

        public init(
            image: String, policy: String, mode: String, result: String, reason: String, isCached: Bool,
            sentences: [String] = []
        ) {
            self.sentences = sentences
            self.image = image
            self.policy = policy
            self.mode = mode
            self.result = result
            self.reason = reason
            self.isCached = isCached
        }
    }

    /// The words on all images of a review. Answers that are the same share one, and what is made of it.
    public final class Decisions: Hashable, Sendable {
        public let all: [Decision]
        /// As `countersign_decisions_total` counts them: the values of its labels, and how many have these.
        public let counted: [Row: UInt64]
        private let listing = Mutex<[UInt8]?>(nil)

        public struct Row: Hashable, Sendable {
            public let policy: String
            public let mode: String
            public let result: String
            public let reason: String
        }

        /// Of a review without images.
        public static let none = Decisions([])

        public init(_ all: [Decision]) {
            self.all = all
            counted = all.reduce(into: [:]) {
                $0[Row(policy: $1.policy, mode: $1.mode, result: $1.result, reason: $1.reason), default: 0] += 1
            }
        }

        /// What the first caller's `write` makes of them, for the log.
        public func listing(_ write: ([Decision]) -> [UInt8]) -> [UInt8] {
            if let written = listing.withLock({ $0 }) { return written }
            let written = write(all)
            listing.withLock { $0 = written }
            return written
        }

        public static func == (one: Decisions, other: Decisions) -> Bool { one.all == other.all }

        public func hash(into hasher: inout Hasher) { hasher.combine(all) }
    }

    public init(
        uid: String?, endpoint: ReviewEndpoint, operation: String = "", resource: String = "", namespace: String = "",
        name: String = "", isAllowed: Bool, code: Int? = nil, isDryRun: Bool = false,
        decisions: Decisions = .none
    ) {
        self.uid = uid
        self.endpoint = endpoint
        self.operation = operation
        self.resource = resource
        self.namespace = namespace
        self.name = name
        self.isAllowed = isAllowed
        self.code = code
        self.isDryRun = isDryRun
        decided = decisions
    }
}
