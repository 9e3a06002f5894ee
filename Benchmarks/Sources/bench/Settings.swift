// SPDX-License-Identifier: Apache-2.0

/// What the command line asks for.
///
///     bench [PART…] [--quick] [--margin PERCENT] [--url URL] [--program FILE] [--null FILE] [--inputs FOLDER] [--openssl N]
struct Settings: Sendable {
    /// In the order of the page.
    enum Part: String, CaseIterable, Sendable {
        case warm, cold, storm, memory, start, policies, crypto
    }

    var parts: [Part] = []
    /// Shorter, for a look while working on something; nothing is written.
    var isQuick = false
    /// By how much a goal may be missed before the exit status says so.
    var margin = 0.0
    /// Another webhook's whole URL for `warm`, such as `https://127.0.0.1:9443/validate`.
    var url: String?
    var program = ".build/release/countersign"
    var null = ".build/release/null-webhook"
    /// Where the tests have put the proofs of `crypto`.
    var inputs = ".build/bench-inputs"
    /// What `openssl speed` says of P-256 on this machine, in verifications per second.
    var openSSL: Double?

    init(_ arguments: some Sequence<String>) throws(Failure) {
        var rest = Array(arguments)[...]
        func value(_ name: String) throws(Failure) -> String {
            guard let value = rest.popFirst() else { throw Failure("\(name) takes a value") }
            return value
        }
        func number(_ name: String) throws(Failure) -> Double {
            guard let number = Double(try value(name)) else { throw Failure("\(name) takes a number") }
            return number
        }
        while let word = rest.popFirst() {
            switch word {
            case "--quick": isQuick = true
            case "--margin": margin = try number(word)
            case "--url": url = try value(word)
            case "--program": program = try value(word)
            case "--null": null = try value(word)
            case "--inputs": inputs = try value(word)
            case "--openssl": openSSL = try number(word)
            default:
                guard let part = Part(rawValue: word) else {
                    let names = Part.allCases.map(\.rawValue).joined(separator: ", ")
                    throw Failure("there is no part '\(word)', but \(names)")
                }
                parts.append(part)
            }
        }
        if parts.isEmpty { parts = Part.allCases }
    }
}

/// Why something could not be measured.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
