// SPDX-License-Identifier: Apache-2.0
import Admission
import ImageVerification
import Policy

/// What an answer means for a whole object, in one word.
enum WorkloadVerdict: String, Sendable, Comparable {
    case admitted
    /// Admitted, though a policy in warn mode would have it otherwise, or no policy names an image.
    case warned
    case denied
    /// Not admitted, for an outage alone.
    case undecided

    init(_ record: ReviewRecord, _ noMatch: NoMatchAction) {
        let isDenied = record.decisions.contains { decision in
            (decision.result == "denied" && decision.mode != EnforcementMode.warn.rawValue)
                || (decision.result == "no-match" && noMatch == .deny)
        }
        let isWarned = record.decisions.contains { decision in
            decision.result == "denied" || decision.result == "undecided"
                || (decision.result == "no-match" && noMatch != .allow)
        }
        switch (record.isAllowed, isDenied) {
        case (true, _): self = isWarned ? .warned : .admitted
        case (false, false) where record.decisions.contains { $0.result == "undecided" }: self = .undecided
        case (false, _): self = .denied
        }
    }

    var status: ExitStatus {
        switch self {
        case .admitted, .warned: .admitted
        case .denied: .denied
        case .undecided: .undecided
        }
    }

    static func < (one: WorkloadVerdict, other: WorkloadVerdict) -> Bool { one.rank < other.rank }

    private var rank: Int {
        switch self {
        case .admitted: 0
        case .warned: 1
        case .denied: 2
        case .undecided: 3
        }
    }
}
