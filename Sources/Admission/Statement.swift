// SPDX-License-Identifier: Apache-2.0
import Policy

/// One denial or warning before it is written: `headline: paths`, and then details about the image. Nothing in it is
/// escaped or cut yet. The headlines are those that existing tests and dashboards search for.
struct Statement: Hashable, Sendable {
    let headline: String
    /// Where the image stands, in order.
    let paths: [String]
    /// As it is written; empty where no image is meant.
    let image: String
    let details: [String]
    /// Whether nothing but time was missing.
    let isForWantOfTime: Bool

    init(
        headline: String, paths: [String] = [], image: String = "", details: [String] = [],
        isForWantOfTime: Bool = false
    ) {
        self.headline = headline
        self.paths = paths
        self.image = image
        self.details = details
        self.isForWantOfTime = isForWantOfTime
    }

    private init(
        _ headline: String, _ image: JudgedImage, _ details: [String], isForWantOfTime: Bool = false
    ) {
        self.init(
            headline: headline, paths: image.paths.all.sorted(), image: image.reference, details: details,
            isForWantOfTime: isForWantOfTime)
    }

    static func denied(_ image: JudgedImage, policy: String, _ reasons: AtLeastOne<DenialReason>) -> Statement {
        Statement("failed policy: \(policy)", image, reasons.all.map(\.sentence))
    }

    static func undecided(
        _ image: JudgedImage, policy: String, _ outages: AtLeastOne<Outage>, also reasons: [DenialReason],
        isWarning: Bool
    ) -> Statement {
        Statement(
            "failed policy: \(policy)", image, [sentence(outages.all, isWarning: isWarning)] + reasons.map(\.sentence),
            isForWantOfTime: outages.all.allSatisfy { $0.kind == .deadline })
    }

    static func caution(_ image: JudgedImage, policy: String, _ caution: Caution) -> Statement {
        Statement("admitted by policy: \(policy)", image, [caution.sentence])
    }

    static func noMatchingPolicy(_ image: JudgedImage) -> Statement {
        Statement("no matching policies", image, ["is named by no policy; add a policy whose images match it"])
    }

    static func unresolved(_ image: JudgedImage, _ reason: DenialReason) -> Statement {
        Statement("could not resolve", image, [reason.sentence])
    }

    static func outage(_ image: JudgedImage, _ outage: Outage, isWarning: Bool) -> Statement {
        Statement(
            "could not be decided", image, [sentence([outage], isWarning: isWarning)],
            isForWantOfTime: outage.kind == .deadline)
    }

    static func invalidReference(_ image: JudgedImage, _ rule: String) -> Statement {
        Statement(
            "could not parse reference: \(PlainText.name(image.reference))", image,
            ["is no image reference: \(rule); write it as host/repository:tag@digest"])
    }

    static func unpinned(_ image: JudgedImage, _ cause: String) -> Statement {
        Statement("invalid value: \(PlainText.name(image.reference)) must be an image digest", image, [cause])
    }

    private static func sentence(_ outages: [Outage], isWarning: Bool) -> String {
        let what = outages.map { "\($0)" }.joined(separator: ", ")
        let consequence =
            isWarning ? "admitted, as the policy only warns" : "nothing is admitted until it answers"
        return "could not be decided: \(what); \(consequence)"
    }
}

/// Statements as a denial's `status.message`.
enum DenialMessage {
    /// What kubectl still shows on two screens; ours, as Kubernetes has no bound but that of the whole answer.
    static let maximumLength = 8192
    /// So that the first image's reasons do not hide the second's.
    private static let maximumStatementLength = 2048

    static func text(_ statements: AtLeastOne<Statement>, at endpoint: ReviewEndpoint) -> String {
        let prefix =
            switch endpoint {
            case .validate, .shadow: "validation failed: "
            case .mutate: "mutation failed: "
            }
        var text = prefix
        // Kept for the line that says that there is more.
        let room = maximumLength - 64
        for (index, statement) in statements.all.enumerated() {
            let written = Self.text(statement)
            let separator = index == 0 ? "" : "\n"
            guard text.unicodeScalars.count + separator.unicodeScalars.count + written.unicodeScalars.count <= room
            else {
                return text + "\n… and \(statements.all.count - index) more"
            }
            text += separator + written
        }
        return text
    }

    private static func text(_ statement: Statement) -> String {
        let headline = PlainText.escaped(statement.line, limit: maximumStatementLength / 2)
        guard !statement.image.isEmpty || !statement.details.isEmpty else { return headline }
        let details = ([PlainText.name(statement.image)] + [statement.details.joined(separator: "; ")])
            .filter { !$0.isEmpty }.joined(separator: " ")
        return headline + "\n" + PlainText.escaped(details, limit: maximumStatementLength / 2)
    }
}

/// Statements as `warnings`: kubectl prints each on a line of its own, and the API server drops what has control
/// characters and shortens what is too long or too much. We shorten it ourselves, so that no sentence ends anywhere.
enum WarningLines {
    /// The API server cuts one warning after 256 runes.
    static let maximumLength = 255
    /// It cuts all warnings of one request after 4096.
    static let maximumTotal = 4096

    static func lines(_ statements: [Statement]) -> [String] {
        var lines: [String] = []
        // Kept for the line that says that there is more.
        var room = maximumTotal - 64
        let all = statements.flatMap(Self.lines(of:))
        for (index, line) in all.enumerated() where !lines.contains(line) {
            let length = line.unicodeScalars.count
            guard length <= room else {
                lines.append("… and \(all.count - index) more lines of warnings")
                break
            }
            room -= length
            lines.append(line)
        }
        return lines
    }

    private static func lines(of statement: Statement) -> [String] {
        let image = PlainText.name(statement.image)
        return [PlainText.escaped(statement.line, limit: maximumLength)]
            + statement.details.map { detail in
                let full = PlainText.escaped("\(image) \(detail)", limit: maximumLength)
                guard full.hasSuffix("…") else { return full }
                // Most sentences name their image themselves, and the headline's paths name it too; what and why
                // matter more.
                return PlainText.escaped(detail, limit: maximumLength)
            }
    }
}

extension Statement {
    /// The headline with the paths; at most sixteen of them, which is more than a screen shows.
    fileprivate var line: String {
        guard !paths.isEmpty else { return headline }
        let shown = paths.prefix(16).joined(separator: ", ")
        return "\(headline): \(shown)" + (paths.count > 16 ? " and \(paths.count - 16) more" : "")
    }
}
