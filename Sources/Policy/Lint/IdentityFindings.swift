// SPDX-License-Identifier: Apache-2.0
import JSON
import RE2

extension Findings {
    /// One of `keyless.identities[]`.
    mutating func look(atIdentity place: Place) {
        for side in IdentitySide.allCases {
            if let field = place[side.rawValue], let text = field.value.string, !text.isEmpty {
                look(atExact: text, side, field)
            }
            if let field = place["\(side.rawValue)RegExp"], let text = field.value.string, !text.isEmpty,
                let expression = try? RegularExpression(text)
            {
                look(at: expression, side, field)
            }
        }
    }

    /// `subject: https://github.com/acme/*` was meant to match something.
    private mutating func look(atExact text: String, _ side: IdentitySide, _ place: Place) {
        let isPattern = text.utf8.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "\\") }
        guard isPattern || text.hasPrefix("^") else { return }
        let isGlob = !text.utf8.contains { "^$\\+()|[]".utf8.contains($0) } && !text.contains(".*")
        let expression = isGlob ? RegularExpressionSpelling.ofGlob(text) : text
        report(
            .identityPattern, place, "\(side) \(Self.shown(text)) is compared as it is written, and is no pattern",
            why: "no certificate says this, so that nobody is this \(side)",
            better: "write \(side)RegExp: \(Self.shown(expression)) instead")
    }

    private mutating func look(at expression: RegularExpression, _ side: IdentitySide, _ place: Place) {
        let name = "\(side)RegExp \(Self.shown(expression.pattern))"
        let spelling = RegularExpressionSpelling(expression, of: side)
        // A dot too many is told besides; whom the expression lets in as it is tells more than where it is open.
        if let stranger = side.strangers(to: spelling).first(where: expression.matches) {
            report(
                .identityLoose, place, "\(name) lets strangers in", why: "it matches \(Self.shown(stranger))",
                better: side.tighter)
            guard !spelling.literalStart.isEmpty else { return }
        } else if spelling.isOpenAtBeginning || spelling.isOpenAtEnd {
            let open =
                switch (spelling.isOpenAtBeginning, spelling.isOpenAtEnd) {
                case (true, true): "before and after"
                case (true, false): "before"
                default: "after"
                }
            report(
                .regexpUnanchored, place, "\(name) leaves open what comes \(open) it",
                why: "a longer \(side) that has such a part matches too",
                better: spelling.better.map {
                    "write \(Self.shown($0))" + (spelling.isNarrower ? ", if that is all of it" : "")
                }
                    ?? "begin it with ^ and end it with $, with all in between that you know")
        }
        guard !expression.singleDots.isEmpty else { return }
        report(
            .regexpUnescapedDot, place, "a dot in \(name) stands for any character",
            why: "whoever can have a name that differs by that character matches too",
            better: "write \(Self.shown(spelling.better ?? spelling.escaped))")
    }
}

/// The two sides of an identity.
enum IdentitySide: String, CaseIterable, CustomStringConvertible {
    case issuer, subject

    var description: String { rawValue }

    /// Names that no policy means, and that a careless expression matches: `x9` is nobody.
    func strangers(to spelling: RegularExpressionSpelling) -> [String] {
        let start = spelling.literalStart
        switch self {
        case .issuer:
            var names = ["https://issuer.x9.example", "https://issuer.x9.example/x9"]
            // `https://accounts.example.com.*`, whose host does not end.
            if start.hasPrefix("https://"), !start.dropFirst(8).contains("/") { names.append("\(start).x9.example") }
            return names
        case .subject:
            let workflow = "x9/.github/workflows/x9.yml@refs/heads/x9"
            var names = [
                "https://github.com/x9/\(workflow)", "https://gitlab.com/x9/x9//.gitlab-ci.yml@refs/heads/x9",
                "https://kubernetes.io/namespaces/x9/serviceaccounts/x9", "x9@x9.example", "x9@gmail.com",
            ]
            // `https://github.com/acme.*`, whose owner does not end.
            for host in ["https://github.com/", "https://gitlab.com/"] where start.hasPrefix(host) {
                let owner = start.dropFirst(host.count)
                if !owner.isEmpty, !owner.contains("/") { names.append("\(start)-x9/\(workflow)") }
            }
            return names
        }
    }

    var tighter: String {
        switch self {
        case .issuer: "write the issuer whole, as in \"issuer: https://token.actions.githubusercontent.com\""
        case .subject:
            "write who signs, as in "
                + quoted(#"^https://github\.com/acme/app/\.github/workflows/release\.yml@refs/heads/main$"#)
        }
    }
}
