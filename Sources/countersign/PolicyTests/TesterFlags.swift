// SPDX-License-Identifier: Apache-2.0

/// Flags of `policy test` with one dash, as policy-tester's users write them.
enum TesterFlags {
    private static let names: Set<String> = [
        "policy", "image", "resource", "trustroot", "log-level", "enable-oci11", "version",
    ]

    /// The arguments with two dashes before such flags, with or without `=`; a flag's value stays as it is.
    static func spelledOut(_ arguments: [String]) -> [String] {
        guard arguments.starts(with: ["policy", "test"]) else { return arguments }
        let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
        return arguments[..<end].map { argument in
            guard argument.hasPrefix("-"), !argument.hasPrefix("--") else { return argument }
            let name = argument.dropFirst().prefix { $0 != "=" }
            return names.contains(String(name)) ? "-" + argument : argument
        } + arguments[end...]
    }
}
